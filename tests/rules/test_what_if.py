"""What a rule would have done: the same as a backtest says, read once, and given up when nobody waits."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import polars as pl
import pytest

from ioc.model.assets import Asset
from ioc.model.instant import HOUR, MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue
from ioc.store.event_files import Complaints
from rules.backtest import backtest
from rules.bench.past import GivenUp, Past, Wanted
from rules.bench.what_if import Bench, Place, step_of, to_json
from rules.book import BadBook, RuleBook, read_book_text
from rules.expressions import scope_of

START = 1_790_000_000 * SECOND
SINCE, UNTIL = START, START + 3 * HOUR
RULE = "- rule: dust\n  from: sensor\n  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}\n"
Rows = Sequence[dict[str, Any]]


class Told:
    """A past of three hours, and how often it was read."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.reads: list[tuple[int, int, frozenset[str]]] = []

    def __call__(
        self, since: int, until: int, columns: Collection[str], kinds: Any = None, **_: Any
    ) -> Iterator[pl.DataFrame]:
        self.reads.append((since, until, frozenset(columns)))
        received = pl.col("received_at").cast(pl.Int64)
        wanted = self.frame.filter((received >= since) & (received < until))
        names = [name for name in self.frame.columns if name in columns or name in ("at", "received_at")]
        yield from wanted.select(names).iter_slices(100)


@pytest.fixture
def told(batch_of: Callable[[Rows], pl.DataFrame]) -> Told:
    rows = []
    for step in range(360):
        peak = 180.0 if 40 <= step < 60 else 155.0 if 200 <= step < 230 else 60.0
        rows += [
            {"at": step * 30, "kind": "sensor", "asset": "a", "pm25": peak, "temp_c": 20.0 + step % 7},
            {"at": step * 30, "kind": "sensor", "asset": "b", "pm25": 50.0 + step % 100, "temp_c": 30.0},
        ]
    return Told(batch_of(rows))


@pytest.fixture
def bench(told: Told, catalogue: Catalogue) -> Bench:
    return Bench(Past(told), catalogue, scope_of(catalogue))


@pytest.fixture
def force(catalogue: Catalogue) -> RuleBook:
    return read_book_text(RULE, scope_of(catalogue))


@pytest.mark.parametrize(
    "draft",
    [
        RULE,
        RULE.replace("150", "170"),
        RULE.replace("150", "100").replace("120", "90"),
        "- rule: dust\n  from: sensor\n  absence: {after: 20 s}\n",
        "- rule: dust\n  from: sensor\n  window: {over: 5 min, value: mean(pm25), raise: '> 100'}\n",
        "- rule: dust\n  from: sensor\n  where: temp_c > 22\n  threshold: {raise: pm25 > 150}\n",
    ],
)
def test_it_says_what_a_backtest_of_either_rule_says(
    bench: Bench, force: RuleBook, told: Told, catalogue: Catalogue, draft: str
) -> None:
    answer = bench.what_if(draft, force, SINCE, UNTIL)
    after = backtest(read_book_text(draft, scope_of(catalogue)), [told.frame], catalogue)
    before = backtest(force, [told.frame], catalogue)
    times = [(alert.key, alert.raised_at, alert.cleared_at) for alert in after]
    assert sorted(times) == sorted((o.now.key, o.now.raised_at, o.now.cleared_at) for o in answer.compared if o.now)
    assert len(before) == answer.before.alerts == sum(one.was is not None for one in answer.compared)
    assert answer.after.alerts == answer.after.incidents == len(after)


def test_a_number_that_is_turned_reads_nothing_anew(bench: Bench, force: RuleBook, told: Told) -> None:
    bench.what_if(RULE, force, SINCE, UNTIL)
    read = len(told.reads)
    for threshold in ("160", "140", "155"):
        bench.what_if(RULE.replace("150", threshold).replace("60 s", "3 min"), force, SINCE, UNTIL)
    assert len(told.reads) == read


def test_a_quantity_that_is_new_is_read_with_those_before(bench: Bench, force: RuleBook, told: Told) -> None:
    bench.what_if(RULE, force, SINCE, UNTIL)
    bench.what_if(RULE.replace("pm25 > 150", "pm25 > 150 and temp_c > 22"), force, SINCE, UNTIL)
    assert {"pm25", "temp_c"} <= told.reads[-1][2]


def test_a_longer_time_reads_only_what_has_come_since(told: Told) -> None:
    past = Past(told)
    wanted = Wanted(SINCE, START + HOUR, frozenset(("pm25", "kind", "asset")), None, frozenset(("kind", "asset")))
    seen = sum(batch.height for batch in batches(past, wanted))
    longer = Wanted(SINCE, START + 2 * HOUR, wanted.columns, None, wanted.coded)
    assert sum(batch.height for batch in batches(past, longer)) == 2 * seen
    assert told.reads[-1][:2] == (START + HOUR, START + 2 * HOUR)
    shorter = Wanted(START + HOUR, START + 2 * HOUR, wanted.columns, None, wanted.coded)
    assert sum(batch.height for batch in batches(past, shorter)) == seen
    assert len(told.reads) == 2


def batches(past: Past, wanted: Wanted) -> list[pl.DataFrame]:
    return list(past.batches(wanted, Complaints(), progress=lambda _: None, given_up=lambda: False))


def test_what_does_not_fit_into_memory_is_answered_all_the_same(told: Told) -> None:
    past = Past(told, most_bytes=1_000)
    wanted = Wanted(SINCE, UNTIL, frozenset(("pm25",)), None, frozenset())
    assert sum(batch.height for batch in batches(past, wanted)) == 720
    assert past.size == 0
    assert sum(batch.height for batch in batches(past, wanted)) == 720
    assert len(told.reads) == 2


def test_memory_is_given_back_to_what_is_asked_for(told: Told) -> None:
    past = Past(told)
    for kinds in (frozenset((Kind.SENSOR,)), frozenset((Kind.CAMERA,)), None):
        batches(past, Wanted(SINCE, UNTIL, frozenset(("pm25",)), kinds, frozenset()))
    assert past.size > 0
    past.forget()
    assert past.size == 0


def test_a_question_that_nobody_waits_for_is_given_up(bench: Bench, force: RuleBook) -> None:
    with pytest.raises(GivenUp):
        bench.what_if(RULE, force, SINCE, UNTIL, given_up=lambda: True)
    assert bench.what_if(RULE, force, SINCE, UNTIL).events == 720


def test_a_question_that_is_given_up_midway_lets_the_next_one_in(bench: Bench, force: RuleBook) -> None:
    asked = iter([False, False, False, True])
    with pytest.raises(GivenUp) as kept:
        bench.what_if(RULE, force, SINCE, UNTIL, given_up=lambda: next(asked, True))
    # Though its frames are still held, by whoever looks at the error.
    assert bench.what_if(RULE, force, SINCE, UNTIL).events == 720
    assert kept.value is not None


def test_a_draft_with_a_mistake_is_refused(bench: Bench, force: RuleBook) -> None:
    with pytest.raises(BadBook):
        bench.what_if(RULE.replace("pm25 >", "pm52 >"), force, SINCE, UNTIL)


def test_alerts_from_before_the_time_are_left_out(bench: Bench, force: RuleBook) -> None:
    answer = bench.what_if(RULE, force, START + HOUR, UNTIL)
    assert [one.shown.raised_at for one in answer.compared] == [START + 202 * 30 * SECOND]


def test_an_alert_that_began_before_the_time_is_known_to_hold(bench: Bench, force: RuleBook) -> None:
    """It is run from before the time that is asked for, so that its first event does not raise it anew."""
    answer = bench.what_if(RULE, force, START + 45 * 30 * SECOND, UNTIL)
    assert [one.shown.raised_at for one in answer.compared] == [START + 202 * 30 * SECOND]


def test_a_draft_is_compared_with_nothing_where_no_such_rule_is_in_force(bench: Bench) -> None:
    answer = bench.what_if(RULE, RuleBook(()), SINCE, UNTIL)
    assert (answer.before.alerts, answer.after.alerts) == (0, 2)


def test_a_cluster_is_run_with_the_rules_it_is_made_of(bench: Bench, catalogue: Catalogue) -> None:
    scope = scope_of(catalogue)
    force = read_book_text(RULE.replace("150", "90").replace("120", "90"), scope)
    draft = "- rule: bad-air\n  cluster: {of: [dust], at_least: 2, same: site}\n"
    registry = {name: Asset(name, Kind.SENSOR, name, site="square") for name in ("a", "b")}
    answer = bench.what_if(draft, force, SINCE, UNTIL, registry=registry)
    assert {one.shown.rule for one in answer.compared} == {"bad-air"}
    assert answer.after.alerts == answer.after.incidents > 0


def test_as_json_it_names_places_and_counts_by_time(bench: Bench, force: RuleBook) -> None:
    answer = bench.what_if(RULE.replace("150", "170"), force, SINCE, UNTIL)
    written = to_json(answer, {"a": Place("Market", 11.9, 108.4)}, 12.3)
    assert written["counts"] == {"same": 1, "added": 0, "gone": 1, "moved": 0}
    kept, gone = written["alerts"]
    assert (kept["name"], kept["lat"], kept["change"], gone["change"]) == ("Market", 11.9, "same", "gone")
    assert sum(written["by_hour"]["before"]) == 2
    assert sum(written["by_hour"]["after"]) == 1
    bars = written["histogram"]
    assert sum(bars["counts"]) == 720
    assert len(bars["edges"]) == len(bars["counts"]) + 1
    assert bars["edges"][0] < 50
    assert bars["edges"][-1] > 180
    assert [(line["param"], line["value"]) for line in bars["lines"]] == [
        ("threshold.raise", 170),
        ("threshold.clear", 120),
    ]


def test_the_histogram_of_an_absence_is_of_silences_in_the_unit_of_its_number(bench: Bench, force: RuleBook) -> None:
    draft = "- rule: dust\n  from: sensor\n  absence: {after: 2 min}\n"
    drawn = bench.what_if(draft, force, SINCE, UNTIL).drawn
    assert drawn is not None
    assert (drawn["quantity"], drawn["unit"], drawn["lines"][0]["value"]) == ("silence", "min", 2)
    assert sum(drawn["counts"]) == 718
    assert drawn["counts"][[edge <= 0.5 for edge in drawn["edges"]].count(True) - 1] == 718


def test_the_histogram_of_a_window_is_of_its_values(bench: Bench, force: RuleBook) -> None:
    draft = "- rule: dust\n  from: sensor\n  window: {over: 60 s, value: count(*), raise: '>= 3'}\n"
    drawn = bench.what_if(draft, force, SINCE, UNTIL).drawn
    assert drawn is not None
    assert (drawn["quantity"], sum(drawn["counts"])) == ("count(*)", 720)


@pytest.mark.parametrize(("span", "step"), [(HOUR, MINUTE), (6 * HOUR, 5 * MINUTE), (24 * HOUR, HOUR), (720 * HOUR, HOUR), (2_400 * HOUR, 6 * HOUR)])  # fmt: skip
def test_stretches_of_time_are_as_long_as_a_picture_needs(span: int, step: int) -> None:
    assert step_of(span) == step


def test_what_storms_is_one_incident_of_many_alerts(bench: Bench, catalogue: Catalogue, told: Told) -> None:
    # Every second event is one alert, and a storm is more than four of them in ten minutes.
    text = "- rule: dust\n  from: sensor\n  per: [asset, kind]\n  storm: {more_than: 4, over: 10 min}\n  threshold: {raise: temp_c % 2 = 0}\n"
    answer = bench.what_if(text, RuleBook(()), SINCE, UNTIL)
    calm = bench.what_if(text.replace("{more_than: 4, over: 10 min}", "off"), RuleBook(()), SINCE, UNTIL)
    assert answer.after.alerts == calm.after.alerts == calm.after.incidents
    assert answer.after.incidents < calm.after.incidents
