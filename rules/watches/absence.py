"""Absence, as a rule book writes it: `absence: {after: 120 s}`."""

from dataclasses import dataclass
from typing import ClassVar

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.kinds.absence import AbsenceKind
from rules.kinds.contract import Kind
from rules.measures import duration
from rules.watches.contract import Reading, RuleKind, RuleReader, Source, Workshop


@dataclass(frozen=True, slots=True)
class Absence:
    """Raises when a key has been silent for longer than `after`."""

    source: Source
    after: Duration

    kind: ClassVar = RuleKind.ABSENCE
    parts: ClassVar[tuple[str, ...]] = ()
    shape: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[frozenset[str]] = frozenset()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its own."""
        return (self.source,)

    @property
    def look_back(self) -> Duration:
        """As long as a key may be silent."""
        return self.after

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read every event of the source."""
        gate = workshop.gate(self.source)
        return AbsenceKind(self.after), Reading((gate,), gate.names, lambda evaluated: (gate.mask(evaluated), {}))


def read_absence(node: YamlNode, reader: RuleReader) -> Absence:
    """Read what stands under `absence`."""
    parts = node.mapping(("after",), required=("after",))
    after = duration(parts["after"])
    if after <= 0:
        raise parts["after"].wrong("'after' must be longer than 0 s")
    return Absence(source=reader.own_source(), after=after)
