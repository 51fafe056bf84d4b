"""Anomaly: a quantity leaves what its own past leads to expect.

Every event is judged by what came before it, then learned from (see rules.kinds.anomaly_past). Beginning and ending
an alert go as for a threshold: `raise` is that an event is beyond the limit, `clear` that it is less than half as
far out. What lies between changes nothing, and neither does an event older than one the key has already shown.
"""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ioc.model.instant import DAY, SECOND, Duration, Instant
from rules.kinds.anomaly_past import MEAN_OVER, Judgement, Past, Season
from rules.kinds.contract import Change, Feed, Numbers
from rules.kinds.threshold import FALSE, TRUE, UNKNOWN, ThresholdKind

CALM: Final = 0.5
"""How far out, as a share of the limit, an event may be that counts towards the end of an alert."""

FORGOTTEN_AFTER: Final[Duration] = 35 * DAY
"""A key that has been silent for so long is not kept in a checkpoint."""


class AnomalyKind:
    """The state of one anomaly rule. Its feed has the columns `value` and `slot`, the half hour of the local week."""

    def __init__(
        self,
        season: Season,
        chance: Duration,
        at_least: float,
        sides: tuple[bool, bool],
        hold: Duration,
        clear_hold: Duration,
    ) -> None:
        """Take the rule: what `Past` is made with, and how long each condition must hold, µs."""
        self._past = Past(season, chance, at_least, sides)
        self._alerts = ThresholdKind(hold, clear_hold)
        # Codes of keys are shared among rules; only the keys that this rule saw get a place in its arrays.
        self._places = np.full(0, -1, dtype=np.int64)
        self._codes: list[int] = []
        self._until: Instant = 0

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events; time alone changes nothing here."""
        self._until = max(self._until, until)
        if not len(feed):
            return []
        raising = np.full(len(feed), UNKNOWN, dtype=np.int64)
        clearing = raising.copy()
        told = np.zeros((5, len(feed)))
        values = feed.columns["value"].astype(np.float64)
        slots = feed.columns["slot"].astype(np.int64)
        places = self._placed(feed.key)
        for rows in _rounds(places):
            rows = rows[feed.at[rows] >= self._past.last_seen(places[rows])]  # noqa: PLW2901
            if not len(rows):
                continue
            found = self._past.take(places[rows], feed.at[rows], values[rows], slots[rows])
            raising[rows] = np.where(found.beyond >= 1, TRUE, FALSE)
            clearing[rows] = np.where(found.beyond < CALM, TRUE, FALSE)
            told[:, rows] = _told(found)
        changes = self._alerts.step(
            Feed(feed.now, feed.at, feed.key, feed.ref, {"raise": raising, "clear": clearing}), until, closing=closing
        )
        row_of = {int(ref): row for row, ref in enumerate(feed.ref.tolist())} if changes else {}
        for change in changes:
            change.numbers.update(_named(told[:, row_of[change.refs[0]]]))
        return changes

    def _placed(self, codes: Numbers) -> Numbers:
        """Give the places of keys, new ones to those never seen."""
        highest = int(codes.max()) + 1
        if len(self._places) < highest:
            more = max(highest - len(self._places), len(self._places) // 2, 64)
            self._places = np.concatenate([self._places, np.full(more, -1, dtype=np.int64)])
        for code in np.unique(codes[self._places[codes] < 0]).tolist():
            self._places[code] = len(self._codes)
            self._codes.append(code)
        self._past.grow(len(self._codes))
        return self._places[codes]

    def dump(self) -> dict[str, Any]:
        """Give what is known of each key, and where its alert stands."""
        alerts = self._alerts.dump()
        codes = np.array(self._codes, dtype=np.int64)
        seen = self._past.last_seen(self._places[codes])
        open_keys = np.isin(codes, alerts["keys"])
        codes = codes[open_keys | (seen > self._until - FORGOTTEN_AFTER)]
        place_of = {code: place for place, code in enumerate(codes.tolist())}
        # An alert that was adopted is of a key of which nothing is known yet.
        adopted = [code for code in alerts["keys"] if code not in place_of]
        place_of.update({code: len(codes) + place for place, code in enumerate(adopted)})
        alerts["keys"] = [place_of[code] for code in alerts["keys"]]
        return {
            "keys": [*codes.tolist(), *adopted],
            "known": len(codes),
            "past": self._past.dump(self._places[codes]),
            "alerts": alerts,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        codes = np.array(state["keys"], dtype=np.int64)
        known = codes[: state["known"]]
        if len(known):
            self._past.load(self._placed(known), state["past"])
        self._alerts.load({**state["alerts"], "keys": codes[state["alerts"]["keys"]].tolist()})

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open."""
        self._alerts.adopt(key, raised_at)

    def stop(self, at: Instant) -> list[Change]:
        """End every alert; what was learned of each key stays, since a schedule's breaks are part of its past."""
        return self._alerts.stop(at)

    def refs(self) -> list[int]:
        """Nothing older than the last batch is needed."""
        return []


def _rounds(places: Numbers) -> list[Numbers]:
    """Cut rows into rounds: the first row of every key, then the second of every key that has one, and so on."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[begins, len(ordered)])
    turns = np.arange(len(ordered)) - np.repeat(begins, sizes)
    by_turn = np.argsort(turns, kind="stable")
    return np.split(order[by_turn], np.cumsum(np.bincount(turns))[:-1])


def _told(found: Judgement) -> npt.NDArray[np.float64]:
    return np.stack([found.measured, found.expected, found.low, found.high, found.averaged])


def _named(told: npt.NDArray[np.float64]) -> dict[str, float]:
    """Name the numbers of one event; `over_s` is 0 where the value itself was judged, else how long it is a mean of.

    A key of which little is known has no band yet, and an adopted alert of it may end all the same.
    """
    value, expected, low, high, averaged = told.tolist()
    band = {"low": low, "high": high} if math.isfinite(low) and math.isfinite(high) else {}
    return {"value": value, "expected": expected, **band, "over_s": MEAN_OVER / SECOND if averaged else 0.0}
