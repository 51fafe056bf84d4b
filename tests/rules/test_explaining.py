"""Why a rule fired, and why not: the nearest miss of every condition."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest

from ioc.cli.rules_common import moment
from ioc.model.faults import Fault
from ioc.model.instant import SECOND
from ioc.model.quantities import Catalogue
from rules.bench.explaining import Asked, Explanation, explain
from rules.book import RuleBook
from rules.expressions import scope_of

START = 1_790_000_000 * SECOND
ZONE = "Asia/Ho_Chi_Minh"
Rows = Sequence[dict[str, Any]]
Ask = Callable[..., Explanation]

DUST = "[{rule: dust, from: sensor, threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}}]"


@pytest.fixture
def ask(book_of: Callable[[str], RuleBook], batch_of: Callable[[Rows], pl.DataFrame], catalogue: Catalogue) -> Ask:
    """Ask why the first rule of a text held, or did not, at a time after START."""

    def asked(text: str, rows: Rows, at: float, key: str | None = "a", **more: Any) -> Explanation:
        book = book_of(text)
        question = Asked(book.rules[0], START + round(at * SECOND), key, **more)
        full = [{"kind": "sensor", "asset": "a"} | row for row in rows]
        batch = batch_of(full)
        return explain(
            question, [batch], in_force=book, scope=scope_of(catalogue, ZONE), catalogue=catalogue, registry={}
        )

    return asked


def said(explanation: Explanation) -> dict[str, tuple[bool | None, str]]:
    return {one.text: (one.holds, one.sentence["en"]) for one in explanation.conditions}


def readings(*values: float, every: float = 10, **event: Any) -> Rows:
    return [{"at": index * every, "pm25": value} | event for index, value in enumerate(values)]


def test_a_threshold_that_was_never_reached_says_how_near_it_came(ask: Ask) -> None:
    why = ask(DUST, readings(60, 148.2, 90), 25)
    assert not why.fired
    assert said(why)["pm25 > 150"] == (False, "pm25 reached 148.2 of 150 µg/m³ at 21:13:30")
    assert why.sentence["en"].startswith("dust did not hold for a at ")
    assert "pm25 reached 148.2 of 150" in why.sentence["en"]
    assert "148,2" in why.sentence["vi"]
    nearest = next(one.nearest for one in why.conditions if one.text == "pm25 > 150")
    assert nearest is not None
    assert (nearest.value, nearest.limit, nearest.unit, nearest.at) == (148.2, 150.0, "µg/m³", START + 10 * SECOND)


def test_a_run_that_was_too_short_says_how_long_it_was(ask: Ask) -> None:
    why = ask(DUST, readings(160, 160, 160, 160, 160, 90, every=10), 55)
    assert said(why)["for: 60 s"] == (False, "held 40 s of 60 s, until 21:14:00")


def test_an_alert_that_held_says_since_when_and_by_what(ask: Ask) -> None:
    why = ask(DUST, readings(*[163] * 8), 75)
    assert why.fired
    assert "since 21:14:20" in why.sentence["en"]
    assert said(why)["pm25 > 150"] == (True, "pm25 was 163 µg/m³, above 150 µg/m³")
    assert all(one.holds for one in why.conditions)


def test_a_quantity_that_nobody_sends_is_unknown(ask: Ask) -> None:
    why = ask(DUST, [{"at": 0, "temp_c": 20}, {"at": 10, "temp_c": 21}], 15)
    assert said(why)["pm25 > 150"] == (None, "none of the 2 events says pm25")


def test_a_sensor_that_is_silent_is_told_before_all_else(ask: Ask) -> None:
    why = ask(DUST, readings(60, 60, 60), 20 + 360)
    assert said(why)["from: sensor"] == (False, "no reading for 6 min")
    assert "no reading for 6 min" in why.sentence["en"]


def test_a_condition_on_texts_says_what_was_there_instead(ask: Ask) -> None:
    text = (
        "[{rule: crowd, from: camera, where: label = 'person', window: {over: 60 s, value: count(*), raise: '>= 3'}}]"
    )
    rows = [{"at": at, "kind": "camera", "label": label} for at, label in ((0, "car"), (5, "car"), (9, "bus"))]
    why = ask(text, rows, 12)
    assert said(why)["where: label = 'person'"] == (False, "true of 0 of 3 events; label was car (2), bus (1)")


def test_each_part_of_an_and_is_judged_by_itself(ask: Ask) -> None:
    text = "[{rule: both, from: sensor, threshold: {raise: pm25 > 150 and temp_c < 10}}]"
    why = ask(text, [{"at": 0, "pm25": 160, "temp_c": 12.5}, {"at": 10, "pm25": 170, "temp_c": 11}], 12)
    assert said(why)["pm25 > 150"][0] is True
    assert said(why)["temp_c < 10"] == (False, "temp_c fell to 11, and must be below 10 °C, at 21:13:30")


def test_a_silence_that_was_too_short_says_how_long_it_lasted(ask: Ask) -> None:
    text = "[{rule: quiet, from: sensor, absence: {after: 120 s}}]"
    why = ask(text, [{"at": 0, "temp_c": 1}, {"at": 100, "temp_c": 1}, {"at": 110, "temp_c": 1}], 151)
    ((holds, sentence),) = said(why).values()
    assert (holds, sentence) == (False, "silent for 41 s of 2 min; the longest was 100 s, until 21:15:00")
    assert ask(text, [{"at": 0, "temp_c": 1}], 200).fired


def test_a_window_says_its_best_value(ask: Ask) -> None:
    text = "[{rule: many, from: sensor, window: {over: 60 s, value: count(*), raise: '>= 5'}}]"
    why = ask(text, [{"at": at, "temp_c": 1} for at in (0, 10, 20, 70)], 75)
    assert said(why)["count(*) >= 5"] == (
        False,
        "count(*) reached 3 of 5 at 21:13:40; it was 2 at the time in question",
    )


def test_a_pair_that_was_too_far_apart_says_how_far(ask: Ask) -> None:
    text = (
        "[{rule: fire, together: {smoke: {from: camera, where: score >= 0.6}, heat: {from: sensor, where: temp_c > 60},"
        " within: 30 s, near: 200 m}}]"
    )
    rows = [
        {"at": 0, "kind": "camera", "asset": "cam", "lat": 11.94, "lon": 108.44, "score": 0.7},
        {"at": 10, "asset": "hot", "lat": 11.9425, "lon": 108.44, "temp_c": 70},
    ]
    why = ask(text, rows, 15, "cam|hot")
    assert said(why)["within: 30 s"] == (True, "10 s apart of 30 s")
    assert said(why)["near: 200 m"] == (False, "278 m apart of 200 m")
    cool = [rows[0], rows[1] | {"temp_c": 59}]
    assert (
        said(ask(text, cool, 15, "cam|hot"))["heat: where: temp_c > 60"][1]
        == "heat: temp_c reached 59 of 60 °C at 21:13:30"
    )


def test_a_sequence_says_which_step_did_not_come(ask: Ask) -> None:
    text = (
        "[{rule: entry, sequence: {steps: [{opened: {from: sensor, where: contact = false}},"
        " {moved: {from: sensor, where: motion}}], within: 60 s}}]"
    )
    why = ask(text, [{"at": 0, "contact": False}, {"at": 30, "motion": False}], 45)
    assert said(why)["step opened"] == (True, "opened came at 21:13:20")
    assert said(why)["step moved"] == (False, "moved did not come")


def test_a_stay_that_was_too_short_says_how_long_it_was(ask: Ask) -> None:
    text = "[{rule: parked, from: sensor, dwell: {in: lane, for: 3 min, gone_after: 60 s}}]"
    rows = [{"at": at, "zone": "lane", "temp_c": 1} for at in range(0, 120, 20)]
    why = ask(text, rows, 125)
    assert said(why)["for: 3 min"] == (False, "held 100 s of 3 min, until 21:15:00")


def test_a_key_in_cooldown_says_until_when(ask: Ask) -> None:
    text = "[{rule: dust, from: sensor, cooldown: 10 min, threshold: {raise: pm25 > 150}}]"
    why = ask(text, readings(160, 90, 90, 170, 170), 45)
    assert not why.fired
    assert said(why)["cooldown: 10 min"] == (False, "in cooldown until 21:23:30")


def test_a_rule_outside_its_schedule_says_when_it_begins_again(ask: Ask) -> None:
    text = "[{rule: dust, from: sensor, schedule: {from: '06:00', to: '20:00'}, threshold: {raise: pm25 > 150}}]"
    why = ask(text, readings(160, 170), 15)
    holds, sentence = said(why)["schedule"]
    assert holds is False
    assert sentence.startswith("outside its schedule; it begins again at ")
    assert sentence.endswith(" 06:00:00")


def test_the_nearest_key_to_a_place_is_taken_and_others_are_named(ask: Ask) -> None:
    rows = [
        {"at": 0, "asset": "near", "lat": 11.94, "lon": 108.44, "pm25": 10},
        {"at": 1, "asset": "far", "lat": 11.945, "lon": 108.44, "pm25": 20},
        {"at": 2, "asset": "beyond", "lat": 12.9, "lon": 108.44, "pm25": 20},
    ]
    why = ask(DUST, rows, 5, None, place=(11.9401, 108.44))
    assert (why.key, why.near) == ("near", ("near", "far"))


def test_without_key_and_place_the_keys_are_named(ask: Ask) -> None:
    why = ask(
        DUST, [{"at": 0, "pm25": 1}, {"at": 1, "asset": "b", "pm25": 1}, {"at": 2, "asset": "b", "pm25": 1}], 5, None
    )
    assert (why.key, why.near, why.fired) == (None, ("b", "a"), False)


def test_an_alert_that_came_soon_after_is_told(ask: Ask) -> None:
    why = ask(DUST, readings(*[160] * 8), 30)
    assert not why.fired
    assert why.sentence["en"].endswith("; it began 30 s later")


def test_the_last_events_are_shown_as_json(ask: Ask) -> None:
    written = ask(DUST, readings(60, 70), 15).to_json()
    assert [event["values"]["pm25"] for event in written["events"]] == [60, 70]
    assert written["at"] == START // 1000 + 15_000


def test_a_cluster_says_how_many_of_its_alerts_held(ask: Ask) -> None:
    text = (
        "[{rule: many, cluster: {of: [dust], at_least: 3, near: 1 km}},"
        " {rule: dust, from: sensor, threshold: {raise: pm25 > 150}}]"
    )
    rows = [{"at": at, "asset": name, "lat": 11.94, "lon": 108.44, "pm25": 160} for at, name in ((0, "x"), (5, "y"))]
    why = ask(text, rows, 10, "somewhere")
    holds, sentence = said(why)["at_least: 3"]
    assert holds is False
    assert sentence.startswith("2 alerts of dust held anywhere, 2 at most; 3 are needed at one place")


def test_an_anomaly_says_what_was_measured(ask: Ask) -> None:
    text = "[{rule: odd, from: sensor, anomaly: {of: pm25}}]"
    why = ask(text, readings(50, 51, 52), 25)
    assert said(why)["anomaly of pm25"][1].startswith("pm25 was 52 µg/m³ at 21:13:40")


def test_a_limit_with_a_unit_is_told_in_the_quantitys_own(ask: Ask) -> None:
    text = "[{rule: fast, from: sensor, threshold: {raise: speed > 20 m/s}}]"
    why = ask(text, [{"at": 0, "speed": 50.0}, {"at": 10, "speed": 60.5}], 12)
    assert said(why)["speed > 72"][1] == "speed reached 60.5 of 72 km/h at 21:13:30"


def test_a_moment_is_read_both_as_ago_and_as_written() -> None:
    now = START
    assert moment("30d", now) == now - 30 * 86_400 * SECOND
    assert moment("5 min ago", now) == now - 300 * SECOND
    assert moment("2026-09-21T21:13:20+07:00", now) == now
    with pytest.raises(Fault, match="is not a time"):
        moment("yesterday", now)
