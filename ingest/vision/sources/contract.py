"""What a source of pictures offers, and the two ways in which one fails."""

from typing import Final, Protocol

from ingest.vision.frame import Pixels

MOST_WIDTH: Final = 4096
MOST_HEIGHT: Final = 2304
"""Pixels of a stream's pictures, either way round; what cameras of 9 megapixels send, and what a decoder's memory is
reckoned for. 8K is refused."""

TIME_OUT_S: Final = 10.0
"""Seconds that opening a source, or waiting for its next frame, may take."""


class SourceRefused(Exception):
    """The address must not or cannot be used, and soon trying again is of no use; its text is fit for people."""


class SourceFailed(Exception):
    """The source does not work now and may work later; its text is fit for people."""


class SourceBroken(SourceFailed):
    """The source answers, but what comes from there is nothing that can be used."""


class PictureLost(Exception):
    """One picture cannot be used; the next one may. Its text is fit for people."""


class Source(Protocol):
    """An open source of pictures; used by one thread."""

    @property
    def kind(self) -> str:
        """What it is: rtsp, hls, mjpeg, snapshots, file, folder or usb."""

    @property
    def width(self) -> int:
        """Of its pictures, pixels, as the stream says; 0 where it does not say."""

    @property
    def height(self) -> int:
        """Of its pictures, pixels, as the stream says; 0 where it does not say."""

    @property
    def rate(self) -> float:
        """Frames a second, as the stream says; 0 where it does not say."""

    def grab(self) -> bool:
        """Wait for the next frame; say False where the stream has ended.

        Raises:
            SourceFailed: it broke.
            PictureLost: this picture cannot be used.
        """

    def take(self) -> Pixels:
        """Decode the frame that was grabbed.

        Raises:
            SourceRefused: its pictures are too large.
            PictureLost: this picture cannot be used.
        """

    def close(self) -> None:
        """Give everything back."""


def checked_size(width: int, height: int) -> None:
    """Refuse pictures of a stream that are larger than is reckoned with.

    Raises:
        SourceRefused: they are.
    """
    if max(width, height) > MOST_WIDTH or min(width, height) > MOST_HEIGHT:
        raise SourceRefused(
            f"its pictures are {width} × {height} pixels; at most {MOST_WIDTH} × {MOST_HEIGHT} are read: "
            "choose a smaller stream of the camera, often called its substream"
        )
