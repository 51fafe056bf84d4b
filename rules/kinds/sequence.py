"""Sequence: steps that come one after the other within a time, near one another, and a step that must not come.

A chain begins with an event of the first step and takes the earliest event of each further step; the event that
completes it is a match. One event is after another when its instant is later: of one instant, none is the first.
An event that must not come spoils every chain that it falls into, between its first step and its last. Where there
is only one step, the chain is complete when `within` has passed and nothing has spoilt it.

Of a key's matches an alert is made: it begins at the first, and ends `clear_after` after the last, or at an event
that ends it. The state forgets a chain when nothing in time can complete it any more, and a chain of which another
one, begun later, has come as far.
"""

import math
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Final

from ioc.model.alerts import AFTER_EVENTS
from ioc.model.geo import distance_m
from ioc.model.instant import SECOND, Duration, Instant
from rules.kinds.contract import NEVER, Change, Feed
from rules.kinds.places import Cell, cell_of, cells_around

PATIENCE: Final[Duration] = 10 * SECOND
"""How late, in the order of the stream, an event may come and still find the steps before it."""

_ALWAYS: Final[Instant] = -NEVER
_SWEEP_ABOVE: Final = 1_024
# How many chains a group may have grown by before those that cannot matter are looked for, where an event only begins.
_UNSORTED: Final = 32

Group = int | Cell
"""Where chains are kept: the code of their key, or the cube that their first step lies in."""


@dataclass(slots=True)
class _Chain:
    """Steps that have come in order.

    Attributes:
        begun: when the first came.
        key: of the first.
        lat, lon: of the first; NaN where places do not matter.
        reached: when the last one so far came.
        steps: how many have come.
        spoilt: the first instant after `begun` at which something came that must not.
        refs: the numbers of the events.
    """

    begun: Instant
    key: int
    lat: float
    lon: float
    reached: Instant
    steps: int
    spoilt: Instant
    refs: tuple[int, ...]


@dataclass(slots=True)
class _Alert:
    """An alert that holds, the last match it had, and where its first step came."""

    raised_at: Instant
    last: Instant
    lat: float
    lon: float


class SequenceKind:
    """The state of one sequence rule.

    Its feed has the column `roles`, a number: bit i says that the event is of step i, the bit behind the steps that
    it must not come, and the next one that it ends alerts. With `near_m` it also has `lat` and `lon`.
    """

    def __init__(
        self,
        steps: int,
        within: Duration,
        *,
        near_m: float | None = None,
        across: bool = False,
        clear_after: Duration | None,
        event_time: bool,
    ) -> None:
        """Take the rule.

        Args:
            steps: how many there are; where it is one, its match comes when `within` is over.
            within: how long from the first to the last step, µs.
            near_m: how far from the first step all others may be, metres; None for anywhere.
            across: whether the other steps may be of any key; wants `near_m`.
            clear_after: how long after its last match an alert ends, µs; None: at an event that ends it.
            event_time: whether events come in order of `at`.
        """
        self._steps = steps
        self._not = 1 << steps
        self._clear = 2 << steps
        self._within = within
        self._near_m = near_m
        self._across = across
        self._clear_after = clear_after
        self._patience = 0 if event_time else min(PATIENCE, within)
        self._chains: dict[Group, list[_Chain]] = {}
        # The last event of each group that must not come: what it says to chains whose first step comes late.
        self._forbidden: dict[Group, tuple[Instant, int, float, float]] = {}
        self._ripening: list[tuple[Instant, int, _Chain]] = []
        self._alerts: dict[int, _Alert] = {}
        # When a key's last alert ended: what lies inside it has been told already.
        self._ended: dict[int, Instant] = {}
        self._begun = 0
        self._sweep_above = _SWEEP_ABOVE
        self._swept: Instant = NEVER
        self._named: list[int] = []
        self._count_above = _SWEEP_ABOVE

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then let time complete chains and end alerts."""
        changes: list[Change] = []
        if len(feed):
            placeless = [math.nan] * len(feed)
            lat, lon = (feed.columns[name].tolist() if name in feed.columns else placeless for name in ("lat", "lon"))
            columns = (feed.now, feed.at, feed.key, feed.ref, feed.columns["roles"])
            for now, at, key, ref, roles, north, east in zip(*(c.tolist() for c in columns), lat, lon, strict=True):
                self._ripen(now, changes)
                self._take(now, at, key, ref, roles, north, east, changes)
            self._sweep(int(feed.now[-1]))
        limit = until + 1 if closing else until
        self._ripen(limit, changes)
        if self._clear_after is not None:
            due = [key for key, alert in self._alerts.items() if alert.last + self._clear_after < limit]
            changes += [self._end(key, self._alerts[key].last + self._clear_after) for key in due]
        return changes

    def _take(
        self, now: Instant, at: Instant, key: int, ref: int, roles: int, lat: float, lon: float, changes: list[Change]
    ) -> None:
        """Take one event: it ends alerts, then spoils chains or makes them longer, then begins one."""
        if roles & self._clear:
            self._end_near(at, key, lat, lon, ref, changes)
        home = self._home(key, lat, lon)
        if roles & self._not:
            known = self._forbidden.get(home)
            if known is None or at > known[0]:
                self._forbidden[home] = (at, key, lat, lon)
        complete: dict[int, _Chain] = {}
        groups: Iterable[Group] = (home,)
        if roles != 1:
            groups = cells_around(home) if isinstance(home, tuple) else groups
        elif len(self._chains.get(home, ())) % _UNSORTED:
            # An event that only begins a chain has nothing to say to the others.
            groups = ()
        for group in groups:
            chains = self._chains.get(group)
            if chains is not None:
                self._chains[group] = self._lengthen(chains, now, at, ref, roles, lat, lon, complete)
        for code, chain in complete.items():
            self._match(code, chain, at, now, ref, changes)
        if roles & 1 and now - self._patience <= at + self._within:
            chain = self._begin(home, at, key, ref, lat, lon)
            ripe = at + self._within
            if self._steps == 1 and ripe < now and chain.spoilt > ripe:
                # Its first step came so late that all its time is over.
                chain.spoilt = ripe
                self._match(key, chain, ripe, now, ref, changes)

    def _home(self, key: int, lat: float, lon: float) -> Group:
        return cell_of(lat, lon, self._near_m) if self._across and self._near_m is not None else key

    def _begin(self, home: Group, at: Instant, key: int, ref: int, lat: float, lon: float) -> _Chain:
        chain = _Chain(at, key, lat, lon, at, 1, _ALWAYS, (ref,))
        self._named.append(ref)
        if self._forbidden:
            for group in cells_around(home) if isinstance(home, tuple) else (home,):
                came, _, north, east = self._forbidden.get(group, (NEVER, key, lat, lon))
                if came > at and self._is_near(lat, lon, north, east):
                    chain.spoilt = min(chain.spoilt, came)
        self._keep(chain)
        return chain

    def _keep(self, chain: _Chain) -> None:
        home = self._home(chain.key, chain.lat, chain.lon)
        chains = self._chains.setdefault(home, [])
        if chains and chains[-1].begun > chain.begun:
            insort(chains, chain, key=lambda other: other.begun)
        else:
            chains.append(chain)
        ripe = chain.begun + self._within
        if self._steps == 1 and chain.spoilt > ripe:
            self._begun += 1
            heappush(self._ripening, (ripe, self._begun, chain))

    def _lengthen(
        self,
        chains: list[_Chain],
        now: Instant,
        at: Instant,
        ref: int,
        roles: int,
        lat: float,
        lon: float,
        complete: dict[int, _Chain],
    ) -> list[_Chain]:
        """Give the chains that may still matter, after an event has told them what it has to say."""
        kept: list[_Chain] = []
        horizon = now - self._patience
        furthest: dict[tuple[int, float, float], int] = {}
        for chain in reversed(chains):
            if chain.begun + self._within < horizon or chain.spoilt < horizon:
                continue
            if self._steps > 1:
                # One that has come as far, from a later beginning at the same place, can do all that this one can.
                place = (chain.key, *((chain.lat, chain.lon) if self._near_m is not None else (0.0, 0.0)))
                if furthest.get(place, 0) >= chain.steps:
                    continue
                if chain.reached < horizon and chain.spoilt == _ALWAYS:
                    furthest[place] = chain.steps
            kept.append(chain)
            if self._is_near(chain.lat, chain.lon, lat, lon):
                self._tell(chain, at, ref, roles, complete)
        kept.reverse()
        return kept

    def _tell(self, chain: _Chain, at: Instant, ref: int, roles: int, complete: dict[int, _Chain]) -> None:
        if roles & self._not and chain.begun < at < chain.spoilt:
            chain.spoilt = at
        fits = roles >> chain.steps & 1 and chain.steps < self._steps
        if not fits or at <= chain.reached or at - chain.begun > self._within:
            return
        if chain.steps < self._steps - 1:
            chain.steps += 1
            chain.reached = at
            chain.refs = (*chain.refs, ref)
            self._named.append(ref)
        elif at <= chain.spoilt:
            other = complete.get(chain.key)
            if other is None or chain.begun > other.begun:
                complete[chain.key] = chain

    def _ripen(self, limit: Instant, changes: list[Change]) -> None:
        """Complete the chains of one step whose time was over before `limit`."""
        while self._ripening and self._ripening[0][0] < limit:
            instant, _, chain = heappop(self._ripening)
            if chain.spoilt > instant:
                # It is told once, whoever takes this state up.
                chain.spoilt = instant
                self._match(chain.key, chain, instant, instant, None, changes)

    def _match(
        self, key: int, chain: _Chain, at: Instant, now: Instant, ref: int | None, changes: list[Change]
    ) -> None:
        """Begin an alert, or let the one that holds go on."""
        ended = self._ended.get(key, NEVER)
        alert = self._alerts.get(key)
        begun = at
        if self._clear_after is None:
            if alert is not None or chain.begun <= ended:
                return
        else:
            if alert is not None:
                due = alert.last + self._clear_after
                if due >= now and at < due:
                    alert.last = max(alert.last, at)
                    return
                # What falls due at the very moment of an event waits for it; what fell due before, time has decided.
                changes.append(self._end(key, due, by=AFTER_EVENTS if due < now or ref is None else ref))
                ended = due
            if at + self._clear_after <= ended:
                return
            begun = max(at, ended)
        self._alerts[key] = _Alert(begun, at, chain.lat, chain.lon)
        refs = chain.refs if ref is None or self._steps == 1 else (*chain.refs, ref)
        by = AFTER_EVENTS if ref is None else ref
        numbers = {"held_s": (at - chain.begun) / SECOND}
        changes.append(Change(key, True, begun, begun, refs=refs, numbers=numbers, by=by))

    def _end(self, key: int, at: Instant, *, by: int = AFTER_EVENTS, refs: tuple[int, ...] = ()) -> Change:
        alert = self._alerts.pop(key)
        self._ended[key] = at
        return Change(key, False, at, alert.raised_at, refs=refs, by=by)

    def _end_near(self, at: Instant, key: int, lat: float, lon: float, ref: int, changes: list[Change]) -> None:
        """End the alerts that an event ends: its key's, or those near it."""
        for code in list(self._alerts) if self._across else [key]:
            alert = self._alerts.get(code)
            if alert is not None and at > alert.raised_at and self._is_near(alert.lat, alert.lon, lat, lon):
                changes.append(self._end(code, at, by=ref, refs=(ref,)))

    def _is_near(self, lat: float, lon: float, other_lat: float, other_lon: float) -> bool:
        # An alert that was taken over has no place; then it is not far.
        return self._near_m is None or math.isnan(lat) or distance_m(lat, lon, other_lat, other_lon) <= self._near_m

    def _sweep(self, now: Instant) -> None:
        """Forget what time has passed; not at every batch, so that its cost is spread over many."""
        horizon = now - self._patience - self._within
        kept = len(self._chains) + len(self._forbidden) + len(self._ended)
        if kept <= self._sweep_above and self._swept >= horizon:
            return
        self._swept = now
        for group, chains in list(self._chains.items()):
            living = [chain for chain in chains if chain.begun >= horizon]
            if living:
                self._chains[group] = living
            else:
                del self._chains[group]
        self._forbidden = {group: known for group, known in self._forbidden.items() if known[0] >= horizon}
        self._ended = {key: ended for key, ended in self._ended.items() if ended >= horizon}
        left = len(self._chains) + len(self._forbidden) + len(self._ended)
        self._sweep_above = max(_SWEEP_ABOVE, 2 * left)

    def dump(self) -> dict[str, Any]:
        """Give the chains that may become longer, the alerts that hold, and what is known of those that ended."""
        chains = [chain for chains in self._chains.values() for chain in chains]
        listed: dict[str, list[list[Any]]] = {
            "chains": [[c.key, c.begun, c.lat, c.lon, c.reached, c.steps, c.spoilt, list(c.refs)] for c in chains],
            "forbidden": [[key, at, lat, lon] for at, key, lat, lon in self._forbidden.values()],
            "alerts": [[key, a.raised_at, a.last, a.lat, a.lon] for key, a in self._alerts.items()],
            "ended": [[key, ended] for key, ended in self._ended.items()],
        }
        keys = [entry[0] for entries in listed.values() for entry in entries]
        return {"keys": keys, **{name: [entry[1:] for entry in entries] for name, entries in listed.items()}}

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys = iter(state["keys"])
        for begun, lat, lon, reached, steps, spoilt, refs in state["chains"]:
            self._keep(_Chain(begun, next(keys), lat, lon, reached, steps, spoilt, tuple(refs)))
            self._named += refs
        for at, lat, lon in state["forbidden"]:
            key = next(keys)
            self._forbidden[self._home(key, lat, lon)] = (at, key, lat, lon)
        for raised_at, last, lat, lon in state["alerts"]:
            self._alerts[next(keys)] = _Alert(raised_at, last, lat, lon)
        for ended in state["ended"]:
            self._ended[next(keys)] = ended[0]

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open: the last match known of it is its first, if nothing else is known."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        known = self._alerts.get(key)
        if known is None:
            self._alerts[key] = _Alert(raised_at, raised_at, math.nan, math.nan)
        else:
            known.raised_at = raised_at

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget all chains."""
        changes = [self._end(key, at) for key in list(self._alerts)]
        self._chains.clear()
        self._forbidden.clear()
        self._ripening.clear()
        self._named = []
        return changes

    def refs(self) -> list[int]:
        """Number the steps of the chains, and some that have gone: they are counted anew when there are many."""
        if len(self._named) > self._count_above:
            self._named = [ref for chains in self._chains.values() for chain in chains for ref in chain.refs]
            self._count_above = max(_SWEEP_ABOVE, 2 * len(self._named))
        return self._named
