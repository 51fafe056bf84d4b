"""Units behind numbers are converted by what they are, and blanked out where SQL would stumble over them."""

import math

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from ioc.store.catalogue import load_catalogue
from rules.expressions_units import _SCALES, SPELLINGS, convert, take_units

CATALOGUE = load_catalogue()
UNITS = {name: unit for name in CATALOGUE.names() if (unit := CATALOGUE[name].unit) is not None}


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "found"),
    [
        (250, "cm", "m", 2.5),
        (36, "km/h", "m/s", 10),
        (10, "m/s", "km/h", 36),
        (0.15, "mg/m³", "µg/m³", 150),
        (0.15, "mg/m3", "µg/m³", 150),
        (2, "h", "s", 7200),
        (1, "KiB", "B", 1024),
        (1013.25, "hPa", "Pa", 101325),
        (3, "°C", "°C", 3),
        (3, "°C", "m", None),
        (1, "m", "m/s", None),
    ],
)
def test_a_value_is_told_in_another_unit(value: float, unit: str, wanted: str, found: float | None) -> None:
    assert convert(value, unit, wanted) == found


@given(st.floats(1e-6, 1e12), st.sampled_from(_SCALES), st.data())
def test_there_and_back_again_is_the_same_value(value: float, scale: dict[str, float], data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(sorted(scale))) for _ in range(2))
    there = convert(value, one, other)
    assert there is not None
    back = convert(there, other, one)
    assert back is not None
    assert math.isclose(back, value, rel_tol=1e-12)


def test_no_unit_stands_in_two_scales_and_every_spelling_is_of_a_known_one() -> None:
    named = [unit for scale in _SCALES for unit in scale]
    assert len(set(named)) == len(named)
    assert set(SPELLINGS.values()) <= {*named, *UNITS.values()}


# A unit that begins with a digit, such as 1/s, is not told from another number: such numbers are written alone.
@pytest.mark.parametrize("name", sorted(name for name, unit in UNITS.items() if not unit[0].isdigit()))
def test_every_quantity_may_be_compared_in_its_own_unit(name: str) -> None:
    unit = UNITS[name]
    found = take_units(f"{name} > 5 {unit}", UNITS)
    assert list(found.by_place.values()) == [unit]
    assert found.text.rstrip() == f"{name} > 5"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("temp_c > 5 °C and pm25 < 3", {9: "°C"}),
        ("temp_c between 5 and 6", {}),
        ("temp_c > 5e3", {}),
        ("count % 5 = 1", {}),
        ("humidity > 90% or count % 5 = 1", {11: "%"}),
        ("label = '5 m' and water_level > 5 m", {32: "m"}),
        ("pm25 > 5 -- 5 °F, once", {}),
        ("pm25 > 5 /* 7 knots */ and temp_c > 1 °C", {36: "°C"}),
        ('"5 m" > 3', {}),
        ("x5 m", {}),
    ],
)
def test_only_what_stands_behind_a_number_is_a_unit(text: str, units: dict[int, str]) -> None:
    found = take_units(text, UNITS)
    assert found.by_place == units
    assert len(found.text) == len(text)


@given(
    st.lists(
        st.sampled_from(
            ["5", "2.5", "pm25", "°C", "µg/m³", "m", "%", "and", ">", "(", ")", "'", "--", "/*", "*/", "km/h"]
        ),
        max_size=12,
    )
)
def test_blanking_moves_nothing(words: list[str]) -> None:
    text = " ".join(words)
    found = take_units(text, UNITS)
    assert len(found.text) == len(text)
    assert all(blank in (" ", there) for there, blank in zip(text, found.text, strict=True))
    for place in found.by_place:
        tokens = sqlglot.tokenize(found.text[place:].split(" ")[0], read="postgres")
        assert tokens[0].text in ("5", "2.5")
