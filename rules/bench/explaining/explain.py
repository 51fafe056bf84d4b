"""Why a rule fired for a key at a time, or why it did not, by the engine itself over the events before that time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.geo import distance_m
from ioc.model.instant import DAY, HOUR, MINUTE, Duration, Instant
from ioc.model.quantities import Catalogue
from rules.backtest import BacktestAlert, Table, note
from rules.bench.explaining.by_kind import judged
from rules.bench.explaining.case import Case, first_failing
from rules.bench.explaining.findings import Explanation, Finding, Nearest
from rules.bench.explaining.words import Lasting, Text, lasting, say, when
from rules.bench.past import Wanted
from rules.bench.running import columns_of, kinds_of, members_of
from rules.book import RuleBook
from rules.engine import Engine
from rules.expressions import Scope
from rules.keys import SEPARATOR, key_expression
from rules.rule import Rule
from rules.watches.cluster import Cluster

RUN_BEFORE: Final[Duration] = 6 * HOUR
"""How far back the engine begins, so that an alert that has held for long is known."""

RUN_AFTER: Final[Duration] = 10 * MINUTE
"""How far beyond the time in question it goes on: an alert that comes soon after is worth a word."""

LEAST_LOOK: Final[Duration] = 10 * MINUTE
"""How far back conditions are looked at, at least."""

FARTHEST_M: Final = 2_000.0
"""How far from a place a key may be, to be worth choosing from."""

MOST_KEYS: Final = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about one rule.

    Attributes:
        rule: which; it need not be in force.
        at: the time in question, µs.
        key: what the rule holds for; None where the place says it.
        place: WGS 84 degrees, lat and lon; None where the key says it.
        standing: what is known from elsewhere that keeps an alert from operators: shelved, inhibited; each ends up
            among the conditions.
    """

    rule: Rule
    at: Instant
    key: str | None = None
    place: tuple[float, float] | None = None
    standing: Sequence[Finding] = field(default_factory=tuple)


def needs(rule: Rule, at: Instant, in_force: RuleBook) -> Wanted:
    """Say which part of the past an explanation is made from."""
    rules = [rule, *members_of([rule], in_force)]
    back = max(RUN_BEFORE, *(4 * one.look_back for one in rules))
    columns = columns_of(rules) | {"asset", "zone", "lat", "lon"}
    return Wanted(max(0, at - min(back, 30 * DAY)), at + RUN_AFTER, columns, kinds_of(rules), frozenset())


def explain(
    asked: Asked,
    batches: Iterable[pl.DataFrame],
    *,
    in_force: RuleBook,
    scope: Scope,
    catalogue: Catalogue,
    registry: Mapping[str, Asset],
) -> Explanation:
    """Explain.

    Args:
        asked: the question.
        batches: the past that `needs` asks for.
        in_force: the rules that run; a cluster is made of their alerts.
        scope: what expressions may speak of.
        catalogue: knows the units.
        registry: the city's assets.
    """
    rule = asked.rule
    frames = [batch for batch in batches if batch.height]
    events = _with_columns(pl.concat(frames, how="diagonal_relaxed"), rule, catalogue) if frames else pl.DataFrame()
    key, near = _key(asked, events, registry)
    if key is None or not frames:
        return _nobody(asked, key, near, scope.timezone)
    members = members_of([rule], in_force)
    alerts = _run([rule, *members], frames, asked.at + RUN_AFTER, catalogue, registry)
    case = Case(
        rule=rule,
        key=key,
        at=asked.at,
        look=max(LEAST_LOOK, 3 * rule.look_back),
        events=events,
        alerts=[alert for alert in alerts if alert.rule == rule.name and alert.key == key],
        others=[alert for alert in alerts if alert.rule != rule.name],
        scope=scope,
        catalogue=catalogue,
        registry=registry,
    )
    findings = [*_outside_schedule(case), *_resting(case), *judged(case), *asked.standing]
    return Explanation(
        rule=rule.name,
        key=key,
        at=asked.at,
        fired=case.holding is not None,
        sentence=_sentence(case, findings),
        conditions=tuple(findings),
        events=_shown(case),
        near=near,
    )


def _with_columns(events: pl.DataFrame, rule: Rule, catalogue: Catalogue) -> pl.DataFrame:
    """Add the columns that no event has: unknown for all of them."""
    types = {**FIXED_COLUMNS, **catalogue.schema()}
    missing = sorted((rule.columns | {"asset", "zone", "lat", "lon"}) - set(events.columns))
    return events.with_columns(pl.lit(None, types[name]).alias(name) for name in missing if name in types)


def _run(
    rules: Sequence[Rule],
    frames: Sequence[pl.DataFrame],
    until: Instant,
    catalogue: Catalogue,
    registry: Mapping[str, Asset],
) -> list[BacktestAlert]:
    engine = Engine(RuleBook(tuple(replace(rule, shadow=False) for rule in rules)), catalogue, registry)
    found: Table = {}
    for frame in frames:
        note(found, engine.step(frame))
    # Silence is judged by the clock, and nothing may have come since.
    latest = max(int(frame["received_at"].cast(pl.Int64).max()) for frame in frames)  # type: ignore[arg-type]
    note(found, engine.step(pl.DataFrame(), max(latest, until - RUN_AFTER)))
    return sorted(found.values(), key=lambda alert: alert.raised_at)


def _key(asked: Asked, events: pl.DataFrame, registry: Mapping[str, Asset]) -> tuple[str | None, tuple[str, ...]]:
    """Find the key that is meant, and those that could be."""
    near = keys_near(asked.rule, events, asked.place, registry)
    if asked.key is not None:
        return asked.key, near
    if asked.place is not None:
        return next(iter(near), None), near
    return (near[0] if len(near) == 1 else None), near


def keys_near(
    rule: Rule, events: pl.DataFrame, place: tuple[float, float] | None, registry: Mapping[str, Asset]
) -> tuple[str, ...]:
    """Name the keys of a rule's events, the nearest to a place first; without a place, those that spoke most."""
    if isinstance(rule.watch, Cluster) or not events.height:
        return ()
    kinds = kinds_of([rule])
    mine = events if kinds is None else events.filter(pl.col("kind").cast(pl.String).is_in([str(k) for k in kinds]))
    if rule.kind.pairs:
        return _pairs_near(rule, events, place, registry)
    keyed = mine.with_columns(key_expression(rule.per, registry).alias("its_key")).filter(
        pl.col("its_key").is_not_null()
    )
    if place is None:
        counted = keyed["its_key"].value_counts(sort=True)["its_key"].to_list()
        return tuple(counted[:MOST_KEYS])
    last = keyed.group_by("its_key", maintain_order=True).agg(pl.col("asset", "lat", "lon").last())
    return _sorted_by_distance([(row[0], _place(row[1], row[2], row[3], registry)) for row in last.rows()], place)


def _pairs_near(
    rule: Rule, events: pl.DataFrame, place: tuple[float, float] | None, registry: Mapping[str, Asset]
) -> tuple[str, ...]:
    """Pair the nearest asset of one side with the nearest of the other."""
    sides = []
    for source in rule.watch.sources[:2]:
        found = (
            events
            if not source.kinds
            else events.filter(pl.col("kind").cast(pl.String).is_in([str(kind) for kind in source.kinds]))
        )
        last = found.group_by("asset", maintain_order=True).agg(pl.col("lat", "lon").last())
        entries = [(row[0], _place(row[0], row[1], row[2], registry)) for row in last.rows() if row[0] is not None]
        sides.append(
            [name for name, _ in entries][:3] if place is None else list(_sorted_by_distance(entries, place))[:3]
        )
    return tuple(SEPARATOR.join((one, other)) for one in sides[0] for other in sides[1])[:MOST_KEYS]


def _place(
    asset: str | None, lat: float | None, lon: float | None, registry: Mapping[str, Asset]
) -> tuple[float, float] | None:
    known = None if asset is None else registry.get(asset)
    if known is not None and not known.mobile and known.lat is not None and known.lon is not None:
        return known.lat, known.lon
    return None if lat is None or lon is None else (lat, lon)


def _sorted_by_distance(
    entries: Sequence[tuple[str, tuple[float, float] | None]], place: tuple[float, float]
) -> tuple[str, ...]:
    far = [(distance_m(*where, *place), name) for name, where in entries if where is not None]
    return tuple(name for away, name in sorted(far) if away <= FARTHEST_M)[:MOST_KEYS]


def _outside_schedule(case: Case) -> list[Finding]:
    schedule = case.rule.schedule
    if schedule is None:
        return []
    span = schedule.span(case.at)
    inside = span.begin <= case.at
    begins = when(span.begin, schedule.timezone, case.at)
    sentence = (
        say("trong giờ hoạt động", "within its hours")
        if inside
        else say(
            "ngoài giờ hoạt động; bắt đầu lại lúc {at}", "outside its schedule; it begins again at {at}", at=begins
        )
    )
    return [Finding("schedule", inside, sentence, None if inside else Nearest(None, None, None, span.begin))]


def _resting(case: Case) -> list[Finding]:
    """Whether the key rested after an alert."""
    cooldown = case.rule.cooldown
    if cooldown is None:
        return []
    ended = [a.cleared_at for a in case.alerts if a.cleared_at is not None and a.cleared_at <= case.at]
    over = max(ended) + cooldown if ended else 0
    text = f"cooldown: {lasting(cooldown, 'en')}"
    if case.holding is not None or over <= case.at:
        return [Finding(text, True, say("không trong thời gian nghỉ", "not in cooldown"))]
    sentence = say("đang nghỉ đến {at}", "in cooldown until {at}", at=case.clock(over))
    return [Finding(text, False, sentence, Nearest(None, None, None, over))]


def _sentence(case: Case, findings: Sequence[Finding]) -> Text:
    told: dict[str, object] = {"rule": case.rule.name, "key": case.key, "at": when(case.at, case.scope.timezone)}
    holding = case.holding
    if holding is not None:
        why = _joined([one.sentence for one in findings if one.holds and _measures(one)][-2:])
        return say(
            "{rule} có cảnh báo cho {key} lúc {at}, từ {since}{why}",
            "{rule} held for {key} at {at}, since {since}{why}",
            since=case.clock(holding.raised_at),
            why=why,
            **told,
        )
    wrong = first_failing(findings)
    why = say("", "") if wrong is None else _joined([wrong.sentence])
    close = _close_by(case)
    return say(
        "{rule} không có cảnh báo cho {key} lúc {at}{why}{close}",
        "{rule} did not hold for {key} at {at}{why}{close}",
        why=why,
        close=close,
        **told,
    )


def _measures(finding: Finding) -> bool:
    """Whether a finding compares something with a limit, rather than saying that something came."""
    return finding.nearest is not None and finding.nearest.limit is not None


def _joined(sentences: Sequence[Text]) -> dict[str, str]:
    if not sentences:
        return say("", "")
    return {language: ": " + "; ".join(sentence[language] for sentence in sentences) for language in ("vi", "en")}


def _close_by(case: Case) -> dict[str, str]:
    """Say of an alert that ended just before, or began just after."""
    for alert in case.alerts:
        if case.at < alert.raised_at <= case.at + RUN_AFTER:
            return say(
                "; cảnh báo bắt đầu {after} sau đó",
                "; it began {after} later",
                after=Lasting(alert.raised_at - case.at),
            )
    for alert in reversed(case.alerts):
        if alert.cleared_at is not None and case.at - case.look <= alert.cleared_at <= case.at:
            return say(
                "; cảnh báo trước đã kết thúc {ago} trước",
                "; the last one had ended {ago} before",
                ago=Lasting(case.at - alert.cleared_at),
            )
    return say("", "")


def _shown(case: Case) -> tuple[dict[str, object], ...]:
    """Choose the events that are shown: those of the key that the rule reads, up to its beginning where it fired."""
    if case.rule.kind.pairs:
        assets = case.key.split(SEPARATOR)
        mine = case.events.filter(pl.col("asset").cast(pl.String).is_in(assets))
        mine = mine.filter(pl.col("at").cast(pl.Int64) <= case.at)
    elif isinstance(case.rule.watch, Cluster):
        return ()
    else:
        mine = case.mine()
    masks = [case.passing(source, mine) for source in case.rule.watch.sources]
    passing = pl.concat(masks, how="vertical_relaxed").unique(maintain_order=True) if masks else mine
    holding = case.holding
    if holding is not None:
        before = passing.filter(pl.col("at").cast(pl.Int64) <= holding.raised_at)
        passing = before if before.height else passing
    return case.rows(passing if passing.height else mine)


def _nobody(asked: Asked, key: str | None, near: tuple[str, ...], timezone: str) -> Explanation:
    """Answer where there is no key to ask of, or nothing at all came."""
    rule = asked.rule.name
    at = when(asked.at, timezone)
    if key is not None:
        sentence = say("không có gì đến trong lịch sử quanh {at}", "nothing came in the history around {at}", at=at)
    elif near:
        sentence = say("hãy chọn một trong các khóa gần đó", "choose one of the keys", at=at)
    else:
        sentence = say(
            "{rule} không theo dõi gì ở gần đó lúc {at}", "{rule} watched nothing near there at {at}", rule=rule, at=at
        )
    return Explanation(rule, key, asked.at, fired=False, sentence=sentence, conditions=tuple(asked.standing), near=near)
