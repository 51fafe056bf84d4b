import random
from pathlib import Path

import pytest

from ioc.model.city import area_at
from ioc.model.faults import Fault
from ioc.model.geo import ring_contains
from ioc.store.city_file import load_city
from simulators.cities import city_names, city_path
from simulators.roads import roads_of

SMALL = """\
id: small
title: {vi: Nhỏ, en: Small}
timezone: Asia/Ho_Chi_Minh
bounds: [108.0, 11.0, 108.1, 11.1]
areas:
  - id: all
    title: {vi: Tất cả, en: All}
    level: ward
    rings:
      - [[108.0, 11.0], [108.1, 11.0], [108.1, 11.1]]
sketch:
  - {layer: road, name: Đường 1, class: primary, line: [[108.0, 11.0], [108.1, 11.1]]}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_a_city_of_ones_own_is_read(small: Path) -> None:
    city = load_city(small)
    assert (city.id, city.title["vi"], city.bounds) == ("small", "Nhỏ", (108.0, 11.0, 108.1, 11.1))
    assert area_at(city.areas, 11.01, 108.09) == "all"
    assert [feature["properties"]["name"] for feature in city.sketch["features"]] == ["Đường 1"]


@pytest.mark.parametrize(
    ("instead", "of", "place", "expected"),
    [
        ("bounds: [108.0, 11.0, 108.1]", "bounds: [108.0, 11.0, 108.1, 11.1]", ":4:9:", "[west, south, east, north]"),
        ("[[108.0, 191.0]", "[[108.0, 11.0]", ":10:18:", "-90 to 90"),
        ("[[108.0, nan]", "[[108.0, 11.0]", ":10:18:", "-90 to 90"),
        ("layer: raod", "layer: road", ":12:13:", "did you mean 'road'?"),
        ("  - {layer: road, point: [108.0, 11.0], name", "  - {layer: road, name", ":12:5:", "exactly one of"),
        ("timezone: Asia/Dalat", "timezone: Asia/Ho_Chi_Minh", ":3:11:", "not a time zone"),
        ("    parent: nowhere\n    level: ward", "    level: ward", ":8:13:", "larger areas stand before"),
        ("titel: {vi", "title: {vi: Nhỏ", ":2:1:", "did you mean 'title'?"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_column(
    small: Path, instead: str, of: str, place: str, expected: str
) -> None:
    assert of in SMALL
    small.write_text(SMALL.replace(of, instead, 1), encoding="utf-8")
    with pytest.raises(Fault) as complaint:
        load_city(small)
    assert f"small.yaml{place}" in str(complaint.value)
    assert expected in str(complaint.value)


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("", encoding="utf-8")
    with pytest.raises(Fault, match="empty"):
        load_city(path)


def test_an_unknown_city_is_told_with_those_that_ship() -> None:
    with pytest.raises(Fault, match="expected da-lat"):
        city_path("atlantis")


@pytest.mark.parametrize("name", city_names())
def test_neighbouring_wards_leave_no_gap_and_do_not_overlap(name: str) -> None:
    city = load_city(city_path(name))
    west, south, east, north = city.bounds
    chance = random.Random(1)
    wards = [area for area in city.areas if area.rings]
    for _ in range(3_000):
        lat, lon = chance.uniform(south, north), chance.uniform(west, east)
        inside = [ward.id for ward in wards if any(ring_contains(ring, lat, lon) for ring in ward.rings)]
        assert len(inside) == 1, (lat, lon)


@pytest.mark.parametrize("name", city_names())
def test_the_sketch_has_enough_to_read_as_a_city(name: str) -> None:
    city = load_city(city_path(name))
    roads = [road for road in roads_of(city.sketch) if road.name]
    assert len(roads) >= 40
    assert {road.rank for road in roads} >= {"trunk", "primary", "secondary", "tertiary"}
    layers = {feature["properties"]["layer"] for feature in city.sketch["features"]}
    assert layers == {"water", "park", "road", "place"}
    ends = {road.points[end] for road in roads for end in (0, -1)}
    inner = {point for road in roads for point in road.points}
    joined = sum(
        any(end in other.points for other in roads if other is not road)
        for road in roads
        for end in (road.points[0], road.points[-1])
    )
    assert joined / (2 * len(roads)) > 0.75
    assert ends <= inner
