"""Pictures over HTTP: a stream of JPEGs (MJPEG), or one JPEG that is asked for again and again (a snapshot)."""

import time
from collections.abc import Callable
from typing import Final

from ingest.vision.frame import Pixels
from ingest.vision.pictures.checks import PictureRefused, checked_picture
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import CameraUrl
from ingest.vision.sources.contract import TIME_OUT_S, PictureLost, Source, SourceBroken, SourceFailed, checked_size
from ingest.vision.sources.http_client import Answer, ask
from ingest.vision.sources.multipart import MOST_PICTURE, PartReader, boundary_of
from ingest.vision.sources.pace import Pace

_CHUNK: Final = 131_072


def open_web_pictures(url: CameraUrl, allowed: AllowedNetworks, rate: float) -> Source:
    """Ask for the address and see what comes.

    Args:
        url: http or https.
        allowed: decides about every host on the way.
        rate: how often a snapshot is asked for, a second.

    Raises:
        SourceRefused: see `ask`.
        SourceBroken: no pictures come from there.
    """
    answer = ask(url, allowed)
    boundary = boundary_of(answer.content_type)
    if boundary is not None:
        return MjpegSource(answer, boundary)
    kind = answer.content_type.partition(";")[0].strip().lower()
    answer.close()
    if kind in {"image/jpeg", "image/jpg", "image/png", "image/webp"}:
        return SnapshotSource(url, allowed, rate)
    raise SourceBroken(
        f"{url.shown} sends {_plain(kind) or 'something without a type'}; expected MJPEG (multipart/x-mixed-replace), "
        "a JPEG, or an address that ends with .m3u8"
    )


class MjpegSource:
    """A stream of JPEGs; only those that are looked at are decoded."""

    kind: Final = "mjpeg"
    rate: Final = 0.0

    def __init__(self, answer: Answer, boundary: bytes, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take the answer, its body unread.

        Args:
            answer: of the server.
            boundary: what stands between the pictures.
            monotonic: seconds of a clock that never goes back.
        """
        self.width = 0
        self.height = 0
        self._answer = answer
        self._parts = PartReader(boundary)
        self._monotonic = monotonic
        self._picture = b""

    def grab(self) -> bool:
        """Wait for the next picture's bytes."""
        deadline = self._monotonic() + TIME_OUT_S
        while True:
            picture = self._parts.next()
            if picture:
                self._picture = picture
                return True
            if picture is not None:
                continue
            # A server that sends a byte now and then would hold us for ever.
            if self._monotonic() > deadline:
                raise SourceFailed(f"{self._answer.url.shown} sent no whole picture within {TIME_OUT_S:g} s")
            data = self._answer.read(_CHUNK)
            if not data:
                return False
            self._parts.feed(data)

    def take(self) -> Pixels:
        """Decode it, once its head was checked."""
        pixels = decoded(self._picture)
        self.height, self.width = pixels.shape[:2]
        return pixels

    def close(self) -> None:
        """Close the connection."""
        self._answer.close()


class SnapshotSource:
    """One picture that is asked for at the rate at which it is looked at."""

    kind: Final = "snapshots"

    def __init__(self, url: CameraUrl, allowed: AllowedNetworks, rate: float) -> None:
        """Take the address and how often it is asked, a second."""
        self.width = 0
        self.height = 0
        self.rate = rate
        self._url = url
        self._allowed = allowed
        self._pace = Pace(rate)
        self._picture = b""

    def grab(self) -> bool:
        """Ask for the picture when it is time."""
        self._pace.wait()
        answer = ask(self._url, self._allowed)
        try:
            self._picture = answer.read_all(MOST_PICTURE, "a picture")
        finally:
            answer.close()
        return True

    def take(self) -> Pixels:
        """Decode it, once its head was checked."""
        pixels = decoded(self._picture)
        self.height, self.width = pixels.shape[:2]
        return pixels

    def close(self) -> None:
        """Do nothing: no connection is kept."""


def decoded(picture: bytes) -> Pixels:
    """Decode a picture of a stream.

    Raises:
        PictureLost: it cannot be used.
        SourceRefused: it is larger than a stream's pictures may be.
    """
    try:
        pixels = checked_picture(picture)
    except PictureRefused as problem:
        raise PictureLost(str(problem)) from None
    height, width = pixels.shape[:2]
    checked_size(width, height)
    return pixels


def _plain(word: str) -> str:
    return "".join(sign for sign in word[:60] if sign.isprintable())
