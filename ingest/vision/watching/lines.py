"""Who crosses a line, and which way."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ingest.vision.tracking.track import Track
from ingest.vision.watching.counts import Passages
from ingest.vision.watching.plane import Floats, meets, sides_of
from ioc.model.cameras import Line, Point, Way

MARGIN: Final = 0.15
"""How far beyond a line a foot must be, in sides of its box, to be on that side: who dithers on it has not crossed."""


@dataclass(slots=True)
class _Stand:
    """Where a track stands to a line.

    Attributes:
        side: the last side on which it surely was: 1 right hand, -1 left hand, 0 neither yet.
        offset: how far to the right hand its foot was when it was last seen.
        between: whether it came over between the line's ends, when it last came over.
    """

    side: int
    offset: float
    foot: Point
    between: bool = False


class LineWatch:
    """Counts the crossings of one line by foot.

    Attributes:
        line: the line.
        passages: how many there were.
    """

    def __init__(self, line: Line, before: "LineWatch | None" = None) -> None:
        """Watch a line; `before` is the watch of the line of that name which it takes the place of."""
        self.line = line
        self.passages: Passages = Passages() if before is None else before.passages
        self._stands: dict[Track, _Stand] = {}
        if before is not None and (before.line.start, before.line.end) == (line.start, line.end):
            self._stands = before._stands  # noqa: SLF001 - one class

    def look(self, tracks: list[Track], feet: Floats, sides: Floats) -> list[tuple[Track, Way]]:
        """Take in where tracks were seen.

        Args:
            tracks: those that this look showed; the line is crossed by what was seen, never by what was expected.
            feet: n × 2: where each stands.
            sides: n × 2: width and height of each one's box.

        Returns:
            Which confirmed tracks crossed the line, and which way.
        """
        crossed: list[tuple[Track, Way]] = []
        if not tracks:
            return crossed
        offsets = sides_of(self.line, feet, sides).tolist()
        for track, offset, (x, y) in zip(tracks, offsets, feet.tolist(), strict=True):
            side = 0 if abs(offset) < MARGIN else (1 if offset > 0 else -1)
            stand = self._stands.get(track)
            if stand is None:
                self._stands[track] = _Stand(side, offset, (x, y))
                continue
            if (offset > 0) != (stand.offset > 0):
                stand.between = meets(self.line, stand.foot, (x, y))
            stand.offset, stand.foot = offset, (x, y)
            if side in {0, stand.side}:
                continue
            if stand.side == 0:
                stand.side = side
            elif track.confirmed:
                # What happened before it was believed is told as soon as it is.
                stand.side = side
                if stand.between:
                    crossed.append((track, Way.IN if side > 0 else Way.OUT))
        into = sum(1 for _, way in crossed if way is Way.IN)
        self.passages = Passages(self.passages.into + into, self.passages.out + len(crossed) - into)
        return crossed

    def keep(self, tracks: Collection[Track]) -> None:
        """Let go of all tracks but these."""
        self._stands = {track: stand for track, stand in self._stands.items() if track in tracks}

    def forbids(self, way: Way) -> bool:
        """Say whether nobody is to take this way over the line."""
        return self.line.forbidden is Way.BOTH or self.line.forbidden is way
