import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.vision.sources.contract import PictureLost, SourceBroken
from ingest.vision.sources.multipart import MOST_PICTURE, PartReader, boundary_of

pictures = st.lists(
    st.binary(min_size=1, max_size=300).filter(lambda data: b"--cut" not in data and data[-1:] not in b"\r\n"),
    max_size=5,
)


def written(parts: list[bytes], *, lengths: bool) -> bytes:
    whole = b""
    for part in parts:
        length = b"Content-Length: %d\r\n" % len(part) if lengths else b""
        whole += b"--cut\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + part + b"\r\n"
    return whole + b"--cut\r\n"


@given(pictures, st.booleans(), st.integers(1, 97))
def test_pictures_come_out_however_the_bytes_are_cut(parts: list[bytes], lengths: bool, step: int) -> None:
    reader, found = PartReader(b"--cut"), []
    whole = written(parts, lengths=lengths)
    for start in range(0, len(whole), step):
        reader.feed(whole[start : start + step])
        while (picture := reader.next()) is not None:
            found.append(picture)
    assert found == parts


@given(st.binary(max_size=3000), st.integers(1, 200))
def test_no_bytes_do_more_than_end_the_stream(data: bytes, step: int) -> None:
    reader = PartReader(b"--")
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        try:
            while reader.next() is not None:
                pass
        except (PictureLost, SourceBroken):
            return


def test_a_picture_that_is_too_large_is_passed_over_and_the_next_one_comes() -> None:
    reader = PartReader(b"--cut")
    reader.feed(b"--cut\r\nContent-Length: %d\r\n\r\n" % (MOST_PICTURE + 1))
    with pytest.raises(PictureLost, match="at most"):
        reader.next()
    for _ in range(3):
        reader.feed(b"x" * (MOST_PICTURE // 3 + 1))
        assert len(reader._data) < 10
    reader.feed(b"\r\n--cut\r\nContent-Length: 3\r\n\r\nabc")
    assert reader.next() == b"abc"


def test_memory_is_bounded_where_no_length_is_said() -> None:
    reader = PartReader(b"--cut")
    reader.feed(b"--cut\r\n\r\n" + b"x" * (MOST_PICTURE + 10))
    with pytest.raises(PictureLost):
        reader.next()
    for _ in range(3):
        reader.feed(b"x" * 100_000)
        assert reader.next() is None
        assert len(reader._data) < 10


@given(st.integers(1, 3_000_000), st.integers(1, 200_000), st.booleans())
@settings(max_examples=15, deadline=None)
def test_behind_a_picture_that_is_too_large_the_next_one_comes_though_no_length_is_said(
    more: int, step: int, by_chance: bool
) -> None:
    middle = b"--cut" * 3 if by_chance else b""
    large = b"x" * (MOST_PICTURE + 1) + b"y" * more + middle + b"y" * 20_000
    reader, found, lost = PartReader(b"--cut"), [], 0
    whole = written([b"abc", large, b"def", b"ghi"], lengths=False)
    for start in range(0, len(whole), step + 1000):
        reader.feed(whole[start : start + step + 1000])
        while True:
            try:
                picture = reader.next()
            except PictureLost:
                lost += 1
                continue
            if picture is None:
                break
            found.append(picture)
        assert len(reader._data) < MOST_PICTURE + 300_000
    assert lost == 1
    assert found == [b"abc", b"def", b"ghi"]


def test_a_picture_that_never_ends_ends_the_stream() -> None:
    reader = PartReader(b"--cut")
    reader.feed(b"--cut\r\n\r\n" + b"x" * (MOST_PICTURE + 10))
    with pytest.raises(PictureLost):
        reader.next()
    for _ in range(8):
        reader.feed(b"x" * MOST_PICTURE)
        assert reader.next() is None
    reader.feed(b"x" * MOST_PICTURE)
    with pytest.raises(SourceBroken, match="never comes"):
        reader.next()


@pytest.mark.parametrize("data", [b"x" * 20_000, b"--cut" + b"x" * 20_000])
def test_what_is_no_stream_of_pictures_is_said_to_be_none(data: bytes) -> None:
    reader = PartReader(b"--cut")
    reader.feed(data)
    with pytest.raises(SourceBroken, match="no stream of pictures"):
        reader.next()


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/x-mixed-replace; boundary=cut", b"--cut"),
        ('multipart/x-mixed-replace;boundary="--cut"', b"--cut"),
        ("Multipart/X-Mixed-Replace", b"--"),
        ("image/jpeg", None),
        ("", None),
    ],
)
def test_the_boundary_is_read_as_cameras_write_it(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary
