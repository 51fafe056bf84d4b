"""A clip as a source: shown at its own speed, once or over and over."""

import io
from pathlib import Path
from typing import Final

import cv2

from ingest.vision.frame import Pixels
from ingest.vision.sources.capture import ByteStream, CaptureSource
from ingest.vision.sources.contract import SourceFailed
from ingest.vision.sources.pace import Timeline

_RATE_OF_A_CLIP_THAT_DOES_NOT_SAY: Final = 25.0


class FileSource:
    """A clip, read by us and only decoded by FFmpeg, which therefore opens no file that a clip may name."""

    kind: Final = "file"

    def __init__(self, path: Path, *, loop: bool) -> None:
        """Open it.

        Raises:
            SourceFailed: there is no such file, or no video in it.
            SourceRefused: its pictures are too large.
        """
        self._path = path
        self._loop = loop
        self._capture = self._open()
        self.rate = self._capture.rate
        self._interval_s = 1 / (self.rate or _RATE_OF_A_CLIP_THAT_DOES_NOT_SAY)
        self._timeline = Timeline()
        self._came = 0

    @property
    def width(self) -> int:
        """Of its pictures, pixels."""
        return self._capture.width

    @property
    def height(self) -> int:
        """Of its pictures, pixels."""
        return self._capture.height

    def grab(self) -> bool:
        """Go on to the next frame when it is time."""
        if not self._capture.grab():
            # A clip without a single frame would be opened for ever.
            if not self._loop or not self._came:
                return False
            self._capture.close()
            self._capture, self._came = self._open(), 0
            if not self._capture.grab():
                return False
        self._came += 1
        self._timeline.wait(self._capture.position_s, self._interval_s)
        return True

    def take(self) -> Pixels:
        """Turn the frame into blue, green and red."""
        return self._capture.take()

    def close(self) -> None:
        """Close the file."""
        self._capture.close()

    def _open(self) -> CaptureSource:
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise SourceFailed(f"file:{self._path} cannot be read ({error.strerror})") from None
        return CaptureSource(self.kind, f"file:{self._path}", _FileStream(file))


class UsbSource(CaptureSource):
    """A camera on this machine."""

    def __init__(self, number: int) -> None:
        """Open it.

        Raises:
            SourceFailed: there is none of this number, or it is in use.
        """
        device = Path(f"/dev/video{number}")
        if not device.exists():
            raise SourceFailed(f"usb:{number}: there is no {device}; plug the camera in")
        super().__init__("usb", f"usb:{number}", number, cv2.CAP_V4L2)


class _FileStream(ByteStream):
    def __init__(self, file: io.BufferedReader) -> None:
        super().__init__()
        self._file = file

    def bytes_at_most(self, most: int) -> bytes:
        return self._file.read(most)

    def move_to(self, offset: int, whence: int) -> int:
        return self._file.seek(offset, whence) if whence or offset >= 0 else -1

    def close(self) -> None:
        self._file.close()
        super().close()
