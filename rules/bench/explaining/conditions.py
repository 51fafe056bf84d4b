"""Conditions on events, one by one: whether each held, and how near it came."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from sqlglot import exp

from ioc.model.instant import Instant
from rules.bench.explaining.case import Case
from rules.bench.explaining.findings import Finding, Nearest
from rules.bench.explaining.words import Text, number, say
from rules.bench.histogram import compiled_text
from rules.expressions import Compiled, Type

_WORDS: Final = re.compile(r"'(?:[^']|'')*'|\b(?:AND|OR|NOT|IN|IS|NULL|BETWEEN|TRUE|FALSE)\b")
_UPWARD: Final = (exp.GT, exp.GTE)
_DOWNWARD: Final = (exp.LT, exp.LTE)
_TURNED: Final[Mapping[type[exp.Expr], type[exp.Expr]]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


def parts_of(tree: exp.Expr) -> list[exp.Expr]:
    """Take a condition apart where it is joined by `and`."""
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, exp.And):
        return [*parts_of(tree.this), *parts_of(tree.expression)]
    return [tree]


def written(tree: exp.Expr) -> str:
    """Write a part of a condition as an author would."""
    text = tree.sql(dialect="postgres", normalize_functions="lower")
    return _WORDS.sub(lambda match: match[0] if match[0].startswith("'") else match[0].lower(), text)


def judge(case: Case, condition: Compiled, events: pl.DataFrame, *, of_any: bool) -> list[Finding]:
    """Judge each part of a condition over some events.

    Args:
        case: the question.
        condition: what was to hold.
        events: the events that it was asked of, in order of arrival.
        of_any: whether it is enough that some event satisfied it, as with `where`; else the last one must.
    """
    return [_part(case, part, events, of_any=of_any) for part in parts_of(condition.tree)]


def _part(case: Case, tree: exp.Expr, events: pl.DataFrame, *, of_any: bool) -> Finding:
    text = written(tree)
    compiled = compiled_text(text, case.scope)
    if not events.height:
        return Finding(text, None, say("không có sự kiện nào để xét", "there was no event to ask"))
    truth = events.select(compiled.expression.alias("truth"))["truth"]
    known = truth.drop_nulls()
    if not len(known):
        names = ", ".join(sorted(compiled.columns))
        sentence = say(
            "không sự kiện nào trong {n} sự kiện cho biết {names}",
            "none of the {n} events says {names}",
            n=events.height,
            names=names,
        )
        return Finding(text, None, sentence)
    holds = bool(known.any() if of_any else known[-1])
    comparison = _comparison(case, tree)
    if comparison is not None:
        return _compared(case, text, comparison, events, holds=holds)
    return Finding(text, holds, _counted(case, tree, events, truth))


class _Comparison:
    """A number on one side of `<`, `<=`, `>` or `>=`, brought into one form."""

    def __init__(self, side: exp.Expr, limit: float, operator: type[exp.Expr], *, difference: bool) -> None:
        self.side = side
        self.limit = limit
        self.upward = operator in _UPWARD
        self.strict = operator in (exp.GT, exp.LT)
        self.difference = difference

    def met(self, value: float) -> bool:
        if self.upward:
            return value > self.limit if self.strict else value >= self.limit
        return value < self.limit if self.strict else value <= self.limit


def _comparison(case: Case, tree: exp.Expr) -> _Comparison | None:
    operator = type(tree)
    if operator not in _TURNED:
        return None
    left, right = tree.this, tree.expression
    if _constant(left) is not None:
        left, right, operator = right, left, _TURNED[operator]
    limit = _constant(right)
    if limit is not None:
        return _Comparison(left, limit, operator, difference=False)
    if compiled_text(written(left), case.scope).type is Type.NUMBER:
        # Both sides are of the event: what matters is how far they are apart.
        return _Comparison(exp.Sub(this=exp.paren(left), expression=exp.paren(right)), 0.0, operator, difference=True)
    return None


def _constant(tree: exp.Expr) -> float | None:
    sign = 1.0
    while isinstance(tree, (exp.Paren, exp.Neg)):
        sign = -sign if isinstance(tree, exp.Neg) else sign
        tree = tree.this
    return sign * float(tree.this) if isinstance(tree, exp.Literal) and not tree.is_string else None


def _compared(case: Case, text: str, comparison: _Comparison, events: pl.DataFrame, *, holds: bool) -> Finding:
    name = written(comparison.side)
    value = compiled_text(name, case.scope).expression.cast(pl.Float64)
    found = events.select(value.alias("value"), pl.col("at").cast(pl.Int64)).drop_nulls()
    values, times = found["value"].to_numpy(), found["at"].to_numpy()
    if not len(values):
        return Finding(text, holds, say("{name} không được biết", "{name} is not known", name=name))
    best = int(np.argmax(values) if comparison.upward else np.argmin(values))
    unit = case.unit(comparison.side)
    limit = Measure(comparison.limit, unit)
    nearest = Nearest(float(values[best]), comparison.limit, unit, int(times[best]))
    last = float(values[-1])
    told = {
        "name": name,
        "best": Measure(float(values[best])),
        "last": Measure(last, unit),
        "limit": limit,
        "at": case.clock(int(times[best])),
    }
    if comparison.difference:
        return Finding(
            text, holds, say("hiệu hai vế gần nhất là {best} lúc {at}", "the two came within {best} at {at}", **told)
        )
    if holds and comparison.met(last):
        over = say("trên", "above") if comparison.upward else say("dưới", "below")
        sentence = say("{name} là {last}, {over} {limit}", "{name} was {last}, {over} {limit}", over=over, **told)
        return Finding(text, True, sentence, Nearest(last, comparison.limit, unit, int(times[-1])))
    if comparison.met(float(values[best])):
        sentence = say(
            "{name} đã là {best} lúc {at}, nhưng sau cùng là {last} (ngưỡng {limit})",
            "{name} was {best} at {at}, but {last} at last (the limit is {limit})",
            **told,
        )
        return Finding(text, holds, sentence, nearest)
    if comparison.upward:
        sentence = say(
            "{name} cao nhất là {best} trên {limit} lúc {at}", "{name} reached {best} of {limit} at {at}", **told
        )
    else:
        sentence = say(
            "{name} thấp nhất là {best}, phải dưới {limit}, lúc {at}",
            "{name} fell to {best}, and must be below {limit}, at {at}",
            **told,
        )
    return Finding(text, holds, sentence, nearest)


def _counted(case: Case, tree: exp.Expr, events: pl.DataFrame, truth: pl.Series) -> Text:
    """Say how many events satisfied a part, and what the others had instead."""
    told: dict[str, Any] = {"yes": int(truth.sum() or 0), "n": events.height}
    columns = [column for column in tree.find_all(exp.Column) if column.name in events.columns]
    texts = [c for c in columns if case.scope.columns.get(c.name) in (Type.TEXT, Type.BOOLEAN)]
    if len({column.name for column in columns}) == 1 and texts:
        name = texts[0].name
        seen = Counter(str(value) for value in events[name].cast(pl.String).drop_nulls().to_list())
        listed = ", ".join(f"{value[:40]} ({count})" for value, count in seen.most_common(4))
        if seen:
            return say(
                "đúng ở {yes} trong {n} sự kiện; {name} là {seen}",
                "true of {yes} of {n} events; {name} was {seen}",
                name=name,
                seen=listed,
                **told,
            )
    return say("đúng ở {yes} trong {n} sự kiện", "true of {yes} of {n} events", **told)


class Measure(dict[str, str]):
    """A number with its unit, written as each language does."""

    def __init__(self, value: float, unit: str | None = None) -> None:
        """Take the number."""
        behind = "" if unit is None else f" {unit}"
        super().__init__({language: number(value, language) + behind for language in ("vi", "en")})


def longest_run(
    truth: pl.Series, times: pl.Series, last_known: Callable[[int], bool] = lambda _: True
) -> tuple[int, Instant | None]:
    """Find the longest time for which a condition stayed true, over events in order; unknowns are passed over.

    Returns:
        How long, µs, and when that run ended; None where it never was true.
    """
    best, ended = -1, None
    since: Instant | None = None
    for true, at in zip(truth.to_list(), times.cast(pl.Int64).to_list(), strict=True):
        if true is None or not last_known(at):
            continue
        if not true:
            since = None
            continue
        since = at if since is None else since
        if at - since > best:
            best, ended = at - since, at
    return max(best, 0), ended
