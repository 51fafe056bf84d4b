"""Expressions: what they mean, and that nothing else gets in."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.city import Area
from ioc.model.instant import DAY, HOUR
from ioc.model.quantities import Catalogue
from ioc.runtime.marked_yaml import Misplaced, YamlNode, read_marked
from ioc.store.catalogue import load_catalogue
from rules.expressions import FUNCTIONS, Compiled, compile_condition, compile_expression, scope_of

BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]
CENTRE = ((108.43, 11.93), (108.45, 11.93), (108.45, 11.95), (108.43, 11.95))
AREAS = (
    Area("da-lat", {"vi": "Đà Lạt", "en": "Da Lat"}, "province"),
    Area("centre", {"vi": "Trung tâm", "en": "The centre"}, "ward", "da-lat", (CENTRE,)),
    Area("camp", {"vi": "Trại", "en": "The camp"}, "ward"),
)
SCOPE = scope_of(load_catalogue(), "Asia/Ho_Chi_Minh", AREAS)


def node_of(text: str) -> YamlNode:
    node = read_marked("|-\n" + "\n".join("  " + line for line in text.split("\n")), "rules.yaml")
    assert node is not None
    return node


def refused(text: str) -> str:
    with pytest.raises(Misplaced) as refusal:
        compile_condition(node_of(text), SCOPE)
    sentence = str(refusal.value)
    assert sentence.startswith("rules.yaml:")
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


@pytest.fixture
def value_of(batch_of: BatchOf, catalogue: Catalogue) -> Callable[..., Any]:
    """Gives what an expression comes to for one event."""

    def evaluate(text: str, **event: Any) -> Any:
        compiled = compile_expression(node_of(text), SCOPE)
        frame = batch_of([{"at": 0, "kind": "sensor", "asset": "a"} | event])
        types = catalogue.schema()
        lacking = [pl.lit(None, types[name]).alias(name) for name in compiled.columns if name not in frame.columns]
        return frame.with_columns(lacking).select(x=compiled.expression)["x"].item()

    return evaluate


MEANING = [
    ("pm25 > 150", {"pm25": 151}, True),
    ("pm25 > 150", {"pm25": 150}, False),
    ("pm25 > 150", {}, None),
    ("pm25 > 150 or true", {}, True),
    ("pm25 > 150 and false", {}, False),
    ("pm25 > 150 or false", {}, None),
    ("not pm25 > 150", {}, None),
    ("pm25 is null", {}, True),
    ("pm25 is not null", {}, False),
    ("not (pm25 is null)", {"pm25": 1}, True),
    ("coalesce(signal, 'online') = 'offline'", {}, False),
    ("coalesce(pm25, 0) = 0", {}, True),
    ("label in ('smoke', 'fire')", {"label": "fire"}, True),
    ("label in ('smoke', 'fire')", {"label": "car"}, False),
    ("label not in ('smoke', 'fire')", {"label": "car"}, True),
    ("label in ('smoke', 'fire')", {}, None),
    ("label = 'khói'", {"label": "khói"}, True),
    ("label ~ '^(bus|car)$'", {"label": "car"}, True),
    ("label !~ 'a'", {"label": "car"}, False),
    ("label <> 'it''s'", {"label": "it's"}, False),
    ("motion", {"motion": True}, True),
    ("not motion", {"motion": True}, False),
    ("motion = false", {"motion": True}, False),
    ("temp_c between 10 and 20", {"temp_c": 20}, True),
    ("temp_c not between 10 and 20", {"temp_c": 20}, False),
    ("-temp_c > 5", {"temp_c": -6}, True),
    ("temp_c + 1 * 2", {"temp_c": 1}, 3),
    ("(temp_c + 1) * 2", {"temp_c": 1}, 4),
    ("temp_c / 2", {"temp_c": 1}, 0.5),
    ("7 / 2", {}, 3.5),
    ("temp_c / 0 > 1", {"temp_c": 1}, None),
    ("temp_c % 0 > 1", {"temp_c": 1}, None),
    ("count * 1000000000000 > 0", {"count": 10**9}, True),
    ("999999999999999 * 999999999999999 > 1", {}, True),
    ("abs(temp_c)", {"temp_c": -3}, 3),
    ("round(temp_c)", {"temp_c": 2.6}, 3),
    ("floor(temp_c)", {"temp_c": 2.6}, 2),
    ("ceil(temp_c)", {"temp_c": 2.1}, 3),
    ("sqrt(temp_c)", {"temp_c": 9}, 3),
    ("sqrt(temp_c) > 0", {"temp_c": -9}, None),
    ("least(pm25, pm10)", {"pm25": 2, "pm10": 1}, 1),
    ("least(pm25, pm10)", {"pm25": 2}, None),
    ("greatest(pm25, pm10)", {"pm25": 2, "pm10": 1}, 2),
    ("lower(label)", {"label": "ĐÀ"}, "đà"),
    ("upper(label)", {"label": "đà"}, "ĐÀ"),
    ("length(label)", {"label": "Đà Lạt"}, 6),
    ("starts_with(label, 'Đà')", {"label": "Đà Lạt"}, True),
    ("hour(at)", {}, (1_790_000_000 // 3600 + 7) % 24),
    ("weekday(at)", {}, 1),
    ("weekday(at)", {"at": -24 * 3600}, 7),
    ("distance_m(lat, lon, 11.94, 108.44) < 120", {"lat": 11.941, "lon": 108.44}, True),
    ("distance_m(90, 0, -90, 0) > 20000000", {}, True),
    ("pm25 > 1 -- a note", {"pm25": 2}, True),
    ("inside('centre')", {"lat": 11.94, "lon": 108.44}, True),
    ("inside('centre')", {"lat": 11.96, "lon": 108.44}, False),
    ("inside('centre')", {"lat": 11.94}, None),
    ("not inside('Trung tâm') or pm25 > 5", {"lat": 11.94, "lon": 108.44, "pm25": 6}, True),
    ("inside('Đà Lạt')", {"lat": 11.94, "lon": 108.44}, True),
    ("temp_c > 60 °C", {"temp_c": 61}, True),
    ("temp_c > 60°C and pm25 > 1", {"temp_c": 61, "pm25": 2}, True),
    ("temp_c between -5 °C and 20 °C", {"temp_c": -5}, True),
    ("pm25 > 0.15 mg/m³", {"pm25": 151}, True),
    ("pm25 > 150 ug/m3", {"pm25": 149}, False),
    ("water_level >= 250 cm", {"water_level": 2.5}, True),
    ("water_level - 1 m >= 150 cm", {"water_level": 2.5}, True),
    ("speed > 10 m/s", {"speed": 36}, False),
    ("speed > -(10 m/s)", {"speed": -35}, True),
    ("speed > 36.0 km/h", {"speed": 36.5}, True),
    ("uptime < 2 h", {"uptime": 7199}, True),
    ("memory_free < 1.5 MB", {"memory_free": 1_499_999}, True),
    ("abs(temp_c - 20 °C) > 5 °C", {"temp_c": 14}, True),
    ("humidity > 90 %", {"humidity": 91}, True),
    ("humidity >= 90% and pm25 > 1", {"humidity": 90, "pm25": 2}, True),
    ("count % 2 = 1", {"count": 3}, True),
    ("humidity % 50 % 7 > 0", {"humidity": 57}, False),
    ("distance_m(lat, lon, 11.94, 108.44) < 0.12 km", {"lat": 11.941, "lon": 108.44}, True),
    ("least(water_level, 300 cm) > 2 m", {"water_level": 5}, True),
    ("greatest(pm25, pm10) in (100 µg/m³, 0.2 mg/m³)", {"pm25": 2, "pm10": 200}, True),
    ("label = '5 °F'", {"label": "5 °F"}, True),
]


@pytest.mark.parametrize(("text", "event", "wanted"), MEANING, ids=[f"{text} of {event}" for text, event, _ in MEANING])
def test_an_expression_means(value_of: Callable[..., Any], text: str, event: dict[str, Any], wanted: Any) -> None:
    assert value_of(text, **event) == wanted


def test_every_function_has_its_meaning_tested() -> None:
    tested = " ".join(text for text, _, _ in MEANING)
    assert [name for name in FUNCTIONS if f"{name}(" not in tested] == []


def test_hours_go_by_the_zone_of_the_city() -> None:
    frame = pl.DataFrame({"at": [20_000 * DAY + 17 * HOUR]}).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))
    here: Compiled = compile_expression(node_of("hour(at)"), SCOPE)
    there = compile_expression(node_of("hour(at)"), scope_of(load_catalogue(), "UTC"))
    assert frame.select(here=here.expression, there=there.expression).row(0) == (0, 17)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pm25 > (select 1)", "rules.yaml:2:18: 'subquery' cannot stand in a rule"),
        ("pm25 in (select 1)", "rules.yaml:2:3: 'in' cannot stand in a rule"),
        ("exists (select 1)", "'EXISTS' is not a function of rules"),
        ("select 1", "'select' cannot stand in a rule"),
        ("with x as (select 1) select * from x", "'select' cannot stand in a rule"),
        ("pm25 > 1; drop table events", "'block' cannot stand in a rule"),
        ("read_csv('/etc/passwd') = 1", "'read_csv' is not a function of rules"),
        ("pg_read_file('/etc/passwd') = ''", "'pg_read_file' is not a function of rules"),
        ("system('ls') = 1", "'system' is not a function of rules"),
        ("__import__('os')", "'__import__' is not a function of rules"),
        ("getenv('HOME') = 'x'", "'getenv' is not a function of rules"),
        ("pg_sleep(10) > 1", "'pg_sleep' is not a function of rules"),
        ("random() > 0.5", "'random' is not a function of rules"),
        ("at > now()", "'now' is not a function of rules"),
        ("current_timestamp > at", "'CURRENT_TIMESTAMP' is not a function of rules"),
        ("count(*) > 3", "'count' is not a function of rules"),
        ("avg(pm25) > 3", "'avg' is not a function of rules"),
        ("sum(pm25) over () > 1", "'window' cannot stand in a rule"),
        ("row_number() over (order by at) > 1", "'window' cannot stand in a rule"),
        ("lag(pm25) > 1", "'lag' is not a function of rules"),
        ("generate_series(1, 1000000000) > 1", "is not a function of rules"),
        ("repeat('x', 1000000000) = 'x'", "'repeat' is not a function of rules"),
        ("pm25::text = '1'", "'CAST' is not a function of rules"),
        ("case when pm25 > 1 then true end", "'CASE' is not a function of rules"),
        ("label like '%a'", "'like' cannot stand in a rule"),
        ("label || 'x' = 'ax'", "'dpipe' cannot stand in a rule"),
        ("pm25[0] > 1", "'bracket' cannot stand in a rule"),
        ("interval '1 day' > 1", "'interval' cannot stand in a rule"),
        ("$1 > pm25", "'parameter' cannot stand in a rule"),
        (":x > pm25", "'placeholder' cannot stand in a rule"),
        ("*", "'star' cannot stand in a rule"),
        ("pm25 > 1 as x", "'alias' cannot stand in a rule"),
        ("a := 1", "cannot stand in a rule"),
        ("1 + 2", "expected a condition, but '1 + 2' gives a number"),
        ("pm25", "expected a condition, but 'pm25' gives a number"),
        ("pm2.5 > 1", "rules.yaml:2:"),
        ("pm52 > 1", "rules.yaml:2:3: 'pm52' is not a known quantity; did you mean 'pm25'?"),
        ("sensor.pm25 > 1", "'sensor.pm25' has a dot in it; name a quantity alone"),
        ("temp_c > 1 and\npm52 > 1", "rules.yaml:3:3: 'pm52' is not a known quantity"),
        ("pm25 > 'much'", "rules.yaml:2:10: these cannot be compared: 'pm25' is a number and \"'much'\" is a text"),
        ("label > 1", "'label' is a text and '1' is a number"),
        ("motion > true", "true and false have no order"),
        ("not pm25", "expected true or false here, but 'pm25' is a number"),
        ("pm25 and motion", "expected true or false here, but 'pm25' is a number"),
        ("label + 1 > 2", "expected a number here, but 'label' is a text"),
        ("lower(pm25) = 'a'", "expected a text here, but 'pm25' is a number"),
        ("hour(pm25) > 1", "expected a time here, but 'pm25' is a number"),
        ("at > received_at", "times are not compared in rules; use hour(at) or weekday(at)"),
        ("at > '2026-01-01'", "these cannot be compared"),
        ("pm25 = null", "write `is null` or `is not null`"),
        ("round(pm25, 1) > 2", "round takes 1 value, found 2"),
        ("distance_m(lat, lon) < 5", "distance_m takes 4 values, found 2"),
        ("coalesce(pm25, 'x') = 'x'", "coalesce wants values of one type"),
        ("pm25 in ()", "cannot stand in a rule"),
        ("pm25 in (pm10)", "a list after `in` holds numbers or texts only"),
        ("label in ('a', 1)", "these cannot be compared"),
        ("label ~ '('", "'(' is not a regular expression"),
        ("label ~ 'a{1000}{1000}'", "would need too large an automaton"),
        ("label ~ zone", "the pattern after ~ must be a text in quotation marks"),
        ("label ~* 'A'", "is not a function of rules"),
        ("pm25 > 1e400", "rules.yaml:2:10: 1e400 is too large a number"),
        ("pm25 > 1" + "0" * 400, "is too large a number"),
        ("pm25 >", "rules.yaml:2:8: something is missing after '>'"),
        ("pm25 > 1 and", "something is missing after 'and'"),
        ("pm25 > 1 pm10 > 2", "rules.yaml:2:"),
        ("'abc", "a quotation mark or a bracket is left open"),
        ("(" * 60 + "pm25", "more than 50 brackets stand inside one another"),
        ("(" * 10_000, "an expression has 10000 characters; at most 2000 are read"),
        ("pm25 > 1" + " " * 1_000_000 + "or true", "an expression has 1000015 characters; at most 2000 are read"),
        ("not " * 400 + "motion", "levels inside one another"),
        ("- " * 900 + "1 > 1", "levels inside one another"),
        ("+".join(["1"] * 900) + " > 1", "levels inside one another"),
        (" or ".join(["smoke"] * 210), "levels inside one another"),
        ("/*" * 500, "cannot be read"),
        ("", "an expression is missing here"),
        ("pm25 > 150 °C", "rules.yaml:2:10: 'pm25' is in µg/m³, and '°C' is not a unit of that"),
        ("temp_c > 140 °F", "rules.yaml:2:16: '°F' is not a known unit; write it in °C"),
        ("speed > 10 kmh and speed < 5 knots", "'knots' is not a known unit; write it in km/h"),
        ("voltage > 200 V", "'voltage' has no unit; write the number alone"),
        ("clients > 20 %", "the number is in %, but 'clients' has no unit; write the number alone"),
        ("hour(at) > 6 h", "'HOUR(at)' has no unit"),
        ("pm25 * 2 s > 1", "nothing here has a unit that it could be compared with"),
        ("pm25 > temp_c", "'pm25' is in µg/m³ and 'temp_c' in °C: these cannot be compared"),
        ("pm25 + co2_ppm > 1", "'pm25' is in µg/m³ and 'co2_ppm' in ppm"),
        ("inside('center')", "rules.yaml:2:10: 'center' is not an area with a shape; did you mean 'centre'?"),
        ("inside('camp')", "'camp' is not an area with a shape"),
        ("inside(zone)", "inside takes the name of an area, in quotation marks"),
        ("inside()", "inside takes 1 value, found 0"),
        ("insdie('centre')", "'insdie' is not a function of rules; did you mean 'inside'?"),
        ("kind = 'sensr'", "rules.yaml:2:10: 'kind' is never 'sensr'; did you mean 'sensor'?"),
        ("signal in ('online', 'offlin')", "'signal' is never 'offlin'; did you mean 'offline'?"),
        ('label = "fog"', "'fog' is not a known quantity; a text stands in single quotation marks: 'fog'"),
        ("zone = market", "'market' is not a known quantity; a text stands in single quotation marks: 'market'"),
        ("hour > 6", "'hour' is not a known quantity, but a function; write hour(…)"),
        ("avg(pm25) > 3", "it looks at many events, and a condition sees one; a `window` rule"),
        ("read_csv('x') = 1", "it reads or writes files, and a rule sees nothing but the event"),
        ("now() > at", "rules know no time but that of events: hour(at), weekday(at)"),
        ("label ~ '(?<=a)b'", "it looks ahead or behind, which cannot be matched in one pass over the text"),
        ("label ~ '(a)\\1'", "it refers back to a group"),
        ("label ~ '(a{1000}){1000}'", "would need too large an automaton: its counted repetitions multiply"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_has_no_place_in_a_rule_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    assert sentence in refused(text)


WORDS = (
    "pm25 temp_c label zone at motion kind and or not in is null between like ( ) , . * / + - % < > = <> ~ || :: [ ] ; "
    "' \" 'a' 1 2.5 1e9 true select from where case when then else end over cast as count sum coalesce hour ² $1 ? @ --"
    " /* */ \\ { } # \n"
)
words = st.sampled_from(WORDS.split(" "))


@settings(deadline=None)
@given(st.lists(words, max_size=14).map(" ".join) | st.text(max_size=40))
def test_no_text_raises_anything_but_a_misplaced(text: str) -> None:
    node = read_marked("x", "rules.yaml")
    assert node is not None
    with suppress(Misplaced):
        compile_expression(node, SCOPE, text)


@settings(deadline=None)
@given(st.lists(words, max_size=8).map(" ".join))
def test_whatever_is_taken_can_be_run(text: str) -> None:
    node = read_marked("x", "rules.yaml")
    assert node is not None
    with suppress(Misplaced):
        compiled = compile_expression(node, SCOPE, text)
        schema = {**load_catalogue().schema(), "at": pl.Datetime("us", "UTC"), "kind": pl.String, "zone": pl.String}
        assert pl.DataFrame(schema=schema).select(x=compiled.expression).height <= 1
