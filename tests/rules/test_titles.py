"""Titles: filled whatever an event has or has not, and text, never markup."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.runtime.marked_yaml import Misplaced, read_marked
from rules.titles import MAX_CHARACTERS, MISSING, Title, read_title

KNOWN = ("pm25", "asset.name", "clients", "heat.temp_c", "dust.pm25")


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("PM2.5 {pm25:.0f} µg/m³ tại {asset.name}", {"pm25": 151.5, "asset.name": "Chợ"}, "PM2.5 152 µg/m³ tại Chợ"),
        ("{pm25:.1f}", {"pm25": 3}, "3.0"),
        ("{clients:d}", {"clients": 95.0}, "95"),
        ("{pm25}", {"pm25": 12.50}, "12.5"),
        ("{pm25}", {"pm25": 3}, "3"),
        ("{pm25}", {}, MISSING),
        ("{pm25:.1f}", {"pm25": None}, MISSING),
        ("{pm25:.1f}", {"pm25": math.nan}, MISSING),
        ("{pm25:d}", {"pm25": math.inf}, MISSING),
        ("{pm25:d}", {"pm25": 10**400}, MISSING),
        ("{pm25:.1f}", {"pm25": "much"}, "much"),
        ("{pm25}", {"pm25": True}, "True"),
        ("{asset.name}", {"asset.name": "x" * 500}, "x" * 120),
        ("{asset.name}", {"asset.name": "<img src=x onerror=alert(1)>&{pm25}"}, "<img src=x onerror=alert(1)>&{pm25}"),
        ("{heat.temp_c:.0f} {dust.pm25}", {"heat.temp_c": 72.4, "dust.pm25": 3}, "72 3"),
    ],
)
def test_a_title_is_filled_with(text: str, values: dict[str, Any], filled: str) -> None:
    node = read_marked(f"- '{text}'", "rules.yaml")
    assert node is not None
    assert read_title(node.sequence()[0], KNOWN).fill(values) == filled


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())


@given(st.dictionaries(st.sampled_from(KNOWN), anything))
def test_filling_never_fails(values: dict[str, Any]) -> None:
    filled = Title("{pm25} {pm25:.2f} {clients:d} {asset.name:.0f} {heat.temp_c}").fill(values)
    assert filled.count(" ") >= 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Bụi {pm52:.0f}", "r:1:7: 'pm52' is not known in titles; did you mean 'pm25'?"),
        ("{asset.nam}", "r:1:3: 'asset.nam' is not known in titles; did you mean 'asset.name'?"),
        ("{pm25!r}", "r:1:2: a place in a title looks like {pm25} or {pm25:.1f}"),
        ("{pm25.__class__}", "'pm25.__class__' is not known in titles"),
        ("{pm25:>1000000000}", "a place in a title looks like"),
        ("{}", "a place in a title looks like"),
        ("open {pm25", "r:1:7: a place in a title looks like"),
        ("close }", "r:1:8: a place in a title looks like"),
        ("", "a title is missing here"),
        ("x" * (MAX_CHARACTERS + 1), "a title has 301 characters; at most 300 are shown"),
    ],
)
def test_a_wrong_title_is_refused_at_its_place(text: str, complaint: str) -> None:
    node = read_marked(f"'{text}'", "r")
    assert node is not None
    with pytest.raises(Misplaced) as refusal:
        read_title(node, KNOWN)
    assert complaint in str(refusal.value)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert (
        Title("{water_level:.1f} m, {score}").fill({"water_level": 2.53, "score": 0.5}, decimal_mark=",")
        == "2,5 m, 0,5"
    )
