"""Sequence, as a rule book writes it: `sequence: {steps: [{opened: …}, {moved: …}], within: 5 min}`."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.kinds.contract import Kind
from rules.kinds.sequence import SequenceKind
from rules.measures import distance, duration
from rules.numeric import Mask
from rules.selection import Evaluated
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop

MAX_STEPS: Final = 16
PLACE: Final = frozenset(("lat", "lon"))
_SOURCE: Final = ("from", "where")


@dataclass(frozen=True, slots=True)
class Sequence:
    """Raises when events of all steps come in order; of one step alone, when what must not come has not come.

    Attributes:
        parts: the names of the steps.
        steps: what they are.
        forbidden: what must not come between the first step and the last; None for nothing.
        forbidden_name: what it is called; empty for nothing.
        clear_if: what ends an alert; None where time does.
        clear_after: how long after its last match an alert ends, µs; None where an event ends it.
        near_m: how far from the first step all else is, metres; None for anywhere.
        across: whether the steps may be of several keys.
    """

    parts: tuple[str, ...]
    steps: tuple[Source, ...]
    forbidden: Source | None
    forbidden_name: str
    clear_if: Source | None
    clear_after: Duration | None
    within: Duration
    near_m: float | None
    across: bool

    kind: ClassVar = RuleKind.SEQUENCE

    @property
    def sources(self) -> tuple[Source, ...]:
        """The steps, then what must not come, then what ends it."""
        others = (self.forbidden, self.clear_if)
        return (*self.steps, *(source for source in others if source is not None))

    @property
    def columns(self) -> frozenset[str]:
        """The place, where it matters."""
        return frozenset() if self.near_m is None else PLACE

    @property
    def look_back(self) -> Duration:
        """As long as steps are remembered, and an alert may hold by itself."""
        return 2 * self.within + (self.clear_after or 0)

    @property
    def shape(self) -> tuple[str, ...]:
        """How many steps there are, and whose."""
        return (f"{len(self.steps)} steps", "across keys" if self.across else "per key")

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read the events that are of a step, or must not come, or end alerts; each says all that it is."""
        others = (self.forbidden, self.clear_if)
        roles = [workshop.gate(source) for source in self.steps]
        roles += [workshop.gate(source) for source in others if source is not None]
        bits = [
            *range(len(self.steps)),
            *(len(self.steps) + i for i, source in enumerate(others) if source is not None),
        ]
        names = frozenset().union(*(gate.names for gate in roles))
        placed = self.near_m is not None
        lat, lon = (
            (workshop.number(pl.col(name), frozenset((name,))) for name in ("lat", "lon")) if placed else ("", "")
        )

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            played = np.zeros(len(evaluated.at), dtype=np.int64)
            for bit, gate in zip(bits, roles, strict=True):
                if evaluated.has(gate.kinds):
                    played |= gate.mask(evaluated).astype(np.int64) << bit
            mask: Mask = played != 0
            if not placed:
                return mask, {"roles": played}
            north, east = evaluated.arrays[lat], evaluated.arrays[lon]
            return mask & ~(np.isnan(north) | np.isnan(east)), {"roles": played, "lat": north, "lon": east}

        kind = SequenceKind(
            len(self.steps),
            self.within,
            near_m=self.near_m,
            across=self.across,
            clear_after=self.clear_after,
            event_time=workshop.event_time,
        )
        if placed:
            names |= {lat, lon}
        return kind, Reading(tuple(roles), names, read, ("roles", "lat", "lon") if placed else ("roles",))


def read_sequence(node: YamlNode, reader: RuleReader) -> Sequence:
    """Read what stands under `sequence`."""
    parts = node.mapping(("steps", "not", "within", "near", "clear", "clear_after"), required=("steps", "within"))
    for extra in _SOURCE:
        if extra in reader.parts:
            raise reader.parts[extra].wrong(f"for sequence, {extra!r} stands inside each step")
    steps = [_named(step, reader) for step in parts["steps"].sequence()]
    if not 1 <= len(steps) <= MAX_STEPS:
        raise parts["steps"].wrong(f"expected 1 to {MAX_STEPS} steps, found {len(steps)}")
    names = [name for name, _ in steps]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise (
                parts["steps"]
                .sequence()[index]
                .wrong(f"two steps are called {name!r}; titles could not tell them apart")
            )
    forbidden_name, forbidden = _named(parts["not"], reader) if "not" in parts else ("", None)
    if len(steps) == 1 and forbidden is None:
        raise parts["steps"].wrong(
            "one step alone is no sequence; add another one, or a 'not' that must not come after it"
        )
    if "clear" in parts and "clear_after" in parts:
        raise parts["clear_after"].wrong("an alert ends by 'clear' or by 'clear_after', not by both")
    clear = parts.get("clear")
    near_m = distance(parts["near"]) if "near" in parts else None
    within = _lasting(parts["within"], "within")
    clear_after = _lasting(parts["clear_after"], "clear_after") if "clear_after" in parts else within
    return Sequence(
        parts=tuple(names),
        steps=tuple(source for _, source in steps),
        forbidden=forbidden,
        forbidden_name=forbidden_name,
        clear_if=None if clear is None else reader.source(clear.mapping(_SOURCE), clear),
        clear_after=None if clear is not None else clear_after,
        within=within,
        near_m=near_m,
        across=near_m is not None and "per" not in reader.parts,
    )


def _named(node: YamlNode, reader: RuleReader) -> tuple[str, Source]:
    """Read one step: its name, and which events it is."""
    named = node.mapping()
    if len(named) != 1:
        raise node.wrong(f"expected one name with a 'from' below it, found {len(named)}: {', '.join(named)}")
    ((name, step),) = named.items()
    if not name.isidentifier() or not name.islower():
        raise node.keys()[name].wrong(f"a step's name is one lower-case word, found {name!r}")
    return name, reader.source(step.mapping(_SOURCE), step)


def _lasting(node: YamlNode, name: str) -> Duration:
    found = duration(node)
    if found <= 0:
        raise node.wrong(f"{name!r} must be longer than 0 s")
    return found
