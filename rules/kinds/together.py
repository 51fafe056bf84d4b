"""Together: an event of each side, no more than `within` and `near` apart.

The key is the pair of assets. A pair's alert begins at its first match, at the later of the two events, and
ends `clear_after` after its last. An event is remembered until time has passed it by twice `within`: one that
comes no later than `within` finds every match.
"""

from collections import deque
from dataclasses import dataclass
from math import cos, floor, radians, sin
from typing import Any

from ioc.model.geo import EARTH_RADIUS_M, distance_m
from ioc.model.instant import Duration, Instant
from rules.kinds.contract import Change, Feed, Row, RowOf


@dataclass(slots=True)
class _Seen:
    """An event that a match may still need."""

    at: Instant
    key: int
    lat: float
    lon: float
    ref: int
    row: Row | None


@dataclass(slots=True)
class _Pair:
    """An alert that holds."""

    raised_at: Instant
    last: Instant


_Cell = tuple[int, int, int]
_NOWHERE: _Cell = (0, 0, 0)


class _Side:
    """The events of one side, found by place."""

    def __init__(self, near_m: float | None) -> None:
        self._near_m = near_m
        self._cells: dict[_Cell, list[_Seen]] = {}
        self._arrivals: deque[tuple[_Cell, _Seen]] = deque()

    def add(self, seen: _Seen) -> None:
        cell = self._cell(seen)
        self._cells.setdefault(cell, []).append(seen)
        self._arrivals.append((cell, seen))

    def near(self, seen: _Seen) -> list[_Seen]:
        """Give the events that can be near enough, in order of arrival."""
        if self._near_m is None:
            return self._cells.get(_NOWHERE, [])
        x, y, z = self._cell(seen)
        around = [(x + i, y + j, z + k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
        found = [other for cell in around for other in self._cells.get(cell, ())]
        near = [o for o in found if distance_m(seen.lat, seen.lon, o.lat, o.lon) <= self._near_m]
        return sorted(near, key=lambda other: other.ref)

    def forget(self, before: Instant) -> None:
        """Drop, from the first that came on, events older than `before`."""
        while self._arrivals and self._arrivals[0][1].at < before:
            cell, seen = self._arrivals.popleft()
            rest = self._cells[cell]
            rest.remove(seen)
            if not rest:
                del self._cells[cell]

    def all(self) -> list[_Seen]:
        return [seen for _, seen in self._arrivals]

    def _cell(self, seen: _Seen) -> _Cell:
        """Name the cube of space, `near` wide, that a place lies in: a chord is never longer than its arc."""
        if self._near_m is None:
            return _NOWHERE
        lat, lon, edge = radians(seen.lat), radians(seen.lon), self._near_m / EARTH_RADIUS_M
        return floor(cos(lat) * cos(lon) / edge), floor(cos(lat) * sin(lon) / edge), floor(sin(lat) / edge)


class TogetherKind:
    """The state of one together rule.

    Its feed has the columns `first` and `second` (which side an event is on; it may be both), `lat` and `lon`.
    """

    def __init__(
        self, within: Duration, near_m: float | None, clear_after: Duration, row_of: RowOf | None = None
    ) -> None:
        """Take how far apart in time (µs) and place (m; None for anywhere), and the time to clear, µs.

        With `row_of` the events are kept as evidence; without it, only what matching needs.
        """
        self._row_of = row_of
        self._within = within
        self._near_m = near_m
        self._clear_after = clear_after
        self._sides = (_Side(near_m), _Side(near_m))
        self._pairs: dict[tuple[int, int], _Pair] = {}
        # When a pair's last alert ended: a late match that lies inside it has been told already.
        self._ended: dict[tuple[int, int], Instant] = {}

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then end the alerts whose time has come."""
        changes: list[Change] = []
        if len(feed):
            names = ("first", "second", "lat", "lon")
            columns = (feed.now, feed.at, feed.key, feed.ref, *(feed.columns[name] for name in names))
            for now, at, key, ref, first, second, lat, lon in zip(*(c.tolist() for c in columns), strict=True):
                row = None if self._row_of is None else self._row_of(ref)
                seen = _Seen(at, key, lat, lon, ref, row)
                # A side takes its event before the other looks for matches, so that one event on both sides
                # meets itself once.
                if first:
                    self._sides[0].add(seen)
                    self._match(seen, self._sides[1], now, first=True, changes=changes)
                if second:
                    self._sides[1].add(seen)
                    self._match(seen, self._sides[0], now, first=False, changes=changes)
            horizon = int(feed.now[-1]) - 2 * self._within
            for side in self._sides:
                side.forget(horizon)
            self._ended = {pair: ended for pair, ended in self._ended.items() if ended > horizon}
        limit = until + 1 if closing else until
        due = [pair for pair, known in self._pairs.items() if known.last + self._clear_after < limit]
        return changes + [self._end(pair) for pair in due]

    def _match(self, seen: _Seen, other_side: _Side, now: Instant, *, first: bool, changes: list[Change]) -> None:
        horizon = now - 2 * self._within
        for other in other_side.near(seen):
            if abs(seen.at - other.at) > self._within or other.at < horizon:
                continue
            pair = (seen.key, other.key) if first else (other.key, seen.key)
            at = max(seen.at, other.at)
            known = self._pairs.get(pair)
            if known is not None:
                due = known.last + self._clear_after
                if due >= now and at < due:
                    known.last = max(known.last, at)
                    continue
                # Time alone has ended it, unless the event was ahead of time.
                changes.append(self._end(pair, by=seen.ref if due >= now else None))
            ended = self._ended.get(pair)
            if ended is not None and at + self._clear_after <= ended:
                continue
            begun = at if ended is None else max(at, ended)
            self._pairs[pair] = _Pair(begun, at)
            sides = (seen, other) if first else (other, seen)
            rows = tuple(side.row for side in sides if side.row is not None)
            apart = 0.0 if self._near_m is None else distance_m(seen.lat, seen.lon, other.lat, other.lon)
            changes.append(Change(pair, True, begun, begun, rows=rows, numbers={"distance_m": apart}, by=seen.ref))

    def _end(self, pair: tuple[int, int], *, by: int | None = None) -> Change:
        known = self._pairs.pop(pair)
        ended = self._ended[pair] = known.last + self._clear_after
        return Change(pair, False, ended, known.raised_at, by=by)

    def dump(self) -> dict[str, Any]:
        """Give the events that a match may still need, and the alerts that hold."""
        seen = [[[s.at, s.key, s.lat, s.lon, s.ref, s.row] for s in side.all()] for side in self._sides]
        pairs = [[*pair, known.raised_at, known.last] for pair, known in self._pairs.items()]
        ended = [[*pair, instant] for pair, instant in self._ended.items()]
        keys = [s[1] for side in seen for s in side] + [code for pair in pairs + ended for code in pair[:2]]
        return {"keys": keys, "seen": seen, "pairs": pairs, "ended": ended}

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys = iter(state["keys"])
        for side, seen in zip(self._sides, state["seen"], strict=True):
            for at, _, lat, lon, ref, row in seen:
                side.add(_Seen(at, next(keys), lat, lon, ref, row))
        for _, _, raised_at, last in state["pairs"]:
            self._pairs[next(keys), next(keys)] = _Pair(raised_at, last)
        for _, _, instant in state["ended"]:
            self._ended[next(keys), next(keys)] = instant

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open: its last match known is its first."""
        assert isinstance(key, tuple)  # noqa: S101 - the key is a pair here
        self._pairs[key] = _Pair(raised_at, raised_at)

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget the events."""
        changes = [Change(pair, False, at, known.raised_at) for pair, known in self._pairs.items()]
        self._ended |= dict.fromkeys(self._pairs, at)
        self._pairs.clear()
        self._sides = (_Side(self._near_m), _Side(self._near_m))
        return changes

    def refs(self) -> list[int]:
        """What is needed later is kept here, event by event."""
        return []
