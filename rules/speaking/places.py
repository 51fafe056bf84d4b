"""Things found again by place: by an equal name, or by being near."""

from math import cos, floor, radians, sin
from typing import Final

from ioc.model.geo import EARTH_RADIUS_M, distance_m
from rules.speaking.options import Place
from rules.speaking.whereabouts import Where

_Cell = tuple[int, int, int]
_AROUND: Final = [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)]


class Places:
    """Ids with their whereabouts, found by what is at the same place; those without such a place are found nowhere."""

    def __init__(self, place: Place) -> None:
        """Take what makes two things be of one place."""
        self._place = place
        self._where: dict[str, Where] = {}
        # By name, or by cube of space; as dicts, so that ids stay in the order in which they came.
        self._named: dict[str, dict[str, None]] = {}
        self._cells: dict[_Cell, dict[str, None]] = {}
        self._next = 0
        self._turn: dict[str, int] = {}

    def __len__(self) -> int:
        """Count the ids."""
        return len(self._where)

    def __contains__(self, name: str) -> bool:
        """Whether an id is here."""
        return name in self._where

    def add(self, name: str, where: Where) -> None:
        """Put an id at its place."""
        shelf = self._shelf(where, make=True)
        if shelf is not None and name not in self._where:
            shelf[name] = None
            self._where[name] = where
            self._turn[name] = self._next
            self._next += 1

    def remove(self, name: str) -> None:
        """Take an id away; one that is not here may be."""
        where = self._where.pop(name, None)
        if where is None:
            return
        del self._turn[name]
        shelf = self._shelf(where, make=False)
        if shelf is not None:
            shelf.pop(name, None)
            if not shelf:
                self._drop(where)

    def at(self, where: Where) -> list[str]:
        """Find what is at the same place, in the order in which it came."""
        near_m = self._place.near_m
        if near_m is None:
            named = where.value(self._place.same)
            return [] if named is None else list(self._named.get(named, ()))
        if where.lat is None or where.lon is None:
            return []
        x, y, z = _cell(where.lat, where.lon, near_m)
        found = []
        for i, j, k in _AROUND:
            for name in self._cells.get((x + i, y + j, z + k), ()):
                other = self._where[name]
                if distance_m(where.lat, where.lon, other.lat or 0.0, other.lon or 0.0) <= near_m:
                    found.append(name)
        return sorted(found, key=self._turn.__getitem__)

    def _shelf(self, where: Where, *, make: bool) -> dict[str, None] | None:
        near_m = self._place.near_m
        if near_m is None:
            named = where.value(self._place.same)
            if named is None:
                return None
            return self._named.setdefault(named, {}) if make else self._named.get(named)
        if where.lat is None or where.lon is None:
            return None
        cell = _cell(where.lat, where.lon, near_m)
        return self._cells.setdefault(cell, {}) if make else self._cells.get(cell)

    def _drop(self, where: Where) -> None:
        near_m = self._place.near_m
        if near_m is None:
            self._named.pop(where.value(self._place.same) or "", None)
        elif where.lat is not None and where.lon is not None:
            self._cells.pop(_cell(where.lat, where.lon, near_m), None)


def _cell(lat: float, lon: float, edge_m: float) -> _Cell:
    """Name the cube of space that a place lies in: a chord is never longer than its arc."""
    north, east, edge = radians(lat), radians(lon), edge_m / EARTH_RADIUS_M
    return floor(cos(north) * cos(east) / edge), floor(cos(north) * sin(east) / edge), floor(sin(north) / edge)
