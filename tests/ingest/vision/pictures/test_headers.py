"""Heads of pictures: every limit is held before anything is decoded."""

import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.pictures.checks import checked_picture
from ingest.vision.pictures.headers import MAX_BYTES, MAX_PIXELS, MAX_SCANS, PictureHead, PictureRefused, checked_head

FORMS = {
    "JPEG": (".jpg", []),
    "progressive JPEG": (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    "PNG": (".png", []),
    "lossy WebP": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
    "lossless WebP": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
}


def encoded(form: str, width: int = 64, height: int = 48) -> bytes:
    ending, parameters = FORMS[form]
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=2).astype(np.uint8)
    return cv2.imencode(ending, pixels, parameters)[1].tobytes()


def jpeg_that_says(width: int, height: int) -> bytes:
    data = encoded("JPEG")
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def png_that_says(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = encoded("PNG")
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]


def webp_that_says(width: int, height: int) -> bytes:
    head = (
        b"VP8X" + struct.pack("<IB3x", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + head + encoded("lossy WebP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("width", "height"), [(64, 48), (1, 1), (3, 200), (257, 2)])
def test_the_head_says_how_large_the_picture_becomes(form: str, width: int, height: int) -> None:
    data = encoded(form, width, height)
    head = checked_head(data)
    assert (head.form, head.width, head.height) == (form.rsplit(maxsplit=1)[-1], width, height)
    pixels = checked_picture(data)
    assert pixels.shape == (height, width, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_that_is_cut_off_is_refused_wherever_it_is(form: str) -> None:
    data = encoded(form, 24, 16)
    for length in range(len(data)):
        with pytest.raises(PictureRefused, match=r"cut off|expected a JPEG|end|begin|cannot be decoded"):
            checked_picture(data[:length])


@pytest.mark.parametrize("says", [jpeg_that_says, png_that_says, webp_that_says])
def test_a_picture_that_would_become_too_large_is_refused_by_its_head(says: object) -> None:
    with pytest.raises(PictureRefused, match=r"16000 × 16000 pixels; at most 25 megapixels"):
        checked_head(says(16_000, 16_000))  # type: ignore[operator]
    assert checked_head(says(5_000, 5_000)).width == 5_000  # type: ignore[operator]
    with pytest.raises(PictureRefused, match="at most 25 megapixels"):
        checked_head(says(5_001, 5_000))  # type: ignore[operator]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "lossy WebP"])
def test_more_than_two_megabytes_are_refused_unread(form: str) -> None:
    with pytest.raises(PictureRefused, match=r"2,000,001 bytes; at most 2,000,000"):
        checked_head(encoded(form).ljust(MAX_BYTES + 1, b"\0"))


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(PictureRefused, match="0 × 48"):
        checked_head(jpeg_that_says(0, 48))
    with pytest.raises(PictureRefused, match="64 × 0"):
        checked_head(png_that_says(64, 0))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"GIF89a" + bytes(40),
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"\0\0\0\x1cftypavif",
        b"<svg/>",
        b"P6 9 9",
    ],
)
def test_other_forms_are_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused, match="expected a JPEG, PNG or WebP"):
        checked_head(data)


def test_moving_pictures_are_refused() -> None:
    png = encoded("PNG")
    moving = png[:33] + struct.pack(">I4sIII", 8, b"acTL", 1_000_000, 0, 0) + png[33:]
    with pytest.raises(PictureRefused, match="moving"):
        checked_head(moving)
    webp = bytearray(webp_that_says(64, 48))
    webp[20] |= 2
    with pytest.raises(PictureRefused, match="moving"):
        checked_head(bytes(webp))


def test_a_jpeg_that_says_its_size_twice_is_refused() -> None:
    data = encoded("JPEG")
    place = data.index(b"\xff\xc0")
    frame = data[place : place + 19]
    with pytest.raises(PictureRefused, match="twice"):
        checked_head(data[:place] + frame + data[place:])


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    data = encoded("progressive JPEG", 256, 256)
    place = data.index(b"\xff\xda")
    again = b"\xff\xda\x00\x08\x01\x01\x00\x01\x05\x00\xe0" * MAX_SCANS
    with pytest.raises(PictureRefused, match="64 scans"):
        checked_head(data[:place] + again + data[place:])


def test_small_pictures_inside_of_metadata_do_not_count() -> None:
    data, inner = encoded("JPEG", 640, 480), encoded("JPEG", 16, 16)
    metadata = b"\xff\xe1" + struct.pack(">H", len(inner) + 8) + b"Exif\0\0" + inner
    assert checked_head(data[:2] + metadata + data[2:]) == PictureHead("JPEG", 640, 480)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_head_or_a_sentence(tail: bytes) -> None:
    for start in (
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\0\0\0WEBP",
        b"RIFF\x10\0\0\0WEBPVP8X",
    ):
        with suppress(PictureRefused):
            head = checked_head(start + tail)
            assert 1 <= head.width * head.height <= MAX_PIXELS


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 2**32), st.integers(1, 12))
def test_what_is_decoded_is_as_large_as_its_head_said(form: str, seed: int, changes: int) -> None:
    generator = np.random.default_rng(seed)
    data = bytearray(encoded(form))
    for place in generator.integers(0, len(data), changes):
        data[place] = generator.integers(0, 256)
    try:
        head = checked_head(bytes(data))
        pixels = checked_picture(bytes(data))
    except PictureRefused:
        return
    assert sorted(pixels.shape[:2]) == sorted((head.width, head.height))
    assert pixels.size <= 3 * MAX_PIXELS
