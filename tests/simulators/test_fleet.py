import itertools
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.faults import Fault
from ioc.model.kinds import Kind
from simulators.cities import city_path
from simulators.devices import Fleet, Role, Speech
from simulators.fleet import build
from simulators.roads import RoadNetwork, metres_between, point_along, roads_of


def test_da_lat_has_the_devices_of_the_real_installations(da_lat: Fleet) -> None:
    assert Counter(device.role for device in da_lat.devices) == {
        Role.HIGH_CAMERA: 37,
        Role.STREET_CAMERA: 400,
        Role.ACCESS_POINT: 75,
        Role.AIR: 60,
        Role.NOISE: 40,
        Role.CLIMATE: 70,
        Role.WATER: 30,
        Role.VEHICLE: 20,
    }
    assert len({device.asset.site for device in da_lat.devices if device.role is Role.ACCESS_POINT}) == 26


def test_all_five_formats_are_spoken(da_lat: Fleet) -> None:
    assert {device.speech for device in da_lat.devices} == set(Speech)


def test_the_same_seed_gives_the_same_devices_and_another_seed_moves_them(da_lat: Fleet) -> None:
    assert build(city_path("da-lat"), 4).assets == da_lat.assets
    others = build(city_path("da-lat"), 5).assets
    assert [asset.id for asset in others] == [asset.id for asset in da_lat.assets]
    assert others != da_lat.assets


def test_an_id_is_unique_and_may_stand_in_a_topic(da_lat: Fleet) -> None:
    names = [asset.id for asset in da_lat.assets]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", name) for name in names)


def test_no_address_is_of_a_range_that_makers_give_out(da_lat: Fleet) -> None:
    hardware = [d.asset.id for d in da_lat.devices if d.speech in (Speech.OPENWIFI, Speech.CHIRPSTACK)]
    assert hardware
    assert all(int(name[:2], 16) & 0b10 for name in hardware)


def test_every_device_stands_in_the_city_and_in_a_ward(da_lat: Fleet) -> None:
    west, south, east, north = da_lat.city.bounds
    wards = {area.id for area in da_lat.city.areas if area.level == "ward"}
    for device in da_lat.devices:
        asset = device.asset
        assert asset.lat is not None
        assert asset.lon is not None
        assert west <= asset.lon <= east, asset.name
        assert south <= asset.lat <= north, asset.name
        assert asset.area in wards, asset.name
    assert {device.asset.area for device in da_lat.devices} == wards


def test_everything_is_marked_as_simulated(da_lat: Fleet) -> None:
    assert all(asset.simulated for asset in da_lat.assets)


def test_names_are_what_people_would_say(da_lat: Fleet) -> None:
    names = [asset.name for asset in da_lat.assets]
    assert len(set(names)) == len(names)
    streets = [device.asset for device in da_lat.devices if device.role is Role.STREET_CAMERA]
    assert any(" · ngã ba " in asset.name or " · ngã tư " in asset.name for asset in streets)
    assert all(asset.zone and asset.kind is Kind.CAMERA for asset in streets)


def test_cameras_stand_along_the_roads(da_lat: Fleet) -> None:
    points = [point for road in roads_of(da_lat.city.sketch) for point in road.points]
    for device in da_lat.devices:
        if device.role is Role.STREET_CAMERA and device.number % 20 == 0:
            place = (device.asset.lon or 0.0, device.asset.lat or 0.0)
            assert min(metres_between(place, point) for point in points) < 320, device.asset.name


def test_beside_every_camera_over_forest_a_thermometer_can_confirm_a_fire(da_lat: Fleet) -> None:
    heat = [d.asset for d in da_lat.devices if d.role is Role.CLIMATE and d.speech is Speech.OWN]
    for device in da_lat.devices:
        if "forest" in device.asset.tags and device.role is Role.HIGH_CAMERA:
            place = (device.asset.lon or 0.0, device.asset.lat or 0.0)
            assert min(metres_between(place, (a.lon or 0.0, a.lat or 0.0)) for a in heat) < 180


def test_a_vehicle_drives_on_roads_from_its_first_stop_to_its_last(da_lat: Fleet) -> None:
    points = {point for road in roads_of(da_lat.city.sketch) for point in road.points}
    for device in da_lat.devices:
        if device.role is Role.VEHICLE:
            assert device.route is not None
            assert set(device.route.points) <= points
            assert device.route.stops[0] == 0
            assert device.route.stops[-1] == pytest.approx(device.route.lengths[-1])
            assert device.asset.mobile


@given(st.floats(-100, 40_000), st.integers(0, 19))
def test_a_point_along_a_route_lies_on_it(da_lat: Fleet, metres: float, index: int) -> None:
    route = [device.route for device in da_lat.devices if device.route is not None][index]
    point, heading = point_along(route.points, route.lengths, metres)
    near = min(metres_between(point, corner) for corner in route.points)
    longest = max(after - before for before, after in zip(route.lengths, route.lengths[1:], strict=False))
    assert near <= longest / 2 + 0.01
    assert 0 <= heading < 360


def test_the_shortest_way_is_no_longer_than_the_road_itself(da_lat: Fleet) -> None:
    roads = [road for road in roads_of(da_lat.city.sketch) if road.name]
    network = RoadNetwork(roads)
    for road in roads[::7]:
        way = network.way(road.points[0], road.points[-1])
        assert way is not None
        metres = sum(metres_between(a, b) for a, b in itertools.pairwise(way))
        assert metres <= road.length_m + 0.01


def test_a_city_without_a_fleet_cannot_be_simulated(tmp_path: Path) -> None:
    text = city_path("da-lat").read_text("utf-8")
    path = tmp_path / "bare.yaml"
    path.write_text(text[: text.index("fleet:")], encoding="utf-8")
    with pytest.raises(Fault, match=r"no `fleet` section"):
        build(path, 1)


@pytest.mark.parametrize(
    ("of", "instead", "expected"),
    [
        ("street_cameras: 400", "street_cameras: many", "0 to 5000"),
        ("watches: forest}", "watches: forrest}", "did you mean 'forest'?"),
        ("crowd: market}", "crowd: fish}", "expected one of"),
        ("water: 30", "water: 31", "the waters below have 30"),
        ("stops: [Bến xe Liên tỉnh Đà Lạt, Chợ Đà Lạt, Lạc Dương]", "stops: [Bến xe, Hà Nội]", "is not known here"),
    ],
)
def test_a_mistake_in_the_fleet_is_told_with_its_place(tmp_path: Path, of: str, instead: str, expected: str) -> None:
    text = city_path("da-lat").read_text("utf-8")
    assert of in text
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(of, instead, 1), encoding="utf-8")
    with pytest.raises(Fault) as complaint:
        build(path, 1)
    assert re.search(r"wrong\.yaml:\d+:\d+: ", str(complaint.value))
    assert expected in str(complaint.value)
