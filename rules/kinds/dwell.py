"""Dwell: an object, or what is true of a key, that stays where it is for too long.

A stay begins at an event that finds the key inside, and goes on with each further one that comes no later than
`gone_after` after the one before. It is over at an event that finds it outside, or far from where the stay began,
which may begin another one there; or `gone_after` after its last event. Raised at the first event of a stay that is
at least `hold` after its first; ended when the stay is over.

An event that is older than one the key has already shown is passed over, and so is one of which it is unknown
whether it is inside.
"""

import math
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any, Final

from ioc.model.geo import distance_m
from ioc.model.instant import SECOND, Duration, Instant
from rules.kinds.contract import NEVER, Change, Feed

INSIDE: Final = 1
OUTSIDE: Final = 0

_SWEEP_ABOVE: Final = 1_024


@dataclass(slots=True)
class _Stay:
    """A key that is inside.

    Attributes:
        begun: when its first event came.
        last: when its last event came; NEVER while nothing has been heard since the stay was taken over.
        lat, lon: where it began; NaN where places do not matter.
        raised_at: when its alert began; NEVER without one.
        watched: the instant at which it is looked at next, to see whether it is still there.
    """

    begun: Instant
    last: Instant
    lat: float
    lon: float
    raised_at: Instant
    watched: Instant


class DwellKind:
    """The state of one dwell rule.

    Its feed has the column `inside`: 1 inside, 0 outside. With `near_m` it also has `lat` and `lon`.
    """

    def __init__(self, hold: Duration, gone_after: Duration, *, near_m: float | None = None) -> None:
        """Take the rule.

        Args:
            hold: how long a stay may be, µs; longer than 0.
            gone_after: how long a key may be silent and still be there, µs.
            near_m: how far it may be from where the stay began, metres; None for anywhere.
        """
        self._hold = hold
        self._gone_after = gone_after
        self._near_m = near_m
        self._stays: dict[int, _Stay] = {}
        # The newest event of keys that have left: an older one says nothing of what is now.
        self._left: dict[int, Instant] = {}
        # When each stay is to be looked at; one entry a stay, put back as long as it goes on.
        self._due: list[tuple[Instant, int]] = []
        # Stays that were taken over: they are not silent before anybody has listened.
        self._unheard: list[int] = []
        self._sweep_above = _SWEEP_ABOVE

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then end the stays of those who have been silent."""
        changes: list[Change] = []
        if self._unheard:
            self._listen(int(feed.now[0]) if len(feed) else until)
        if len(feed):
            placeless = [math.nan] * len(feed)
            lat, lon = (feed.columns[name].tolist() if name in feed.columns else placeless for name in ("lat", "lon"))
            columns = (feed.now, feed.at, feed.key, feed.ref, feed.columns["inside"])
            for now, at, key, ref, inside, north, east in zip(*(c.tolist() for c in columns), lat, lon, strict=True):
                stay = self._stays.get(key)
                if stay is not None and stay.last + self._gone_after < now:
                    self._leave(key, stay, stay.last + self._gone_after, changes)
                    stay = None
                if at < (stay.last if stay is not None else self._left.get(key, NEVER)):
                    continue
                far = stay is not None and self._is_far(stay, north, east)
                if stay is not None and (inside == OUTSIDE or far):
                    self._leave(key, stay, at, changes, ref)
                    stay = None
                if inside == OUTSIDE:
                    self._left[key] = at
                elif stay is None:
                    # What is older than a silence that has been noticed does not say that anything is there now.
                    if at + self._gone_after >= now:
                        self._enter(key, _Stay(at, at, north, east, NEVER, at + self._gone_after))
                else:
                    self._go_on(key, stay, at, ref, changes)
            self._sweep(int(feed.now[-1]))
        self._expire(until + 1 if closing else until, changes)
        return changes

    def _listen(self, since: Instant) -> None:
        for key in self._unheard:
            stay = self._stays[key]
            stay.last = max(since, stay.raised_at)
            stay.watched = stay.last + self._gone_after
            heappush(self._due, (stay.watched, key))
        self._unheard.clear()

    def _enter(self, key: int, stay: _Stay) -> None:
        self._stays[key] = stay
        self._left.pop(key, None)
        heappush(self._due, (stay.watched, key))

    def _go_on(self, key: int, stay: _Stay, at: Instant, ref: int, changes: list[Change]) -> None:
        stay.last = at
        held = at - stay.begun
        if stay.raised_at == NEVER and held >= self._hold:
            stay.raised_at = at
            changes.append(Change(key, True, at, at, (ref,), numbers={"held_s": held / SECOND}))

    def _leave(self, key: int, stay: _Stay, at: Instant, changes: list[Change], ref: int = -1) -> None:
        del self._stays[key]
        if stay.last != NEVER:
            self._left[key] = stay.last
        if stay.raised_at != NEVER:
            changes.append(Change(key, False, at, stay.raised_at, () if ref < 0 else (ref,)))

    def _is_far(self, stay: _Stay, lat: float, lon: float) -> bool:
        # A stay that was taken over has no place; then it is not far.
        if self._near_m is None or math.isnan(stay.lat):
            return False
        return distance_m(stay.lat, stay.lon, lat, lon) > self._near_m

    def _expire(self, limit: Instant, changes: list[Change]) -> None:
        """End the stays that have been silent for too long before `limit`."""
        while self._due and self._due[0][0] < limit:
            watched, key = heappop(self._due)
            stay = self._stays.get(key)
            if stay is None or stay.watched != watched:
                continue
            gone = stay.last + self._gone_after
            if gone < limit:
                self._leave(key, stay, gone, changes)
            else:
                stay.watched = gone
                heappush(self._due, (gone, key))

    def _sweep(self, now: Instant) -> None:
        """Forget keys of which no event can be taken any more that is older than their newest."""
        if len(self._left) > self._sweep_above:
            horizon = now - self._gone_after
            self._left = {key: last for key, last in self._left.items() if last >= horizon}
            self._sweep_above = max(_SWEEP_ABOVE, 2 * len(self._left))

    def dump(self) -> dict[str, Any]:
        """Give the stays, and the newest events of keys that have left."""
        stays = [[s.begun, s.last, s.lat, s.lon, s.raised_at] for s in self._stays.values()]
        return {"keys": [*self._stays, *self._left], "stays": stays, "left": list(self._left.values())}

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys = iter(state["keys"])
        for begun, last, lat, lon, raised_at in state["stays"]:
            self._stays[next(keys)] = _Stay(begun, last, lat, lon, raised_at, last + self._gone_after)
        self._left = {next(keys): last for last in state["left"]}
        self._unheard = [key for key, stay in self._stays.items() if stay.last == NEVER]
        self._due = [(stay.watched, key) for key, stay in self._stays.items() if stay.last != NEVER]
        heapify(self._due)

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open: its key was there, somewhere, when it began."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        stay = self._stays.get(key)
        if stay is not None:
            stay.raised_at = raised_at
        else:
            self._stays[key] = _Stay(raised_at - self._hold, NEVER, math.nan, math.nan, raised_at, NEVER)
            self._unheard.append(key)

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget who is where."""
        changes: list[Change] = []
        for key, stay in list(self._stays.items()):
            self._leave(key, stay, at, changes)
        self._due.clear()
        self._unheard.clear()
        return changes

    def refs(self) -> list[int]:
        """Nothing older than the last batch is needed."""
        return []
