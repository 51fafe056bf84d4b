"""The values of one key in many messages to a column, where there is nothing remarkable about them.

Each check looks at the whole column at once and, only where that finds something, at its values one by one, with the
reader's own tests.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from ingest.batch import UnknownQuantities, type_of
from ingest.codecs.own import BOOT
from ingest.codecs.times import LocalTime, read_iso_or_milliseconds
from ingest.reader import Reader, good_text
from ioc.model.events import Signal
from ioc.model.geo import valid_position
from ioc.model.instant import LATEST, MILLISECOND, Instant
from ioc.model.quantities import MAX_TEXT, POLARS_TYPE, Catalogue, QuantityType

Values = Sequence[Any]

_MANY: Final = 128
"""Texts from which polars reads times faster than they are read one by one."""

_EXACT: Final = 2**53
"""Whole numbers up to which a double is exact."""

_LATEST_MS: Final = LATEST // MILLISECOND
_LARGEST: Final = 2**63 - 1
_WHOLE: Final[set[type]] = {int}
_NUMBERS: Final[set[type]] = {int, float}
_TEXTS: Final[set[type]] = {str}
_CLASSES: Final[dict[QuantityType, set[type]]] = {
    QuantityType.NUMBER: _NUMBERS,
    QuantityType.INTEGER: _WHOLE,
    QuantityType.BOOLEAN: {bool},
    QuantityType.TEXT: _TEXTS,
}
_BOUNDS: Final = {QuantityType.NUMBER: (-1.7e308, 1.7e308), QuantityType.INTEGER: (-_LARGEST - 1, _LARGEST)}
_SIGNALS: Final = frozenset(map(str, Signal))
_BOOTS: Final = re.compile(r"[A-Za-z0-9._-]+")
# So small a part of what `from_iso` reads that polars can only read it in the same way.
_ISO: Final = r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"
_ISO_FORMAT: Final = "%Y-%m-%dT%H:%M:%S%.f%:z"


class ColumnChecks:
    """Makes the columns of one group of messages, and notes the places of those that are the reader's.

    Once there is such a message, what the methods return is of no use.
    """

    def __init__(self, reader: Reader, catalogue: Catalogue, unknown: UnknownQuantities, odd: set[int]) -> None:
        """Take whose tests decide, what is known of quantities, and where to note places."""
        self._reader = reader
        self._catalogue = catalogue
        self._unknown = unknown
        self._odd = odd

    def quantity(self, name: str, values: Values) -> pl.Series | None:
        """Make the column of a quantity, in its type; it must be a known one, or its type be settled."""
        known = self._catalogue.get(name)
        kind = known.type if known is not None else self._unknown.settled(name)
        if kind is None:
            raise ValueError(f"nobody knows the type of {name} yet")
        if set(map(type, values)) <= _CLASSES[kind]:
            if kind is QuantityType.BOOLEAN or (kind is QuantityType.TEXT and _sound_texts(values)):
                return pl.Series(name, values, dtype=POLARS_TYPE[kind])
            if kind is not QuantityType.TEXT:
                # Of a quantity that nobody has described, whole numbers of more than 64 bits are refused.
                low, high = _BOUNDS[kind if known is not None else QuantityType.INTEGER]
                if known is not None:
                    low, high = low if known.low is None else known.low, high if known.high is None else known.high
                if (column := _within(name, values, kind, low, high)) is not None:
                    return column
        return self._one_by_one(name, values, kind, is_known=known is not None)

    def times(self, values: Values) -> pl.Series:
        """Make the column of the devices' times, in microseconds."""
        classes = set(map(type, values))
        if classes == _WHOLE and min(values) >= 0 and max(values) <= _LATEST_MS:
            return pl.Series(values, dtype=pl.Int64) * MILLISECOND
        if classes == _TEXTS and len(values) >= _MANY:
            texts = pl.Series(values, dtype=pl.String)
            texts = texts.zip_with(texts.str.contains(_ISO), pl.Series([None], dtype=pl.String))
            moments = texts.str.replace("Z$", "+00:00").str.to_datetime(
                _ISO_FORMAT, time_unit="us", time_zone="UTC", strict=False
            )
            times = moments.to_physical()
            self._note(~times.is_between(0, LATEST).fill_null(value=False))
            return times
        return pl.Series(self._each(values, _instant), dtype=pl.Int64)

    def position(self, lats: Values, lons: Values) -> tuple[pl.Series, pl.Series]:
        """Make the columns of latitude and longitude."""
        if not (
            {*map(type, lats), *map(type, lons)} <= _NUMBERS
            and min(lats) >= -90
            and max(lats) <= 90
            and min(lons) >= -180
            and max(lons) <= 180
            and 0 not in lats
        ):
            good = [valid_position(lat, lon) for lat, lon in zip(lats, lons, strict=True)]
            self._odd.update(place for place, each in enumerate(good) if not each)
            lats, lons = ([float(v) if ok else 0.0 for v, ok in zip(c, good, strict=True)] for c in (lats, lons))
        return pl.Series("lat", lats, dtype=pl.Float64), pl.Series("lon", lons, dtype=pl.Float64)

    def zones(self, values: Values) -> pl.Series:
        """Make the column of the zones."""
        if set(map(type, values)) != _TEXTS or not _sound_texts(values):
            values = self._each(values, lambda value: value if value.__class__ is str and good_text(value) else None)
        return pl.Series("zone", values, dtype=pl.String)

    def signals(self, values: Values) -> pl.Series:
        """Make the column of the signals."""
        if set(map(type, values)) != _TEXTS or not _SIGNALS.issuperset(values):
            values = self._each(values, lambda value: value if value.__class__ is str and value in _SIGNALS else None)
        return pl.Series("signal", values, dtype=pl.String)

    def sequences(self, values: Values) -> Sequence[int]:
        """Look at the devices' numbers for their messages."""
        if set(map(type, values)) != _WHOLE or min(values) < 0 or max(values) > _LARGEST:
            self._each(values, lambda value: value if value.__class__ is int and 0 <= value <= _LARGEST else None)
        return values

    def boots(self, values: Values) -> Sequence[str]:
        """Look at what tells the devices' starts apart, and write it as text."""
        classes = set(map(type, values))
        if classes != _TEXTS:
            values = self._each(values, lambda value: str(value) if value.__class__ in (str, int) else None)
        if not self._odd and not (
            _BOOTS.fullmatch("".join(values)) and min(map(len, values)) > 0 and max(map(len, values)) <= 64
        ):
            self._each(values, BOOT.fullmatch)
        return values

    def _one_by_one(self, name: str, values: Values, kind: QuantityType, *, is_known: bool) -> pl.Series | None:
        def kept(value: Any) -> Any:
            try:
                fitted = self._reader.fit(name, value)
            except ValueError:
                return None
            return fitted if is_known or type_of(fitted) is kind else None

        fitted = self._each(values, kept)
        return None if self._odd else pl.Series(name, fitted, dtype=POLARS_TYPE[kind], strict=True)

    def _each(self, values: Values, read: Callable[[Any], Any]) -> list[Any]:
        """Read values one by one; those that give None are odd."""
        found = [read(value) for value in values]
        self._odd.update(place for place, value in enumerate(found) if value is None)
        return found

    def _note(self, odd: pl.Series) -> None:
        if odd.any():
            self._odd.update(odd.arg_true().to_list())


def _within(name: str, values: Values, kind: QuantityType, low: float, high: float) -> pl.Series | None:
    """Make a column of numbers; None where one lies outside the bounds."""
    try:
        column = pl.Series(name, values, dtype=POLARS_TYPE[kind], strict=True)
    except (OverflowError, TypeError):  # more than polars can hold
        return None
    if kind is QuantityType.INTEGER or -_EXACT < low <= high < _EXACT:
        # Rounding to a double does not bring in what lies outside such bounds.
        return column if low <= column.min() and column.max() <= high else None  # type: ignore[operator]
    return column if low <= min(values) and max(values) <= high else None


def _sound_texts(values: Values) -> bool:
    """Say that all texts are short and printable; where it says no, they may still be good."""
    return "".join(values).isprintable() and max(map(len, values)) <= MAX_TEXT


def _instant(value: Any) -> Instant | None:
    """Read a time as the reader does; None where it cannot be read, or says no offset."""
    try:
        time = read_iso_or_milliseconds(value)
    except (ValueError, OverflowError):
        return None
    return None if isinstance(time, LocalTime) else time
