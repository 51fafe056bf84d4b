"""Takes a stream of pictures apart that a camera sends as one endless answer (multipart/x-mixed-replace)."""

import re
from typing import Final

from ingest.vision.sources.contract import PictureLost, SourceBroken

MOST_PICTURE: Final = 2_000_000
"""Bytes of one picture."""

_MOST_HEAD: Final = 8192
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
        start = self._data.find(self._boundary)
        if start < 0:
            if len(self._data) > _MOST_HEAD:
                raise SourceBroken("the answer is no stream of pictures: what should stand between them never comes")
            return False
        after = start + len(self._boundary)
        end = _HEAD_END.search(self._data, after)
        if end is None:
            if len(self._data) - after > _MOST_HEAD:
                raise SourceBroken("the head of a picture never ends; this is no stream of pictures")
            return False
        length = _LENGTH.search(bytes(self._data[after : end.start()]) + b"\r")
        self._length = int(length[1]) if length else None
        del self._data[: end.end()]
        self._in_part, self._looked = True, 0
        return True

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
        if end < 0:
            if len(self._data) > MOST_PICTURE:
                self._data.clear()
                self._in_part = False
                raise PictureLost(f"a picture of more than {MOST_PICTURE:,} bytes; no more are read")
            self._looked = max(0, len(self._data) - len(self._boundary))
            return None
        picture = self._cut(end)
        return picture.removesuffix(b"\n").removesuffix(b"\r")

    def _cut(self, length: int) -> bytes:
        picture = bytes(self._data[:length])
        del self._data[:length]
        self._in_part = False
        return picture
