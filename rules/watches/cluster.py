"""Cluster, as a rule book writes it: `cluster: {of: [ap-silent], at_least: 3, same: site, within: 5 min}`."""

from dataclasses import dataclass
from typing import ClassVar, Final

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.kinds.cluster import ClusterKind
from rules.kinds.contract import Kind
from rules.measures import duration
from rules.speaking.options import Inhibit, Place, read_names, read_place
from rules.watches.contract import Reading, RuleKind, RuleReader, Source, Workshop

WITHOUT: Final = ("from", "where", "per", "lateness", "cooldown", "schedule")
"""What other rules may say and a cluster may not: it takes their alerts, not events."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Raises when `at_least` alerts of other rules hold at once at one place; clears when fewer do."""

    rule: str
    of: tuple[str, ...]
    at_least: int
    place: Place
    within: Duration | None

    kind: ClassVar = RuleKind.CLUSTER
    parts: ClassVar[tuple[str, ...]] = ()
    sources: ClassVar[tuple[Source, ...]] = ()
    columns: ClassVar[frozenset[str]] = frozenset()

    @property
    def look_back(self) -> Duration:
        """None of its own: it is made of alerts that hold, however long they do."""
        return 0

    @property
    def shape(self) -> tuple[str, ...]:
        """Of which rules it is, and where."""
        return (*self.of, str(self.place))

    @property
    def inhibits(self) -> Inhibit:
        """The alerts that it is made of: while it holds, it speaks for them."""
        return Inhibit(self.of, self.place)

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:  # noqa: ARG002 - the protocol
        """Read no events."""
        kind = ClusterKind(self.rule, self.at_least, self.place, self.within)
        return kind, Reading((), frozenset(), lambda evaluated: (evaluated.of_kinds(frozenset()), {}))


def read_cluster(node: YamlNode, reader: RuleReader) -> Cluster:
    """Read what stands under `cluster`."""
    name = reader.parts["rule"].text()
    for extra in WITHOUT:
        if extra in reader.parts:
            raise reader.parts[extra].wrong(
                f"{extra!r} has no meaning for cluster: it is made of other rules' alerts; say it in those"
            )
    parts = node.mapping(("of", "at_least", "same", "near", "within"), required=("of", "at_least"))
    at_least = parts["at_least"].number()
    if at_least != int(at_least) or at_least < 2:
        raise parts["at_least"].wrong("expected a whole number of alerts, 2 or more")
    return Cluster(
        rule=name,
        of=read_names(parts["of"], name),
        at_least=int(at_least),
        place=read_place(node, parts, ("site", "area")),
        within=duration(parts["within"]) if "within" in parts else None,
    )
