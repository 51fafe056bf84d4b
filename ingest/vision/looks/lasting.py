"""Something that lasts: told once when it is sure, now and then while it is there, and once when it is gone."""

from dataclasses import dataclass, field
from typing import Final

from ingest.vision.finding import Finding, Phase, PictureClass, written_box
from ingest.vision.frame import Box
from ioc.model.instant import SECOND, Duration, Instant
from ioc.model.kinds import Value

UPDATE_EVERY: Final[Duration] = 10 * SECOND


@dataclass(slots=True)
class Lasting:
    """One thing of one kind that a camera sees, or does not see now.

    Attributes:
        camera: the camera's asset id; with the time it makes the thing's key.
        label: what it is called.
        sure_after: how long it must have been seen, without a gap, before it is told.
        gap: how long it may not be seen before it is told; what comes and goes is not sure.
        gone_after: how long it must not have been seen before it is over.
        open: whether it was told and is not over.
        known: whether it was seen and is not gone, told or not.
    """

    camera: str
    label: str
    sure_after: Duration
    gap: Duration
    gone_after: Duration
    open: bool = field(default=False, init=False)
    known: bool = field(default=False, init=False)
    _first_at: Instant = field(default=0, init=False)
    _last_at: Instant = field(default=0, init=False)
    _told_at: Instant = field(default=0, init=False)
    _box: Box = field(default=Box(0, 0, 0, 0), init=False)
    _score: float = field(default=0.0, init=False)

    def seen(self, at: Instant, box: Box, score: float, since: Instant | None = None) -> list[Finding]:
        """Take note that it is there.

        Args:
            at: µs since 1970.
            box: where.
            score: how sure that is, 0 to 1.
            since: since when it is known to have been there; `at` where nobody says.
        """
        ended = self.unseen(at)
        if not self.known:
            self.known, self._first_at = True, at if since is None else since
        self._last_at, self._box, self._score = at, box, score
        if not self.open:
            if at - self._first_at < self.sure_after:
                return ended
            self.open, self._told_at = True, at
            return [*ended, self._finding(at, Phase.NEW)]
        if at - self._told_at < UPDATE_EVERY:
            return ended
        self._told_at = at
        return [*ended, self._finding(at, Phase.UPDATE)]

    def unseen(self, at: Instant) -> list[Finding]:
        """Take note that it is not there, or that nobody can say."""
        if not self.known or at - self._last_at < (self.gone_after if self.open else self.gap):
            return []
        ended = [self._finding(at, Phase.END)] if self.open else []
        self.known = self.open = False
        return ended

    def _finding(self, at: Instant, phase: Phase) -> Finding:
        values: dict[str, Value] = {
            "label": self.label,
            "score": round(self._score, 3),
            "box": written_box(self._box),
            "phase": str(phase),
            "event_key": f"{self.camera}-{self.label}-{self._first_at // 1000}",
            "age": (self._last_at - self._first_at) / SECOND,
        }
        return Finding(at, values, picture=PictureClass.SCENE if phase == Phase.NEW else None)
