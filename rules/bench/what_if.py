"""What a rule would have done: a draft beside the rule in force, over the same past, by the engine that runs live."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.assets import Asset
from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, Duration, Instant, whole_milliseconds
from ioc.model.quantities import Catalogue
from ioc.store.event_files import Complaints
from rules.backtest import BacktestAlert
from rules.bench import histogram
from rules.bench.comparison import Compared, Fate, compare, counts
from rules.bench.load import Load
from rules.bench.numbers import RuleNumber, numbers_of
from rules.bench.past import GivenUp, Past, Wanted
from rules.bench.running import Run, coded_of, columns_of, kinds_of, look_back_of, members_of, run_variants
from rules.book import RuleBook, read_rules_text
from rules.expressions import Scope
from rules.keys import SEPARATOR, key_expression
from rules.rule import Rule

MOST_SHOWN: Final = 5_000
"""Alerts that are listed; the rest is only counted."""

MOST_BARS: Final = 800
"""Bars of the picture by time, at most."""

_STEPS: Final = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY)

_REMEMBERED: Final = 24
"""Answers that are kept: an author goes back and forth between a few numbers."""

Told = Callable[[float, Mapping[str, str]], None]
"""Told how far it has come, 0 to 1, and what is being done, in both languages."""

RUNNING: Final = {"vi": "Đang chạy luật trên lịch sử", "en": "Running the rule over the history"}
COUNTING: Final = {"vi": "Đang đếm các giá trị", "en": "Counting the values"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an asset is, and what people call it."""

    name: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a draft would have done, against what is in force.

    Attributes:
        since, until: the time that was looked at, µs.
        events: how many were looked at.
        read_s, ran_s: seconds for reading and for the engine.
        rule: the draft's first rule.
        compared: its alerts, and those of what is in force, in order of time.
    """

    since: Instant
    until: Instant
    events: int
    read_s: float
    ran_s: float
    rule: Rule
    compared: tuple[Compared, ...]
    before: Load
    after: Load
    drawn: dict[str, Any] | None
    complaints: tuple[str, ...]


@dataclass(slots=True)
class _Memory:
    """The latest answers, the one that was asked for longest ago is forgotten first."""

    kept: OrderedDict[tuple[object, ...], Any] = field(default_factory=OrderedDict)

    def get(self, key: tuple[object, ...]) -> Any:
        if key in self.kept:
            self.kept.move_to_end(key)
        return self.kept.get(key)

    def put(self, key: tuple[object, ...], value: Any) -> None:
        self.kept[key] = value
        while len(self.kept) > _REMEMBERED:
            self.kept.popitem(last=False)


class Bench:
    """Answers what-if questions, one after another, and remembers what the next is likely to need."""

    def __init__(self, past: Past, catalogue: Catalogue, scope: Scope) -> None:
        """Take where the past comes from and what expressions may speak of."""
        self._past = past
        self._catalogue = catalogue
        self._scope = scope
        self._runs = _Memory()
        self._counted = _Memory()
        self._turn = threading.Lock()

    def what_if(
        self,
        text: str,
        in_force: RuleBook,
        since: Instant,
        until: Instant,
        *,
        registry: Mapping[str, Asset] | None = None,
        told: Told = lambda _part, _doing: None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> WhatIf:
        """Answer one question.

        Args:
            text: the draft as YAML; it may hold several rules.
            in_force: what runs; of it, the rules of the draft's names are compared.
            since: from when on alerts count, µs.
            until: up to when, µs; later than `since`.
            registry: the city's assets.
            told: how far it has come.
            given_up: asked between batches whether anybody still wants to know.

        Raises:
            BadBook: the draft has mistakes.
            GivenUp: nobody wants to know any more.
        """
        draft = read_rules_text(text, self._scope)
        names = {rule.name for rule in draft}
        before = tuple(rule for rule in in_force.rules if rule.name in names)
        asked = _Asked(since, until, registry or {}, told, given_up, in_force)
        with self._turn:
            if given_up():
                # While it waited for its turn, the author has gone on to another number.
                raise GivenUp
            return self._answer(draft, before, numbers_of(text), asked)

    def _answer(
        self, draft: Sequence[Rule], before: Sequence[Rule], numbers: Sequence[RuleNumber], asked: "_Asked"
    ) -> WhatIf:
        # A cluster is made of other rules' alerts, which are run with it but not shown.
        sets = {_named(one): (*one, *members_of(one, asked.in_force)) for one in (before, draft)}
        wanted = _wanted([rule for one in sets.values() for rule in one], asked)
        reader = _Timed(self._past, wanted, asked)
        span = (asked.since, asked.until, wanted.since)
        missing = [key for key in sets if self._runs.get((key, *span)) is None and sets[key]]
        began = time.perf_counter()
        if missing:
            # Closed at once, whatever happens: the past answers one at a time.
            with closing(reader.batches()) as batches:
                runs = run_variants(
                    [sets[key] for key in missing],
                    batches,
                    self._catalogue,
                    registry=asked.registry,
                    given_up=asked.given_up,
                )
            for key, run in zip(missing, runs, strict=True):
                self._runs.put((key, *span), (run, reader.events))
        ran_s = time.perf_counter() - began - reader.read_s
        nothing: tuple[Run, int] = (Run(), 0)
        old, new = (self._runs.get((_named(one), *span)) or nothing for one in (before, draft))
        drawn = self._drawn(draft[0], numbers, wanted, asked) if draft else None
        compared = tuple(one for one in compare(_of(before, old[0]), _of(draft, new[0])) if _counts(one, asked))
        return WhatIf(
            since=asked.since,
            until=asked.until,
            events=max(old[1], new[1]),
            read_s=reader.read_s,
            ran_s=ran_s,
            rule=draft[0],
            compared=compared,
            before=old[0].load(asked.since, asked.until, {rule.name for rule in before}),
            after=new[0].load(asked.since, asked.until, {rule.name for rule in draft}),
            drawn=drawn,
            complaints=tuple(reader.complaints.first),
        )

    def _drawn(
        self, rule: Rule, numbers: Sequence[RuleNumber], wanted: Wanted, asked: "_Asked"
    ) -> dict[str, Any] | None:
        measured = histogram.measured_by(rule, numbers, self._catalogue)
        if measured is None:
            return None
        key = (*measured.identity, wanted.since, wanted.until)
        fine = self._counted.get(key)
        if fine is None:
            asked.told(1.0, COUNTING)
            with closing(
                self._past.batches(wanted, Complaints(), progress=_nothing, given_up=asked.given_up)
            ) as batches:
                key_of = key_expression(rule.per, asked.registry)
                fine = histogram.count(rule, measured, self._scope, key_of, batches)
            if fine is None:
                return None
            self._counted.put(key, fine)
        return histogram.drawn(fine, measured)

    def forget(self) -> None:
        """Give back what was kept."""
        self._past.forget()
        self._runs.kept.clear()
        self._counted.kept.clear()


@dataclass(frozen=True, slots=True)
class _Asked:
    since: Instant
    until: Instant
    registry: Mapping[str, Asset]
    told: Told
    given_up: Callable[[], bool]
    in_force: RuleBook


def _of(rules: Sequence[Rule], run: Run) -> list[BacktestAlert]:
    names = {rule.name for rule in rules}
    return [alert for alert in run.alerts if alert.rule in names]


def _counts(one: Compared, asked: _Asked) -> bool:
    """Whether an alert began within the time, by the rule as it was or as it would be."""
    return any(alert is not None and alert.raised_at >= asked.since for alert in (one.was, one.now))


@dataclass(slots=True)
class _Timed:
    """Gives the batches, and notes how many events they had and how long they took to come."""

    past: Past
    wanted: Wanted
    asked: _Asked
    events: int = 0
    read_s: float = 0.0
    complaints: Complaints = field(default_factory=Complaints)

    def batches(self) -> Generator[pl.DataFrame, None, None]:
        began = time.perf_counter()
        reading = self.past.batches(
            self.wanted,
            self.complaints,
            progress=lambda part: self.asked.told(part, RUNNING),
            given_up=self.asked.given_up,
        )
        with closing(reading) as found:
            for batch in found:
                self.events += batch.height
                self.read_s += time.perf_counter() - began
                yield batch
                began = time.perf_counter()
        self.read_s += time.perf_counter() - began


def _wanted(rules: Sequence[Rule], asked: _Asked) -> Wanted:
    """Say what the rules need; a little more than that, so that a longer `for` needs nothing new."""
    before = HOUR
    while before < look_back_of(rules):
        before *= 2
    since = max(0, (asked.since - before) // HOUR * HOUR)
    return Wanted(since, asked.until, columns_of(rules), kinds_of(rules), coded_of(rules))


def _named(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Name what decides which incidents there are, besides the past; a title does not."""
    said = ((rule.name, rule.behaviour, rule.group, rule.inhibit, rule.storm) for rule in rules)
    return tuple(" ".join(map(str, parts)) for parts in said)


def _nothing(_: float) -> None:
    return


def to_json(answer: WhatIf, places: Mapping[str, Place], took_ms: float) -> dict[str, Any]:
    """Write an answer as the page needs it; times are epoch milliseconds.

    Args:
        answer: what was found.
        places: of assets, by id.
        took_ms: how long it took in all.
    """
    rules = {answer.rule.name: answer.rule}
    # What differs is what an author looks for, so it is the last to be left out.
    order = sorted(range(len(answer.compared)), key=lambda i: (answer.compared[i].fate is Fate.SAME, i))
    shown = sorted(order[:MOST_SHOWN])
    return {
        "since": whole_milliseconds(answer.since),
        "until": whole_milliseconds(answer.until),
        "events": answer.events,
        "took_ms": round(took_ms, 1),
        "took": {"read_s": round(answer.read_s, 3), "engine_s": round(answer.ran_s, 3)},
        "rule": answer.rule.name,
        "alerts": [_alert(answer.compared[index], rules, places) for index in shown],
        "counts": counts(answer.compared),
        "before": answer.before.to_json(),
        "after": answer.after.to_json(),
        "by_hour": by_time(answer.compared, answer.since, answer.until),
        "histogram": answer.drawn,
        "complaints": list(answer.complaints),
    }


def _alert(one: Compared, rules: Mapping[str, Rule], places: Mapping[str, Place]) -> dict[str, Any]:
    alert = one.shown
    rule = rules.get(alert.rule)
    asset = alert.asset
    if asset is None and rule is not None and rule.per == ("asset",):
        asset = alert.key.split(SEPARATOR)[0]
    place = None if asset is None else places.get(asset)
    named = [part if part not in places else places[part].name for part in alert.key.split(SEPARATOR)]
    return {
        "change": str(one.fate),
        "key": alert.key,
        "name": " | ".join(named),
        "asset": asset,
        "lat": None if place is None else place.lat,
        "lon": None if place is None else place.lon,
        **_span(alert),
        "was": None if one.was is None or one.fate is Fate.SAME else _span(one.was),
        "numbers": {name: value for name, value in alert.numbers.items() if value is not None},
    }


def _span(alert: BacktestAlert) -> dict[str, int | None]:
    return {
        "raised_at": whole_milliseconds(alert.raised_at),
        "cleared_at": None if alert.cleared_at is None else whole_milliseconds(alert.cleared_at),
    }


def by_time(compared: Iterable[Compared], since: Instant, until: Instant) -> dict[str, Any]:
    """Count the alerts that began in each stretch of time, before and after; stretches are an hour where they fit."""
    step = step_of(until - since)
    first = since // step * step
    bars = max(1, -(-(until - first) // step))
    listed = list(compared)
    old = [one.was.raised_at for one in listed if one.was is not None and one.was.raised_at >= since]
    new = [one.now.raised_at for one in listed if one.now is not None and one.now.raised_at >= since]
    return {
        "start": first // MILLISECOND,
        "step_ms": step // MILLISECOND,
        "before": _counted(old, first, step, bars),
        "after": _counted(new, first, step, bars),
    }


def step_of(span: Duration) -> Duration:
    """Choose how long a stretch is: an hour for a day or more, less for less, more where there would be too many."""
    if span >= DAY:
        return next((step for step in _STEPS[3:] if span / step <= MOST_BARS), _STEPS[-1])
    return next(step for step in _STEPS if span / step <= 150)


def _counted(times: Sequence[Instant], first: Instant, step: Duration, bars: int) -> list[int]:
    places = (np.array(times, dtype=np.int64) - first) // step
    counted = np.bincount(np.clip(places, 0, bars - 1), minlength=bars)
    return [int(count) for count in counted]
