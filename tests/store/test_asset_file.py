"""The assets' file: three formats that say the same, and every mistake with its place."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ioc.model.assets import Asset
from ioc.model.faults import Fault
from ioc.model.kinds import Kind
from ioc.store.asset_file import asset_to_row, read_asset_file

KEYS = ["type", "features", "properties", "geometry", "coordinates", "id", "kind", "lat", "tags", "mobile"]
ASSETS = (
    Asset("cam-1", Kind.CAMERA, "Hồ Xuân Hương", 11.94, 108.44, "xuan-huong", "lake", None, ("high", "ptz"), ("007",)),
    Asset("bus-1", Kind.SENSOR, "bus-1", mobile=True),
)
YAML = """\
assets:
  - {id: cam-1, kind: camera, name: Hồ Xuân Hương, lat: 11.94, lon: 108.44, area: xuan-huong, site: lake,
     tags: [high, ptz], aliases: 007}
  - id: bus-1
    kind: sensor
    mobile: true
"""
CSV = """\
id,kind,name,lat,lon,area,site,tags,aliases,mobile
cam-1,camera,Hồ Xuân Hương,11.94,108.44,xuan-huong,lake,high;ptz,007,
bus-1,sensor,,,,,,,,yes

"""
GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [108.44, 11.94, 1500]},
                "properties": {
                    "id": "cam-1",
                    "kind": "camera",
                    "name": "Hồ Xuân Hương",
                    "area": "xuan-huong",
                    "site": "lake",
                    "tags": ["high", "ptz"],
                    "aliases": "007",
                    "marker-color": "#f00",
                },
            },
            {"type": "Feature", "id": "bus-1", "geometry": None, "properties": {"kind": "sensor", "mobile": True}},
        ],
    },
    indent=1,
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", YAML),
        ("a.csv", CSV),
        ("a.csv", "\ufeff" + CSV.replace(",", "\t")),
        ("a.geojson", GEOJSON),
        ("a.JSON", GEOJSON),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = read_asset_file(path)
    assert (found.mistakes, found.assets) == ((), ASSETS)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps([asset_to_row(asset) for asset in ASSETS]))
    assert read_asset_file(path).assets == ASSETS


def mistakes(tmp_path: Path, name: str, text: str) -> list[str]:
    path = tmp_path / name
    path.write_text(text)
    return [str(mistake).removeprefix(str(path)) for mistake in read_asset_file(path).mistakes]


def test_every_mistake_of_a_yaml_file_has_line_and_column(tmp_path: Path) -> None:
    text = (
        "- {id: a, kind: toaster}\n- {id: b, kind: camera, lat: 91, lon: 0}\n- {kind: camera}\n- just text\n"
        "- {id: c, kind: camera, colour: red}\n- {id: d, kind: camera}\n- {id: d, kind: camera, aliases: [x]}\n"
        "- {id: e, kind: camera, aliases: [y]}\n- {id: f, kind: camera, aliases: [y]}\n- {id: g, kind: camera, lat: 1}\n"
    )
    found = mistakes(tmp_path, "a.yaml", text)
    assert [each.split(": ")[0] for each in found] == [
        ":1:17", ":2:30", ":3:3", ":4:3", ":5:25", ":7:8", ":9:34", ":10:30",
    ]  # fmt: skip
    assert "did you mean" not in found[0]
    assert "91.0, 0.0 is no position" in found[1]


def test_every_mistake_of_a_table_has_line_and_column(tmp_path: Path) -> None:
    text = 'id,kind,lat,lon,name\na,camera,north,1,x\n"b",camera,1,1,"two\nlines"\nc,camera,1,1,x,y\n,camera,,,\n'
    assert [each.split(": ")[0] for each in mistakes(tmp_path, "a.csv", text)] == [":2:3", ":3:5", ":5:6", ":6:1"]


def test_every_mistake_of_geojson_has_its_line(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": {"id": "a"}},
        {"type": "Feature", "geometry": None, "properties": {"id": "ok", "kind": "sensor"}},
        {"type": "Feature", "geometry": None},
    ]
    text = '{"type": "FeatureCollection",\n "features": [\n' + ",\n".join(map(json.dumps, features)) + "\n]}"
    assert mistakes(tmp_path, "a.geojson", text) == [
        ":3:1: feature 0: expected a Point with [longitude, latitude]",
        ":5:1: feature 2: expected a Feature with properties",
    ]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.txt", "", "the name must end in"),
        ("a.yaml", "", ":1:1: the file is empty"),
        ("a.csv", "id,knd\n", ":1:2: the column 'knd' is not known; did you mean 'kind'?"),
        ("a.csv", "id,name\n", ":1:1: the column 'kind' is missing"),
        ("a.csv", 'id,kind\n"a,camera', "the table cannot be read"),
        ("a.geojson", "{", ":1:2: this is not JSON"),
        ("a.geojson", "[]", ":1:1: expected a FeatureCollection"),
    ],
)
def test_what_is_no_such_file_is_one_sentence(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(Fault) as fault:
        read_asset_file(path)
    assert complaint in str(fault.value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["a.yaml", "a.csv", "a.geojson"]),
    text=st.one_of(
        st.text(max_size=200),
        st.text(max_size=80).map(lambda rest: "id,kind,lat\na,camera," + rest),
        st.text(max_size=80).map(lambda rest: "- {id: a, kind: camera, lat: " + rest),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
        ).map(json.dumps),
    ),
)
def test_whatever_is_in_a_file_it_is_assets_or_mistakes_with_a_place(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(Fault):
        assert all(mistake.line >= 1 for mistake in read_asset_file(path).mistakes)
