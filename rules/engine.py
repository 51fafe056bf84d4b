"""The engine: batches of events in, changes of alerts out, for a whole rule book.

One `select` evaluates the conditions of all rules over a batch; the rows that concern a rule go on, in the
order in which the rule takes them, to the small state machine of its kind. The only clock is the stream's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import SECOND, Duration, Instant
from ioc.model.quantities import Catalogue
from rules.book import Absence, Rule, RuleBook, Source, Threshold, Together, Window, columns_of
from rules.evidence import Evidence
from rules.keys import KeyTable, key_expression
from rules.kinds.absence import AbsenceKind
from rules.kinds.contract import NEVER, Change, Feed, Kind, Numbers
from rules.kinds.threshold import FALSE, TRUE, UNKNOWN, ThresholdKind
from rules.kinds.together import TogetherKind
from rules.kinds.window import WindowKind

NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)

DEAF_AFTER: Final[Duration] = 10 * SECOND
"""Time between two stamps of the stream after which ingest is taken to have been away."""


@dataclass(slots=True)
class _Evaluated:
    """A batch with every condition of every rule.

    Attributes:
        columns: what the one `select` gave, by name; none where the batch has no events.
        clocks: the stream's clock when each event came, µs.
        at: when each event happened, µs.
        codes: the coded keys, made when the first rule asks for them.
    """

    columns: dict[str, pl.Series]
    clocks: Numbers
    at: Numbers
    codes: dict[str, Numbers] = field(default_factory=dict)


LARGEST_MEASURED: Final = 1e100
"""A window passes over values beyond this, as over missing ones: they measure nothing, and their sum is none."""


@dataclass(slots=True)
class _Runner:
    """One rule at work.

    Attributes:
        prefix: begins the names of its columns in the one `select`.
        wanted: the columns of its feed, by name.
        held: events that wait for their turn, in event time.
    """

    rule: Rule
    prefix: str
    keys: KeyTable
    key_name: str
    kind: Kind
    wanted: tuple[str, ...]
    held: Feed | None = None


class Engine:
    """Runs a rule book over batches; see the module's text.

    How the events are cut into batches does not matter: the same events give the same changes.
    """

    def __init__(
        self,
        book: RuleBook,
        catalogue: Catalogue,
        registry: Mapping[str, Asset] | None = None,
        *,
        keep_evidence: bool = True,
    ) -> None:
        """Make an engine that has seen nothing.

        Args:
            book: the rules.
            catalogue: gives the types of quantities that a batch lacks.
            registry: the city's assets: for rules per site or area, and for the silence of assets never heard.
            keep_evidence: whether changes carry the events that made them.
        """
        self._registry = dict(registry or {})
        self._evidence = Evidence() if keep_evidence else None
        self._tables: dict[tuple[str, ...], KeyTable] = {}
        self._selected: dict[str, pl.Expr] = {}
        self._clock: Instant = NEVER
        self._next_ref = 0
        self._runners = [self._runner(index, rule) for index, rule in enumerate(book.rules)]
        self._selection = [expression.alias(name) for name, expression in self._selected.items()]
        schema = {**FIXED_COLUMNS, **catalogue.schema()}
        needed = sorted({column for rule in book.rules for column in columns_of(rule)})
        # What a batch may lack: unknown for all of its events.
        self._lacking = {name: pl.lit(None, schema[name]).alias(name) for name in needed}
        self._started = False
        self._stamp: Instant = NEVER

    @property
    def clock(self) -> Instant:
        """How far the stream's clock has come; NEVER before the first event."""
        return self._clock

    def step(self, batch: pl.DataFrame, clock: Instant | None = None) -> list[AlertChange]:
        """Take a batch, then let the stream's clock go on to `clock`.

        Args:
            batch: in order of arrival, `received_at` never null.
            clock: the stamp on the stream's entry; None: the batch's own arrival times are all there is.

        Returns:
            What changed, in order of time.
        """
        return self._advance(batch, clock, closing=False)

    def finish(self) -> list[AlertChange]:
        """Let go of what is held back and stop the clock where it stands; for the end of a file."""
        return self._advance(pl.DataFrame(), None, closing=True)

    def _advance(self, batch: pl.DataFrame, clock: Instant | None, *, closing: bool) -> list[AlertChange]:
        if clock is not None:
            self._notice_deafness(batch, clock)
        if self._evidence is not None:
            self._evidence.begin(self._next_ref, batch)
        evaluated = self._evaluate(batch)
        if len(evaluated.clocks):
            self._clock = int(evaluated.clocks[-1])
        if clock is not None and clock > self._clock:
            self._clock = clock
        if self._clock == NEVER:
            return []
        if not self._started:
            self._started = True
            self._expect_registered()
        changes: list[AlertChange] = []
        for runner in self._runners:
            feed, until = self._feed(runner, evaluated, closing=closing)
            found = runner.kind.step(feed, until, closing=closing)
            if found:
                changes += self._named(runner, found)
        if self._evidence is not None:
            self._evidence.keep(self._refs())
        self._next_ref += batch.height
        changes.sort(key=lambda change: (change.at, change.to is AlertState.RESOLVED, change.rule, change.key))
        return changes

    def _notice_deafness(self, batch: pl.DataFrame, clock: Instant) -> None:
        """Where the stream has a hole, ingest was away: what was not heard then was not silent.

        Ingest stamps an entry every second, events or none, so only a stream without stamps has no such holes.
        """
        before, self._stamp = self._stamp, clock
        if before == NEVER or clock - before <= DEAF_AFTER:
            return
        first = clock if not batch.height else min(clock, int(batch["received_at"].to_physical()[0]))
        for runner in self._runners:
            if isinstance(runner.kind, AbsenceKind):
                runner.kind.listen_again(first)

    def _evaluate(self, batch: pl.DataFrame) -> _Evaluated:
        """Evaluate every condition of every rule."""
        if not batch.height:
            return _Evaluated({}, NOTHING, NOTHING)
        have = set(batch.columns)
        missing = [column for name, column in self._lacking.items() if name not in have]
        frame = batch.with_columns(missing) if missing else batch
        selected = frame.select(self._selection)
        at = batch["at"].to_physical().to_numpy()
        received = batch["received_at"].to_physical().to_numpy()
        clocks = np.maximum.accumulate(np.maximum(received, self._clock))
        return _Evaluated({column.name: column for column in selected.get_columns()}, clocks, at)

    def _feed(self, runner: _Runner, evaluated: _Evaluated, *, closing: bool) -> tuple[Feed, Instant]:
        """Give a rule's events whose turn has come, and how far its time has come."""
        feed = self._fresh(runner, evaluated)
        lateness = runner.rule.lateness
        if lateness is None:
            return feed, self._clock
        until = self._clock - lateness
        held = runner.held
        if held is not None and len(held):
            if not (len(feed) or closing) and held.now[0] > until:
                return feed, until
            feed = held.followed_by(feed)
        order = np.argsort(feed.now, kind="stable")
        if closing:
            runner.held = None
            feed = feed.take(order)
            return feed, max(self._clock, int(feed.now[-1])) if len(feed) else self._clock
        ready = int(np.searchsorted(feed.now[order], until, side="right"))
        runner.held = feed.take(order[ready:])
        return feed.take(order[:ready]), until

    def _fresh(self, runner: _Runner, evaluated: _Evaluated) -> Feed:
        """Give a rule the batch's events that concern it."""
        columns = evaluated.columns
        rows = np.flatnonzero(columns[f"{runner.prefix}.rows"].to_numpy()) if columns else NOTHING
        if not len(rows):
            return Feed(NOTHING, NOTHING, NOTHING, NOTHING, dict.fromkeys(runner.wanted, NOTHING))
        if runner.key_name not in evaluated.codes:
            evaluated.codes[runner.key_name] = runner.keys.codes(columns[runner.key_name])
        at, now = evaluated.at[rows], evaluated.clocks[rows]
        if runner.rule.lateness is not None:
            # An event later than the rule waits for takes its turn when it comes.
            now = np.maximum(at, now - runner.rule.lateness)
        wanted = {name: columns[f"{runner.prefix}.{name}"].to_numpy()[rows] for name in runner.wanted}
        return Feed(now, at, evaluated.codes[runner.key_name][rows], rows + self._next_ref, wanted)

    def _runner(self, index: int, rule: Rule) -> _Runner:
        prefix = f"{index}"
        key_name = "key." + ".".join(rule.per)
        if rule.per not in self._tables:
            self._tables[rule.per] = KeyTable()
        self._selected.setdefault(key_name, key_expression(rule.per, self._registry))
        kind, concerned, wanted = self._kind(rule)
        keyed = key_expression(rule.per, self._registry).is_not_null()
        self._selected[f"{prefix}.rows"] = (concerned & keyed).fill_null(value=False)
        for name, expression in wanted.items():
            self._selected[f"{prefix}.{name}"] = expression
        return _Runner(rule, prefix, self._tables[rule.per], key_name, kind, tuple(wanted))

    def _kind(self, rule: Rule) -> tuple[Kind, pl.Expr, dict[str, pl.Expr]]:
        """Make a rule's state machine; say which rows concern it, and which columns its feed has."""
        watch = rule.watch
        if isinstance(watch, Threshold):
            raising = watch.raise_if.expression
            if watch.clear_if is None:
                clearing, known = ~raising, raising.is_not_null()
            else:
                clearing = watch.clear_if.expression
                known = raising.is_not_null() | clearing.is_not_null()
            wanted = {"raise": _three_valued(raising), "clear": _three_valued(clearing)}
            return ThresholdKind(watch.hold, watch.clear_hold), _of_source(watch.source) & known, wanted
        if isinstance(watch, Absence):
            return AbsenceKind(watch.after), _of_source(watch.source), {}
        if isinstance(watch, Window):
            event_time = rule.lateness is not None
            kind = WindowKind(watch.over, watch.value, watch.raise_if, watch.clear_if, event_time=event_time)
            if watch.of is None:
                return kind, _of_source(watch.source), {}
            value = watch.of.expression.cast(pl.Float64)
            measured = (value.abs() <= LARGEST_MEASURED).fill_null(value=False)
            return kind, _of_source(watch.source) & measured, {"value": value}
        return self._together(watch)

    def _together(self, watch: Together) -> tuple[Kind, pl.Expr, dict[str, pl.Expr]]:
        row_of = None if self._evidence is None else self._evidence.row
        kind = TogetherKind(watch.within, watch.near_m, watch.clear_after, row_of)
        first, second = (_of_source(source).fill_null(value=False) for source in watch.sources)
        concerned = first | second
        if watch.near_m is not None:
            concerned &= pl.col("lat").is_not_null() & pl.col("lon").is_not_null()
        place = {name: pl.col(name).fill_null(0.0) for name in ("lat", "lon")}
        return kind, concerned, {"first": first, "second": second, **place}

    def _expect_registered(self) -> None:
        """Watch registered assets that were never heard, from now on; those already watched stay as they are."""
        for runner in self._runners:
            watch = runner.rule.watch
            if isinstance(watch, Absence) and isinstance(runner.kind, AbsenceKind) and runner.rule.per == ("asset",):
                if watch.source.where is not None:
                    # Whether an asset will ever send what the condition asks for, nobody can know.
                    continue
                kinds = watch.source.kinds
                names = [asset.id for asset in self._registry.values() if not kinds or asset.kind in kinds]
                codes = runner.keys.codes(pl.Series(names, dtype=pl.String))
                runner.kind.expect(codes, self._clock)

    def _named(self, runner: _Runner, changes: Iterable[Change]) -> list[AlertChange]:
        """Turn codes into keys and numbers of events into events."""
        listed = list(changes)
        pairs = [change.key if isinstance(change.key, tuple) else (change.key,) for change in listed]
        texts = iter(runner.keys.texts([code for pair in pairs for code in pair]))
        named = []
        for change, pair in zip(listed, pairs, strict=True):
            evidence = change.rows
            if self._evidence is not None:
                evidence = (*evidence, *(self._evidence.row(ref) for ref in change.refs))
            named.append(
                AlertChange(
                    rule=runner.rule.name,
                    key="|".join(next(texts) for _ in pair),
                    to=AlertState.FIRING if change.firing else AlertState.RESOLVED,
                    at=change.at,
                    raised_at=change.raised_at,
                    evidence=evidence,
                    numbers=change.numbers,
                )
            )
        return named

    def _refs(self) -> list[Numbers]:
        """Number the events that held feeds and kinds may yet name."""
        held = [runner.held.ref for runner in self._runners if runner.held is not None]
        return held + [np.array(runner.kind.refs(), dtype=np.int64) for runner in self._runners]

    def dump(self) -> dict[str, Any]:
        """Give the whole state as plain data, keys as texts, for a checkpoint."""
        rules = {}
        for runner in self._runners:
            state = runner.kind.dump()
            state["keys"] = runner.keys.texts(state["keys"])
            held = None
            if runner.held is not None and len(runner.held):
                feed = runner.held
                held = {
                    "now": feed.now.tolist(),
                    "at": feed.at.tolist(),
                    "key": runner.keys.texts(feed.key.tolist()),
                    "ref": feed.ref.tolist(),
                    "columns": {name: values.tolist() for name, values in feed.columns.items()},
                }
            rules[runner.rule.name] = {"shape": _shape(runner), "state": state, "held": held}
        return {
            "format": 1,
            "clock": self._clock,
            "next_ref": self._next_ref,
            "started": self._started,
            "stamp": self._stamp,
            "rows": [] if self._evidence is None else self._evidence.dump(self._refs()),
            "rules": rules,
        }

    def load(self, dumped: Mapping[str, Any]) -> list[str]:
        """Take a state that `dump` gave, rule by rule.

        A rule that was edited goes on from its state, so that its open alerts stay open, as long as it is of
        the same kind and per the same key.

        Returns:
            The names of the rules that could take nothing over, because they are new or of another kind or key.
        """
        self._clock = dumped["clock"]
        self._next_ref = dumped["next_ref"]
        self._started = dumped["started"]
        self._stamp = dumped["stamp"]
        if self._evidence is not None:
            self._evidence.load(dumped["rows"])
        left = []
        for runner in self._runners:
            known = dumped["rules"].get(runner.rule.name)
            if known is None or known["shape"] != _shape(runner):
                left.append(runner.rule.name)
                continue
            state = dict(known["state"])
            state["keys"] = runner.keys.codes(pl.Series(state["keys"], dtype=pl.String)).tolist()
            runner.kind.load(state)
            if known["held"] is not None:
                held = known["held"]
                runner.held = Feed(
                    np.array(held["now"], dtype=np.int64),
                    np.array(held["at"], dtype=np.int64),
                    runner.keys.codes(pl.Series(held["key"], dtype=pl.String)),
                    np.array(held["ref"], dtype=np.int64),
                    {name: np.array(values) for name, values in held["columns"].items()},
                )
        if self._started:
            # An absence rule that is new, or an asset: watched from now on.
            self._expect_registered()
        return left


def _shape(runner: _Runner) -> list[str]:
    """What must be the same for a state to be of use: the kind, the key, the feed, and how time is taken."""
    order = "stream order" if runner.rule.lateness is None else "event time"
    return [str(runner.rule.kind), *runner.rule.per, *runner.wanted, order, *_measured(runner.rule)]


def _measured(rule: Rule) -> list[str]:
    return [str(rule.watch.value)] if isinstance(rule.watch, Window) else []


def _of_source(source: Source) -> pl.Expr:
    parts = []
    if len(source.kinds) == 1:
        parts.append(pl.col("kind") == str(source.kinds[0]))
    elif source.kinds:
        parts.append(pl.col("kind").is_in([str(kind) for kind in source.kinds]))
    if source.where is not None:
        parts.append(source.where.expression)
    return pl.all_horizontal(parts) if parts else pl.col("kind").is_not_null()


def _three_valued(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(TRUE).when(~condition).then(FALSE).otherwise(UNKNOWN).cast(pl.Int8)
