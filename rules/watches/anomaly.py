"""Anomaly, as a rule book writes it: `anomaly: {of: pm25, season: week, sensitivity: 5, clear_for: 2 h}`."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ioc.model.instant import DAY, HOUR, MINUTE, Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.expressions import Compiled, Type, compile_expression
from rules.expressions_units import number_in
from rules.kinds.anomaly import AnomalyKind
from rules.kinds.anomaly_past import DAY_SLOTS, SLOT, TAIL_MEMORY, Season
from rules.kinds.contract import Kind
from rules.measures import duration
from rules.numeric import Mask
from rules.selection import Evaluated
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop

LARGEST_MEASURED: Final = 1e30
"""Values beyond this are passed over, as missing ones are: they measure nothing, and their squares must be numbers."""

SENSITIVITIES: Final = range(1, 11)
NORMAL: Final = 5
CHANCE: Final[Duration] = 60 * DAY
"""At the normal sensitivity, chance passes a limit about once in this time; each step more halves it."""

CLEAR_FOR: Final[Duration] = 2 * HOUR
SIDES: Final = {"both": (True, True), "above": (True, False), "below": (False, True)}


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Raises when a quantity leaves what its own past leads to expect; clears when it is back for long enough.

    Attributes:
        of: the quantity.
        season: which past is looked at.
        sensitivity: 1 to 10.
        at_least: how far off a value must be to matter, in the quantity's unit.
        side: both, above or below.
        hold, clear_hold: how long it must be out, and back, µs.
        timezone: IANA name of the zone whose days and weeks are meant.
    """

    source: Source
    of: Compiled
    season: Season
    sensitivity: int
    at_least: float
    side: str
    hold: Duration
    clear_hold: Duration
    timezone: str

    kind: ClassVar = RuleKind.ANOMALY
    parts: ClassVar[tuple[str, ...]] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its own."""
        return (self.source,)

    @property
    def columns(self) -> frozenset[str]:
        """Those of the quantity."""
        return self.of.columns

    @property
    def look_back(self) -> Duration:
        """As long as tails are remembered: two of every hour of the week."""
        return TAIL_MEMORY

    @property
    def shape(self) -> tuple[str, ...]:
        """What was learned is of one quantity."""
        return (self.of.text,)

    @property
    def chance(self) -> Duration:
        """In how much time chance alone is expected to pass a limit once, µs."""
        return round(CHANCE * 2.0 ** (NORMAL - self.sensitivity))

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read the events that have the quantity, with the half hour of the local week."""
        gate = workshop.gate(self.source)
        value = workshop.number(self.of.expression, self.of.columns)
        slot = workshop.number(_slot(self.timezone), frozenset(("at",)))

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            values = evaluated.arrays[value]
            # NaN, the unknown value, is not below anything.
            mask = gate.mask(evaluated) & (np.abs(values) <= LARGEST_MEASURED)
            return mask, {"value": values, "slot": evaluated.arrays[slot]}

        kind = AnomalyKind(self.season, self.chance, self.at_least, SIDES[self.side], self.hold, self.clear_hold)
        return kind, Reading((gate,), gate.names | {value, slot}, read, ("value", "slot"))


def read_anomaly(node: YamlNode, reader: RuleReader) -> Anomaly:
    """Read what stands under `anomaly`."""
    known = ("of", "season", "sensitivity", "at_least", "side", "for", "clear_for")
    parts = node.mapping(known, required=("of",))
    of = compile_expression(parts["of"], reader.scope)
    if of.type is not Type.NUMBER:
        raise parts["of"].wrong(f"an anomaly is one of a number, but {of.text!r} is {of.type}")
    at_least = number_in(parts["at_least"], of.unit) if "at_least" in parts else 0.0
    if at_least < 0:
        raise parts["at_least"].wrong("'at_least' is how far off a value must be, above or below; it is never negative")
    return Anomaly(
        source=reader.own_source(),
        of=of,
        season=Season(parts["season"].choice([str(season) for season in Season])) if "season" in parts else Season.AUTO,
        sensitivity=_sensitivity(parts["sensitivity"]) if "sensitivity" in parts else NORMAL,
        at_least=at_least,
        side=parts["side"].choice(tuple(SIDES)) if "side" in parts else "both",
        hold=duration(parts["for"]) if "for" in parts else 0,
        clear_hold=duration(parts["clear_for"]) if "clear_for" in parts else CLEAR_FOR,
        timezone=reader.scope.timezone,
    )


def _sensitivity(node: YamlNode) -> int:
    number = node.number()
    if number not in SENSITIVITIES:
        raise node.wrong(f"expected a whole number from 1 (only the grossest) to 10, {NORMAL} being usual")
    return int(number)


def _slot(timezone: str) -> pl.Expr:
    """Tell which half hour of the local week an event happened in, 0 being Monday's first."""
    local = pl.col("at").dt.convert_time_zone(timezone)
    minutes = local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute().cast(pl.Int64)
    return (local.dt.weekday().cast(pl.Int64) - 1) * DAY_SLOTS + minutes // (SLOT // MINUTE)
