"""RTSP streams as a source."""

import time
from typing import Final

from ingest.vision.frame import Pixels
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import CameraUrl
from ingest.vision.sources.capture import CaptureSource
from ingest.vision.sources.contract import TIME_OUT_S, SourceFailed
from ingest.vision.sources.rtsp_relay import RtspRelay


class RtspSource:
    """A stream over the one connection of its relay."""

    kind: Final = "rtsp"

    def __init__(self, url: CameraUrl, allowed: AllowedNetworks) -> None:
        """Open it.

        Raises:
            SourceRefused: the address is not allowed, leads elsewhere, or does not let us in; or the pictures are too
                large.
            SourceFailed: there is no stream now.
        """
        self._shown = url.shown
        self._relay = RtspRelay(url, allowed)
        try:
            self._capture = CaptureSource(self.kind, url.shown, self._relay.address)
        except SourceFailed as problem:
            self._relay.close()
            raise self._relay.problem() or problem from None
        except BaseException:
            self._relay.close()
            raise

    @property
    def width(self) -> int:
        """Of its pictures, pixels."""
        return self._capture.width

    @property
    def height(self) -> int:
        """Of its pictures, pixels."""
        return self._capture.height

    @property
    def rate(self) -> float:
        """Frames a second, as the stream says."""
        return self._capture.rate

    def grab(self) -> bool:
        """Wait for the next frame."""
        began = time.monotonic()
        # At its time-out FFmpeg first gives the frames that it had kept back, as if all were well.
        if self._capture.grab() and time.monotonic() - began < TIME_OUT_S:
            return True
        raise self._relay.problem() or SourceFailed(
            f"{self._shown} sends no more video: the connection broke, or nothing came for {TIME_OUT_S:g} s"
        )

    def take(self) -> Pixels:
        """Turn the frame into blue, green and red."""
        return self._capture.take()

    def close(self) -> None:
        """Close the stream and both ends of the relay."""
        # Cut first: FFmpeg takes leave of a server that may not answer.
        self._relay.close()
        self._capture.close()
