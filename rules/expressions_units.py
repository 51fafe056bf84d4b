"""Units in expressions: `water_level > 250 cm` is read as 2.5 m, and a unit that does not fit is refused.

Units are written behind numbers, and SQL knows none. So they are found and blanked out before SQL is read, which
leaves every place where it was, and fitted to the quantities once the tree is known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from ioc.runtime.marked_yaml import YamlNode, expected

_SCALES: Final[tuple[Mapping[str, float], ...]] = (
    {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0},
    {"m/s": 1.0, "km/h": 1 / 3.6},
    {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    {"µg/m³": 1.0, "mg/m³": 1000.0, "g/m³": 1e6},
    {"Pa": 0.01, "hPa": 1.0, "mbar": 1.0, "kPa": 10.0, "bar": 1000.0},
    {"mW": 0.001, "W": 1.0, "kW": 1e3, "MW": 1e6},
    {"Wh": 0.001, "kWh": 1.0, "MWh": 1e3},
    {"mA": 0.001, "A": 1.0, "kA": 1e3},
    {"mV": 0.001, "V": 1.0, "kV": 1e3},
    {"VA": 1.0, "kVA": 1e3},
    {"var": 1.0, "kvar": 1e3},
    {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    {"bit/s": 0.001, "kbit/s": 1.0, "Mbit/s": 1e3, "Gbit/s": 1e6},
    {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30},
    {"l/s": 0.001, "m³/s": 1.0, "m³/h": 1 / 3600},
    {"ppb": 0.001, "ppm": 1.0},
    {"W/m²": 1.0, "kW/m²": 1e3},
    {"lx": 1.0, "klx": 1e3},
)
"""Units of one kind, each with how much it is of the kind's common measure (SI Brochure, 9th edition)."""

_ALIKE: Final = {"μg/m³": "µg/m³", "ug/m3": "µg/m³", "µg/m3": "µg/m³", "mg/m3": "mg/m³", "m3/s": "m³/s", "m3/h": "m³/h"}
_ALIKE_TOO: Final = {"W/m2": "W/m²", "km/h": "km/h", "kph": "km/h", "kmh": "km/h", "C": "°C", "sec": "s", "hr": "h"}
SPELLINGS: Final = _ALIKE | _ALIKE_TOO
"""Other ways to write a unit, as keyboards without its signs do."""

_REFUSED: Final = {"°F": "°C", "F": "°C", "K": "°C", "mph": "km/h", "ft": "m", "knots": "km/h", "kn": "km/h"}
"""Units that are not used here, or whose zero is another, with the one to write instead."""

_LETTER: Final = r"[^\W\d_]|[µμ°%‰]"
_WORD: Final = rf"(?:{_LETTER})+[²³0-9]?"
_MEASURE: Final = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*"
    rf"|(?<![\w.])(?P<number>(?>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))\s*(?P<unit>{_WORD}(?:/{_WORD})?)(?!\w)"
)
_ALONE: Final = re.compile(rf"\s*(?P<number>-?(?:\d{{1,15}}\.?\d*|\.\d+))\s*(?P<unit>{_WORD}(?:/{_WORD})?)\s*")
_PERCENT_ENDS: Final = re.compile(r"\s*(?:$|[),<>=!~]|(?:and|or|is|not|in|between)\b)", re.IGNORECASE)
"""What stands behind a per cent; behind a remainder stands a value."""

_WORDS_OF_SQL: Final = frozenset(("and", "or", "not", "is", "in", "between", "like", "ilike", "as", "over", "then"))
_WORDS_OF_SQL_TOO: Final = frozenset(("when", "else", "end", "from", "union", "limit", "offset", "order", "group", "e"))


class UnitMistake(Exception):
    """A unit that nobody knows, or that does not fit.

    Attributes:
        place: where, counted in characters from 0.
        sentence: what is wrong and what was expected.
    """

    def __init__(self, place: int, sentence: str) -> None:
        """Take the place and the sentence."""
        super().__init__(sentence)
        self.place = place
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Units:
    """Units that stood behind numbers.

    Attributes:
        text: the expression with blanks in their place.
        by_place: unit by the place of its number's first character.
    """

    text: str
    by_place: Mapping[int, str]


def convert(value: float, unit: str, wanted: str) -> float | None:
    """Give a value of one unit in another; None where they are not of one kind."""
    unit, wanted = SPELLINGS.get(unit, unit), SPELLINGS.get(wanted, wanted)
    if unit == wanted:
        return value
    for scale in _SCALES:
        if unit in scale and wanted in scale:
            # Rounded to fifteen digits, so that 250 cm is 2.5 m and not a hair beside it.
            return float(f"{value * scale[unit] / scale[wanted]:.15g}")
    return None


def take_units(source: str, known: Mapping[str, str]) -> Units:
    """Find the units behind numbers, and blank them out.

    Args:
        source: the expression.
        known: the unit of each quantity that has one.

    Raises:
        UnitMistake: a word behind a number is no unit.
    """
    units = {*known.values(), *SPELLINGS, *(unit for scale in _SCALES for unit in scale)}
    found: dict[int, str] = {}
    text, place = source, 0
    while (match := _MEASURE.search(source, place)) is not None:
        place = match.end()
        unit = match["unit"]
        if match[0] == "/*":
            place = max(source.find("*/", match.end()) + 2, match.end())
        if unit is None or unit.lower() in _WORDS_OF_SQL or unit.lower() in _WORDS_OF_SQL_TOO:
            continue
        if unit.startswith("%") and (len(unit) > 1 or not _PERCENT_ENDS.match(source, match.end())):
            continue
        if unit not in units:
            meant = f"write it in {_REFUSED[unit]}" if unit in _REFUSED else expected(unit, sorted(units))
            raise UnitMistake(match.start("unit"), f"{unit[:20]!r} is not a known unit; {meant}")
        found[match.start("number")] = SPELLINGS.get(unit, unit)
        text = text[: match.start("unit")] + " " * len(unit) + text[match.end() :]
    return Units(text, found)


def unit_behind(source: str, place: int) -> str | None:
    """Give the unit, known or not, of the number that begins at a place of an expression; None where it has none."""
    match = _MEASURE.match(source, place)
    unit = None if match is None else match["unit"]
    if match is None or unit is None or unit.lower() in _WORDS_OF_SQL or unit.lower() in _WORDS_OF_SQL_TOO:
        return None
    return None if unit == "%" and not _PERCENT_ENDS.match(source, match.end()) else unit


def number_in(node: YamlNode, unit: str | None) -> float:
    """Read a number that stands alone and may have a unit, such as `20 µg/m³`.

    Args:
        node: where it stands.
        unit: in which it is wanted; None where what it is compared with has none.

    Raises:
        Misplaced: no finite number, or a unit that does not fit.
    """
    converted = measured(node.text(), node, unit)
    return node.number() if converted is None else converted


def measured(text: str, node: YamlNode, unit: str | None) -> float | None:
    """Read a number with a unit, in the unit that is wanted; None where the text is none, or a number without a unit.

    Raises:
        Misplaced: a unit that does not fit.
    """
    match = _ALONE.fullmatch(text)
    if match is None:
        return None
    written = match["unit"]
    if unit is None:
        raise node.wrong(f"the number is in {written[:20]}, but nothing here has a unit; write the number alone")
    converted = convert(float(match["number"]), written, unit)
    if converted is None:
        raise node.wrong(f"a number in {unit} is wanted here, and {written[:20]!r} is not a unit of that")
    return converted


def fit_units(tree: exp.Expr, units: Mapping[str, str], by_place: Mapping[int, str]) -> str | None:
    """Fit a tree to its units, numbers with a unit converted in place, and give the unit of the whole.

    Args:
        tree: the expression; its numbers with a unit are replaced by what they are in the unit they meet.
        units: the unit of each quantity that has one.
        by_place: the units that stood behind numbers.

    Raises:
        UnitMistake: a unit meets one of another kind, or something that has none.
    """
    return _Fitter(units, by_place).unit_of(tree)


class _Fitter:
    """Walks a tree; each method gives the unit of what it was asked about, None where that has none."""

    def __init__(self, units: Mapping[str, str], by_place: Mapping[int, str]) -> None:
        self.units = units
        self.by_place = by_place

    def unit_of(self, tree: exp.Expr) -> str | None:
        if isinstance(tree, (exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil)):
            return self.unit_of(tree.this)
        if isinstance(tree, exp.Column):
            return self.units.get(tree.name)
        if isinstance(tree, exp.Literal):
            return None if tree.is_string else self.by_place.get(tree.meta.get("start", -1))
        if isinstance(tree, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
            self._meet([tree.this, tree.expression])
            return None
        if isinstance(tree, exp.Between):
            self._meet([tree.this, tree.args["low"], tree.args["high"]])
            return None
        if isinstance(tree, exp.In):
            self._meet([tree.this, *tree.expressions])
            return None
        if isinstance(tree, (exp.Add, exp.Sub, exp.Mod)):
            return self._meet([tree.this, tree.expression])
        if isinstance(tree, (exp.Least, exp.Greatest, exp.Coalesce)):
            return self._meet([tree.this, *tree.expressions])
        if isinstance(tree, exp.Anonymous) and str(tree.this).lower() == "distance_m":
            self._below(tree)
            return "m"
        self._below(tree)
        return None

    def _below(self, tree: exp.Expr) -> None:
        """Look at the parts of what gives no unit: a unit behind one of their numbers would mean nothing there."""
        for child in tree.iter_expressions():
            self.unit_of(child)
            if not isinstance(tree, (exp.And, exp.Or, exp.Not)):
                self._refuse_measures(child, "nothing here has a unit that it could be compared with")

    def _meet(self, parts: list[exp.Expr]) -> str | None:
        """Fit numbers with a unit to the quantity that they meet, and see that all have one unit."""
        found = [(part, self.unit_of(part)) for part in parts]
        quantities = [(part, unit) for part, unit in found if unit is not None and not _is_number(part)]
        if not quantities:
            plain = [part for part, unit in found if not _is_number(part)]
            for part in parts if plain else ():
                self._refuse_measures(part, f"{_sql(plain[0])} has no unit")
            return next((unit for _, unit in found if unit is not None), None)
        first, wanted = quantities[0]
        for part, other in quantities[1:]:
            if other != wanted:
                sentence = f"{_sql(first)} is in {wanted} and {_sql(part)} in {other}: these cannot be compared"
                raise UnitMistake(_place(part), sentence)
        for part, unit in found:
            if unit is not None and _is_number(part):
                self._convert(part, unit, wanted, _sql(first))
        return wanted

    def _convert(self, part: exp.Expr, unit: str, wanted: str, beside: str) -> None:
        for literal in [node for node in part.walk() if isinstance(node, exp.Literal)]:
            value = convert(float(str(literal.this)), unit, wanted)
            if value is None:
                raise UnitMistake(_place(literal), f"{beside} is in {wanted}, and {unit!r} is not a unit of that")
            literal.set("this", f"{value:.15g}" if value != int(value) or abs(value) >= 1e15 else str(int(value)))

    def _refuse_measures(self, part: exp.Expr, why: str) -> None:
        for node in part.walk():
            if isinstance(node, exp.Literal) and not node.is_string and node.meta.get("start", -1) in self.by_place:
                unit = self.by_place[node.meta["start"]]
                raise UnitMistake(_place(node), f"the number is in {unit}, but {why}; write the number alone")


def _bare(part: exp.Expr) -> exp.Expr:
    while isinstance(part, (exp.Paren, exp.Neg)):
        part = part.this
    return part


def _is_number(part: exp.Expr) -> bool:
    bare = _bare(part)
    return isinstance(bare, exp.Literal) and not bare.is_string


def _place(part: exp.Expr) -> int:
    return min((int(node.meta["start"]) for node in part.walk() if "start" in node.meta), default=0)


def _sql(part: exp.Expr) -> str:
    return repr(part.sql(dialect="postgres"))
