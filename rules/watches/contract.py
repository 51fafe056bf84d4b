"""What a kind of rule gives the book and the engine: what it watches for, and how a batch is read for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy.typing as npt
import polars as pl

from ioc.model.instant import Duration
from ioc.model.kinds import Kind as EventKind
from ioc.runtime.marked_yaml import YamlNode
from rules.expressions import Compiled, Scope
from rules.kinds.contract import Kind, RowOf
from rules.numeric import Mask
from rules.selection import Evaluated, Gate, Part


class RuleKind(StrEnum):
    """The kinds of rules, named as the key that says what to watch for."""

    THRESHOLD = "threshold"
    ABSENCE = "absence"
    WINDOW = "window"
    TOGETHER = "together"
    ANOMALY = "anomaly"
    SEQUENCE = "sequence"
    DWELL = "dwell"
    CLUSTER = "cluster"

    @property
    def pairs(self) -> bool:
        """Whether its keys are pairs."""
        return self is RuleKind.TOGETHER


@dataclass(frozen=True, slots=True)
class Source:
    """Which events a rule reads: their kinds (none means every kind) and a condition on them."""

    kinds: tuple[EventKind, ...]
    where: Compiled | None


Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a rule reads a batch.

    Attributes:
        gates: its sources; where the batch has no events of their kinds, it does not concern the rule.
        names: of the arrays it needs.
        columns: makes, of the events that any gate lets through, the mask of those that concern the rule, and the
            columns of its feed.
        wanted: the names of those columns.
        in_order: conditions of the one gate that `columns` asks for by `Part.told_in_order`.
        spark: a condition without which no event begins anything, for kinds that know when they are at rest.
    """

    gates: tuple[Gate, ...]
    names: frozenset[str]
    columns: Callable[[Part], tuple[Mask, Columns]]
    wanted: tuple[str, ...] = ()
    in_order: tuple[str, ...] = ()
    spark: str | None = None

    def meets(self, evaluated: Evaluated) -> bool:
        """Whether a batch has any events that may concern the rule."""
        return any(evaluated.has(gate.kinds) for gate in self.gates)


class Workshop(Protocol):
    """What the engine offers to a rule that is put to work.

    Attributes:
        event_time: whether the rule takes its events in order of `at`, instead of as they come.
        row_of: finds an event of the batch at hand by its number; None where no evidence is kept.
    """

    @property
    def event_time(self) -> bool: ...  # noqa: D102

    @property
    def row_of(self) -> RowOf | None: ...  # noqa: D102

    def condition(self, compiled: Compiled) -> str:
        """Ask for a condition; gives the name of its array of TRUE, FALSE and UNKNOWN."""
        ...

    def number(self, expression: pl.Expr, columns: frozenset[str]) -> str:
        """Ask for a value; gives the name of its array of doubles, NaN where unknown."""
        ...

    def gate(self, source: Source) -> Gate:
        """Ask which events a source lets through."""
        ...


class Watch(Protocol):
    """What one rule watches for, as its book says it; plain data but for `put_to_work`."""

    @property
    def kind(self) -> RuleKind:
        """Which kind of rule this makes."""
        ...

    @property
    def sources(self) -> tuple[Source, ...]:
        """Which events it reads."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """Name the events that make an alert, in the order of its evidence; empty where they have no names."""
        ...

    @property
    def columns(self) -> frozenset[str]:
        """Name the columns that it reads beyond those of its sources' conditions."""
        ...

    @property
    def look_back(self) -> Duration:
        """Say how much of the past a state that is made anew must see, µs."""
        ...

    @property
    def shape(self) -> tuple[str, ...]:
        """Say what, beside kind and key, must be the same for a state to be of use to an edited rule."""
        ...

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Make the state machine, and say how it reads a batch."""
        ...


class RuleReader(Protocol):
    """What the reader of a rule offers to the reader of its kind.

    Attributes:
        scope: what expressions may speak of.
        parts: the rule's keys.
    """

    @property
    def scope(self) -> Scope: ...  # noqa: D102

    @property
    def parts(self) -> Mapping[str, YamlNode]: ...  # noqa: D102

    def own_source(self) -> Source:
        """Read the rule's own `from` and `where`."""
        ...

    def source(self, parts: Mapping[str, YamlNode], node: YamlNode) -> Source:
        """Read a `from` and a `where` that stand elsewhere, as in a side or a step."""
        ...


ReadWatch = Callable[[YamlNode, RuleReader], Watch]
"""Reads what stands under the key of a kind."""
