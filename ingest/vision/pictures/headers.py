"""Reads from the first bytes of a picture what it is and how large it would become, without decoding it."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 2_000_000
"""Of one encoded picture."""

MAX_PIXELS: Final = 25_000_000
"""Of one decoded picture."""

MAX_SIDE: Final = 65_500
"""Pixels of one side: what libjpeg takes at most (`JPEG_MAX_DIMENSION`)."""

MAX_SCANS: Final = 64
"""Passes over a progressive JPEG. Encoders use about ten; a pass of a dozen bytes can cost one over every pixel."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BARE_MARKERS: Final = frozenset((0x01, *range(0xD0, 0xD8)))
"""Of JPEG: markers without a length (ISO/IEC 10918-1, table B.1)."""
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Of JPEG: SOF0 to SOF15; between them stand DHT, JPG and DAC, which begin no frame."""
_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9


class PictureRefused(Exception):
    """A picture that is not decoded, or could not be; its text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class PictureHead:
    """What a picture says of itself.

    Attributes:
        form: JPEG, PNG or WebP.
        width: pixels.
        height: pixels.
    """

    form: str
    width: int
    height: int


def checked_head(data: bytes) -> PictureHead:
    """Read a picture's head and hold it against the limits, both of bytes and of pixels.

    Raises:
        PictureRefused: too large, of another form, moving, or cut off.
    """
    if len(data) > MAX_BYTES:
        raise PictureRefused(f"the picture has {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    reader = _reader(data)
    try:
        head = reader(data)
    except (IndexError, struct.error) as error:
        raise PictureRefused(f"the picture is cut off after {len(data):,} bytes, within its head") from error
    if head.width < 1 or head.height < 1:
        raise PictureRefused(f"the {head.form} says that it is {head.width} × {head.height} pixels large")
    if head.width * head.height > MAX_PIXELS or max(head.width, head.height) > MAX_SIDE:
        raise PictureRefused(
            f"the {head.form} has {head.width} × {head.height} pixels; at most {MAX_PIXELS // 1_000_000} megapixels "
            "are decoded"
        )
    return head


def _reader(data: bytes) -> Callable[[bytes], PictureHead]:
    if data.startswith(b"\xff\xd8"):
        return _jpeg
    if data.startswith(_PNG):
        return _png
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp
    what = "nothing" if not data else f"bytes that begin with {data[:4].hex(' ')}"
    raise PictureRefused(f"expected a JPEG, PNG or WebP picture, found {what}")


def _jpeg(data: bytes) -> PictureHead:
    """Walk over the segments as libjpeg does: what is no marker is passed over, one frame only."""
    found: PictureHead | None = None
    place = 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0:
            raise IndexError
        while data[place] == 0xFF:
            place += 1
        marker = data[place]
        place += 1
        if marker == 0 or marker in _BARE_MARKERS:
            continue
        if marker == _END:
            raise PictureRefused("the JPEG ends before its picture begins")
        if marker == _START_OF_SCAN:
            break
        (length,) = struct.unpack_from(">H", data, place)
        if marker in _FRAME_MARKERS:
            if found is not None:
                raise PictureRefused("the JPEG says twice how large it is")
            height, width = struct.unpack_from(">HH", data, place + 3)
            found = PictureHead("JPEG", width, height)
        place += max(2, length)
    if found is None:
        raise PictureRefused("the JPEG does not say how large it is")
    if data.count(b"\xff\xda") > MAX_SCANS:
        raise PictureRefused(f"the JPEG has more than {MAX_SCANS} scans")
    if data.rfind(b"\xff\xd9") < place:
        raise PictureRefused(f"the JPEG is cut off after {len(data):,} bytes: its end is missing")
    return found


def _png(data: bytes) -> PictureHead:
    length, name, width, height = struct.unpack_from(">I4sII", data, len(_PNG))
    if length != 13 or name != b"IHDR":
        raise PictureRefused("the PNG does not begin with its size")
    if b"acTL" in data:
        raise PictureRefused("the PNG is a moving one; expected a single picture")
    if b"IEND" not in data[-64:]:
        raise PictureRefused(f"the PNG is cut off after {len(data):,} bytes: its end is missing")
    return PictureHead("PNG", width, height)


def _webp(data: bytes) -> PictureHead:
    """Read the head of each of the three forms (RFC 9649, sections 2.5 to 2.7; RFC 6386, section 9.1)."""
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise PictureRefused(f"the WebP is cut off: {len(data):,} bytes of {length + 8:,}")
    name = data[12:16]
    if name == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            raise PictureRefused("the WebP does not begin with a key frame")
        width, height = struct.unpack_from("<HH", data, 26)
        return PictureHead("WebP", width & 0x3FFF, height & 0x3FFF)
    if name == b"VP8L":
        signature, bits = struct.unpack_from("<BI", data, 20)
        if signature != 0x2F:
            raise PictureRefused("the WebP does not begin as a lossless one does")
        return PictureHead("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if name == b"VP8X":
        if data[20] & 0x02:
            raise PictureRefused("the WebP is a moving one; expected a single picture")
        wide, high = data[24:27], data[27:30]
        if len(high) < 3:
            raise IndexError
        return PictureHead("WebP", int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1)
    raise PictureRefused(f"the WebP begins with {name!r}; expected VP8, VP8L or VP8X")
