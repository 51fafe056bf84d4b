"""Builds a city's devices from its file: where each stands or drives, what it is called, and how it speaks."""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ioc.model.assets import Asset
from ioc.model.city import City, area_at
from ioc.model.kinds import Kind
from ioc.runtime.marked_yaml import YamlNode
from ioc.store.city_file import read_city, read_document
from simulators.chance import uniform
from simulators.devices import Device, Fleet, Role, Speech
from simulators.fleet_file import Crowd, FleetPlan, PlacePlan, Service, read_fleet
from simulators.roads import Point, Road, RoadNetwork, Route, metres_between, path_lengths, point_along, roads_of

__all__ = ["Fleet", "build"]

_WEIGHT: Final = {"trunk": 1.3, "primary": 3.0, "secondary": 1.6, "tertiary": 0.9}
"""Cameras for a metre of road, by its class; trunk roads here lead through forest for the most part."""

_BUSY: Final = {"trunk": 0.8, "primary": 1.0, "secondary": 0.65, "tertiary": 0.4}
_CROSSINGS: Final = {3: "ngã ba", 4: "ngã tư", 5: "ngã năm", 6: "ngã sáu"}
_NEAR_PLACE_M: Final = 220.0
_SITE_ZONE_M: Final = 120.0
_FRIGATE_SHARE: Final = 0.4
_CENTRE_M: Final = 2_500.0


def build(path: Path, seed: int) -> Fleet:
    """Build a city's devices; the same file and seed give the same ones.

    Raises:
        Fault: the city file is wrong, with file, line and column.
    """
    document = read_document(path)
    city = read_city(document)
    return _Builder(document, city, seed).fleet()


def plain(text: str) -> str:
    """Write a name in lower case, without accents, with hyphens: `Đà Lạt 2` is `da-lat-2`."""
    letters = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    kept = "".join(letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return "-".join(kept.lower().split())


class _Builder:
    """Places devices one sort after the other."""

    def __init__(self, document: YamlNode, city: City, seed: int) -> None:
        self._city = city
        self._seed = seed
        self._roads = [road for road in roads_of(city.sketch) if road.rank in _WEIGHT and road.name]
        self._network = RoadNetwork(self._roads)
        features = city.sketch["features"]
        self._places: dict[str, Point] = {
            feature["properties"]["name"]: tuple(feature["geometry"]["coordinates"])
            for feature in features
            if feature["properties"]["layer"] == "place"
        }
        self._waters: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for feature in features:
            if feature["properties"]["layer"] == "water" and feature["properties"]["name"]:
                self._waters[feature["properties"]["name"]].append(feature["geometry"])
        fields = document.mapping()
        if "fleet" not in fields:
            raise document.wrong("the city has no `fleet` section, so there is nothing to simulate")
        self._fleet_node = fields["fleet"]
        self._plan: FleetPlan = read_fleet(self._fleet_node, set(self._places), set(self._waters))
        self._devices: list[Device] = []

    def fleet(self) -> Fleet:
        self._add_high_cameras()
        self._add_street_cameras()
        self._add_access_points()
        self._add_air()
        self._add_noise()
        self._add_climate()
        self._add_water()
        self._add_vehicles()
        frigate = Asset(
            # The name under which Frigate speaks of itself.
            id="frigate",
            kind=Kind.NETWORK,
            name="Máy ghi hình Frigate",
            tags=("recorder",),
            simulated=True,
        )
        recorded = any(device.speech is Speech.FRIGATE for device in self._devices)
        return Fleet(self._city, tuple(self._shared_out()), (frigate,) if recorded else ())

    def _shared_out(self) -> Iterator[Device]:
        """Let cameras of one zone share the people in it, so that many cameras do not make a crowd."""
        watchers = Counter(device.asset.zone for device in self._devices if device.role is Role.STREET_CAMERA)
        for device in self._devices:
            if device.role is Role.STREET_CAMERA:
                yield replace(device, busy=device.busy / watchers[device.asset.zone])
            else:
                yield device

    def _add(
        self,
        role: Role,
        asset: Asset,
        speech: Speech,
        *,
        busy: float = 0.5,
        crowd: Crowd | None = None,
        route: Route | None = None,
        service: Service | None = None,
    ) -> None:
        number = len(self._devices)
        if asset.lat is not None and asset.lon is not None:
            asset = replace(
                asset,
                lat=round(asset.lat, 6),
                lon=round(asset.lon, 6),
                area=area_at(self._city.areas, asset.lat, asset.lon),
            )
        self._devices.append(Device(asset, role, speech, number, busy, crowd, route, service))

    def _draw(self, *question: int) -> float:
        return uniform(self._seed, *question)

    # Cameras

    def _add_high_cameras(self) -> None:
        for index, camera in enumerate(self._plan.high_cameras, 1):
            lon, lat = camera.at
            asset = Asset(
                id=f"cam-high-{index:02d}",
                kind=Kind.CAMERA,
                name=camera.name,
                lat=lat,
                lon=lon,
                zone=camera.name.split(" · ", maxsplit=1)[0],
                tags=("high", camera.watches),
                simulated=True,
            )
            self._add(Role.HIGH_CAMERA, asset, Speech.OWN, busy=0.3 if camera.watches == "forest" else 0.6)

    def _add_street_cameras(self) -> None:
        spots = self._camera_spots(self._plan.street_cameras)
        numbers: Counter[str] = Counter()
        for index, (road, point, crossing) in enumerate(spots, 1):
            name = road.name or ""
            numbers[name] += 1
            hint = crossing or self._nearest_place(point)
            title = f"{name} {numbers[name]}" + (f" · {hint}" if hint else "")
            site = self._site_at(point)
            lon, lat = self._beside(point, 11, index, metres=9)
            asset = Asset(
                id=f"cam-{index:03d}",
                kind=Kind.CAMERA,
                name=title,
                lat=lat,
                lon=lon,
                site=site.name if site else None,
                zone=site.name if site else f"{name} {numbers[name]}",
                tags=("street",),
                simulated=True,
            )
            speech = Speech.FRIGATE if self._draw(12, index) < _FRIGATE_SHARE else Speech.OWN
            self._add(Role.STREET_CAMERA, asset, speech, busy=_BUSY[road.rank] * self._centrality(point))

    def _camera_spots(self, count: int) -> list[tuple[Road, Point, str | None]]:
        """Choose spots road by road: first every crossing, then evenly by weight."""
        spots: list[tuple[int, float, Road, Point, str | None]] = []
        taken: set[Point] = set()
        for order, road in enumerate(self._roads):
            for point, metres in zip(road.points, path_lengths(road.points), strict=True):
                if self._network.arms(point) >= 3 and point not in taken:
                    taken.add(point)
                    spots.append((order, metres, road, point, self._crossing(road, point)))
        spots = spots[:count]
        weights = [road.length_m * _WEIGHT[road.rank] * self._road_centrality(road) for road in self._roads]
        shares = _apportion(weights, count - len(spots))
        for order, (road, share) in enumerate(zip(self._roads, shares, strict=True)):
            lengths = path_lengths(road.points)
            for step in range(share):
                metres = lengths[-1] * (step + 0.25 + 0.5 * self._draw(13, order, step)) / share
                point, _ = point_along(road.points, lengths, metres)
                spots.append((order, metres, road, point, None))
        spots.sort(key=lambda spot: spot[:2])
        return [spot[2:] for spot in spots]

    def _crossing(self, road: Road, point: Point) -> str:
        others = [other.name for other in self._roads if other.name != road.name and point in other.points]
        arms = min(self._network.arms(point), 6)
        return f"{_CROSSINGS[arms]} {others[0]}" if others and others[0] else _CROSSINGS[arms]

    def _centrality(self, point: Point) -> float:
        west, south, east, north = self._city.bounds
        middle = self._plan.places[0].at if self._plan.places else ((west + east) / 2, (south + north) / 2)
        return 0.25 + 0.75 * math.exp(-metres_between(point, middle) / _CENTRE_M)

    def _road_centrality(self, road: Road) -> float:
        return sum(self._centrality(point) for point in road.points) / len(road.points)

    def _nearest_place(self, point: Point) -> str | None:
        near = {name: metres_between(point, place) for name, place in self._places.items()}
        name = min(near, key=near.__getitem__, default=None)
        return name if name is not None and near[name] < _NEAR_PLACE_M else None

    def _site_at(self, point: Point) -> PlacePlan | None:
        near = [place for place in self._plan.places if metres_between(point, place.at) < _SITE_ZONE_M]
        return min(near, key=lambda place: metres_between(point, place.at), default=None)

    def _beside(self, point: Point, *question: int, metres: float) -> Point:
        """Step aside from a point by chance, up to so many metres."""
        angle = 2 * math.pi * self._draw(*question, 1)
        step = metres * (0.4 + 0.6 * self._draw(*question, 2)) / 111_195
        lon, lat = point
        return lon + step * math.sin(angle) / math.cos(math.radians(lat)), lat + step * math.cos(angle)

    # Wi-Fi

    def _add_access_points(self) -> None:
        total = 0
        for order, place in enumerate(self._plan.places):
            for number in range(1, place.count + 1):
                total += 1
                openwifi = order % 3 == 1
                lon, lat = self._beside(place.at, 21, total, metres=25 + 12 * place.count)
                asset = Asset(
                    # Bit 1 of the first octet says that nobody was given this address.
                    id=f"02d1a1{total:06x}" if openwifi else f"ap-{total:03d}",
                    kind=Kind.WIFI,
                    name=f"{place.name} · Wi-Fi {number}",
                    lat=lat,
                    lon=lon,
                    site=place.name,
                    tags=("public-wifi", str(place.crowd)),
                    simulated=True,
                )
                speech = Speech.OPENWIFI if openwifi else Speech.OWN
                self._add(Role.ACCESS_POINT, asset, speech, busy=0.35 + 0.65 * self._draw(22, total), crowd=place.crowd)

    # Sensors

    def _add_air(self) -> None:
        for number, (point, hint, busy) in enumerate(self._roadside(self._plan.air, 31), 1):
            lora = number % 3 == 0
            name = f"Không khí {number} · {hint}"
            self._add_sensor(
                Role.AIR,
                f"air-{number:02d}",
                name,
                point,
                tags=("air",),
                family=0xA1,
                number=number,
                lora=lora,
                busy=busy,
            )

    def _add_noise(self) -> None:
        for number, (point, hint, busy) in enumerate(self._roadside(self._plan.noise, 32), 1):
            name = f"Tiếng ồn {number} · {hint}"
            self._add_sensor(
                Role.NOISE, f"noise-{number:02d}", name, point, tags=("noise",), family=0xA2, number=number, busy=busy
            )

    def _add_climate(self) -> None:
        """Beside each camera that watches a forest first, then around places."""
        forests = [camera for camera in self._plan.high_cameras if camera.watches == "forest"][: self._plan.climate]
        number = 0
        for camera in forests:
            number += 1
            point = self._beside(camera.at, 33, number, metres=90)
            name = f"Nhiệt độ rừng {number} · {camera.name.split(' · ', maxsplit=1)[0]}"
            self._add_sensor(
                Role.CLIMATE,
                f"climate-{number:02d}",
                name,
                point,
                tags=("climate", "forest"),
                family=0xA3,
                number=number,
            )
        places = list(self._places.items())
        while number < self._plan.climate:
            number += 1
            place, at = places[(number * 7) % len(places)]
            point = self._beside(at, 33, number, metres=260)
            name = f"Khí hậu {number} · {place}"
            lora, zigbee = number % 5 < 2, number % 5 >= 2
            self._add_sensor(
                Role.CLIMATE,
                f"climate-{number:02d}",
                name,
                point,
                tags=("climate",),
                family=0xA3,
                number=number,
                lora=lora,
                zigbee=zigbee,
            )

    def _add_water(self) -> None:
        number = 0
        for water in self._plan.waters:
            for index in range(water.count):
                number += 1
                point = self._along_water(water.along, (index + 0.5) / water.count)
                hint = self._nearest_place(point)
                name = f"{water.along} · mốc {index + 1}" + (f" · {hint}" if hint else "")
                tags = ("water", plain(water.along))
                lora = number % 3 != 0
                self._add_sensor(
                    Role.WATER, f"water-{number:02d}", name, point, tags=tags, family=0xA4, number=number, lora=lora
                )

    def _add_sensor(
        self,
        role: Role,
        name: str,
        title: str,
        point: Point,
        *,
        tags: tuple[str, ...],
        family: int,
        number: int,
        lora: bool = False,
        zigbee: bool = False,
        busy: float = 0.5,
    ) -> None:
        lon, lat = point
        asset = Asset(
            # As in the access points' ids, the local bit is set: nobody was given this EUI-64.
            id=f"02d1a1{family:02x}{number:08x}" if lora else name,
            kind=Kind.SENSOR,
            name=title,
            lat=lat,
            lon=lon,
            tags=tags,
            simulated=True,
        )
        speech = Speech.CHIRPSTACK if lora else Speech.ZIGBEE2MQTT if zigbee else Speech.OWN
        self._add(role, asset, speech, busy=busy)

    def _roadside(self, count: int, question: int) -> Iterator[tuple[Point, str, float]]:
        """Spread sensors along the roads: where, beside what, how busy."""
        weights = [math.sqrt(road.length_m) * _WEIGHT[road.rank] * self._road_centrality(road) for road in self._roads]
        shares = _apportion(weights, count)
        for order, (road, share) in enumerate(zip(self._roads, shares, strict=True)):
            lengths = path_lengths(road.points)
            for step in range(share):
                metres = lengths[-1] * (step + 0.2 + 0.6 * self._draw(question, order, step)) / share
                point, _ = point_along(road.points, lengths, metres)
                spot = self._beside(point, question, order, step, metres=18)
                hint = self._nearest_place(point)
                yield spot, hint or road.name or "", _BUSY[road.rank] * self._centrality(point)

    def _along_water(self, name: str, share: float) -> Point:
        """Find a point such a share along a stream, or around a lake's shore."""
        lines = [
            tuple((lon, lat) for lon, lat in part)
            for geometry in self._waters[name]
            for part in ([geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"])
        ]
        lengths = [path_lengths(line) for line in lines]
        metres = share * sum(length[-1] for length in lengths)
        for line, length in zip(lines, lengths, strict=True):
            if metres <= length[-1]:
                return point_along(line, length, metres)[0]
            metres -= length[-1]
        return lines[-1][-1]

    # Vehicles

    def _add_vehicles(self) -> None:
        for number, plan in enumerate(self._plan.vehicles, 1):
            route = self._network.route([self._places[stop] for stop in plan.stops])
            if route is None:
                raise self._fleet_node.wrong(
                    f"no road joins the stops of {plan.name!r}; roads meet where they share a point"
                )
            lon, lat = route.points[0]
            asset = Asset(
                id=f"{plan.service}-{number:02d}",
                kind=Kind.SENSOR,
                name=plan.name,
                lat=lat,
                lon=lon,
                tags=("vehicle", str(plan.service)),
                mobile=True,
                simulated=True,
            )
            self._add(Role.VEHICLE, asset, Speech.OWN, route=route, service=plan.service)


def _apportion(weights: Sequence[float], count: int) -> list[int]:
    """Share a count by weights; largest remainders first, so the sum is exact."""
    total = sum(weights) or 1.0
    exact = [max(0, count) * weight / total for weight in weights]
    shares = [int(part) for part in exact]
    rest = sorted(range(len(weights)), key=lambda index: exact[index] - shares[index], reverse=True)
    for index in rest[: max(0, count) - sum(shares)]:
        shares[index] += 1
    return shares
