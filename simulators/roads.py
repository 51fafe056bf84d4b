"""The road network of a sketch: where roads meet, and the way from one place to another."""

import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ioc.model.geo import distance_m

Point = tuple[float, float]
"""(longitude, latitude), degrees."""


@dataclass(frozen=True, slots=True)
class Road:
    """One drawn road.

    Attributes:
        rank: the class it is drawn with: trunk, primary, secondary, tertiary or lane.
        points: at least two.
    """

    name: str | None
    rank: str
    points: tuple[Point, ...]

    @property
    def length_m(self) -> float:
        """Its length, metres."""
        return path_lengths(self.points)[-1]


@dataclass(frozen=True, slots=True)
class Route:
    """A way along roads that halts at stops.

    Attributes:
        points: the way.
        lengths: metres from the start to each point.
        stops: metres from the start to each stop, the first at 0 and the last at the end.
    """

    points: tuple[Point, ...]
    lengths: tuple[float, ...]
    stops: tuple[float, ...]


def roads_of(sketch: dict[str, Any]) -> list[Road]:
    """Take the roads out of a city's sketch, in its order."""
    return [
        Road(
            feature["properties"]["name"],
            feature["properties"]["class"] or "tertiary",
            tuple((lon, lat) for lon, lat in feature["geometry"]["coordinates"]),
        )
        for feature in sketch["features"]
        if feature["properties"]["layer"] == "road"
    ]


def metres_between(first: Point, second: Point) -> float:
    """Great-circle distance of two points, metres."""
    return distance_m(first[1], first[0], second[1], second[0])


def path_lengths(points: Sequence[Point]) -> tuple[float, ...]:
    """Measure the way from the first point to each, metres."""
    lengths = [0.0]
    for before, here in itertools.pairwise(points):
        lengths.append(lengths[-1] + metres_between(before, here))
    return tuple(lengths)


def point_along(points: Sequence[Point], lengths: Sequence[float], metres: float) -> tuple[Point, float]:
    """Find the point so many metres along a way, and the heading there (degrees, clockwise from north)."""
    low, high = 0, len(points) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if lengths[middle] <= metres else (low, middle)
    (lon, lat), (next_lon, next_lat) = points[low], points[high]
    span = lengths[high] - lengths[low]
    share = min(1.0, max(0.0, (metres - lengths[low]) / span)) if span else 0.0
    east = (next_lon - lon) * math.cos(math.radians(lat))
    heading = math.degrees(math.atan2(east, next_lat - lat)) % 360
    return (lon + (next_lon - lon) * share, lat + (next_lat - lat) * share), heading


class RoadNetwork:
    """Roads joined wherever they share a point."""

    def __init__(self, roads: Sequence[Road]) -> None:
        """Join the roads."""
        self._next: defaultdict[Point, dict[Point, float]] = defaultdict(dict)
        for road in roads:
            for first, second in zip(road.points, road.points[1:], strict=False):
                metres = metres_between(first, second)
                self._next[first][second] = metres
                self._next[second][first] = metres

    def arms(self, point: Point) -> int:
        """Count the ways that lead from a point; 0 where there is no road."""
        return len(self._next.get(point, ()))

    def nearest(self, place: Point) -> Point:
        """Find the road point nearest to a place."""
        return min(self._next, key=lambda point: metres_between(point, place))

    def way(self, start: Point, end: Point) -> tuple[Point, ...] | None:
        """Find the shortest way between two road points (Dijkstra's algorithm); None where there is none."""
        best = {start: 0.0}
        came: dict[Point, Point] = {}
        queue = [(0.0, start)]
        while queue:
            metres, here = heapq.heappop(queue)
            if here == end:
                way = [end]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return tuple(reversed(way))
            if metres > best[here]:
                continue
            for there, step in self._next[here].items():
                if metres + step < best.get(there, math.inf):
                    best[there] = metres + step
                    came[there] = here
                    heapq.heappush(queue, (metres + step, there))
        return None

    def route(self, stops: Sequence[Point]) -> Route | None:
        """Join the ways between places in order; None where two of them are not connected."""
        corners = [self.nearest(stop) for stop in stops]
        points = [corners[0]]
        halts = [0]
        for start, end in itertools.pairwise(corners):
            way = self.way(start, end)
            if way is None:
                return None
            points += way[1:]
            if len(points) - 1 > halts[-1]:
                halts.append(len(points) - 1)
        if len(points) < 2:
            return None
        lengths = path_lengths(points)
        return Route(tuple(points), lengths, tuple(lengths[halt] for halt in halts))
