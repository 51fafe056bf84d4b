"""HLS streams as a source: playlists and segments are fetched by us, FFmpeg only decodes what comes."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from ingest.vision.frame import Pixels
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import CameraUrl
from ingest.vision.sources.capture import ByteStream, CaptureSource
from ingest.vision.sources.contract import TIME_OUT_S, SourceBroken, SourceFailed
from ingest.vision.sources.hls_playlist import Piece, Playlist, Segment, read_playlist
from ingest.vision.sources.http_client import Answer, ask, joined
from ingest.vision.sources.pace import Timeline

_MOST_PLAYLIST: Final = 1_000_000
_MOST_SEGMENT: Final = 64_000_000
_CHUNK: Final = 65_536
_HISTORY: Final = 262_144

_FROM_THE_END: Final = 3
"""Segments before the end of a live playlist at which one begins (RFC 8216, 6.3.3)."""


class HlsSource:
    """A stream in segments, shown at the speed at which it was taken."""

    kind: Final = "hls"

    def __init__(self, url: CameraUrl, allowed: AllowedNetworks, width: int) -> None:
        """Open it.

        Args:
            url: of the playlist.
            allowed: decides about every host that a playlist or a redirect names.
            width: pixels that are wished for, where the stream comes in several sizes.

        Raises:
            SourceRefused: an address is not allowed, or the stream is encrypted or too large.
            SourceFailed: there is no stream now.
        """
        self._shown = url.shown
        self._feed = HlsFeed(url, allowed, width)
        try:
            self._capture = CaptureSource(self.kind, url.shown, self._feed)
        except BaseException:
            self._feed.stop()
            raise
        self._timeline = Timeline()

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
        """Wait for the next frame, and until it is to be shown: segments come in bursts."""
        if not self._capture.grab():
            return False
        self._timeline.wait(self._capture.position_s, 1 / (self.rate or 25.0))
        return True

    def take(self) -> Pixels:
        """Turn the frame into blue, green and red."""
        return self._capture.take()

    def close(self) -> None:
        """Close the stream and its connection."""
        self._capture.close()
        self._feed.stop()


class HlsFeed(ByteStream):
    """The bytes of a stream's segments, one after the other."""

    def __init__(
        self,
        url: CameraUrl,
        allowed: AllowedNetworks,
        width: int,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Read the playlist, and that of the size that is wished for.

        Raises:
            SourceRefused: see `HlsSource`.
            SourceFailed: see `HlsSource`.
        """
        super().__init__()
        self._allowed = allowed
        self._first = url
        self._monotonic = monotonic
        self._sleep = sleep
        self._url, playlist = self._playlist(url)
        if playlist.variants:
            self._url, playlist = self._playlist(joined(self._url, playlist.chosen(width).uri))
        if playlist.variants or not playlist.segments:
            raise SourceBroken(f"{url.shown}: the playlist names no segments of video")
        live = not playlist.ended
        self._waiting = deque(playlist.segments[-_FROM_THE_END:] if live else playlist.segments)
        self._last = playlist.segments[-1].number
        self._ended = playlist.ended
        self._target_s = playlist.target_s
        self._head: Piece | None = None
        self._pieces: deque[Piece] = deque()
        self._answer: Answer | None = None
        self._of_piece = 0
        self._position = 0
        self._history = b""
        self._ahead = b""

    def bytes_at_most(self, most: int) -> bytes:
        """Give what comes next; waits for the next segment."""
        if not self._ahead:
            self._ahead = self._fetched()
        data, self._ahead = self._ahead[:most], self._ahead[most:]
        self._position += len(data)
        self._history = (self._history + data)[-_HISTORY:]
        return data

    def move_to(self, offset: int, whence: int) -> int:
        """Go back a little, or ahead by reading."""
        if whence != 0 or offset < self._position - len(self._history):
            return -1
        if offset < self._position:
            back = self._position - offset
            self._ahead = self._history[-back:] + self._ahead
            self._history = self._history[:-back]
            self._position = offset
        # Ahead of what came: read up to there, but not through half of the stream.
        if offset - self._position > _MOST_SEGMENT:
            return -1
        while self._position < offset and self.bytes_at_most(min(_CHUNK, offset - self._position)):
            pass
        return self._position if self._position == offset else -1

    def stop(self) -> None:
        """Close the connection."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()

    def _fetched(self) -> bytes:
        while True:
            if self._answer is None and not self._open_next():
                return b""
            answer = self._answer
            data = answer.read(_CHUNK) if answer is not None else b""
            if data:
                self._of_piece += len(data)
                if self._of_piece > _MOST_SEGMENT:
                    raise SourceFailed(f"{self._url.shown}: a segment of more than {_MOST_SEGMENT:,} bytes")
                return data
            self.stop()

    def _open_next(self) -> bool:
        if not self._pieces:
            segment = self._next_segment()
            if segment is None:
                return False
            if segment.head is not None and segment.head != self._head:
                self._pieces.append(segment.head)
            self._head = segment.head
            self._pieces.append(segment.piece)
        piece = self._pieces.popleft()
        url = joined(self._url, piece.uri)
        self._answer = ask(url, self._allowed, byte_range=piece.byte_range, lent=self._first)
        self._of_piece = 0
        return True

    def _next_segment(self) -> Segment | None:
        deadline = self._monotonic() + min(30.0, max(TIME_OUT_S, 3 * self._target_s))
        while not self._waiting:
            if self._ended:
                return None
            if self._monotonic() > deadline:
                raise SourceFailed(f"{self._url.shown}: the playlist brings nothing new; the stream stands still")
            self._sleep(self._target_s / 2)
            self._url, playlist = self._playlist(self._url)
            self._target_s, self._ended = playlist.target_s, playlist.ended
            fresh = [each for each in playlist.segments if each.number > self._last]
            if not fresh and playlist.segments and playlist.segments[-1].number < self._last - len(playlist.segments):
                # Its counting began anew: the camera was started again.
                fresh = list(playlist.segments[-_FROM_THE_END:])
            if fresh:
                self._waiting.extend(fresh[-2 * _FROM_THE_END :] if not self._ended else fresh)
                self._last = fresh[-1].number
        return self._waiting.popleft()

    def _playlist(self, url: CameraUrl) -> tuple[CameraUrl, Playlist]:
        answer = ask(url, self._allowed, lent=self._first)
        try:
            text = answer.read_all(_MOST_PLAYLIST, "a playlist").decode("utf-8", "replace")
        finally:
            answer.close()
        return answer.url, read_playlist(text)
