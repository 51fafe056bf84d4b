"""Units: what devices send, in whatever spelling, comes out in the catalogue's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.units import _DIMENSIONS, _SPELLINGS, conversion, convertible
from ioc.store.catalogue import load_catalogue


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "expected"),
    [
        (212, "°F", "°C", 100),
        (86, "fahrenheit", "°C", 30),
        (300, "K", "°C", 26.85),
        (25, "CEL", "°C", 25),
        (29.92, "inHg", "hPa", 1013.2075),
        (1013.25, "mb", "hPa", 1013.25),
        (10, "m/s", "km/h", 36),
        (60, "mph", "m/s", 26.8224),
        (10, "knots", "m/s", 5.144444),
        (1.5, "in", "mm", 38.1),
        (0.1, "in/h", "mm/h", 2.54),
        (3600, "kJ", "kWh", 1),
        (5, "MiB/s", "Mbit/s", 41.94304),
        (1500, "Wh", "kWh", 1.5),
        (0.45, "ratio", "%", 45),
        (1200, "l/s", "m³/s", 1.2),
        (12, "ug/m3", "µg/m³", 12),
        (12, "GQ", "µg/m³", 12),
        (7, "µg/m3", "µg/m³", 7),
        (90, "min", "s", 5400),
    ],
)
def test_a_value_is_brought_to_the_catalogues_unit(value: float, unit: str, wanted: str, expected: float) -> None:
    factors = conversion(unit, wanted)
    assert factors is not None
    assert value * factors[0] + factors[1] == pytest.approx(expected, rel=1e-6)


def test_milli_is_not_mega() -> None:
    assert conversion("mW", "W") == (0.001, 0)
    assert conversion("MW", "W") == (1e6, 0)


@pytest.mark.parametrize(("unit", "wanted"), [("m", "s"), ("furlong", "m"), ("", "m"), ("dBA", "dBm")])
def test_what_no_conversion_is_known_for_is_none(unit: str, wanted: str) -> None:
    assert conversion(unit, wanted) is None


UNITS = st.sampled_from([(a, b) for dimension in _DIMENSIONS for a in dimension for b in dimension])


@given(UNITS, st.floats(-1e6, 1e6))
def test_there_and_back_is_where_it_began(pair: tuple[str, str], value: float) -> None:
    there, back = conversion(*pair), conversion(*reversed(pair))
    assert there is not None
    assert back is not None
    again = (value * there[0] + there[1]) * back[0] + back[1]
    assert again == pytest.approx(value, rel=1e-9, abs=1e-6)


def test_every_spelling_is_one_of_a_unit_and_no_unit_stands_in_two_dimensions() -> None:
    units = [unit for dimension in _DIMENSIONS for unit in dimension]
    assert len(units) == len(set(units))
    assert set(_SPELLINGS.values()) <= set(units)


def test_what_is_known_to_be_convertible_is() -> None:
    assert convertible("°C") == ["K", "°C", "°F"]
    catalogue = load_catalogue()
    for name in catalogue.names():
        unit = catalogue[name].unit
        assert unit is None or all(conversion(each, unit) is not None for each in convertible(unit))
