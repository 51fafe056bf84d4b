"""What was told to have begun and not yet to have ended, so that nothing lasts for ever when a process does not."""

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

    def note(self, camera: str, finding: Finding) -> Finding | None:
        """Take in what is to be told, and give it as it is to be told.

        What is begun again under a name that is known goes on; the end of something unknown is nothing: both come from
        a process that does not know what the one before it has told.
        """
        key = finding.values.get("event_key")
        if not isinstance(key, str):
            return finding
        known = self._open.setdefault(camera, {})
        before = known.pop(key, None)
        if finding.values.get("phase") == Phase.END:
            return None if before is None else finding
        if before is not None and finding.values.get("phase") == Phase.NEW:
            finding = replace(finding, values={**finding.values, "phase": Phase.UPDATE})
        known[key] = finding
        while len(known) > MOST:
            del known[next(iter(known))]
        return finding

    def endings(self, camera: str, at: Instant, *, readers: bool | None = None) -> list[Finding]:
        """Give what says that everything of a camera has ended; it is known until that is told.

        Args:
            camera: whose.
            at: when.
            readers: only what its reader told of (True), only what the analyst did (False), or all (None).
        """
        return [
            replace(finding, at=max(at, finding.at), values={**finding.values, "phase": Phase.END}, picture=None)
            for finding in self._open.get(camera, {}).values()
            if readers is None or (finding.values.get("label") in OF_READERS) == readers
        ]
