"""Expressions: SQL over the columns of a batch, checked when read and compiled to polars.

Logic has three values, as in SQL: a comparison with a missing quantity is unknown (null), and an
unknown changes nothing. Only row-wise functions are let in, so that the cut of batches cannot matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import polars as pl
import sqlglot
import sqlglot.errors
from sqlglot import exp

from ioc.model.geo import EARTH_RADIUS_M
from ioc.model.quantities import Catalogue, QuantityType
from ioc.runtime.marked_yaml import YamlNode, expected

MAX_CHARACTERS: Final = 2_000
MAX_DEPTH: Final = 50
MAX_LEVELS: Final = 200
"""How deep a tree may go; `a or b or c` is one level for each `or`."""


class Type(StrEnum):
    """What an expression gives."""

    NUMBER = "a number"
    TEXT = "a text"
    BOOLEAN = "true or false"
    TIME = "a time"


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression, ready for polars.

    Attributes:
        text: as it was written.
        expression: row-wise; null where it is unknown.
        columns: the columns it reads.
        tree: as it was parsed, for whoever takes it apart to explain or to draw it.
    """

    text: str
    expression: pl.Expr
    type: Type
    columns: frozenset[str]
    tree: exp.Expr


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions may speak of.

    Attributes:
        columns: name to type.
        timezone: IANA name that `hour` and `weekday` go by.
    """

    columns: Mapping[str, Type]
    timezone: str = "UTC"


_OF_QUANTITY = {
    QuantityType.NUMBER: Type.NUMBER,
    QuantityType.INTEGER: Type.NUMBER,
    QuantityType.BOOLEAN: Type.BOOLEAN,
    QuantityType.TEXT: Type.TEXT,
}

FIXED: Final[Mapping[str, Type]] = {
    "kind": Type.TEXT,
    "asset": Type.TEXT,
    "at": Type.TIME,
    "received_at": Type.TIME,
    "at_source": Type.TEXT,
    "lat": Type.NUMBER,
    "lon": Type.NUMBER,
    "zone": Type.TEXT,
    "signal": Type.TEXT,
    "codec": Type.TEXT,
}
"""The fixed columns that a rule may read."""


def scope_of(catalogue: Catalogue, timezone: str = "UTC") -> Scope:
    """Make the scope of a city: the fixed columns and its known quantities."""
    quantities = {name: _OF_QUANTITY[catalogue[name].type] for name in catalogue.names()}
    return Scope({**quantities, **FIXED}, timezone)


def compile_condition(node: YamlNode, scope: Scope) -> Compiled:
    """Compile an expression that is true, false or unknown.

    Raises:
        Misplaced: with line and column inside the file.
    """
    compiled = compile_expression(node, scope)
    if compiled.type is not Type.BOOLEAN:
        raise node.wrong(f"expected a condition, but {compiled.text!r} gives {compiled.type}")
    return compiled


def compile_expression(node: YamlNode, scope: Scope, text: str | None = None, shift: int = 0) -> Compiled:
    """Compile any expression.

    Args:
        node: where it stands.
        scope: what it may speak of.
        text: a part of the node's text, where not all of it is the expression; and
        shift: where that part begins.

    Raises:
        Misplaced: with line and column inside the file.
    """
    source = node.text() if text is None else text
    tree = _parse(node, source, shift)
    compiler = _Compiler(node, source, shift, scope)
    expression, kind = compiler.compile(tree)
    return Compiled(" ".join(source.split()), expression, kind, frozenset(compiler.columns), tree)


def _parse(node: YamlNode, source: str, shift: int) -> exp.Expr:
    if not source.strip():
        raise node.wrong("an expression is missing here")
    if len(source) > MAX_CHARACTERS:
        raise node.wrong(f"an expression has {len(source)} characters; at most {MAX_CHARACTERS} are read")
    depth = 0
    for index, character in enumerate(source):
        depth += (character == "(") - (character == ")")
        if depth > MAX_DEPTH:
            raise node.wrong(f"more than {MAX_DEPTH} brackets stand inside one another", offset=index + shift)
    try:
        tree = sqlglot.parse_one(source, dialect="postgres")
    except sqlglot.errors.ParseError as error:
        first: dict[str, Any] = error.errors[0] if error.errors else {}
        start = len(first.get("start_context", ""))
        found = str(first.get("highlight", ""))
        description = str(first.get("description", ""))
        if "missing" in description:
            sentence = f"something is missing after {found!r}"
        elif description.startswith("Expecting"):
            sentence = f"expected {description.removeprefix('Expecting ')!r} after {found!r}"
        else:
            sentence = f"{found!r} does not fit here; expected something like: pm25 > 150 and zone = 'market'"
        raise node.wrong(sentence, offset=min(start, len(source)) + shift) from error
    except sqlglot.errors.SqlglotError as error:
        raise node.wrong(
            f"{source.strip()[:60]!r} cannot be read: a quotation mark or a bracket is left open"
        ) from error
    except RecursionError as error:
        raise node.wrong(_TOO_DEEP) from error
    if _levels(tree) > MAX_LEVELS:
        raise node.wrong(_TOO_DEEP)
    return tree


_TOO_DEEP: Final = f"the parts of this expression stand more than {MAX_LEVELS} levels inside one another"


def _levels(tree: exp.Expr) -> int:
    """Count how deep a tree goes, without recursion."""
    levels, row = 0, [tree]
    while row and levels <= MAX_LEVELS:
        levels += 1
        row = [child for parent in row for child in parent.iter_expressions()]
    return levels


_Arguments = list[tuple[pl.Expr, Type]]


@dataclass(frozen=True, slots=True)
class _Function:
    """A row-wise function: the types it takes, the type it gives, and how it is made."""

    takes: tuple[Type, ...]
    gives: Type
    make: Callable[[list[pl.Expr], Scope], pl.Expr]
    varargs: bool = False


def _distance(arguments: list[pl.Expr], _: Scope) -> pl.Expr:
    """Haversine in metres, as in ioc.model.geo."""
    lat, lon, other_lat, other_lon = (argument.radians() for argument in arguments)
    half = (((other_lat - lat) / 2).sin() ** 2) + lat.cos() * other_lat.cos() * (((other_lon - lon) / 2).sin() ** 2)
    return 2 * EARTH_RADIUS_M * half.sqrt().clip(upper_bound=1.0).arcsin()


FUNCTIONS: Final[Mapping[str, _Function]] = {
    "abs": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].abs()),
    "round": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].round()),
    "floor": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].floor()),
    "ceil": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: a[0].ceil()),
    "sqrt": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: pl.when(a[0] >= 0).then(a[0].sqrt())),
    "least": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: _all_known(a, pl.min_horizontal(a)), varargs=True),
    "greatest": _Function((Type.NUMBER,), Type.NUMBER, lambda a, _: _all_known(a, pl.max_horizontal(a)), varargs=True),
    "lower": _Function((Type.TEXT,), Type.TEXT, lambda a, _: a[0].str.to_lowercase()),
    "upper": _Function((Type.TEXT,), Type.TEXT, lambda a, _: a[0].str.to_uppercase()),
    "length": _Function((Type.TEXT,), Type.NUMBER, lambda a, _: a[0].str.len_chars().cast(pl.Int64)),
    "starts_with": _Function((Type.TEXT, Type.TEXT), Type.BOOLEAN, lambda a, _: a[0].str.starts_with(a[1])),
    "hour": _Function((Type.TIME,), Type.NUMBER, lambda a, s: _local(a[0], s).dt.hour().cast(pl.Int64)),
    "weekday": _Function((Type.TIME,), Type.NUMBER, lambda a, s: _local(a[0], s).dt.weekday().cast(pl.Int64)),
    "distance_m": _Function((Type.NUMBER,) * 4, Type.NUMBER, _distance),
}
"""Every function a rule may call; `hour` 0–23 and `weekday` 1 (Monday)–7 in the city's zone."""

_COMPARISONS: Final[Mapping[type[exp.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
}

_ARITHMETIC: Final[Mapping[type[exp.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    # As floats, because whole numbers wrap around when they grow too large.
    exp.Add: lambda a, b: a.cast(pl.Float64) + b.cast(pl.Float64),
    exp.Sub: lambda a, b: a.cast(pl.Float64) - b.cast(pl.Float64),
    exp.Mul: lambda a, b: a.cast(pl.Float64) * b.cast(pl.Float64),
    # SQL's division by zero is an error; here it is unknown, like everything that cannot be told.
    exp.Div: lambda a, b: pl.when(b != 0).then(a / b),
    exp.Mod: lambda a, b: pl.when(b != 0).then(a % b),
}


def _all_known(arguments: list[pl.Expr], value: pl.Expr) -> pl.Expr:
    return pl.when(pl.all_horizontal([argument.is_not_null() for argument in arguments])).then(value)


def _local(time: pl.Expr, scope: Scope) -> pl.Expr:
    return time.dt.convert_time_zone(scope.timezone)


class _Compiler:
    """Walks one tree; says where each complaint belongs."""

    def __init__(self, node: YamlNode, source: str, shift: int, scope: Scope) -> None:
        self.node = node
        self.source = source
        self.shift = shift
        self.scope = scope
        self.columns: set[str] = set()

    def compile(self, tree: exp.Expr) -> tuple[pl.Expr, Type]:
        if isinstance(tree, exp.Paren):
            return self.compile(tree.this)
        if isinstance(tree, exp.Column):
            return self._column(tree)
        if isinstance(tree, exp.Literal):
            return self._literal(tree)
        if isinstance(tree, exp.Boolean):
            return pl.lit(bool(tree.this)), Type.BOOLEAN
        if isinstance(tree, (exp.And, exp.Or)):
            left, right = self._typed(tree.this, Type.BOOLEAN), self._typed(tree.expression, Type.BOOLEAN)
            return (left & right if isinstance(tree, exp.And) else left | right), Type.BOOLEAN
        if isinstance(tree, exp.Not):
            return ~self._typed(tree.this, Type.BOOLEAN), Type.BOOLEAN
        if isinstance(tree, exp.Neg):
            return -self._typed(tree.this, Type.NUMBER), Type.NUMBER
        if type(tree) in _COMPARISONS:
            left, right = self._alike(tree, tree.this, tree.expression)
            return _COMPARISONS[type(tree)](left, right), Type.BOOLEAN
        if type(tree) in _ARITHMETIC:
            left, right = self._typed(tree.this, Type.NUMBER), self._typed(tree.expression, Type.NUMBER)
            return _ARITHMETIC[type(tree)](left, right), Type.NUMBER
        if isinstance(tree, exp.Between):
            low_value, low = self._alike(tree, tree.this, tree.args["low"])
            _, high = self._alike(tree, tree.this, tree.args["high"])
            return (low_value >= low) & (low_value <= high), Type.BOOLEAN
        if isinstance(tree, exp.In) and not tree.args.get("query") and tree.expressions:
            return self._in(tree), Type.BOOLEAN
        if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
            value, _ = self.compile(tree.this)
            return (value.is_not_null() if tree.args.get("negate") else value.is_null()), Type.BOOLEAN
        if isinstance(tree, exp.RegexpLike):
            return self._matches(tree), Type.BOOLEAN
        if isinstance(tree, exp.Coalesce):
            return self._coalesce(tree)
        if isinstance(tree, exp.Func):
            return self._function(tree)
        if isinstance(tree, exp.Null):
            raise self._wrong(tree, "write `is null` or `is not null`")
        what = type(tree).__name__.lower()
        raise self._wrong(
            tree, f"{what!r} cannot stand in a rule; a condition compares quantities, joined by and, or, not"
        )

    def _column(self, tree: exp.Column) -> tuple[pl.Expr, Type]:
        name = tree.name
        if tree.table:
            raise self._wrong(tree, f"{tree.sql()!r} has a dot in it; name a quantity alone")
        if name not in self.scope.columns:
            raise self._wrong(tree, f"{name!r} is not a known quantity; {expected(name, self.scope.columns)}")
        self.columns.add(name)
        return pl.col(name), self.scope.columns[name]

    def _literal(self, tree: exp.Literal) -> tuple[pl.Expr, Type]:
        if tree.is_string:
            return pl.lit(str(tree.this)), Type.TEXT
        text = str(tree.this)
        number = float(text)
        if not abs(number) < 1e300:
            raise self._wrong(tree, f"{text[:20]} is too large a number")
        return pl.lit(number if not text.isdigit() or len(text) > 15 else int(text)), Type.NUMBER

    def _typed(self, tree: exp.Expr, wanted: Type) -> pl.Expr:
        value, found = self.compile(tree)
        if found is not wanted:
            raise self._wrong(tree, f"expected {wanted} here, but {tree.sql(dialect='postgres')!r} is {found}")
        return value

    def _alike(self, tree: exp.Expr, left: exp.Expr, right: exp.Expr) -> tuple[pl.Expr, pl.Expr]:
        one, one_type = self.compile(left)
        other, other_type = self.compile(right)
        if one_type is not other_type:
            sides = (
                f"{left.sql(dialect='postgres')!r} is {one_type} and {right.sql(dialect='postgres')!r} is {other_type}"
            )
            raise self._wrong(right, f"these cannot be compared: {sides}")
        if one_type is Type.TIME:
            raise self._wrong(left, "times are not compared in rules; use hour(at) or weekday(at)")
        if one_type is Type.BOOLEAN and not isinstance(tree, (exp.EQ, exp.NEQ)):
            raise self._wrong(tree, "true and false have no order; compare with = or <>")
        return one, other

    def _in(self, tree: exp.In) -> pl.Expr:
        value, _ = self.compile(tree.this)
        found: pl.Expr | None = None
        for item in tree.expressions:
            if not isinstance(item, (exp.Literal, exp.Neg, exp.Boolean)):
                raise self._wrong(item, "a list after `in` holds numbers or texts only")
            _, other = self._alike(exp.EQ(), tree.this, item)
            found = value == other if found is None else found | (value == other)
        if found is None:
            raise self._wrong(tree, "the list after `in` is empty")
        return found

    def _matches(self, tree: exp.RegexpLike) -> pl.Expr:
        value = self._typed(tree.this, Type.TEXT)
        pattern = tree.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self._wrong(pattern, "the pattern after ~ must be a text in quotation marks")
        try:
            # Rust's regex engine, linear in the text like RE2: no pattern can make it explode.
            pl.Series([""]).str.contains(str(pattern.this))
        except pl.exceptions.PolarsError as error:
            raise self._wrong(pattern, f"{str(pattern.this)[:60]!r} is not a regular expression") from error
        return value.str.contains(str(pattern.this))

    def _coalesce(self, tree: exp.Coalesce) -> tuple[pl.Expr, Type]:
        parts = [tree.this, *tree.expressions]
        values = [self.compile(part) for part in parts]
        for part, (_, kind) in zip(parts, values, strict=True):
            if kind is not values[0][1]:
                raise self._wrong(part, f"coalesce wants values of one type; this is {kind}, the first {values[0][1]}")
        return pl.coalesce([value for value, _ in values]), values[0][1]

    def _function(self, tree: exp.Func) -> tuple[pl.Expr, Type]:
        start, end = tree.meta.get("start"), tree.meta.get("end")
        written = self.source[start : end + 1] if start is not None and end is not None else tree.sql_name()
        name = written.lower()
        function = FUNCTIONS.get(name)
        if function is None:
            known = [*FUNCTIONS, "coalesce"]
            raise self._wrong(tree, f"{written[:40]!r} is not a function of rules; {expected(name, known)}")
        arguments = [item for value in tree.args.values() for item in (value if isinstance(value, list) else [value])]
        arguments = [item for item in arguments if isinstance(item, exp.Expr)]
        wanted = function.takes * len(arguments) if function.varargs else function.takes
        if len(arguments) != len(wanted) or not arguments:
            count = "at least 1 value" if function.varargs else f"{len(wanted)} value{'s' if len(wanted) > 1 else ''}"
            raise self._wrong(tree, f"{name} takes {count}, found {len(arguments)}")
        values = [self._typed(item, kind) for item, kind in zip(arguments, wanted, strict=True)]
        return function.make(values, self.scope), function.gives

    def _wrong(self, tree: exp.Expr, sentence: str) -> Exception:
        starts = [n.meta["start"] for n in tree.walk() if "start" in n.meta]
        return self.node.wrong(sentence, offset=min(starts, default=0) + self.shift)
