"""Names of pictures: what is read is what was written, and no text leads out of the folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.instant import LATEST, MILLISECOND
from ioc.store.pictures.names import PictureName, checked_asset

ASSETS = st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)
CLASSES = st.sampled_from(["person", "vehicle", "scene"])


@given(CLASSES, ASSETS, st.integers(0, LATEST))
def test_what_is_written_is_read_as_it_was(picture_class: str, asset: str, at: int) -> None:
    name = PictureName.new(picture_class, asset, at)
    assert PictureName.read(str(name)) == name
    assert name.at == at - at % MILLISECOND


@given(CLASSES, ASSETS, st.integers(0, LATEST))
def test_a_path_has_three_parts_and_none_of_them_leads_up(picture_class: str, asset: str, at: int) -> None:
    parts = PictureName.new(picture_class, asset, at).path.parts
    assert len(parts) == 3
    assert not {"..", ".", "/"} & set(parts)


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no picture's name"):
        PictureName.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "../person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
        "person/../2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
        "/person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
        "person/2026-11-22/../cam-1-1795309200123-ab12cd34.jpg",
        "person/2026-11-22/a/b-1795309200123-ab12cd34.jpg",
        "person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg\n",
        "person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg\0",
        "person/2026-11-23/cam-1-1795309200123-ab12cd34.jpg",
        "person/2026-11-22/cam-1-01795309200123-ab12cd34.jpg",
        "person/2026-11-22/cam-1-999999999999999-ab12cd34.jpg",
        "person/２０２６-11-22/cam-1-1795309200123-ab12cd34.jpg",
        "live/2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
        "originals/2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
        "person/2026-11-22/cam-1-1795309200123-ab12cd34.png",
    ],
)
def test_a_name_that_is_nearly_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no picture's name"):
        PictureName.read(text)


def test_pictures_of_one_moment_have_names_of_their_own() -> None:
    assert len({str(PictureName.new("scene", "cam-1", 0)) for _ in range(100)}) == 100


@pytest.mark.parametrize("asset", ["", "a" * 65, "cam/1", "cam 1", "cam\n", "../cam", "cám"])
def test_an_asset_that_no_file_can_be_named_after_is_refused(asset: str) -> None:
    with pytest.raises(ValueError, match="no camera's id"):
        checked_asset(asset)


@pytest.mark.parametrize("picture_class", ["", "Person", "live", "originals", "a/b", "person2"])
def test_a_class_that_no_folder_can_be_named_after_is_refused(picture_class: str) -> None:
    with pytest.raises(ValueError, match="no class of pictures"):
        PictureName.new(picture_class, "cam-1", 0)
