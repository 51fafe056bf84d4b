"""Reads the playlists of HLS (RFC 8216), as far as video without sound and without locks needs them."""

import re
from dataclasses import dataclass
from typing import Final

from ingest.vision.sources.contract import MOST_HEIGHT, MOST_WIDTH, SourceBroken, SourceRefused

_MOST_LINES: Final = 20_000
_ATTRIBUTE: Final = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_RANGE: Final = re.compile(r"([0-9]{1,12})(?:@([0-9]{1,12}))?")


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the sizes in which a stream is offered.

    Attributes:
        width: pixels; 0 where nothing is said.
    """

    uri: str
    width: int
    height: int
    bandwidth: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a resource that is fetched at once.

    Attributes:
        byte_range: its first byte and its last; None for all of it.
    """

    uri: str
    byte_range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Some seconds of video.

    Attributes:
        number: counts the segments of the stream.
        head: what a decoder must have read before it; None for MPEG-TS.
    """

    number: int
    piece: Piece
    duration_s: float
    head: Piece | None


@dataclass(frozen=True, slots=True)
class Playlist:
    """What one playlist says: variants, or segments.

    Attributes:
        target_s: no segment is longer.
        ended: nothing will be added.
    """

    variants: tuple[Variant, ...] = ()
    segments: tuple[Segment, ...] = ()
    target_s: float = 6.0
    ended: bool = False

    def chosen(self, width: int) -> Variant:
        """Choose the smallest variant that is as wide as wished, else the widest.

        Raises:
            SourceRefused: all of them are too large.
        """
        fit = [each for each in self.variants if each.width <= MOST_WIDTH and each.height <= MOST_HEIGHT]
        if not fit:
            raise SourceRefused(f"all sizes of the stream are larger than {MOST_WIDTH} × {MOST_HEIGHT} pixels")
        seen = [each for each in fit if each.width] or fit
        wide = [each for each in seen if each.width >= width]
        if wide:
            return min(wide, key=lambda each: (each.width, each.bandwidth))
        return max(seen, key=lambda each: (each.width, each.bandwidth))


def read_playlist(text: str) -> Playlist:
    """Read a playlist.

    Raises:
        SourceBroken: it is none.
        SourceRefused: its video is encrypted.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or not lines[0].lstrip("\ufeff").startswith("#EXTM3U"):
        raise SourceBroken("what came is no HLS playlist; it does not begin with #EXTM3U")
    if len(lines) > _MOST_LINES:
        raise SourceBroken(f"a playlist of more than {_MOST_LINES:,} lines")
    if any(line.startswith("#EXT-X-STREAM-INF:") for line in lines):
        return Playlist(variants=tuple(_variants(lines)))
    return _media(lines)


def _variants(lines: list[str]) -> list[Variant]:
    found: list[Variant] = []
    about: dict[str, str] | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            about = _attributes(line)
        elif line and not line.startswith("#") and about is not None:
            size = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", about.get("RESOLUTION", ""))
            width, height = (int(size[1]), int(size[2])) if size else (0, 0)
            found.append(Variant(line, width, height, _whole(about.get("BANDWIDTH", "0"))))
            about = None
    return found


def _media(lines: list[str]) -> Playlist:
    segments: list[Segment] = []
    target, number, duration, ended = 6.0, 0, 0.0, False
    head: Piece | None = None
    wanted: tuple[int, int | None] | None = None
    reached: dict[str, int] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name == "#EXT-X-TARGETDURATION":
            target = min(60.0, max(0.5, _number(value)))
        elif name == "#EXT-X-MEDIA-SEQUENCE":
            number = _whole(value)
        elif name == "#EXTINF":
            duration = _number(value.partition(",")[0])
        elif name == "#EXT-X-BYTERANGE":
            wanted = _range(value)
        elif name == "#EXT-X-MAP":
            about = _attributes(line)
            part = _range(about["BYTERANGE"]) if "BYTERANGE" in about else None
            head = Piece(about.get("URI", ""), _bytes_of(part, 0) if part else None)
        elif name == "#EXT-X-KEY" and _attributes(line).get("METHOD", "NONE") != "NONE":
            raise SourceRefused("the stream's video is encrypted; only open streams are read")
        elif name == "#EXT-X-ENDLIST":
            ended = True
        elif line and not line.startswith("#"):
            byte_range = _bytes_of(wanted, reached.get(line, 0)) if wanted else None
            if byte_range is not None:
                reached[line] = byte_range[1] + 1
            segments.append(Segment(number, Piece(line, byte_range), duration, head))
            number, wanted = number + 1, None
    return Playlist(segments=tuple(segments), target_s=target, ended=ended)


def _attributes(line: str) -> dict[str, str]:
    return {found[1]: found[2].strip('"') for found in _ATTRIBUTE.finditer(line.partition(":")[2])}


def _range(text: str) -> tuple[int, int | None] | None:
    found = _RANGE.fullmatch(text.strip())
    return (int(found[1]), int(found[2]) if found[2] else None) if found else None


def _bytes_of(wanted: tuple[int, int | None], reached: int) -> tuple[int, int]:
    length, start = wanted[0], wanted[1] if wanted[1] is not None else reached
    return start, start + max(1, length) - 1


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text.strip()) else 0


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{0,12})?", text.strip()) else 0.0
