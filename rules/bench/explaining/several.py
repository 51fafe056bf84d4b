"""Rules of several events at once, together, in order or over a while, and what each of them was waiting for."""

from math import inf, isinf
from typing import Final

import numpy as np
import polars as pl

from ioc.model.geo import distance_m
from ioc.model.instant import SECOND, Duration, Instant
from rules.bench.explaining.case import Case, holds
from rules.bench.explaining.conditions import Measure, judge
from rules.bench.explaining.findings import Finding, Nearest
from rules.bench.explaining.sources import heard, held
from rules.bench.explaining.words import Lasting, lasting, say
from rules.keys import SEPARATOR
from rules.watches.cluster import Cluster
from rules.watches.dwell import Dwell
from rules.watches.sequence import Sequence as SequenceWatch
from rules.watches.together import Together

MOST_PAIRS: Final = 2_000
"""Events of each side of a pair that are compared; the latest."""


def together(case: Case, watch: Together) -> list[Finding]:
    """Say whether both sides came, and how near a pair of them was in time and space."""
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
        findings.append(_near(apart, watch.near_m, at))
    return findings


def _near(apart: float, near_m: float, at: Instant) -> Finding:
    text = f"near: {near_m:g} m"
    if isinf(apart):
        return Finding(text, None, say("không biết vị trí của một bên", "the place of one side is not known"))
    sentence = say(
        "cách nhau {apart} trên {near}",
        "{apart} apart of {near}",
        apart=Measure(apart, "m"),
        near=Measure(near_m, "m"),
    )
    return Finding(text, apart <= near_m, sentence, Nearest(apart, near_m, "m", at))


def _pairs(one: pl.DataFrame, other: pl.DataFrame) -> list[tuple[Duration, float, Instant]]:
    """Pair each event of one side with those of the other that are next to it in time."""
    found = []
    rows = sorted(other.select(pl.col("at").cast(pl.Int64), "lat", "lon").rows())
    times = [row[0] for row in rows]
    for at, lat, lon in one.select(pl.col("at").cast(pl.Int64), "lat", "lon").rows():
        place = int(np.searchsorted(times, at))
        for row in rows[max(0, place - 2) : place + 2]:
            known = None not in (lat, lon, row[1], row[2])
            apart = distance_m(lat, lon, row[1], row[2]) if known else inf
            found.append((abs(at - row[0]), apart, max(at, row[0])))
    return found


def sequence(case: Case, watch: SequenceWatch) -> list[Finding]:
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
            # What came that was nearly such a step.
            findings += [one for one in heard(case, source, mine, name) if one.holds is not True]
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


def dwell(case: Case, watch: Dwell) -> list[Finding]:
    """Say how long the longest stay was."""
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
    findings.append(held(case, "for", ran, ended, watch.hold, enough=case.holding is not None))
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


def cluster(case: Case, watch: Cluster) -> list[Finding]:
    """Count how many of the smaller alerts held at once; of those of any place, where the place has no key."""
    members = [alert for alert in case.others if alert.rule in watch.of]
    edges = [(alert.raised_at, 1) for alert in members if alert.raised_at <= case.at]
    edges += [(alert.cleared_at, -1) for alert in members if alert.cleared_at is not None]
    most, at, together = 0, None, 0
    # What ends at the instant at which another begins does not hold with it.
    for instant, change in sorted(edges):
        together += change
        if instant <= case.at and together > most:
            most, at = together, instant
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
