"""Takes a stream of pictures apart that a camera sends as one endless answer (multipart/x-mixed-replace)."""

import re
from typing import Final

from ingest.vision.sources.contract import PictureLost, SourceBroken

MOST_PICTURE: Final = 2_000_000
"""Bytes of one picture."""

_MOST_HEAD: Final = 8192

_MOST_PASSED: Final = 8 * MOST_PICTURE
"""Bytes that are passed over behind a picture's first two megabytes where nobody said how long it is; JPEGs of 25
megapixels, the largest that are decoded, rarely have as many."""

_LENGTH: Final = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,12})[ \t]*\r?$")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")


def boundary_of(content_type: str) -> bytes | None:
    """Give what stands between the pictures; None where the answer is no such stream."""
    if not content_type.lower().startswith("multipart/"):
        return None
    found = re.search(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;]{1,200}))', content_type, re.IGNORECASE)
    if found is None:
        return b"--"
    word = found[1] or found[2]
    # Some cameras write the two hyphens into the header, others leave them out, and a few do neither.
    return b"--" + word.removeprefix("--").encode("latin-1", "replace")


class PartReader:
    """Fed with bytes as they come, gives whole pictures."""

    def __init__(self, boundary: bytes) -> None:
        """Take what stands between the pictures, see `boundary_of`."""
        self._boundary = boundary
        self._data = bytearray()
        self._looked = 0
        self._length: int | None = None
        self._in_part = False
        self._passing = 0
        self._to_boundary = _MOST_HEAD
        self._lost = False

    def feed(self, data: bytes) -> None:
        """Take what came."""
        if self._passing:
            passed = min(self._passing, len(data))
            self._passing -= passed
            data = data[passed:]
        self._data += data

    def next(self) -> bytes | None:
        """Give the next whole picture; None where more must come first.

        Raises:
            PictureLost: a picture is too large; those behind it can be read.
            SourceBroken: this is no stream of pictures.
        """
        if not self._in_part and not self._read_head():
            return None
        return self._known_length(self._length) if self._length is not None else self._up_to_boundary()

    def _read_head(self) -> bool:
        while True:
            start = self._data.find(self._boundary)
            if start < 0:
                # The beginning of one may be the last that came.
                self._pass_over(self._looked_up_to())
                return False
            self._to_boundary -= start
            del self._data[:start]
            after = len(self._boundary)
            end = _HEAD_END.search(self._data, after)
            if end is not None:
                break
            if len(self._data) - after <= _MOST_HEAD:
                return False
            if not self._lost:
                raise SourceBroken("the head of a picture never ends; this is no stream of pictures")
            # Within a picture that is passed over it stood by chance.
            self._pass_over(after)
        length = _LENGTH.search(bytes(self._data[after : end.start()]) + b"\r")
        self._length = int(length[1]) if length else None
        del self._data[: end.end()]
        self._in_part, self._looked = True, 0
        self._to_boundary, self._lost = _MOST_HEAD, False
        return True

    def _pass_over(self, length: int) -> None:
        self._to_boundary -= length
        if self._to_boundary < 0:
            raise SourceBroken("the answer is no stream of pictures: what should stand between them never comes")
        del self._data[:length]

    def _known_length(self, length: int) -> bytes | None:
        if length > MOST_PICTURE:
            self._passing = max(0, length - len(self._data))
            del self._data[:length]
            self._in_part = False
            raise PictureLost(f"a picture of {length:,} bytes; at most {MOST_PICTURE:,} are read")
        if len(self._data) < length:
            return None
        return self._cut(length)

    def _up_to_boundary(self) -> bytes | None:
        end = self._data.find(self._boundary, self._looked)
        length = end if end >= 0 else self._looked_up_to()
        if length > MOST_PICTURE:
            del self._data[:length]
            self._in_part = False
            self._to_boundary, self._lost = _MOST_PASSED, True
            raise PictureLost(f"a picture of more than {MOST_PICTURE:,} bytes; no more are read")
        if end < 0:
            self._looked = self._looked_up_to()
            return None
        picture = self._cut(end)
        return picture.removesuffix(b"\n").removesuffix(b"\r")

    def _looked_up_to(self) -> int:
        return max(0, len(self._data) - len(self._boundary) + 1)

    def _cut(self, length: int) -> bytes:
        picture = bytes(self._data[:length])
        del self._data[:length]
        self._in_part = False
        return picture
