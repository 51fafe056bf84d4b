"""Threshold, as a rule book writes it: `threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}`."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.expressions import Compiled, compile_condition
from rules.kinds.contract import Kind
from rules.kinds.threshold import UNKNOWN, ThresholdKind
from rules.measures import duration
from rules.numeric import Mask
from rules.selection import Part
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop


@dataclass(frozen=True, slots=True)
class Threshold:
    """Raises when `raise_if` stays true for `hold`; clears when `clear_if` stays true for `clear_hold`.

    Without `clear_if`, it clears when `raise_if` is untrue.
    """

    source: Source
    raise_if: Compiled
    hold: Duration
    clear_if: Compiled | None
    clear_hold: Duration

    kind: ClassVar = RuleKind.THRESHOLD
    parts: ClassVar[tuple[str, ...]] = ()
    shape: ClassVar[tuple[str, ...]] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its own."""
        return (self.source,)

    @property
    def columns(self) -> frozenset[str]:
        """Those of its two conditions."""
        return self.raise_if.columns | (frozenset() if self.clear_if is None else self.clear_if.columns)

    @property
    def look_back(self) -> Duration:
        """Twice as long as a condition must hold: so long, an alert may wait for the event that lets it begin."""
        return 2 * max(self.hold, self.clear_hold)

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read events of which one of the two conditions is known."""
        gate = workshop.gate(self.source)
        raising = workshop.condition(self.raise_if)
        clearing = None if self.clear_if is None else workshop.condition(self.clear_if)

        asked = (raising,) if clearing is None else (raising, clearing)

        def read(part: Part) -> tuple[Mask, Columns]:
            raises = part.told_in_order(raising)
            clears = _negated(raises) if clearing is None else part.told_in_order(clearing)
            return (raises != UNKNOWN) | (clears != UNKNOWN), {"raise": raises, "clear": clears}

        return ThresholdKind(self.hold, self.clear_hold), Reading(
            (gate,), gate.names.union(asked), read, ("raise", "clear"), in_order=asked, spark=raising
        )


def read_threshold(node: YamlNode, reader: RuleReader) -> Threshold:
    """Read what stands under `threshold`."""
    parts = node.mapping(("raise", "for", "clear", "clear_for"), required=("raise",))
    return Threshold(
        source=reader.own_source(),
        raise_if=compile_condition(parts["raise"], reader.scope),
        hold=duration(parts["for"]) if "for" in parts else 0,
        clear_if=compile_condition(parts["clear"], reader.scope) if "clear" in parts else None,
        clear_hold=duration(parts["clear_for"]) if "clear_for" in parts else 0,
    )


def _negated(condition: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(condition == UNKNOWN, condition, 1 - condition)
