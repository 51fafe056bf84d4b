"""Follows the file that lists the cameras: what is right in it at the start, then every version without a mistake."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ingest.vision.camera import Camera
from ingest.vision.camera_file import check_cameras
from ioc.model.faults import Fault
from ioc.runtime.logging import Log

LOOK_S: Final = 2.0
"""Seconds between two looks at the file."""

_LOG: Final = Log("cameras")


class FollowedFile:
    """The file of cameras.

    Attributes:
        cameras: those to be watched.
        mistakes: what is wrong in the file as it stands, each with file, line and column.
    """

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        """Read it.

        Raises:
            Fault: it cannot be read, or there is nothing but mistakes in it.
        """
        self._path = path
        self._environment = environment
        self._content = self._bytes()
        found = check_cameras(path, environment)
        self.cameras: Sequence[Camera] = found.cameras
        self.mistakes: Sequence[str] = [str(mistake) for mistake in found.mistakes]
        for mistake in self.mistakes:
            _LOG.error("a camera is not watched", why=mistake)
        if found.mistakes and not found.cameras:
            raise Fault(self.mistakes[0])

    async def changed_or(self, stop: asyncio.Event, tell: Callable[[Sequence[str]], None]) -> None:
        """Wait until other cameras are to be watched, or until `stop` is set.

        Args:
            stop: ends the wait.
            tell: is given what is wrong in a version that is not taken up, and nothing once that is mended.
        """
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
            content = await asyncio.to_thread(self._bytes)
            if content is None or content == self._content:
                continue
            self._content = content
            if await asyncio.to_thread(self._take_up):
                return
            tell(self.mistakes)

    def _take_up(self) -> bool:
        """Read the file anew; say whether other cameras are to be watched."""
        try:
            found = check_cameras(self._path, self._environment)
            self.mistakes = [str(mistake) for mistake in found.mistakes]
        except Fault as fault:
            self.mistakes = [str(fault)]
        if self.mistakes:
            _LOG.error("the file of cameras has a mistake; those that are watched stay", why=self.mistakes[0])
            return False
        if found.cameras == self.cameras:
            return False
        _LOG.info("the file of cameras has changed", cameras=len(found.cameras))
        self.cameras = found.cameras
        return True

    def _bytes(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except OSError:
            # While an editor writes it anew it may be away for a moment; what is watched stays.
            return None
