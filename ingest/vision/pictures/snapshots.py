"""Turns frames into pictures that may be kept: faces blurred, nothing but pixels in the file, or no picture at all."""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2

from ingest.vision.faces.blurring import blurred
from ingest.vision.faces.finder import FacesUnknown
from ingest.vision.frame import Box, Pixels
from ingest.vision.pictures.headers import MAX_BYTES, MAX_PIXELS
from ioc.model.instant import Instant
from ioc.runtime.logging import Log
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.originals import Originals

QUALITY: Final = 85
"""Of JPEG, 0 to 100; the first of those that are tried until a picture is small enough."""

WIDTH: Final = 960
"""Pixels, of pictures at most. Faces are looked for in every pixel that is kept, which is most of a picture's cost."""

LIVE_QUALITY: Final = 75
LIVE_WIDTH: Final = 640
"""Pixels, of live pictures at most."""

_WORSE: Final = (70, 50, 30)


class FindsFaces(Protocol):
    """What `ingest.vision.faces.finder.FaceFinder` does."""

    def find(self, pixels: Pixels) -> list[tuple[Box, float]]:
        """Find faces, each with how sure that is; raise `FacesUnknown` where that cannot be said."""


@dataclass(slots=True)
class Counts:
    """What became of the pictures that were asked for.

    Attributes:
        kept: pictures that were written.
        shown: live pictures that were written.
        faces: faces that were blurred in them.
        without_finder: pictures that were not written since faces cannot be found.
        failed: pictures that could not be written: the disk, or a picture that does not become small enough.
        originals_failed: originals that could not be written; the blurred picture was.
    """

    kept: int = 0
    shown: int = 0
    faces: int = 0
    without_finder: int = 0
    failed: int = 0
    originals_failed: int = 0


class Snapshots:
    """Makes and writes pictures; one thread at a time may ask.

    There is one way from a frame to a file, and it leads through the face finder: where that is not there, or fails,
    nothing is written.

    Attributes:
        counts: what became of the pictures that were asked for.
    """

    def __init__(
        self,
        folder: PictureFolder,
        finder: FindsFaces | None,
        originals: Originals | None = None,
        *,
        width: int = WIDTH,
    ) -> None:
        """Take what is needed.

        Args:
            folder: where pictures go.
            finder: who finds faces; None: nobody can, and no picture is kept.
            originals: where unblurred pictures go, if anywhere.
            width: pixels, of pictures at most; originals are as wide as their frames.
        """
        self.counts = Counts()
        self._trouble = ""
        self._originals_trouble = ""
        self._folder = folder
        self._finder = finder
        self._originals = originals
        self._width = width
        self._last: tuple[Pixels, int, Pixels] | None = None
        self._log = Log("pictures")

    @property
    def trouble(self) -> str:
        """Why the last picture was not written, one sentence, else why its original was not; empty where all was."""
        return self._trouble or self._originals_trouble

    def take(self, pixels: Pixels, picture_class: str, asset: str, at: Instant) -> str | None:
        """Keep a picture.

        Args:
            pixels: the frame; it stays as it is, and is not changed by others until the next one.
            picture_class: what it shows: person, vehicle or scene.
            asset: the camera.
            at: when the frame was taken, µs since 1970.

        Returns:
            The picture's id; None where none could be kept, which is counted.

        Raises:
            ValueError: no such class, no such asset.
        """
        private = self._without_faces(pixels, self._width)
        if private is None:
            return None
        jpeg = encoded(private, QUALITY)
        if jpeg is None:
            self._fail(f"a picture of {asset} does not become smaller than {MAX_BYTES:,} bytes")
            return None
        try:
            picture_id = self._folder.write(picture_class, asset, at, jpeg)
        except OSError as error:
            self._fail(f"the picture cannot be written below {self._folder.root}: {error.strerror}")
            return None
        self.counts.kept += 1
        self._say("")
        self._keep_original(pixels, picture_id)
        return picture_id

    def show(self, pixels: Pixels, asset: str, at: Instant) -> bool:  # noqa: ARG002 - the file's own time says when
        """Write the live picture of a camera, as blurred as all others.

        Returns:
            Whether it was written.

        Raises:
            ValueError: no such asset.
        """
        private = self._without_faces(pixels, LIVE_WIDTH)
        if private is None:
            return False
        jpeg = encoded(private, LIVE_QUALITY)
        if jpeg is None:
            self._fail(f"the live picture of {asset} does not become smaller than {MAX_BYTES:,} bytes")
            return False
        try:
            self._folder.write_live(asset, jpeg)
        except OSError as error:
            self._fail(f"the live picture cannot be written below {self._folder.root}: {error.strerror}")
            return False
        self.counts.shown += 1
        self._say("")
        return True

    def _without_faces(self, pixels: Pixels, width: int) -> Pixels | None:
        """Make a frame smaller and blur its faces; once, where several findings ask for a picture of it."""
        if self._last is not None and self._last[0] is pixels and self._last[1] == width:
            return self._last[2]
        self._last = None
        if self._finder is None:
            self.counts.without_finder += 1
            self._say("no picture is kept: there is no face finder")
            return None
        small = smaller(pixels, width)
        try:
            faces = [box for box, _ in self._finder.find(small)]
        except FacesUnknown as error:
            self.counts.without_finder += 1
            self._say(f"no picture is kept: {error}")
            return None
        private = blurred(small, faces)
        self.counts.faces += len(faces)
        self._last = (pixels, width, private)
        return private

    def _keep_original(self, pixels: Pixels, picture_id: str) -> None:
        if self._originals is None:
            return
        jpeg = encoded(pixels, QUALITY)
        problem: str | None = "they do not become small enough"
        if jpeg is not None:
            try:
                self._originals.write(picture_id, jpeg)
            except OSError as error:
                problem = error.strerror
            else:
                self._say_originals("")
                return
        self.counts.originals_failed += 1
        self._say_originals(f"originals of pictures cannot be written: {problem}")

    def _fail(self, sentence: str) -> None:
        self.counts.failed += 1
        self._say(sentence)

    def _say(self, trouble: str) -> None:
        """Log a trouble when it begins, not with every picture."""
        if trouble and not self._trouble:
            self._log.error(trouble)
        self._trouble = trouble

    def _say_originals(self, trouble: str) -> None:
        """Log what became of originals when it changes; pictures that are written meanwhile do not end it."""
        if trouble and trouble != self._originals_trouble:
            self._log.error(trouble)
        self._originals_trouble = trouble


def encoded(pixels: Pixels, quality: int) -> bytes | None:
    """Write a JPEG that holds pixels and nothing else, at most `MAX_BYTES` long; None where it cannot be so small.

    Args:
        pixels: at most `MAX_PIXELS`.
        quality: 0 to 100; less where it would become too long.
    """
    if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        return None
    for each in (quality, *(worse for worse in _WORSE if worse < quality)):
        done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, each, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
        if done and len(data) <= MAX_BYTES:
            return data.tobytes()
    return None


def smaller(pixels: Pixels, width: int) -> Pixels:
    """Give a picture again, no wider than `width` pixels."""
    if pixels.shape[1] <= width:
        return pixels
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
