"""The engine: evidence, checkpoints, and rules that are edited while they run."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import polars as pl
import pytest

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.instant import DAY, SECOND
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.engine import Engine
from rules.evidence import Evidence
from rules.snapshots import texts

BookOf = Callable[[str], RuleBook]
BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]
START = 1_790_000_000 * SECOND

THRESHOLD = "[{rule: dust, from: sensor, threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}}]"
KINDS = {
    "threshold": "threshold: {raise: pm25 > 150}",
    "window": "window: {over: 60 s, value: max(pm25), raise: '> 150'}",
    "count": "window: {over: 60 s, value: count(*), raise: '>= 2'}",
}
TOGETHER = """
- rule: fire
  {late}
  together:
    smoke: {{from: camera, where: label = 'smoke'}}
    heat: {{from: sensor, where: temp_c > 60}}
    within: 30 s
"""


def again(engine: Engine, book: RuleBook, catalogue: Catalogue) -> Engine:
    """Restart from a checkpoint, through the bytes that it is kept as."""
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.dump()))
    fresh = Engine(book, catalogue)
    assert fresh.load(kept) == []
    return fresh


def fired(changes: Sequence[AlertChange]) -> list[tuple[str, str]]:
    return [(change.rule, change.key) for change in changes if change.to is AlertState.FIRING]


@pytest.mark.parametrize("watch", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("late", ["", "lateness: 10 s, "])
@pytest.mark.parametrize("restart", [False, True])
def test_the_event_that_raised_an_alert_is_its_evidence(
    book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue, watch: str, late: str, restart: bool
) -> None:
    book = book_of(f"[{{rule: r, {late}from: sensor, {watch}}}]")
    engine = Engine(book, catalogue)
    rows = [{"at": n, "kind": "sensor", "asset": "a", "id": f"e{n}", "pm25": 100 * n, "label": "x" * n} for n in (1, 2)]
    changes = engine.step(batch_of(rows))
    if restart:
        engine = again(engine, book, catalogue)
    changes += engine.step(pl.DataFrame(), START + 30 * SECOND)
    (change,) = [change for change in changes if change.to is AlertState.FIRING]
    (event,) = change.evidence
    assert event == {"id": "e2", "kind": "sensor", "asset": "a", "pm25": 200, "label": "xx", "at": START + 2 * SECOND, "received_at": START + 2 * SECOND}  # fmt: skip


@pytest.mark.parametrize("late", ["severity: info", "lateness: 10 s"])
@pytest.mark.parametrize("restart", [False, True])
def test_both_events_that_met_are_evidence_the_first_side_first(
    book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue, late: str, restart: bool
) -> None:
    book = book_of(TOGETHER.format(late=late))
    engine = Engine(book, catalogue)
    engine.step(batch_of([{"at": 0, "kind": "sensor", "asset": "env", "temp_c": 70}]))
    if restart:
        engine = again(engine, book, catalogue)
    changes = engine.step(batch_of([{"at": 5, "kind": "camera", "asset": "cam", "label": "smoke"}]))
    changes += engine.step(pl.DataFrame(), START + 20 * SECOND)
    assert [row["asset"] for row in changes[0].evidence] == ["cam", "env"]


def test_a_backtest_keeps_no_evidence(book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue) -> None:
    engine = Engine(book_of(TOGETHER.format(late="lateness: 1 s")), catalogue, keep_evidence=False)
    engine.step(batch_of([{"at": 0, "kind": "sensor", "asset": "env", "temp_c": 70}]))
    changes = engine.step(batch_of([{"at": 5, "kind": "camera", "asset": "cam", "label": "smoke"}])) + engine.finish()
    assert [change.evidence for change in changes] == [()]


def test_columns_that_a_batch_lacks_are_unknown(book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue) -> None:
    engine = Engine(book_of(THRESHOLD), catalogue)
    assert engine.step(batch_of([{"at": 0, "kind": "sensor", "asset": "a"}])) == []


def test_an_engine_that_has_seen_nothing_has_nothing_to_say(book_of: BookOf, catalogue: Catalogue) -> None:
    engine = Engine(book_of(THRESHOLD), catalogue)
    assert engine.step(pl.DataFrame()) == []
    assert engine.finish() == []


def test_an_edited_rule_goes_on_from_its_state(book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue) -> None:
    rows = [{"at": n, "kind": "sensor", "asset": "a", "pm25": 200} for n in (0, 60)]
    engine = Engine(book_of(THRESHOLD), catalogue)
    (begun,) = engine.step(batch_of(rows))
    edited = Engine(book_of(THRESHOLD.replace("<= 120", "<= 190")), catalogue)
    assert edited.load(engine.dump()) == []
    (ended,) = edited.step(batch_of([{"at": 70, "kind": "sensor", "asset": "a", "pm25": 180}]))
    assert (ended.alert, ended.to) == (begun.alert, AlertState.RESOLVED)


@pytest.mark.parametrize(
    "edited",
    [
        "[{rule: dust, from: sensor, absence: {after: 1 h}}]",
        "[{rule: dust, from: sensor, per: zone, threshold: {raise: pm25 > 150}}]",
        "[{rule: dust, from: sensor, lateness: 1 s, threshold: {raise: pm25 > 150}}]",
        "[{rule: other, from: sensor, threshold: {raise: pm25 > 150}}]",
    ],
    ids=["another kind", "another key", "another order of time", "another name"],
)
def test_a_rule_that_became_another_begins_anew_and_says_so(
    book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue, edited: str
) -> None:
    engine = Engine(book_of(THRESHOLD), catalogue)
    engine.step(batch_of([{"at": 0, "kind": "sensor", "asset": "a", "zone": "z", "pm25": 200}]))
    book = book_of(edited)
    assert Engine(book, catalogue).load(engine.dump()) == [book.rules[0].name]


def test_other_rules_of_the_book_do_not_notice(book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue) -> None:
    engine = Engine(book_of(THRESHOLD), catalogue)
    engine.step(batch_of([{"at": 0, "kind": "sensor", "asset": "a", "pm25": 200}]))
    more = "- {rule: before, from: wifi, absence: {after: 1 h}}\n- " + THRESHOLD[1:-1]
    edited = Engine(book_of(more), catalogue)
    assert edited.load(engine.dump()) == ["before"]
    assert fired(edited.step(batch_of([{"at": 60, "kind": "sensor", "asset": "a", "pm25": 200}]))) == [("dust", "a")]


def test_a_checkpoint_forgets_keys_that_are_idle_for_a_day(
    book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue
) -> None:
    watches = {"t": "threshold: {raise: pm25 > 150}", "w": "window: {over: 60 s, value: count(*), raise: '> 9'}"}
    book = book_of("\n".join(f"- {{rule: {name}, from: sensor, {watch}}}" for name, watch in watches.items()))
    engine = Engine(book, catalogue)
    rows = [{"at": 0, "kind": "sensor", "asset": name, "pm25": pm25} for name, pm25 in (("calm", 1), ("dusty", 200))]
    engine.step(batch_of(rows))
    engine.step(pl.DataFrame(), START + 2 * DAY)
    rules = engine.dump()["rules"]
    assert texts(rules["t"]["state"]["keys"]).to_list() == ["dusty"]
    assert texts(rules["w"]["state"]["keys"]).to_list() == []


def test_rules_per_site_and_area_go_by_the_registry(book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue) -> None:
    registry = {
        "a": Asset("a", Kind.SENSOR, "A", site="Chợ", area="xuan-huong"),
        "b": Asset("b", Kind.SENSOR, "B", site="Chợ"),
    }
    rules = "\n".join(
        f"- {{rule: {per}, from: sensor, per: {per}, window: {{over: 60 s, value: count(*), raise: '>= 2'}}}}"
        for per in ("site", "area")
    )
    rows = [{"at": n, "kind": "sensor", "asset": name} for n, name in enumerate(("a", "b", "unregistered", "a"))]
    assert fired(Engine(book_of(rules), catalogue, registry).step(batch_of(rows))) == [
        ("site", "Chợ"),
        ("area", "xuan-huong"),
    ]
    assert Engine(book_of(rules), catalogue, {}).step(batch_of(rows)) == []


def test_what_is_kept_of_past_batches_stays_few(batch_of: BatchOf) -> None:
    import numpy as np  # noqa: PLC0415 - only here

    evidence = Evidence()
    for step in range(50):
        first = step * 1000
        evidence.begin(
            np.arange(first, first + 1000), batch_of([{"at": n, "asset": f"{first + n}"} for n in range(1000)])
        )
        needed = np.union1d(np.arange(max(0, first - 500), first + 1000), [7])
        evidence.keep(needed)
        assert evidence.row(first + 999)["asset"] == f"{first + 999}"
    assert evidence.row(7)["asset"] == "7"
    assert evidence.row(48_600)["asset"] == "48600"
    assert evidence.row(3000) == {}
    assert len(evidence.dump(needed)) == 1501
    assert sum(len(refs) for refs, _ in evidence._pieces) == 1501
