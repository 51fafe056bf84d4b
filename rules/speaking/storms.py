"""Storms: a rule that raises more than anybody could read makes one incident, which counts."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ioc.model.instant import Instant
from rules.speaking.options import StormLimit


@dataclass(slots=True)
class Storm:
    """What one rule has raised lately, and whether that is a storm.

    It begins with an alert that makes more than `more_than` within `over`; it is over when fewer than half as many
    came within the last `over`. Both need only the latest `more_than` alerts.

    Attributes:
        latest: of the latest alerts, when the stream's clock reached them, and their incident.
        ended: of incidents among these that no longer hold, how many alerts they had.
        raging: whether every new alert belongs to the storm.
        incident: that of the storm, while it holds.
    """

    limit: StormLimit
    latest: deque[tuple[Instant, str]] = field(default_factory=deque)
    ended: dict[str, int] = field(default_factory=dict)
    raging: bool = False
    incident: str | None = None

    def breaks_out(self, now: Instant) -> bool:
        """Whether one more alert now is too much."""
        return len(self.latest) == self.limit.more_than and self.latest[0][0] + self.limit.over > now

    def note(self, now: Instant, incident: str) -> None:
        """Take one more alert into account."""
        if len(self.latest) == self.limit.more_than:
            _, dropped = self.latest.popleft()
            if dropped in self.ended and all(name != dropped for _, name in self.latest):
                del self.ended[dropped]
        self.latest.append((now, incident))

    def note_end(self, incident: str, alerts: int) -> None:
        """Remember how many alerts an incident had that no longer holds, while it still counts here."""
        if any(name == incident for _, name in self.latest):
            self.ended[incident] = alerts

    @property
    def calms(self) -> Instant:
        """When, if nothing more comes, the storm is over."""
        half = (self.limit.more_than + 1) // 2
        return self.latest[-half][0] + self.limit.over

    def first_ones(self) -> list[str]:
        """Name the incidents of the latest alerts but for the storm's own, in order."""
        return [name for name in dict.fromkeys(name for _, name in self.latest) if name != self.incident]

    def dump(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "latest": [list(entry) for entry in self.latest],
            "ended": dict(self.ended),
            "raging": self.raging,
            "incident": self.incident,
        }

    @classmethod
    def load(cls, limit: StormLimit, plain: dict[str, Any]) -> "Storm":
        """Take what `dump` gave, by a limit that may have changed."""
        latest = deque((at, name) for at, name in plain["latest"][-limit.more_than :])
        storm = cls(limit, latest, dict(plain["ended"]), plain["raging"], plain["incident"])
        # Fewer than half of a larger limit are no storm any more.
        storm.raging = storm.raging and len(latest) >= (limit.more_than + 1) // 2
        return storm
