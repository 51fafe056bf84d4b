"""Holds back that something was left behind where a detector sees somebody or a vehicle that merely stands still."""

from collections.abc import Iterable, Sequence
from typing import Final

from ingest.vision.detection.contract import PERSON, VEHICLES
from ingest.vision.finding import Finding, Phase, PictureClass
from ingest.vision.frame import Box

LABEL: Final = "abandoned_object"

COVERED: Final = 0.5
"""From this share of a thing on that lies within somebody's box, it is taken to be them."""

_STANDING: Final = frozenset({PERSON, *VEHICLES})


class LeftBehind:
    """Knows of one camera what was told to be left behind, and what is held back."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._told: set[str] = set()

    def judge(self, findings: Iterable[Finding], seen: Sequence[tuple[str, Box]]) -> list[Finding]:
        """Let findings pass, but for things that are somebody; once these have gone, what stays there is told as new.

        Args:
            findings: of one frame.
            seen: label and box of everything that a detector believes to be there now.
        """
        return [passed for finding in findings if (passed := self._judge(finding, seen)) is not None]

    def _judge(self, finding: Finding, seen: Sequence[tuple[str, Box]]) -> Finding | None:
        if finding.values.get("label") != LABEL:
            return finding
        key = str(finding.values.get("event_key", ""))
        told = key in self._told
        if finding.values.get("phase") == Phase.END:
            # Whoever tells knows whether it was begun; an earlier process may have told of it.
            self._told.discard(key)
            return finding
        if told:
            return finding
        thing = _box(str(finding.values.get("box", "")))
        if thing is not None and any(label in _STANDING and _within(thing, box) for label, box in seen):
            return None
        self._told.add(key)
        return Finding(finding.at, {**finding.values, "phase": Phase.NEW}, finding.zone, PictureClass.SCENE)


def _within(thing: Box, other: Box) -> bool:
    width = min(thing.right, other.right) - max(thing.left, other.left)
    height = min(thing.bottom, other.bottom) - max(thing.top, other.top)
    return width > 0 and height > 0 and width * height >= COVERED * thing.area


def _box(text: str) -> Box | None:
    try:
        left, top, right, bottom = (float(side) for side in text.split(","))
    except ValueError:
        return None
    return Box(left, top, right, bottom)
