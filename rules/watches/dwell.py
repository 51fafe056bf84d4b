"""Dwell, as a rule book writes it: `dwell: {in: bus-lane, while: speed < 1, for: 3 min, gone_after: 30 s}`."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ioc.model.instant import SECOND, Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.expressions import Compiled, compile_condition, compile_expression
from rules.kinds.contract import Kind
from rules.kinds.dwell import DwellKind
from rules.kinds.threshold import TRUE, UNKNOWN
from rules.measures import distance, duration
from rules.numeric import Mask
from rules.selection import Evaluated
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop

GONE_AFTER: Final[Duration] = 60 * SECOND
"""How long something may be silent and still be there, where a rule does not say it."""

PLACE: Final = frozenset(("lat", "lon"))


@dataclass(frozen=True, slots=True)
class Dwell:
    """Raises when a key has been inside for `hold`; clears when it has left, or been silent for `gone_after`.

    Attributes:
        zones: where it must be; empty for anywhere.
        inside: true while the key is inside, false when it has left: of zones, the rule's own condition and the end
            of a track; None where every event is inside.
        near_m: how far from where the stay began it may be, metres; None for anywhere.
    """

    source: Source
    zones: tuple[str, ...]
    inside: Compiled | None
    hold: Duration
    gone_after: Duration
    near_m: float | None

    kind: ClassVar = RuleKind.DWELL
    parts: ClassVar[tuple[str, ...]] = ()
    shape: ClassVar[tuple[str, ...]] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its own."""
        return (self.source,)

    @property
    def columns(self) -> frozenset[str]:
        """What tells whether a key is inside."""
        found = frozenset() if self.inside is None else self.inside.columns
        return found if self.near_m is None else found | PLACE

    @property
    def look_back(self) -> Duration:
        """As long as a stay takes to be too long, and to be over."""
        return self.hold + self.gone_after

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read the events of which it is known whether their key is inside, where places matter only those with one."""
        gate = workshop.gate(self.source)
        names = gate.names
        condition = None if self.inside is None else workshop.condition(self.inside)
        if condition is not None:
            names |= {condition}
        placed = self.near_m is not None
        lat, lon = (
            (workshop.number(pl.col(name), frozenset((name,))) for name in ("lat", "lon")) if placed else ("", "")
        )
        if placed:
            names |= {lat, lon}

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            mask = gate.mask(evaluated)
            inside = np.full(len(mask), TRUE, dtype=np.int8) if condition is None else evaluated.arrays[condition]
            mask = mask & (inside != UNKNOWN)
            if not placed:
                return mask, {"inside": inside}
            north, east = evaluated.arrays[lat], evaluated.arrays[lon]
            return mask & ~(np.isnan(north) | np.isnan(east)), {"inside": inside, "lat": north, "lon": east}

        kind = DwellKind(self.hold, self.gone_after, near_m=self.near_m)
        return kind, Reading((gate,), names, read, ("inside", "lat", "lon") if placed else ("inside",))


def read_dwell(node: YamlNode, reader: RuleReader) -> Dwell:
    """Read what stands under `dwell`."""
    parts = node.mapping(("in", "while", "for", "gone_after", "near"), required=("for",))
    hold = duration(parts["for"])
    if hold <= 0:
        raise parts["for"].wrong("'for' must be longer than 0 s")
    gone_after = duration(parts["gone_after"]) if "gone_after" in parts else GONE_AFTER
    if gone_after <= 0:
        raise parts["gone_after"].wrong("'gone_after' must be longer than 0 s")
    zones = _zones(parts["in"]) if "in" in parts else ()
    return Dwell(
        source=reader.own_source(),
        zones=zones,
        inside=_inside(node, parts.get("while"), zones, reader),
        hold=hold,
        gone_after=gone_after,
        near_m=distance(parts["near"]) if "near" in parts else None,
    )


def _zones(node: YamlNode) -> tuple[str, ...]:
    given = node.sequence() if node.is_sequence() else [node]
    zones = tuple(zone.text().strip() for zone in given)
    if not zones or not all(zones):
        raise node.wrong("expected the name of a zone, or a list of them")
    return zones


def _inside(node: YamlNode, while_: YamlNode | None, zones: tuple[str, ...], reader: RuleReader) -> Compiled | None:
    """Join all that must be true while a key is inside."""
    conditions = []
    if zones:
        quoted = ", ".join("'" + zone.replace("'", "''") + "'" for zone in zones)
        conditions.append(f"zone in ({quoted})")
    if "phase" in reader.scope.columns:
        conditions.append("coalesce(phase, 'new') <> 'end'")
    if while_ is not None:
        # By itself first, so that a mistake is named at its own place.
        conditions.append(f"({compile_condition(while_, reader.scope).text})")
    return compile_expression(node, reader.scope, " and ".join(conditions)) if conditions else None
