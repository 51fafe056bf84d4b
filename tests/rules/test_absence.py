"""Absence, sentence by sentence."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from ioc.model.alerts import AlertState
from ioc.model.assets import Asset
from ioc.model.instant import SECOND
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.engine import Engine

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]
BookOf = Callable[[str], RuleBook]
BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]

RULE = "[{rule: silent, from: wifi, absence: {after: 120 s}}]"
EXACT = RULE.replace("from:", "lateness: 10 s, from:")
START = 1_790_000_000 * SECOND


def heard(*moments: float, **event: Any) -> list[dict[str, Any]]:
    return [{"at": moment, "kind": "wifi"} | event for moment in moments]


def test_it_raises_at_the_last_event_and_after_once_the_clock_has_passed_it(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, heard(0, 60), until=181) == [("a", 180, None)]


def test_before_the_clock_has_come_there_it_does_not(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, heard(0, 60), until=179) == []


def test_another_devices_events_move_the_clock_too(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*heard(0), *heard(200, asset="b")]) == [("a", 120, None)]


def test_an_event_at_the_very_last_moment_is_in_time(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, heard(0, 120, 240, 360)) == []


def test_it_clears_at_the_keys_next_event(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, heard(0, 300, 310)) == [("a", 120, 300)]


def test_it_raises_again_after_each_silence(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, heard(0, 300, 600)) == [("a", 120, 300), ("a", 420, 600)]


def test_a_key_never_seen_is_not_missed(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, heard(0, kind="sensor"), until=9999) == []


def test_an_event_that_says_nothing_new_ends_nothing(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*heard(0), *heard(0, received_at=200)]) == [("a", 120, None)]


def test_a_late_event_that_is_newer_than_the_last_ends_it_no_earlier_than_it_began(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*heard(0), *heard(50, received_at=150)]) == [("a", 120, 120)]


def test_with_lateness_an_event_that_comes_late_was_never_missed(alerts_of: AlertsOf) -> None:
    rows = [*heard(0), *heard(115, received_at=124)]
    assert alerts_of(RULE, rows, until=130) == [("a", 120, 120)]
    assert alerts_of(EXACT, rows, until=130) == []


def test_at_the_end_of_a_file_what_falls_due_then_is_raised(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*heard(0), *heard(120, asset="b")]) == [("a", 120, None)]


def test_events_outside_where_are_no_sign_of_life(alerts_of: AlertsOf) -> None:
    rule = RULE.replace("from:", "where: clients > 0, from:")
    rows = [*heard(0, clients=3), *heard(60, 100, clients=0), *heard(130, clients=0)]
    assert alerts_of(rule, rows) == [("a", 120, None)]


def access_point(name: str, kind: Kind = Kind.WIFI) -> Asset:
    return Asset(id=name, kind=kind, name=name)


def raised(engine: Engine, seconds: float, batch: pl.DataFrame | None = None) -> list[tuple[str, float]]:
    changes = engine.step(pl.DataFrame() if batch is None else batch, START + round(seconds * SECOND))
    return [(c.key, (c.raised_at - START) / SECOND) for c in changes if c.to is AlertState.FIRING]


def listen(engine: Engine, start: int, end: int) -> list[tuple[str, float]]:
    """Let the clock go on as ingest does, by entries that are never far apart."""
    return [alert for second in range(start, end + 1, 5) for alert in raised(engine, second)]


def test_a_registered_asset_that_never_speaks_is_missed_from_the_first_moment_on(
    book_of: BookOf, catalogue: Catalogue
) -> None:
    registry = {name: access_point(name) for name in ("ap-1", "ap-2")} | {"env": access_point("env", Kind.SENSOR)}
    engine = Engine(book_of(RULE), catalogue, registry)
    assert listen(engine, 10, 130) == []
    assert listen(engine, 135, 300) == [("ap-1", 130), ("ap-2", 130)]


def test_where_a_condition_narrows_the_rule_nobody_knows_which_assets_should_speak(
    book_of: BookOf, catalogue: Catalogue
) -> None:
    engine = Engine(book_of(RULE.replace("from:", "where: clients > 0, from:")), catalogue, {"ap": access_point("ap")})
    assert listen(engine, 0, 500) == []


def test_an_asset_registered_later_is_missed_from_then_on(book_of: BookOf, catalogue: Catalogue) -> None:
    before = Engine(book_of(RULE), catalogue, {"ap-1": access_point("ap-1")})
    assert listen(before, 0, 100) == []
    after = Engine(book_of(RULE), catalogue, {name: access_point(name) for name in ("ap-1", "ap-2")})
    assert after.load(before.dump()) == []
    assert listen(after, 105, 300) == [("ap-1", 120), ("ap-2", 220)]


def test_a_rule_added_later_misses_registered_assets_from_then_on(book_of: BookOf, catalogue: Catalogue) -> None:
    registry = {"ap-1": access_point("ap-1")}
    before = Engine(book_of("[{rule: other, from: wifi, threshold: {raise: clients > 5}}]"), catalogue, registry)
    assert listen(before, 0, 500) == []
    after = Engine(book_of(RULE), catalogue, registry)
    assert after.load(before.dump()) == ["silent"]
    assert listen(after, 505, 700) == [("ap-1", 620)]
