"""OpenCV's reader of video, held so that FFmpeg opens nothing by itself but what it was given."""

import functools
import io
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

import cv2
import numpy as np

from ingest.vision.frame import Pixels
from ingest.vision.sources.contract import TIME_OUT_S, PictureLost, SourceBroken, SourceFailed, checked_size

_OPTIONS: Final = {
    # A playlist or a list of clips that comes instead of video must not name files or other hosts.
    "protocol_whitelist": "rtsp,tcp",
    "format_whitelist": "rtsp,mpegts,mov,matroska,avi,flv,h264,hevc,mjpeg,mpeg,mpegvideo,m4v,ivf,obu,asf,ogg,mpjpeg",
    # Video over the one connection that the relay checks, never over UDP to whoever the server names.
    "rtsp_transport": "tcp",
    # A camera says what it sends within a second; FFmpeg would listen for five.
    "analyzeduration": "1000000",
}

FRAME_S: Final = 30.0
"""Seconds that bytes may come without making one frame."""

_LATE_S: Final = 0.9 * TIME_OUT_S
"""What could not be opened after so long was waited for, and said nothing wrong."""

_TIMES: Final = (
    *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(TIME_OUT_S * 1000)),
    *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(TIME_OUT_S * 1000)),
    *(cv2.CAP_PROP_N_THREADS, 1),
)


@functools.cache
def prepare_opencv() -> None:
    """Set what OpenCV reads for the whole process; before there are threads that use it.

    Its own complaints, and FFmpeg's, may hold addresses with passwords: they are silenced.
    """
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(f"{name};{value}" for name, value in _OPTIONS.items())
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
    # Frames in which nothing can be decoded are passed over, but not thousands of them.
    os.environ["OPENCV_FFMPEG_READ_ATTEMPTS"] = "512"
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    cv2.ocl.setUseOpenCL(False)


class ByteStream(io.BufferedIOBase):
    """Bytes for OpenCV to read; it raises nothing, since an exception in a callback ends the process.

    Attributes:
        problem: what went wrong in a callback, after which the stream has ended.
    """

    def __init__(self) -> None:
        """Begin without a problem."""
        self.problem: Exception | None = None
        self._deadline: float | None = None

    def begin(self) -> None:
        """Take note that a frame is asked for: reading for it must end some time."""
        self._deadline = time.monotonic() + FRAME_S

    def bytes_at_most(self, most: int) -> bytes:
        """Give what comes next, empty at the end."""
        raise NotImplementedError

    def move_to(self, offset: int, whence: int) -> int:
        """Go to another place and say where that is; -1 where it cannot be reached."""
        raise NotImplementedError

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Give what comes next; empty at the end and once something went wrong."""
        if self.problem is not None or not size or size < 0:
            return b""
        if self._deadline is not None and time.monotonic() > self._deadline:
            self.problem = SourceBroken(f"what came within {FRAME_S:g} s holds not one frame")
            return b""
        try:
            return self.bytes_at_most(size)
        except Exception as problem:
            self.problem = problem
            return b""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place; -1 where it cannot be reached."""
        if self.problem is not None:
            return -1
        try:
            return self.move_to(offset, whence)
        except Exception as problem:
            self.problem = problem
            return -1


class CaptureSource:
    """An open `VideoCapture`."""

    def __init__(
        self, kind: str, shown: str, opened_from: str | int | ByteStream, backend: int = cv2.CAP_FFMPEG
    ) -> None:
        """Open it.

        Args:
            kind: as sources name it.
            shown: what people are told it is, without any password.
            opened_from: an address, a device's number, or bytes.
            backend: OpenCV's.

        Raises:
            SourceBroken: it cannot be opened, or holds no video.
            SourceRefused: its pictures are too large.
        """
        self.kind = kind
        self._shown = shown
        self._stream = opened_from if isinstance(opened_from, ByteStream) else None
        if self._stream is not None:
            self._stream.begin()
        began = time.monotonic()
        self._capture = _opened(opened_from, backend, _TIMES if backend == cv2.CAP_FFMPEG else ())
        if self._capture is None or not self._capture.isOpened():
            self.close()
            self._raise_stream_problem()
            if backend == cv2.CAP_FFMPEG and time.monotonic() - began >= _LATE_S:
                raise SourceFailed(f"{shown} did not answer within {TIME_OUT_S:.0f} s")
            raise SourceBroken(f"{shown} holds no video that can be read")
        self.width = self._whole(cv2.CAP_PROP_FRAME_WIDTH)
        self.height = self._whole(cv2.CAP_PROP_FRAME_HEIGHT)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = float(rate) if 0 < rate <= 240 else 0.0
        try:
            checked_size(self.width, self.height)
        except Exception:
            self.close()
            raise

    def grab(self) -> bool:
        """Wait for the next frame."""
        if self._capture is None:
            return False
        if self._stream is not None:
            self._stream.begin()
        try:
            came = bool(self._capture.grab())
        except cv2.error as error:
            raise SourceBroken(f"{self._shown} sends what cannot be decoded") from error
        if not came:
            self._raise_stream_problem()
        return came

    @property
    def position_s(self) -> float:
        """Where in the clip the grabbed frame stands; 0 where that is not known."""
        return max(0.0, self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000) if self._capture is not None else 0.0

    def take(self) -> Pixels:
        """Turn the grabbed frame into blue, green and red."""
        if self._capture is None:
            raise PictureLost("the source is closed")
        try:
            came, pixels = self._capture.retrieve()
        except (cv2.error, MemoryError) as error:
            raise PictureLost(f"{self._shown} sent a frame that cannot be decoded") from error
        if not came or pixels.size == 0:
            raise PictureLost(f"{self._shown} sent a frame that cannot be decoded")
        height, width = pixels.shape[:2]
        checked_size(width, height)
        self.width, self.height = width, height
        if pixels.ndim == 2 or pixels.shape[2] != 3:
            form = cv2.COLOR_GRAY2BGR if pixels.ndim == 2 or pixels.shape[2] == 1 else cv2.COLOR_BGRA2BGR
            pixels = cv2.cvtColor(pixels, form)
        return np.ascontiguousarray(pixels, np.uint8)

    def close(self) -> None:
        """Give everything back; OpenCV lets go of the stream here, so it must still be held."""
        capture, self._capture = self._capture, None
        if capture is not None:
            with suppress(cv2.error):
                capture.release()
        if self._stream is not None:
            self._stream.close()

    def _whole(self, what: int) -> int:
        value = self._capture.get(what) if self._capture is not None else 0
        return int(value) if 0 < value < 1_000_000 else 0

    def _raise_stream_problem(self) -> None:
        if self._stream is not None and self._stream.problem is not None:
            problem, self._stream.problem = self._stream.problem, None
            raise problem


def _opened(opened_from: str | int | ByteStream, backend: int, settings: Sequence[int]) -> cv2.VideoCapture | None:
    try:
        if isinstance(opened_from, ByteStream):
            # What waits on the network there has time-outs of its own.
            # OpenCV's own stubs do not know that any such stream will do.
            return cv2.VideoCapture(cast("cv2.IStreamReader", opened_from), backend, [cv2.CAP_PROP_N_THREADS, 1])
        return cv2.VideoCapture(opened_from, backend, list(settings))
    except (cv2.error, MemoryError):
        return None
