"""What was told to have begun and not yet to have ended, so that nothing lasts for ever when a process does not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ingest.vision.finding import Finding, Phase
from ioc.model.instant import Instant

OF_READERS: Final = frozenset({"smoke-like", "flame-like", "abandoned_object"})
"""Labels that readers give; all else that lasts is followed by the analyst."""

MOST: Final = 512
"""Things of one camera that are remembered; the oldest is forgotten first."""


class Lasting:
    """Remembers, by camera, the last word on everything that lasts."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[str, dict[str, Finding]] = {}

    def note(self, camera: str, finding: Finding) -> None:
        """Take in what is told."""
        key = finding.values.get("event_key")
        if not isinstance(key, str):
            return
        known = self._open.setdefault(camera, {})
        known.pop(key, None)
        if finding.values.get("phase") != Phase.END:
            known[key] = finding
            while len(known) > MOST:
                del known[next(iter(known))]

    def end(self, camera: str, at: Instant, *, readers: bool | None = None) -> Iterable[Finding]:
        """Give what says that everything of a camera has ended, and forget it.

        Args:
            camera: whose.
            at: when.
            readers: only what its reader told of (True), only what the analyst did (False), or all (None).
        """
        known = self._open.get(camera, {})
        over = [
            key
            for key, finding in known.items()
            if readers is None or (finding.values.get("label") in OF_READERS) == readers
        ]
        for key in over:
            finding = known.pop(key)
            values = {**finding.values, "phase": Phase.END}
            yield replace(finding, at=max(at, finding.at), values=values, picture=None)
