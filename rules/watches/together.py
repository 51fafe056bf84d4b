"""Together, as a rule book writes it: two named sides, each with `from` and `where`, and how near they must be."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.kinds.contract import Kind
from rules.kinds.together import TogetherKind
from rules.measures import distance, duration
from rules.numeric import Mask
from rules.selection import Evaluated
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop

OPTIONS: Final = ("within", "near", "clear_after")
PLACE: Final = frozenset(("lat", "lon"))


@dataclass(frozen=True, slots=True)
class Together:
    """Raises when an event of each side comes no more than `within` and `near` apart.

    Attributes:
        parts: the names of its sides.
        sources: its sides.
        near_m: metres; None for anywhere.
        clear_after: how long after a pair's last match its alert ends.
    """

    parts: tuple[str, str]
    sources: tuple[Source, Source]
    within: Duration
    near_m: float | None
    clear_after: Duration

    kind: ClassVar = RuleKind.TOGETHER
    columns: ClassVar = PLACE
    shape: ClassVar[tuple[str, ...]] = ()

    @property
    def look_back(self) -> Duration:
        """As long as an event is remembered."""
        return 2 * self.within + self.clear_after

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read the events of either side, where places matter only those that have one."""
        one, other = (workshop.gate(source) for source in self.sources)
        lat, lon = (workshop.number(pl.col(name), frozenset((name,))) for name in ("lat", "lon"))
        placed = self.near_m is not None

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            first, second = one.mask(evaluated), other.mask(evaluated)
            north, east = evaluated.arrays[lat], evaluated.arrays[lon]
            mask = first | second
            if placed:
                mask &= ~(np.isnan(north) | np.isnan(east))
            return mask, {"first": first, "second": second, "lat": north, "lon": east}

        kind = TogetherKind(self.within, self.near_m, self.clear_after, workshop.row_of)
        names = one.names | other.names | {lat, lon}
        return kind, Reading((one, other), names, read, ("first", "second", "lat", "lon"))


def read_together(node: YamlNode, reader: RuleReader) -> Together:
    """Read what stands under `together`."""
    parts = node.mapping(None, required=("within",))
    sides = [name for name in parts if name not in OPTIONS]
    if len(sides) != 2:
        raise node.wrong(
            f"expected two named sides beside {', '.join(OPTIONS)}, found {len(sides)}: {', '.join(sides)}"
        )
    for extra in ("from", "where"):
        if extra in reader.parts:
            raise reader.parts[extra].wrong(f"for together, {extra!r} stands inside each side")
    sources = []
    for side in sides:
        if not side.isidentifier() or not side.islower():
            raise node.keys()[side].wrong(f"a side's name is one lower-case word, found {side!r}")
        sources.append(reader.source(parts[side].mapping(("from", "where")), parts[side]))
    within = duration(parts["within"])
    return Together(
        parts=(sides[0], sides[1]),
        sources=(sources[0], sources[1]),
        within=within,
        near_m=distance(parts["near"]) if "near" in parts else None,
        clear_after=duration(parts["clear_after"]) if "clear_after" in parts else within,
    )
