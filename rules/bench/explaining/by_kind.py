"""What each kind of rule was waiting for, and how near it came."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.geo import distance_m
from ioc.model.instant import SECOND, Duration, Instant
from rules.bench.explaining.case import Case, holds
from rules.bench.explaining.conditions import Measure, judge, longest_run
from rules.bench.explaining.findings import Finding, Nearest
from rules.bench.explaining.words import Lasting, lasting, say
from rules.keys import SEPARATOR
from rules.kinds.window import Value
from rules.watches.absence import Absence
from rules.watches.anomaly import Anomaly
from rules.watches.cluster import Cluster
from rules.watches.contract import Source
from rules.watches.dwell import Dwell
from rules.watches.sequence import Sequence as SequenceWatch
from rules.watches.threshold import Threshold
from rules.watches.together import Together
from rules.watches.window import Window

MOST_PAIRS: Final = 2_000
"""Events of each side of a pair that are compared; the latest."""

SILENT_AFTER: Final[Duration] = 60 * SECOND
"""A silence is not worth a word before it has lasted so long, and three times as long as is usual."""


def judged(case: Case) -> list[Finding]:
    """Judge every condition of what a rule watches for."""
    return _BY_WATCH[type(case.rule.watch)](case, case.rule.watch)


def heard(case: Case, source: Source, events: pl.DataFrame, name: str = "") -> list[Finding]:
    """Say whether a source had anything to read: events of its kinds, lately, and such as satisfy its condition.

    Args:
        case: the question.
        source: whose.
        events: those of the key, or of an asset.
        name: what the rule calls the source, where it has several.
    """
    prefix = f"{name}: " if name else ""
    kinds = ", ".join(map(str, source.kinds)) or "any"
    text = f"{prefix}from: {kinds}"
    found = case.of(source, events)
    if not found.height:
        sentence = say(
            "{name}không có gì đến từ {key} trong {look} trước đó",
            "{name}nothing came from {key} in the {look} before",
            name=prefix,
            key=case.key,
            look=_looked(case),
        )
        return [Finding(text, False, sentence)]
    times = np.sort(found["at"].cast(pl.Int64).to_numpy())
    silence = case.at - int(times[-1])
    usual = int(np.median(np.diff(times))) if len(times) > 2 else 0
    spoke = silence < max(SILENT_AFTER, 3 * usual)
    sentence = (
        say(
            "{name}lần cuối {silence} trước",
            "{name}the last reading was {silence} before",
            name=prefix,
            silence=Lasting(max(silence, 0)),
        )
        if spoke
        else say(
            "{name}không có số đo trong {silence}",
            "{name}no reading for {silence}",
            name=prefix,
            silence=Lasting(silence),
        )
    )
    findings = [Finding(text, spoke, sentence, Nearest(silence / SECOND, None, "s", int(times[-1])))]
    if source.where is not None:
        recent = case.lately(found)
        for finding in judge(case, source.where, recent if recent.height else found, of_any=True):
            sentence = {language: prefix + words for language, words in finding.sentence.items()}
            findings.append(Finding(f"{prefix}where: {finding.text}", finding.holds, sentence, finding.nearest))
    return findings


def _looked(case: Case) -> dict[str, str]:
    first = case.events["received_at"].cast(pl.Int64).min() if case.events.height else None
    span = case.at - first if isinstance(first, int) else 0
    return {language: lasting(max(span, case.look), language) for language in ("vi", "en")}


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
        findings.append(_held(case, "for", ran, ended, watch.hold, enough=holding is not None))
    if holding is not None and watch.clear_hold:
        text = f"clear_for: {lasting(watch.clear_hold, 'en')}"
        findings.append(Finding(text, None, say("chưa kết thúc", "it had not cleared yet")))
    return findings


def _held(case: Case, key: str, ran: Duration, ended: Instant | None, wanted: Duration, *, enough: bool) -> Finding:
    """Say how long something held, of how long it had to."""
    text = f"{key}: {lasting(wanted, 'en')}"
    if ended is None:
        return Finding(
            text, False, say("chưa lúc nào đúng", "it was never true"), Nearest(0.0, wanted / SECOND, "s", None)
        )
    nearest = Nearest(ran / SECOND, wanted / SECOND, "s", ended)
    sentence = say(
        "kéo dài {ran} trên {wanted}, đến {at}",
        "held {ran} of {wanted}, until {at}",
        ran=Lasting(ran),
        wanted=Lasting(wanted),
        at=case.clock(ended),
    )
    return Finding(text, enough or ran >= wanted, sentence, nearest)


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


def _together(case: Case, watch: Together) -> list[Finding]:
    findings: list[Finding] = []
    sides = []
    keys = case.key.split(SEPARATOR)
    for name, source, key in zip(watch.parts, watch.sources, [*keys, keys[-1]], strict=False):
        events = case.keyed(("asset",), key)
        findings += heard(case, source, events, name)
        sides.append(case.passing(source, events).tail(MOST_PAIRS))
    if not all(side.height for side in sides):
        return findings
    pairs = _pairs(*sides)
    in_time = [pair for pair in pairs if pair[0] <= watch.within]
    gap, apart, at = min(in_time or pairs, key=lambda pair: (pair[1] if in_time and watch.near_m else 0.0, pair[0]))
    sentence = say(
        "cách nhau {gap} trên {within}", "{gap} apart of {within}", gap=Lasting(gap), within=Lasting(watch.within)
    )
    findings.append(
        Finding(
            f"within: {lasting(watch.within, 'en')}",
            bool(in_time),
            sentence,
            Nearest(gap / SECOND, watch.within / SECOND, "s", at),
        )
    )
    if watch.near_m is not None:
        sentence = say(
            "cách nhau {apart} trên {near}",
            "{apart} apart of {near}",
            apart=Measure(apart, "m"),
            near=Measure(watch.near_m, "m"),
        )
        findings.append(
            Finding(f"near: {watch.near_m:g} m", apart <= watch.near_m, sentence, Nearest(apart, watch.near_m, "m", at))
        )
    return findings


def _pairs(one: pl.DataFrame, other: pl.DataFrame) -> list[tuple[Duration, float, Instant]]:
    """Pair each event of one side with those of the other that are next to it in time."""
    found = []
    rows = sorted(other.select(pl.col("at").cast(pl.Int64), "lat", "lon").rows())
    times = [row[0] for row in rows]
    for at, lat, lon in one.select(pl.col("at").cast(pl.Int64), "lat", "lon").rows():
        place = int(np.searchsorted(times, at))
        for row in rows[max(0, place - 2) : place + 2]:
            known = None not in (lat, lon, row[1], row[2])
            apart = distance_m(lat, lon, row[1], row[2]) if known else float("inf")
            found.append((abs(at - row[0]), apart, max(at, row[0])))
    return found


def _sequence(case: Case, watch: SequenceWatch) -> list[Finding]:
    """Say how far the latest attempt came: each step no earlier than the one before it."""
    mine = case.lately(case.events if watch.across else case.mine())
    findings: list[Finding] = []
    after: Instant | None = None
    begun: Instant | None = None
    for name, source in zip(watch.parts, watch.steps, strict=True):
        events = case.passing(source, mine)
        times = np.sort(events["at"].cast(pl.Int64).to_numpy())
        text = f"step {name}"
        if begun is None:
            chosen = times[-1:] if len(times) else times
        else:
            chosen = times[(times >= (after or 0)) & (times <= begun + watch.within)][:1]
        if len(chosen):
            after = int(chosen[0])
            begun = after if begun is None else begun
            sentence = say("{name} đến lúc {at}", "{name} came at {at}", name=name, at=case.clock(after))
            findings.append(Finding(text, True, sentence, Nearest(None, None, None, after)))
        elif begun is None or not len(times):
            sentence = say("{name} không đến", "{name} did not come", name=name)
            findings.append(Finding(text, False, sentence))
            after = begun = begun or None
        else:
            sentence = say(
                "{name} không đến trong {within} sau bước đầu",
                "{name} did not come within {within} of the first step",
                name=name,
                within=Lasting(watch.within),
            )
            findings.append(Finding(text, False, sentence))
    if watch.forbidden is not None and begun is not None:
        between = case.passing(watch.forbidden, mine).filter(
            pl.col("at").cast(pl.Int64).is_between(begun, begun + watch.within)
        )
        name = watch.forbidden_name
        sentence = (
            say("{name} đã đến", "{name} came", name=name)
            if between.height
            else say("{name} không đến", "{name} did not come", name=name)
        )
        findings.append(Finding(f"not {name}", not between.height, sentence))
    if case.holding is not None:
        return [Finding(one.text, True, one.sentence, one.nearest) for one in findings if one.holds]
    return findings


def _dwell(case: Case, watch: Dwell) -> list[Finding]:
    mine = case.mine()
    findings = heard(case, watch.source, mine)
    events = case.passing(watch.source, mine).sort("at", maintain_order=True)
    recent = events.filter(pl.col("at").cast(pl.Int64) > case.at - max(case.look, 2 * watch.hold))
    if watch.inside is not None:
        findings += judge(case, watch.inside, recent, of_any=True)
    truth = (
        pl.Series("inside", [True] * recent.height, dtype=pl.Boolean)
        if watch.inside is None
        else recent.select(watch.inside.expression.alias("inside"))["inside"]
    )
    ran, ended = _longest_stay(truth, recent["at"], watch.gone_after)
    findings.append(_held(case, "for", ran, ended, watch.hold, enough=case.holding is not None))
    return findings


def _longest_stay(inside: pl.Series, times: pl.Series, gone_after: Duration) -> tuple[Duration, Instant | None]:
    best, ended = -1, None
    since: Instant | None = None
    last: Instant | None = None
    for true, at in zip(inside.to_list(), times.cast(pl.Int64).to_list(), strict=True):
        if true is None:
            continue
        if not true or (last is not None and at - last > gone_after):
            since = None
        if true:
            since = at if since is None else since
            last = at
            if at - since > best:
                best, ended = at - since, at
    return max(best, 0), ended


def _cluster(case: Case, watch: Cluster) -> list[Finding]:
    """Count how many of the smaller alerts held at once; of those of any place, where the place has no key."""
    members = [alert for alert in case.others if alert.rule in watch.of]
    most, at = 0, None
    for alert in members:
        together = sum(holds(other, alert.raised_at) for other in members)
        if alert.raised_at <= case.at and together > most:
            most, at = together, alert.raised_at
    now = sum(holds(alert, case.at) for alert in members)
    sentence = say(
        "{now} cảnh báo trong số {of} đang có ở mọi nơi, nhiều nhất là {most}; cần {wanted} ở cùng một nơi ({place})",
        "{now} alerts of {of} held anywhere, {most} at most; {wanted} are needed at one place ({place})",
        now=now,
        of=", ".join(watch.of),
        most=most,
        wanted=watch.at_least,
        place=str(watch.place),
    )
    met = True if case.holding is not None else False if most < watch.at_least else None
    return [
        Finding(f"at_least: {watch.at_least}", met, sentence, Nearest(float(most), float(watch.at_least), None, at))
    ]


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
    Together: _together,
    SequenceWatch: _sequence,
    Dwell: _dwell,
    Cluster: _cluster,
    Anomaly: _anomaly,
}
