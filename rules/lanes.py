"""Lanes: events put in the order in which rules of one `lateness` take them.

Without lateness that is the order of the stream. With it, an event is held back until the stream's clock reaches
its `at` plus the lateness, and then taken in order of `at`; one that is later still takes its turn when it comes.
What is held back is whole events, so that rules may come and go meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.instant import Duration, Instant
from rules.kinds.contract import Numbers

_NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Turn:
    """The events whose turn has come.

    Attributes:
        frame: the events.
        now: how far the lane's time has come at each, µs.
        ref: the number of each.
        until: how far the lane's time has come after them, µs.
    """

    frame: pl.DataFrame
    now: Numbers
    ref: Numbers
    until: Instant


class Lane:
    """The order of rules of one lateness."""

    def __init__(self, lateness: Duration | None) -> None:
        """Take how long events are waited for, µs; None: not at all."""
        self._lateness = lateness
        self._frame = pl.DataFrame()
        self._now = _NOTHING
        self._ref = _NOTHING

    @property
    def held(self) -> Numbers:
        """The numbers of the events that wait."""
        return self._ref

    def take(self, frame: pl.DataFrame, clocks: Numbers, ref: Numbers, clock: Instant, *, closing: bool) -> Turn:
        """Take a batch, and give the events whose turn has come.

        Args:
            frame: the batch.
            clocks: the stream's clock when each event came.
            ref: the number of each event.
            clock: the stream's clock after the batch.
            closing: nothing more will come: let go of all.
        """
        if self._lateness is None:
            return Turn(frame, clocks, ref, clock)
        until = clock - self._lateness
        if frame.height:
            now = np.maximum(frame.get_column("at").to_physical().to_numpy(), clocks - self._lateness)
            if len(self._ref):
                frame = _stacked(self._frame, frame)
                now, ref = np.concatenate([self._now, now]), np.concatenate([self._ref, ref])
            order = np.argsort(now, kind="stable")
            frame, now, ref = frame[order], now[order], ref[order]
        else:
            frame, now, ref = self._frame, self._now, self._ref
        if closing:
            until = max(clock, int(now[-1])) if len(now) else clock
        ready = int(np.searchsorted(now, until, side="right"))
        self._frame, self._now, self._ref = frame[ready:], now[ready:], ref[ready:]
        return Turn(frame[:ready], now[:ready], ref[:ready], until)

    def dump(self) -> dict[str, Any]:
        """Give what is held back."""
        buffer = BytesIO()
        self._frame.write_ipc(buffer)
        return {"now": self._now, "ref": self._ref, "events": buffer.getvalue()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave."""
        self._now, self._ref = state["now"], state["ref"]
        self._frame = pl.read_ipc(BytesIO(state["events"]))


def _stacked(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Put one frame under the other; a quantity that has changed its type goes on as the newer one has it."""
    try:
        return pl.concat([one, other], how="diagonal")
    except pl.exceptions.PolarsError:
        return pl.concat(
            [one.cast({n: t for n, t in other.schema.items() if n in one.columns}, strict=False), other], how="diagonal"
        )
