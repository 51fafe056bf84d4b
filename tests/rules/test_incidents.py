"""From alerts to incidents: where, what, and in which words."""

from collections.abc import Callable
from typing import Any

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset, AssetState
from ioc.model.city import Area
from ioc.model.identity import incident_id
from ioc.model.kinds import Kind
from rules.book import RuleBook
from rules.incidents import Surroundings, open_incident

BookOf = Callable[[str], RuleBook]

AREA = Area(
    "xuan-huong",
    {"vi": "Phường Xuân Hương", "en": "Xuan Huong ward"},
    "ward",
    None,
    (((108.4, 11.9), (108.5, 11.9), (108.5, 12.0), (108.4, 12.0)),),
)
SILENT = "[{rule: silent, title: {vi: 'Im lặng ở {area}', en: 'Silent in {area}'}, from: wifi, absence: {after: 60 s}}]"
CROWD = "[{rule: crowd, title: '{value:d} ở {key}, {asset.name}, {site}', from: camera, per: zone, window: {over: 60 s, value: count(*), raise: '>= 2'}}]"
FIRE = """
- rule: fire
  title: "{smoke.name} ({smoke.asset}), {heat.name}: {heat.temp_c:.0f} °C, {distance_m:.0f} m"
  together: {smoke: {from: camera}, heat: {from: sensor}, within: 5 s, near: 1 km}
"""


def change(rule: str, key: str, evidence: tuple[dict[str, Any], ...] = (), **numbers: Any) -> AlertChange:
    return AlertChange(rule, key, AlertState.FIRING, 1_000_000, 1_000_000, evidence, numbers)


def surroundings(*assets: Asset, states: dict[str, AssetState] | None = None) -> Surroundings:
    return Surroundings({asset.id: asset for asset in assets}, (states or {}).get, (AREA,))


def row(asset: str, kind: str = "camera", **more: Any) -> dict[str, Any]:
    return {"asset": asset, "kind": kind, "at": 1_000_000, "received_at": 1_000_000, **more}


def test_an_incident_is_named_by_its_alert(book_of: BookOf) -> None:
    alert = change("silent", "ap-1")
    incident = open_incident(book_of(SILENT).rules[0], alert, surroundings())
    assert (incident.id, incident.alerts) == (incident_id(alert.alert), (alert.alert,))


def test_a_fixed_asset_is_where_it_is_registered_whatever_its_events_say(book_of: BookOf) -> None:
    asset = Asset("ap-1", Kind.WIFI, "Chợ", 11.95, 108.45)
    incident = open_incident(book_of(SILENT).rules[0], change("silent", "ap-1", (row("ap-1", lat=1.0, lon=2.0),)), surroundings(asset))  # fmt: skip
    assert (incident.lat, incident.lon, incident.area, incident.place) == (11.95, 108.45, "xuan-huong", "Chợ")


def test_what_moves_is_where_its_event_was(book_of: BookOf) -> None:
    asset = Asset("ap-1", Kind.WIFI, "Xe buýt", 11.95, 108.45, mobile=True)
    incident = open_incident(book_of(SILENT).rules[0], change("silent", "ap-1", (row("ap-1", lat=1.0, lon=2.0),)), surroundings(asset))  # fmt: skip
    assert (incident.lat, incident.lon, incident.area) == (1.0, 2.0, None)


def test_silence_of_an_unregistered_asset_is_where_and_what_it_last_was(book_of: BookOf) -> None:
    state = AssetState("ap-9", Kind.WIFI, 0, lat=11.95, lon=108.45)
    incident = open_incident(book_of(SILENT).rules[0], change("silent", "ap-9"), surroundings(states={"ap-9": state}))
    assert (incident.kind, incident.lat, incident.lon, incident.area) == ("wifi", 11.95, 108.45, "xuan-huong")
    assert incident.evidence == ()


def test_of_what_nothing_is_known_nothing_is_made_up(book_of: BookOf) -> None:
    incident = open_incident(book_of(SILENT).rules[0], change("silent", "ap-9"), surroundings())
    assert (incident.kind, incident.lat, incident.lon, incident.area, incident.place) == (
        None,
        None,
        None,
        None,
        "ap-9",
    )
    assert incident.title == {"vi": "Im lặng ở –", "en": "Silent in –"}


def test_an_area_is_named_in_the_language_of_the_title(book_of: BookOf) -> None:
    asset = Asset("ap-1", Kind.WIFI, "Chợ", 11.95, 108.45)
    incident = open_incident(book_of(SILENT).rules[0], change("silent", "ap-1"), surroundings(asset))
    assert incident.title == {"vi": "Im lặng ở Phường Xuân Hương", "en": "Silent in Xuan Huong ward"}


def test_a_crowd_in_a_zone_is_where_its_cameras_are(book_of: BookOf) -> None:
    camera = Asset("cam-1", Kind.CAMERA, "Camera chợ", 11.95, 108.45, site="Chợ Đà Lạt", simulated=True)
    evidence = (row("cam-1", zone="market"),)
    incident = open_incident(
        book_of(CROWD).rules[0], change("crowd", "market", evidence, value=7), surroundings(camera)
    )
    assert incident.title["vi"] == "7 ở market, Camera chợ, Chợ Đà Lạt"
    assert (incident.key, incident.assets, incident.lat, incident.simulated) == ("market", ("cam-1",), 11.95, True)


def test_both_sides_of_a_pair_are_named_and_shown(book_of: BookOf) -> None:
    camera, sensor = Asset("cam", Kind.CAMERA, "Đồi"), Asset("env", Kind.SENSOR, "Trạm")
    evidence = (row("cam", lat=11.95, lon=108.45), row("env", "sensor", temp_c=71.6))
    incident = open_incident(book_of(FIRE).rules[0], change("fire", "cam|env", evidence, distance_m=120.4), surroundings(camera, sensor))  # fmt: skip
    assert incident.title["en"] == "Đồi (cam), Trạm: 72 °C, 120 m"
    assert incident.assets == ("cam", "env")
    assert [event["values"] for event in incident.evidence] == [{}, {"temp_c": 71.6}]
