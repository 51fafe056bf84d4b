"""Expressions: SQL over the columns of a batch, checked when read and compiled to polars.

Logic has three values, as in SQL: a comparison with a missing quantity is unknown (null), and an
unknown changes nothing. Only row-wise functions are let in, so that the cut of batches cannot matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlglot import exp

from ioc.runtime.marked_yaml import YamlNode, expected
from rules.expressions_functions import FUNCTIONS, no_place, refusal
from rules.expressions_parsing import parse, refuse_size
from rules.expressions_patterns import complaint_about
from rules.expressions_places import inside
from rules.expressions_scope import FIXED, WORDS, Scope, Type, scope_of
from rules.expressions_units import UnitMistake, fit_units, take_units

__all__ = [
    "FIXED",
    "FUNCTIONS",
    "Compiled",
    "Scope",
    "Type",
    "compile_condition",
    "compile_expression",
    "scope_of",
]


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression, ready for polars.

    Attributes:
        text: as it was written.
        expression: row-wise; null where it is unknown.
        columns: the columns it reads.
        tree: as it was parsed, for whoever takes it apart to explain or to draw it; numbers written with a unit are
            already in the unit of the quantity they are compared with.
        unit: of the number that it gives, where that is known.
    """

    text: str
    expression: pl.Expr
    type: Type
    columns: frozenset[str]
    tree: exp.Expr
    unit: str | None = None


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
    refuse_size(node, source, shift)
    try:
        units = take_units(source, scope.units)
        tree = parse(node, units.text, shift)
        compiler = _Compiler(node, units.text, shift, scope)
        # Compiled once to find its mistakes, in words that know nothing of units, and again where units changed it.
        expression, kind = compiler.compile(tree)
        unit = fit_units(tree, scope.units, units.by_place)
        if units.by_place:
            expression, kind = compiler.compile(tree)
    except UnitMistake as mistake:
        raise node.wrong(mistake.sentence, offset=mistake.place + shift) from mistake
    return Compiled(" ".join(source.split()), expression, kind, frozenset(compiler.columns), tree, unit)


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
            value, low, high = self._alike(tree, tree.this, tree.args["low"], tree.args["high"])
            return (value >= low) & (value <= high), Type.BOOLEAN
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
        raise self._wrong(tree, no_place(type(tree).__name__))

    def _column(self, tree: exp.Column) -> tuple[pl.Expr, Type]:
        name = tree.name
        if tree.table:
            raise self._wrong(tree, f"{tree.sql()!r} has a dot in it; name a quantity alone")
        if name not in self.scope.columns:
            raise self._wrong(tree, self._unknown(tree))
        self.columns.add(name)
        return pl.col(name), self.scope.columns[name]

    def _unknown(self, tree: exp.Column) -> str:
        """Say that a name is none, and what was meant: another name, a call, or a text."""
        name = tree.name
        said = f"{name[:40]!r} is not a known quantity"
        quoted = isinstance(tree.this, exp.Identifier) and tree.this.args.get("quoted")
        compared = isinstance(tree.parent, (exp.EQ, exp.NEQ, exp.In))
        other = tree.parent.this if compared and tree.parent is not None else None
        beside_text = isinstance(other, exp.Column) and self.scope.columns.get(other.name) is Type.TEXT
        if quoted or (beside_text and other is not tree):
            return f"{said}; a text stands in single quotation marks: '{name[:40]}'"
        if name.lower() in FUNCTIONS:
            return f"{said}, but a function; write {name.lower()}(…)"
        return f"{said}; {expected(name, self.scope.columns)}"

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
            raise self._wrong(tree, f"expected {wanted} here, but {_sql(tree)!r} is {found}")
        return value

    def _alike(self, tree: exp.Expr, left: exp.Expr, *rights: exp.Expr) -> list[pl.Expr]:
        """Compile what is compared, each part once; all must be of one type."""
        one, one_type = self.compile(left)
        values = [one]
        for right in rights:
            other, other_type = self.compile(right)
            if one_type is not other_type:
                sides = f"{_sql(left)!r} is {one_type} and {_sql(right)!r} is {other_type}"
                raise self._wrong(right, f"these cannot be compared: {sides}")
            self._look_at_words(left, right)
            values.append(other)
        if one_type is Type.TIME:
            raise self._wrong(left, "times are not compared in rules; use hour(at) or weekday(at)")
        if one_type is Type.BOOLEAN and not isinstance(tree, (exp.EQ, exp.NEQ, exp.In)):
            raise self._wrong(tree, "true and false have no order; compare with = or <>")
        return values

    def _look_at_words(self, left: exp.Expr, right: exp.Expr) -> None:
        """Refuse to compare a column of a few words with another word: it would never hold."""
        for column, text in ((left, right), (right, left)):
            if isinstance(column, exp.Column) and column.name in WORDS and isinstance(text, exp.Literal):
                word = str(text.this)
                if word not in WORDS[column.name]:
                    sentence = f"{column.name!r} is never {word[:40]!r}; {expected(word, WORDS[column.name])}"
                    raise self._wrong(text, sentence)

    def _in(self, tree: exp.In) -> pl.Expr:
        for item in tree.expressions:
            if not isinstance(item, (exp.Literal, exp.Neg, exp.Boolean)):
                raise self._wrong(item, "a list after `in` holds numbers or texts only")
        value, *others = self._alike(tree, tree.this, *tree.expressions)
        found = value == others[0]
        for other in others[1:]:
            found |= value == other
        return found

    def _matches(self, tree: exp.RegexpLike) -> pl.Expr:
        value = self._typed(tree.this, Type.TEXT)
        pattern = tree.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self._wrong(pattern, "the pattern after ~ must be a text in quotation marks")
        complaint = complaint_about(str(pattern.this))
        if complaint is not None:
            raise self._wrong(pattern, complaint)
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
            raise self._wrong(tree, refusal(written))
        arguments = [item for value in tree.args.values() for item in (value if isinstance(value, list) else [value])]
        arguments = [item for item in arguments if isinstance(item, exp.Expr)]
        wanted = function.takes * len(arguments) if function.varargs else function.takes
        if len(arguments) != len(wanted) or not arguments:
            count = "at least 1 value" if function.varargs else f"{len(wanted)} value{'s' if len(wanted) > 1 else ''}"
            raise self._wrong(tree, f"{name} takes {count}, found {len(arguments)}")
        if function.make is None:
            return self._inside(arguments[0]), function.gives
        values = [self._typed(item, kind) for item, kind in zip(arguments, wanted, strict=True)]
        return function.make(values, self.scope), function.gives

    def _inside(self, place: exp.Expr) -> pl.Expr:
        if not (isinstance(place, exp.Literal) and place.is_string):
            raise self._wrong(place, "inside takes the name of an area, in quotation marks")
        name, places = str(place.this), self.scope.places
        known = places.ids.get(name)
        if known is None:
            near = expected(name, places.ids) if places.ids else "no city is known here: give its file, --city FILE"
            raise self._wrong(place, f"{name[:40]!r} is not an area with a shape; {near}")
        self.columns |= {"lat", "lon"}
        return inside(places.rings[known])

    def _wrong(self, tree: exp.Expr, sentence: str) -> Exception:
        starts = [n.meta["start"] for n in tree.walk() if "start" in n.meta]
        return self.node.wrong(sentence, offset=min(starts, default=0) + self.shift)


def _sql(tree: exp.Expr) -> str:
    """Write a part of an expression as SQL, shortened."""
    text = tree.sql(dialect="postgres")
    return text if len(text) <= 60 else text[:57] + "..."
