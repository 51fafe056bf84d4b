"""NGSI entities: however they are written, they mean the same, in our words and units."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.ngsi import MAX_ATTRIBUTES, read_ngsi
from ingest.codecs.ngsi_words import OF_TYPE, QUANTITIES, TYPES
from ingest.codecs.readings import Reading
from ioc.model.events import Event, Kind, Signal
from ioc.model.instant import from_iso
from ioc.store.catalogue import load_catalogue

Read = Callable[..., list[Event]]

AT = "2026-11-22T07:30:00+07:00"
PLACE = {"type": "Point", "coordinates": [108.44, 11.94]}


def readings(value: Any) -> list[Reading]:
    problems: list[str] = []
    found = read_ngsi(value, {}, problems, 0)
    assert problems == []
    assert found is not None
    return found


def values(kind: str, **attributes: Any) -> dict[str, Any]:
    """Give what an entity of a type says, with all its attributes in key-values form."""
    return readings({"id": "urn:ngsi-ld:x:1", "type": kind, **attributes})[0].values


KEY_VALUES = {"id": "urn:ngsi-ld:Lake:1", "type": "WeatherObserved", "temperature": 21.5, "relativeHumidity": 0.8}
NORMALISED_2 = {
    "id": "urn:ngsi-ld:Lake:1",
    "type": "WeatherObserved",
    "temperature": {"type": "Number", "value": 21.5, "metadata": {}},
    "relativeHumidity": {"type": "Number", "value": 0.8, "metadata": {}},
    "dateObserved": {"type": "DateTime", "value": AT, "metadata": {}},
    "location": {"type": "geo:json", "value": PLACE, "metadata": {}},
}
NORMALISED_LD = {
    "id": "urn:ngsi-ld:Lake:1",
    "type": "WeatherObserved",
    "temperature": {"type": "Property", "value": 21.5, "unitCode": "CEL"},
    "relativeHumidity": {"type": "Property", "value": 80, "unitCode": "P1"},
    "dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": AT}},
    "location": {"type": "GeoProperty", "value": PLACE},
    "refDevice": {"type": "Relationship", "object": ["urn:a", "urn:b"]},
}
CONCISE = {
    "id": "urn:ngsi-ld:Lake:1",
    "type": "WeatherObserved",
    "temperature": {"value": 21.5},
    "relativeHumidity": {"value": 0.8},
    "dateObserved": {"value": AT},
    "location": PLACE,
}
FEATURE = {
    "id": "urn:ngsi-ld:Lake:1",
    "type": "Feature",
    "geometry": PLACE,
    "properties": {"type": "WeatherObserved", "temperature": 21.5, "relativeHumidity": 0.8, "dateObserved": AT},
}
EXPANDED = {
    "@id": "urn:ngsi-ld:Lake:1",
    "@type": ["https://uri.fiware.org/ns/data-models#WeatherObserved"],
    "https://uri.fiware.org/ns/data-models#temperature": 21.5,
    "https://uri.fiware.org/ns/data-models#relativeHumidity": 0.8,
    "https://uri.fiware.org/ns/data-models#dateObserved": AT,
    "https://uri.etsi.org/ngsi-ld/location": PLACE,
    "@context": [],
}
FORMS = [
    {**KEY_VALUES, "dateObserved": AT, "location": PLACE},
    NORMALISED_2,
    NORMALISED_LD,
    CONCISE,
    FEATURE,
    EXPANDED,
]
ENVELOPES: list[Callable[[Any], Any]] = [
    lambda entity: entity,
    lambda entity: [entity],
    lambda entity: {"subscriptionId": "s", "data": [entity]},
    lambda entity: {"id": "n", "type": "Notification", "notifiedAt": "2026-11-22T08:00:00Z", "data": [entity]},
    lambda entity: {"metadata": {}, "body": {"type": "Notification", "subscriptionId": "s", "data": [entity]}},
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("envelope", ENVELOPES)
def test_all_forms_and_envelopes_mean_the_same(form: Any, envelope: Callable[[Any], Any]) -> None:
    (reading,) = readings(envelope(form))
    assert reading.values == {"temp_c": 21.5, "humidity": 80}
    assert (reading.asset, reading.at) == ("urn:ngsi-ld:Lake:1", from_iso(AT)[0])
    assert (reading.lat, reading.lon) == (11.94, 108.44)


def test_a_property_may_have_a_time_of_its_own() -> None:
    said = {
        "id": "urn:ngsi-ld:Room:1",
        "type": "Room",
        "temperature": {"value": 20, "observedAt": "2026-11-22T00:00:00Z"},
        "humidity": {"value": 50},
    }
    body = {"type": "Notification", "notifiedAt": "2026-11-22T00:30:00Z", "data": [said]}
    first, second = readings(body)
    assert (first.at, first.values) == (from_iso("2026-11-22T00:00:00Z")[0], {"temp_c": 20})
    assert (second.at, second.values) == (from_iso("2026-11-22T00:30:00Z")[0], {"humidity": 50})


def test_an_interval_counts_from_its_end() -> None:
    (reading,) = readings(
        {"id": "a", "type": "TrafficFlowObserved", "dateObserved": f"2026-11-22T07:00:00+07:00/{AT}", "intensity": 3}
    )
    assert reading.at == from_iso(AT)[0]


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        ("AirQualityObserved", {"pm25": 12, "co": 0.4}, {"pm25": 12, "co": 0.4}),
        ("AirQualityObserved", {"no2": {"value": 0.05, "unitCode": "GP"}}, {"no2": 50.0}),
        ("AirQualityObserved", {"no2": {"value": 21, "unitCode": "61"}}, {"no2_ppb": 21}),
        ("WeatherObserved", {"temperature": {"value": 68, "unitCode": "FAH"}}, {"temp_c": pytest.approx(20)}),
        ("WeatherObserved", {"windDirection": -90, "streamGauge": 120}, {"wind_deg": 270, "water_level": 1.2}),
        ("OffStreetParking", {"availableSpotNumber": 3}, {"available_spot_number": 3}),
        ("ParkingSpot", {"status": "occupied"}, {"status": "occupied", "occupied": True}),
        ("WasteContainer", {"fillingLevel": 0.4}, {"fill_level": 40}),
        ("Device", {"batteryLevel": 0.75, "rssi": 0.5}, {"battery": 75, "signal_quality": 50}),
        ("Device", {"batteryLevel": -1, "temperature": 3}, {"temp_c": 3}),
        ("NoiseLevelObserved", {"LAeq": 61.5}, {"noise_db": 61.5}),
        ("TrafficFlowObserved", {"occupancy": 0.2, "congested": True}, {"road_occupancy": 20, "congested": True}),
        ("AirQualityMonitoring", {"pm25TSA": {"instValue": 9, "avgOverTime": 8}}, {"pm25": 9}),
        ("ACMeasurement", {"current": {"L1": 1.5, "L2": 2}}, {"current_l1": 1.5, "current_l2": 2}),
        ("Streetlight", {"powerState": "on", "name": "Lamp", "dateLastLampChange": AT}, {"power_state": "on"}),
        ("Vehicle", {"speed": "50", "vehiclePlateIdentifier": "49A-123.45"}, {"speed": 50.0, "plate": "49A-123.45"}),
        ("DeviceMeasurement", {"controlledProperty": "humidity", "numValue": 55}, {"humidity": 55}),
        ("CrowdFlowObserved", {"peopleCount": 7}, {"count_person": 7}),
    ],
)
def test_attributes_become_our_quantities_in_our_units(
    kind: str, attributes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert values(kind, **attributes) == expected


def test_words_lead_to_quantities_that_the_city_knows_in_the_units_that_are_reckoned_with() -> None:
    catalogue = load_catalogue()
    ours: dict[str, str] = {}
    for quantity, unit in (*QUANTITIES.values(), *OF_TYPE.values()):
        known = catalogue.get(quantity)
        if unit is not None and known is not None and known.unit is not None:
            ours.setdefault(quantity, "%" if unit == "ratio" else unit)
            assert ours[quantity] == known.unit, quantity


def test_who_speaks_does_not_change_with_the_time_of_the_observation() -> None:
    said = {"type": "NoiseLevelObserved", "LAeq": 60}
    first, second = ({**said, "id": f"market-{hour}T08:00:00_{hour}T09:00:00"} for hour in ("2026-11-22", "2026-11-23"))
    assert readings(first)[0].asset == readings(second)[0].asset == "market"


def test_an_observation_is_of_the_device_that_it_names() -> None:
    assert readings({"id": "o", "type": "WaterObserved", "refDevice": ["d-1"], "waterLevel": 1})[0].asset == "d-1"
    assert readings({"id": "c", "type": "WasteContainer", "refDevice": ["d-1"], "fillingLevel": 1})[0].asset == "c"


def test_an_alert_is_an_alarm_with_its_severity() -> None:
    (reading,) = readings(
        {"id": "a-1", "type": "Alert", "category": "traffic", "severity": "critical", "location": PLACE}
    )
    assert (reading.kind, reading.signal) == (Kind.CITIZEN, Signal.ALERT)
    assert (reading.values["severity"], reading.values["event_key"]) == ("critical", "a-1")


@pytest.mark.parametrize(("status", "signal"), [("onGoing", Signal.ALERT), ("solved", Signal.CLEAR)])
def test_an_accident_is_an_alarm_until_it_is_over(status: str, signal: Signal) -> None:
    assert readings({"id": "acc", "type": "RoadAccident", "status": status})[0].signal == signal


@pytest.mark.parametrize(("state", "signal"), [("up", Signal.HEARTBEAT), ("down", Signal.OFFLINE), ("odd", None)])
def test_an_access_point_that_is_down_is_offline(state: str, signal: Signal | None) -> None:
    (reading,) = readings({"id": "ap", "type": "AccessPoint", "apState": state, "clientsConnected": 5})
    assert (reading.kind, reading.signal, reading.values["clients"]) == (Kind.WIFI, signal, 5)


@pytest.mark.parametrize(
    ("location", "place", "swapped"),
    [
        (PLACE, (11.94, 108.44), False),
        ({"type": "Point", "coordinates": [11.94, 108.44]}, (11.94, 108.44), True),
        ({"type": "Point", "coordinates": [200, 300]}, (None, None), False),
        ("11.94, 108.44", (11.94, 108.44), False),
        (["11.9,108.4", "11.98,108.48"], (pytest.approx(11.94), pytest.approx(108.44)), False),
        ("somewhere", (None, None), False),
    ],
)
def test_a_place_whose_axes_cannot_be_right_is_turned_round_and_said_so(
    location: Any, place: Any, swapped: bool
) -> None:
    (reading,) = readings({"id": "a", "type": "WeatherObserved", "location": location, "temperature": 1})
    assert (reading.lat, reading.lon) == place
    assert reading.values.get("axes_swapped", False) is swapped


def test_texts_about_people_and_names_are_left_out() -> None:
    said = values("AccessPoint", apState="up", email="a@b.example", description="x", status="ask c@d.example")
    assert said == {"state": "up"}


def test_an_entity_with_too_many_attributes_says_so() -> None:
    problems: list[str] = []
    many = {f"word{number}": number for number in range(MAX_ATTRIBUTES + 1)}
    found = read_ngsi({"id": "a", "type": "Device", **many}, {}, problems, 0)
    assert found is not None
    assert len(found[0].values) == MAX_ATTRIBUTES
    assert len(problems) == 1


def test_a_deleted_attribute_is_no_news() -> None:
    assert values("Room", temperature={"type": "Property", "value": "urn:ngsi-ld:null"}, humidity=40) == {
        "humidity": 40
    }


@pytest.mark.parametrize(
    "other",
    [
        {"id": "1", "type": "state"},
        {"id": 7, "type": "Room", "value": 1},
        {"type": "Room"},
        {"id": "door", "type": "contact", "value": True},
        [{"id": "1", "type": "Room"}, 5],
        {"data": [1]},
        {"type": "FeatureCollection", "features": []},
        "Room",
        None,
        5,
    ],
)
def test_what_only_looks_like_an_entity_is_not_taken_for_one(other: Any) -> None:
    assert read_ngsi(other, {}, [], 0) is None


def test_a_notification_is_known_by_its_shape_on_any_topic(read: Read) -> None:
    event = read("any/topic", {"subscriptionId": "s", "data": [{"id": "Hall", "type": "Hall", "temperature": 20}]})[0]
    assert (event.codec, event.asset, event.values) == ("ngsi", "Hall", {"temp_c": 20})


names = st.sampled_from(
    [*QUANTITIES, "location", "dateObserved", "refDevice", "id", "type", "value", "unitCode", "@context"]
)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from([AT, *TYPES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)


@given(st.sampled_from(sorted(TYPES)), st.dictionaries(names, plain, max_size=8))
def test_no_entity_makes_the_reader_fail(kind: str, attributes: dict[str, Any]) -> None:
    for reading in read_ngsi({**attributes, "id": "a", "type": kind}, {}, [], 0) or ():
        assert all(isinstance(value, (str, int, float)) for value in reading.values.values())
