"""The catalogue: what the city measures, and what a mistake in its file looks like."""

from pathlib import Path

import pytest

from ioc.model.quantities import QuantityType, fit
from ioc.runtime.marked_yaml import Misplaced
from ioc.store.catalogue import load_catalogue


def test_every_shipped_quantity_has_a_title_in_both_languages() -> None:
    catalogue = load_catalogue()
    assert [
        name for name in catalogue.names() if not (catalogue[name].title["vi"] and catalogue[name].title["en"])
    ] == []


def test_a_users_file_adds_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "pm25: {unit: µg/m³, from: 0, to: 10, vi: a, en: b}\nsalinity: {unit: g/l, vi: Độ mặn, en: Salinity}\n"
    )
    catalogue = load_catalogue(path)
    assert catalogue["salinity"].type is QuantityType.NUMBER
    with pytest.raises(ValueError, match="pm25 = 11 lies outside 0 to 10"):
        fit(catalogue["pm25"], 11)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("salt: {unit: g/l, en: Salt}", "mine.yaml:1:7: 'vi' is missing"),
        ("salt: {typ: text, vi: a, en: b}", "mine.yaml:1:8: 'typ' is not known here; did you mean 'type'?"),
        ("salt: {from: 3, to: 1, vi: a, en: b}", "mine.yaml:1:21: the range is empty: it goes from 3 to 1"),
        ("\nasset: {vi: a, en: b}", "mine.yaml:2:1: 'asset' cannot be a quantity's name"),
        ("salt: {type: text, unit: m, vi: a, en: b}", "mine.yaml:1:26: a text has no 'unit'"),
    ],
)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(Misplaced) as caught:
        load_catalogue(path)
    assert str(caught.value).startswith(complaint)
