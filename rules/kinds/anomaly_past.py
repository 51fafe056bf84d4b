"""What a quantity's own past leads to expect of it, for many keys side by side, online and in bounded space.

The method, step by step, its sources and its constants: docs/decisions/0012-what-the-past-leads-to-expect.md.

Nothing here but what is exactly rounded touches an array (the few logarithms are taken number by number), so that
the same events give the same bits however they are cut into batches.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ioc.model.instant import DAY, HOUR, MINUTE, SECOND, Duration

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

SLOT: Final[Duration] = 30 * MINUTE
DAY_SLOTS: Final = DAY // SLOT
WEEK_SLOTS: Final = 7 * DAY_SLOTS

LIMIT_SLOTS: Final = DAY_SLOTS // 2
"""Limits are set anew at midnight and at noon: what grows slowly out of its band must not widen it on its way."""


class Season(StrEnum):
    """Which past is looked at: the level of the last days, the same time of day, or of the week."""

    AUTO = "auto"
    NONE = "none"
    DAY = "day"
    WEEK = "week"


_FORECASTS: Final = (Season.NONE, Season.DAY, Season.WEEK)

VISIT_WEIGHT: Final = 0.15
"""How much of a slot's newest visit goes into what is expected of it: half of it is forgotten after four more."""

CLIPPED_AT: Final = 6.0
"""Spreads beyond which an event's distance counts no more in what is learned (Huber 1964)."""

SHARED_VISITS: Final = 6
"""As many visits does what is known of all slots weigh in what is taken for the spread of one."""

LEAST_SHARE: Final = 0.25
"""A slot's spread is never taken for less than this share of the whole day's."""

LEAST_OF_LEVEL: Final = 1e-3
"""The spread is never taken for less than this share of the level: a flat line's first digit is no anomaly."""

SPREAD_MEMORY: Final[Duration] = 3 * DAY
LEVEL_MEMORY: Final[Duration] = 5 * DAY
DRIFT_MEMORY: Final[Duration] = 7 * DAY
"""So fast is a lasting shift taken for the new normal; an alert of it ends by then at the latest."""

LONGEST_STEP: Final[Duration] = HOUR
"""A pause counts for no more than this when what is known grows old: nothing was learned in it."""

MEAN_OVER: Final[Duration] = HOUR
"""The second view: the weighted mean of about this time, for what is too small in each event but lasts."""

MEAN_CLIPPED_AT: Final = 15.0
"""Spreads beyond which one event counts no more in that mean."""

TAIL: Final = 0.02
"""The share of the farthest events, on each side, from which the tail is learned."""

TAIL_MEMORY: Final[Duration] = 14 * DAY

EDGE_MEMORY: Final[Duration] = 4 * HOUR
FASTEST_EDGE: Final = 0.02
LEAST_EDGE: Final = 0.05
"""The edge moves by at most this share an event, more slowly where events are dense, and never below this."""

FIRST_EXCESSES: Final = np.array([[1.0], [1.0], [0.5], [0.5]])
PRIOR_EXCESSES: Final = 10
"""The first guess of the mean excess, in spreads (a mean scatters less than its events), and how many it stands for."""

SHAPES: Final = (-0.1, 0.4)
"""Shapes of the generalised Pareto distribution that are believed; beyond, the moments say nothing of it."""

LEAST_LIMITS: Final = np.array([[4.0], [4.0], [3.0], [3.0]])
"""Spreads by which an event, or the mean, must at least be off, whatever the tail says."""

LEARNS_FOR: Final[Duration] = 2 * DAY
LEARNS_EVENTS: Final = 100
SETTLES_FOR: Final[Duration] = DAY
SETTLES_EVENTS: Final = 50
"""Before so much of a key is known, what is expected of it is too wrong for tails to be learned."""

TINY: Final = 1e-9

# Rows of the matrix of numbers, one column a key. The tails have four rows each: above and below, event and mean.
(_LEVEL, _DRIFT, _SPREAD, _MEAN, _LAST, _FIRST, _COUNT, _SLOT, _VISIT, _SUM, _OFF, _STEP) = range(12)
_ERRORS = slice(12, 15)
_EDGE, _EXCESS, _VARIANCE, _LIMIT = slice(15, 19), slice(19, 23), slice(23, 27), slice(27, 31)
_ROWS: Final = 31


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far some keys' events are from what was expected; one place an event.

    Attributes:
        beyond: how far out, as a share of the way from what is expected to the limit; 1 and more is an anomaly.
        measured: the event's value, or the mean of the last hour where that is farther out.
        expected, low, high: what the past led to expect of `measured`, and the band around it.
        averaged: whether `measured` is the mean.
    """

    beyond: Floats
    measured: Floats
    expected: Floats
    low: Floats
    high: Floats
    averaged: npt.NDArray[np.bool_]


class Past:
    """What is known of each key; keys are numbered from 0 without gaps."""

    def __init__(self, season: Season, chance: Duration, at_least: float, sides: tuple[bool, bool]) -> None:
        """Take what to look for.

        Args:
            season: which past to go by; AUTO: for each key the one that erred least of late.
            chance: how often a limit may be passed by chance: once in about this time, key and side.
            at_least: how far off a value must be to matter, in the quantity's unit.
            sides: whether what is above, and what is below, is looked for.
        """
        self._season = season
        self._chance = chance
        self._at_least = at_least
        self._sides = np.array([[sides[0]], [sides[1]], [sides[0]], [sides[1]]])
        self._size = 0
        self._numbers = np.zeros((_ROWS, 0))
        self._week = np.zeros((0, WEEK_SLOTS), np.float32)
        self._day = np.zeros((0, DAY_SLOTS), np.float32)
        self._off = np.zeros((0, DAY_SLOTS), np.float32)
        self._week_visits = np.zeros((0, WEEK_SLOTS), np.uint8)
        self._day_visits = np.zeros((0, DAY_SLOTS), np.uint8)

    def __len__(self) -> int:
        """Count the keys."""
        return self._size

    def grow(self, size: int) -> None:
        """Make room for keys below `size`, nothing known of the new ones."""
        self._size = max(self._size, size)
        held = self._numbers.shape[1]
        if held >= size:
            return
        more = max(size - held, held // 2, 16)
        fresh = np.zeros((_ROWS, more))
        fresh[_SLOT] = -1
        fresh[_EDGE] = 1.0
        fresh[_EXCESS], fresh[_VARIANCE] = FIRST_EXCESSES, FIRST_EXCESSES**2
        fresh[_LIMIT] = math.inf
        self._numbers = np.concatenate([self._numbers, fresh], axis=1)
        for name in ("_week", "_day", "_off", "_week_visits", "_day_visits"):
            table = getattr(self, name)
            setattr(self, name, np.concatenate([table, np.zeros((more, table.shape[1]), table.dtype)]))

    def last_seen(self, keys: Numbers) -> Floats:
        """Tell when each key's last event happened, µs; 0 before the first."""
        seen: Floats = self._numbers[_LAST, keys]
        return seen

    def take(self, keys: Numbers, at: Numbers, values: Floats, slots: Numbers) -> Judgement:
        """Judge one event of each of some keys by what came before it, then learn from it.

        Args:
            keys: each at most once.
            at: when the events happened, µs; never before the key's last.
            values: the quantity, at most 1e30 from 0.
            slots: which half hour of the local week, 0 (Monday 00:00) to 335.
        """
        known = self._numbers[:, keys]
        new = known[_COUNT] == 0
        known[_LEVEL] = np.where(new, values, known[_LEVEL])
        known[_FIRST] = np.where(new, at, known[_FIRST])
        known[_LAST] = np.where(new, at, known[_LAST])
        self._turn_slots(keys, known, slots)
        step = np.minimum(at - known[_LAST], LONGEST_STEP)
        known[_LAST] = at
        known[_COUNT] += 1
        day_slots = slots % DAY_SLOTS
        visits = self._day_visits[keys, day_slots].astype(np.float64)
        forecasts = np.empty((3, len(keys)))
        forecasts[0] = known[_LEVEL]
        forecasts[1] = np.where(visits > 0, self._day[keys, day_slots], forecasts[0])
        forecasts[2] = np.where(self._week_visits[keys, slots] > 0, self._week[keys, slots], forecasts[1])
        places = np.arange(len(keys))
        if self._season is Season.AUTO:
            chosen = np.argmin(known[_ERRORS], axis=0)
        else:
            chosen = np.full(len(keys), _FORECASTS.index(self._season))
        expected = forecasts[chosen, places] + known[_DRIFT]
        spread = (visits * self._off[keys, day_slots] + SHARED_VISITS * known[_SPREAD]) / (visits + SHARED_VISITS)
        least = np.maximum(LEAST_SHARE * known[_SPREAD], LEAST_OF_LEVEL * np.abs(known[_LEVEL]) + TINY)
        spread = np.maximum(spread, least)
        off = values - expected
        weight = step / (step + MEAN_OVER)
        known[_MEAN] += weight * (np.clip(off / spread, -MEAN_CLIPPED_AT, MEAN_CLIPPED_AT) - known[_MEAN])
        views = np.stack([off / spread, -off / spread, known[_MEAN], -known[_MEAN]])
        learning = (known[_COUNT] <= LEARNS_EVENTS) | (at - known[_FIRST] < LEARNS_FOR)
        judgement = self._judge(known, values, expected, spread, views, learning)
        self._learn_tails(known, views, learning, step)
        self._learn_place(known, values, forecasts, off, spread, step)
        self._numbers[:, keys] = known
        return judgement

    def _judge(
        self,
        known: Floats,
        values: Floats,
        expected: Floats,
        spread: Floats,
        views: Floats,
        learning: npt.NDArray[np.bool_],
    ) -> Judgement:
        widths = np.maximum(np.maximum(known[_LIMIT], LEAST_LIMITS) * spread, self._at_least)
        widths = np.where(learning, math.inf, widths)
        beyond = np.where(self._sides, views * spread / widths, 0.0)
        farthest = np.argmax(beyond, axis=0)
        places = np.arange(len(values))
        averaged = farthest >= 2
        first = np.where(averaged, 2, 0)
        return Judgement(
            beyond=beyond[farthest, places],
            measured=np.where(averaged, expected + known[_MEAN] * spread, values),
            expected=expected,
            low=expected - widths[first + 1, places],
            high=expected + widths[first, places],
            averaged=averaged,
        )

    def _learn_tails(
        self, known: Floats, views: Floats, learning: npt.NDArray[np.bool_], step: npt.NDArray[Any]
    ) -> None:
        """Move each tail's edge, the quantile beyond which TAIL of the events lie, and the moments of the excesses."""
        count = known[_COUNT]
        # An anomaly counts as far as the limit only: it must not make the next one look usual.
        reach = np.where(learning, views, np.minimum(views, known[_LIMIT]))
        settling = (count <= SETTLES_EVENTS) | (known[_LAST] - known[_FIRST] < SETTLES_FOR)
        reach = np.where(settling, 0.0, reach)
        edge = known[_EDGE]
        weight = np.maximum(1 / count, np.minimum(step / (step + EDGE_MEMORY), FASTEST_EDGE))
        edge = np.maximum(edge * (1 + weight * ((reach > edge) - TAIL)), LEAST_EDGE)
        known[_EDGE] = edge
        over = reach > edge
        if not over.any():
            return
        weight = np.minimum(step / (step + TAIL_MEMORY) / TAIL, 0.2)
        weight = np.maximum(1 / (count * TAIL + PRIOR_EXCESSES), weight)
        before = reach - edge - known[_EXCESS]
        known[_EXCESS] += np.where(over, weight * before, 0.0)
        after = reach - edge - known[_EXCESS]
        known[_VARIANCE] += np.where(over, weight * (before * after - known[_VARIANCE]), 0.0)

    def _learn_place(
        self,
        known: Floats,
        values: Floats,
        forecasts: Floats,
        off: Floats,
        spread: Floats,
        step: npt.NDArray[Any],
    ) -> None:
        """Learn the level, the drift, the spread, and how much each of the three forecasts erred."""
        count = known[_COUNT]
        reach = np.where(count <= 20, math.inf, CLIPPED_AT * spread)
        weight = np.maximum(1 / count, step / (step + SPREAD_MEMORY))
        clipped = np.minimum(np.abs(off), reach)
        known[_SPREAD] += weight * (clipped - known[_SPREAD])
        known[_ERRORS] += weight * (np.minimum(np.abs(values - forecasts), reach) - known[_ERRORS])
        known[_DRIFT] += step / (step + DRIFT_MEMORY) * np.clip(off, -3 * spread, 3 * spread)
        weight = np.maximum(1 / count, step / (step + LEVEL_MEMORY))
        known[_LEVEL] += weight * np.clip(values - known[_LEVEL], -reach, reach)
        known[_VISIT] += 1
        known[_SUM] += values
        known[_OFF] += clipped
        known[_STEP] += np.maximum(1 / count, 0.01) * (step - known[_STEP])

    def _turn_slots(self, keys: Numbers, known: Floats, slots: Numbers) -> None:
        """Where a key comes into another half hour, learn what the one it leaves was like."""
        turned = np.flatnonzero((known[_SLOT] != slots) & (known[_VISIT] > 0))
        if len(turned):
            leaving = known[:, turned]
            self._learn_slot(keys[turned], leaving)
            anew = leaving[_SLOT] // LIMIT_SLOTS != slots[turned] // LIMIT_SLOTS
            leaving[_LIMIT] = np.where(anew, self._limits(leaving), leaving[_LIMIT])
            leaving[_VISIT] = leaving[_SUM] = leaving[_OFF] = 0.0
            known[:, turned] = leaving
        known[_SLOT] = slots

    def _learn_slot(self, keys: Numbers, known: Floats) -> None:
        slots = known[_SLOT].astype(np.int64)
        day_slots = slots % DAY_SLOTS
        mean = known[_SUM] / known[_VISIT]
        reach = CLIPPED_AT * np.maximum(known[_SPREAD], TINY)
        pairs = ((self._day, self._day_visits, day_slots), (self._week, self._week_visits, slots))
        for table, counts, places in pairs:
            visits = np.minimum(counts[keys, places].astype(np.int64) + 1, 255)
            counts[keys, places] = visits
            step = mean - table[keys, places]
            step = np.where(visits > 3, np.clip(step, -reach, reach), step)
            table[keys, places] += (np.maximum(1 / visits, VISIT_WEIGHT) * step).astype(np.float32)
        weight = np.maximum(1 / self._day_visits[keys, day_slots], VISIT_WEIGHT)
        off = known[_OFF] / known[_VISIT]
        self._off[keys, day_slots] += (weight * (off - self._off[keys, day_slots])).astype(np.float32)

    def _limits(self, known: Floats) -> Floats:
        """Give the limits that chance passes once in `chance`, from the tails, in spreads.

        A generalised Pareto distribution by its first two moments (Hosking and Wallis 1987), its quantile
        as in Siffer et al. 2017, equation 1.
        """
        excess = known[_EXCESS]
        shape = (1 - excess * excess / np.maximum(known[_VARIANCE], TINY * TINY)) / 2
        shape = np.clip(shape, *SHAPES)
        shape = np.where(np.abs(shape) < 1e-3, 1e-3, shape)
        ratio = np.maximum(TAIL * self._chance / np.maximum(known[_STEP], SECOND), 2.0)
        logarithms = np.array([math.log(number) for number in ratio.tolist()])
        powers = np.array([math.exp(number) for number in (shape * logarithms).ravel().tolist()]).reshape(shape.shape)
        limits: Floats = known[_EDGE] + excess * (1 - shape) * (powers - 1) / shape
        return limits

    def dump(self, keys: Numbers) -> dict[str, Any]:
        """Give what is known of some keys as bytes, little end first."""
        numbers = np.ascontiguousarray(self._numbers[:, keys].T, dtype="<f8").tobytes()
        tables = {name: getattr(self, f"_{name}")[keys] for name in _TABLES}
        plain = {name: table.astype(table.dtype.newbyteorder("<")).tobytes() for name, table in tables.items()}
        return {"numbers": numbers, **plain}

    def load(self, keys: Numbers, state: dict[str, Any]) -> None:
        """Take what `dump` gave, for as many keys."""
        self.grow(int(keys.max(initial=-1)) + 1)
        self._numbers[:, keys] = np.frombuffer(state["numbers"], dtype="<f8").reshape(len(keys), _ROWS).T
        for name in _TABLES:
            table = getattr(self, f"_{name}")
            table[keys] = np.frombuffer(state[name], dtype=table.dtype.newbyteorder("<")).reshape(len(keys), -1)


_TABLES: Final = ("week", "day", "off", "week_visits", "day_visits")

BYTES_PER_KEY: Final = 8 * _ROWS + 5 * WEEK_SLOTS + 9 * DAY_SLOTS
"""What is kept of one key, in a checkpoint (uncompressed); in memory up to half as much again, as arrays grow."""
