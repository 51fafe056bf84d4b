"""A folder of pictures as a source: shown one after the other, once or over and over."""

from pathlib import Path
from typing import Final

from ingest.vision.frame import Pixels
from ingest.vision.sources.contract import PictureLost, SourceFailed
from ingest.vision.sources.multipart import MOST_PICTURE
from ingest.vision.sources.pace import Pace
from ingest.vision.sources.web_pictures import decoded

_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_MOST_PICTURES: Final = 100_000


class FolderSource:
    """The pictures of a folder, by their names."""

    kind: Final = "folder"

    def __init__(self, folder: Path, rate: float, *, loop: bool) -> None:
        """Look into it.

        Args:
            folder: of JPEG, PNG or WebP files.
            rate: pictures a second.
            loop: whether the first one follows the last.

        Raises:
            SourceFailed: there is no such folder, or nothing in it.
        """
        self.width = 0
        self.height = 0
        self.rate = rate
        self._folder = folder
        self._loop = loop
        self._pace = Pace(rate)
        self._names = self._listed()
        self._current = ""

    def grab(self) -> bool:
        """Go on to the next picture when it is time."""
        self._pace.wait()
        if not self._names:
            if not self._loop:
                return False
            self._names = self._listed()
        self._current = self._names.pop()
        return True

    def take(self) -> Pixels:
        """Read and decode it, once its head was checked."""
        path = self._folder / self._current
        try:
            with path.open("rb") as file:
                picture = file.read(MOST_PICTURE + 1)
        except OSError as error:
            raise PictureLost(f"{self._current!r} cannot be read ({error.strerror})") from None
        try:
            pixels = decoded(picture)
        except PictureLost as problem:
            raise PictureLost(f"{self._current!r}: {problem}") from None
        self.height, self.width = pixels.shape[:2]
        return pixels

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    def _listed(self) -> list[str]:
        try:
            names = [
                entry.name
                for entry in self._folder.iterdir()
                if entry.suffix.lower() in _ENDINGS and not entry.name.startswith(".")
            ]
        except OSError as error:
            raise SourceFailed(f"folder:{self._folder} cannot be read ({error.strerror})") from None
        if not names:
            raise SourceFailed(f"folder:{self._folder} holds no pictures; expected .jpg, .png or .webp files")
        if len(names) > _MOST_PICTURES:
            raise SourceFailed(f"folder:{self._folder} holds more than {_MOST_PICTURES:,} pictures")
        return sorted(names, reverse=True)
