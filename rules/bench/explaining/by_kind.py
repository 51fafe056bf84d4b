"""What each kind of rule was waiting for, and how near it came."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.instant import SECOND, Instant
from rules.bench.explaining import several
from rules.bench.explaining.case import Case
from rules.bench.explaining.conditions import Measure, judge, longest_run
from rules.bench.explaining.findings import Finding, Nearest
from rules.bench.explaining.sources import heard, held
from rules.bench.explaining.words import Lasting, lasting, say
from rules.kinds.window import Value
from rules.watches.absence import Absence
from rules.watches.anomaly import Anomaly
from rules.watches.cluster import Cluster
from rules.watches.dwell import Dwell
from rules.watches.sequence import Sequence as SequenceWatch
from rules.watches.threshold import Threshold
from rules.watches.together import Together
from rules.watches.window import Window


def judged(case: Case) -> list[Finding]:
    """Judge every condition of what a rule watches for."""
    return _BY_WATCH[type(case.rule.watch)](case, case.rule.watch)


def _threshold(case: Case, watch: Threshold) -> list[Finding]:
    mine = case.mine()
    findings = heard(case, watch.source, mine)
    events = case.lately(case.passing(watch.source, mine))
    holding = case.holding
    if holding is not None:
        # What made it is what was true when it began, not what is true while it has not cleared.
        events = events.filter(pl.col("at").cast(pl.Int64) <= holding.raised_at)
    findings += judge(case, watch.raise_if, events, of_any=False)
    if watch.hold:
        truth = events.select(watch.raise_if.expression.alias("truth"))["truth"]
        ran, ended = longest_run(truth, events["at"])
        findings.append(held(case, "for", ran, ended, watch.hold, enough=holding is not None))
    if holding is not None and watch.clear_hold:
        text = f"clear_for: {lasting(watch.clear_hold, 'en')}"
        findings.append(Finding(text, None, say("chưa kết thúc", "it had not cleared yet")))
    return findings


def _absence(case: Case, watch: Absence) -> list[Finding]:
    text = f"after: {lasting(watch.after, 'en')}"
    events = case.passing(watch.source, case.mine())
    if not events.height:
        registered = case.key in case.registry
        sentence = (
            say(
                "{key} chưa từng gửi gì trong thời gian đã xem",
                "{key} was not heard in the time looked at",
                key=case.key,
            )
            if registered
            else say(
                "{key} chưa từng gửi gì và chưa được đăng ký",
                "{key} was never heard, and is not registered",
                key=case.key,
            )
        )
        return [Finding(text, case.holding is not None or None, sentence)]
    times = np.sort(events["at"].cast(pl.Int64).to_numpy())
    silence = case.at - int(times[-1])
    gaps = np.diff(times)
    limit = watch.after / SECOND
    if silence > watch.after or case.holding is not None:
        sentence = say(
            "im lặng từ {at}, đã {silence}",
            "silent since {at}, for {silence}",
            at=case.clock(int(times[-1])),
            silence=Lasting(silence),
        )
        return [Finding(text, True, sentence, Nearest(silence / SECOND, limit, "s", int(times[-1])))]
    longest = max(silence, int(gaps.max(initial=0)))
    ended = case.at if longest == silence else int(times[int(gaps.argmax()) + 1])
    sentence = say(
        "im lặng {silence} trên {after}; lâu nhất là {longest}, đến {at}",
        "silent for {silence} of {after}; the longest was {longest}, until {at}",
        silence=Lasting(silence),
        after=Lasting(watch.after),
        longest=Lasting(longest),
        at=case.clock(ended),
    )
    return [Finding(text, False, sentence, Nearest(longest / SECOND, limit, "s", ended))]


def _window(case: Case, watch: Window) -> list[Finding]:
    mine = case.mine()
    findings = heard(case, watch.source, mine)
    events = case.passing(watch.source, mine).sort("at", maintain_order=True)
    of = pl.lit(1.0) if watch.of is None else watch.of.expression
    found = events.select(of.alias("of"), pl.col("at").cast(pl.Int64)).drop_nulls()
    name = f"{watch.value}({'*' if watch.of is None else watch.of.text})"
    text = f"{name} {watch.raise_if}"
    times, values = found["at"].to_list(), found["of"].to_list()
    known = [
        (value, at)
        for at, value in zip(times, _window_values(watch, times, values), strict=True)
        if value is not None and at > case.at - case.look
    ]
    now = _window_values(watch, [*times, case.at], [*values, None])[-1]
    if not known:
        return [*findings, Finding(text, None, say("{name} không được biết", "{name} is not known", name=name))]
    holding = case.holding
    if holding is not None:
        known = [entry for entry in known if entry[1] <= holding.raised_at] or known
        value, at = known[-1]
    else:
        value, at = (max if watch.raise_if.operator[0] == ">" else min)(known)
    unit = None if watch.of is None or watch.value is Value.COUNT else case.unit(watch.of.text)
    sentence = say(
        "{name} đạt {best} trên {limit} lúc {at}; lúc được hỏi là {now}",
        "{name} reached {best} of {limit} at {at}; it was {now} at the time in question",
        name=name,
        best=Measure(value),
        limit=Measure(watch.raise_if.limit, unit),
        at=case.clock(at),
        now="–" if now is None else Measure(now),
    )
    met = holding is not None or (now is not None and watch.raise_if.holds(now))
    return [*findings, Finding(text, met, sentence, Nearest(value, watch.raise_if.limit, unit, at))]


def _window_values(watch: Window, times: Sequence[Instant], values: Sequence[Any]) -> list[float | None]:
    """Compute the window's value at each of some instants in order; a value of None stands for no event."""
    found: list[float | None] = []
    first = 0
    for index, at in enumerate(times):
        while times[first] <= at - watch.over:
            first += 1
        within = [
            (t, v) for t, v in zip(times[first : index + 1], values[first : index + 1], strict=True) if v is not None
        ]
        found.append(_window_value(watch, within))
    return found


def _window_value(watch: Window, events: Sequence[tuple[Instant, Any]]) -> float | None:
    values = [value for _, value in events]
    if watch.value is Value.COUNT:
        return float(len(values))
    if watch.value is Value.DISTINCT:
        return float(len(set(values)))
    if watch.value is Value.SUM:
        return float(sum(values))
    if not values:
        return None
    if watch.value is Value.CHANGE:
        took = events[-1][0] - events[0][0]
        changed = float(values[-1] - values[0])
        return changed / took * (watch.each or took) if took else None
    simple: Mapping[Value, Callable[[Sequence[float]], float]] = {
        Value.MEAN: lambda given: sum(given) / len(given),
        Value.MIN: min,
        Value.MAX: max,
        Value.FIRST: lambda given: given[0],
        Value.LAST: lambda given: given[-1],
    }
    return float(simple[watch.value](values))


def _anomaly(case: Case, watch: Anomaly) -> list[Finding]:
    mine = case.mine()
    findings = heard(case, watch.source, mine)
    events = case.passing(watch.source, mine)
    found = events.select(watch.of.expression.cast(pl.Float64).alias("of"), pl.col("at").cast(pl.Int64)).drop_nulls()
    text = f"anomaly of {watch.of.text}"
    if not found.height:
        return [
            *findings,
            Finding(text, None, say("{name} không được biết", "{name} is not known", name=watch.of.text)),
        ]
    value, at = found.row(-1)
    numbers = case.alerts[-1].numbers if case.alerts else {}
    limits = {name: float(number) for name, number in numbers.items() if isinstance(number, (int, float))}
    unit = case.unit(watch.of.text)
    if case.holding is not None and "expected" in limits:
        found_value = limits.get("value", value)
        passed = limits.get("high") if found_value >= limits["expected"] else limits.get("low")
        sentence = say(
            "{name} là {value}, trong khi dự kiến {expected}",
            "{name} was {value}, where {expected} was expected",
            name=watch.of.text,
            value=Measure(found_value, unit),
            expected=Measure(limits["expected"], unit),
        )
        return [*findings, Finding(text, True, sentence, Nearest(found_value, passed, unit, case.holding.raised_at))]
    sentence = say(
        "{name} là {value} lúc {at}, trong khoảng mà quá khứ cho phép",
        "{name} was {value} at {at}, within what its past allows",
        name=watch.of.text,
        value=Measure(value, unit),
        at=case.clock(at),
    )
    return [*findings, Finding(text, case.holding is not None, sentence, Nearest(value, None, unit, at))]


_BY_WATCH: Final[Mapping[type, Callable[[Case, Any], list[Finding]]]] = {
    Threshold: _threshold,
    Absence: _absence,
    Window: _window,
    Together: several.together,
    SequenceWatch: several.sequence,
    Dwell: several.dwell,
    Cluster: several.cluster,
    Anomaly: _anomaly,
}
