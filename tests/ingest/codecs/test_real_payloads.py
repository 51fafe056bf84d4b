"""What real devices sent, against one careful reading of each, for every family of the shared samples."""

import base64
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.registry import load_codecs
from ingest.codecs.units import conversion
from ingest.reader import Reader
from ioc.model.events import AtSource, Event, RawMessage
from ioc.model.instant import from_iso, to_iso
from ioc.model.quantities import Catalogue
from ioc.store.catalogue import load_catalogue

SHARED = Path(os.environ.get("IOC_SHARED", Path(__file__).resolve().parents[4] / "shared"))
SAMPLES = sorted(str(each.parent.relative_to(SHARED / "payloads")) for each in SHARED.glob("payloads/*/*/expect.json"))

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]
EUI = "24e124136b502217"
"""The radio's address in the envelope that a LoRaWAN payload is put into; its first six digits say who made it."""

TABLES = yaml.safe_load(Path(__file__).with_name("real_payloads.yaml").read_text())
SIGNALS = {"data": None, "state": None, "config": None, "lwt": "offline", "join": "online"}
ENOUGH = 0.98


@dataclass
class Family:
    """How the samples of one family fared."""

    samples: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    disputed: dict[str, str] = field(default_factory=dict)


_FAMILIES: dict[str, Family] = {}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def stateless(catalogue: Catalogue) -> Reader:
    return Reader(load_codecs(catalogue=catalogue), catalogue, windowed=False)


@pytest.fixture(scope="module", autouse=True)
def table(show_table: Callable[[str, Sequence[str]], None]) -> Iterator[None]:
    """Show, when all samples are done, how each family fared."""
    _FAMILIES.clear()
    yield
    show_table("families", ["What real devices sent, by family", *drawn(_FAMILIES)])


def drawn(families: dict[str, Family]) -> Iterator[str]:
    yield f"{'family':20} {'samples':>7} {'right':>5} {'wrong':>5} {'disputed':>8}  why"
    for name, family in families.items():
        wrong, disputed = len(family.wrong), len(family.disputed)
        why = "; ".join(f"{sample}: {reason}" for sample, reason in {**family.wrong, **family.disputed}.items())
        yield f"{name:20} {family.samples:7} {family.samples - wrong - disputed:5} {wrong:5} {disputed:8}  {why}"
    right, judged = _right(families)
    yield f"right: {right} of {judged} that are not disputed"


def _right(families: dict[str, Family]) -> tuple[int, int]:
    judged = sum(each.samples - len(each.disputed) for each in families.values())
    return judged - sum(len(each.wrong) for each in families.values()), judged


@pytest.mark.parametrize("sample", SAMPLES or [""])
def test_a_real_payload_means_what_a_careful_reader_took_from_it(
    shared: Path, stateless: Reader, catalogue: Catalogue, sample: str
) -> None:
    assert sample, f"no samples under {shared / 'payloads'}"
    family = _FAMILIES.setdefault(sample.split("/", maxsplit=1)[0], Family())
    family.samples += 1
    reasons = shortcomings(Sample.at(shared / "payloads" / sample), stateless, catalogue)
    if sample in TABLES["disputed"]:
        family.disputed[sample.split("/")[1]] = TABLES["disputed"][sample]
        assert reasons != [], "this is no longer disputed; take it out of the table"
        return
    if reasons:
        family.wrong[sample.split("/")[1]] = reasons[0]
    assert reasons == []


def test_nearly_every_real_payload_is_read_right() -> None:
    right, judged = _right(_FAMILIES)
    if judged < len(SAMPLES) - len(TABLES["disputed"]):
        pytest.skip("only together with all samples")
    assert right / judged >= ENOUGH


@dataclass(frozen=True)
class Sample:
    """One sample: the message as it would arrive, and the reading of it."""

    folder: Path
    message: RawMessage
    expected: dict[str, Any]

    @classmethod
    def at(cls, folder: Path) -> "Sample":
        expected = json.loads((folder / "expect.json").read_text())
        file = next(folder.glob("payload.*"))
        payload = file.read_bytes()
        if file.suffix == ".hex":
            payload = bytes.fromhex(payload.decode())
        given = folder / "topic.txt"
        if given.exists():
            topic = given.read_text().strip()
        else:
            row = next(row for row in TABLES["topics"] if re.match(row["transport"], expected["transport"]))
            topic = row["topic"].format(family=expected["family"], eui=EUI)
            if "{eui}" in row["topic"]:
                payload = enveloped(payload, decoded=file.suffix == ".json")
        return cls(folder, RawMessage(topic, payload, ARRIVAL), expected)


def enveloped(payload: bytes, *, decoded: bool) -> bytes:
    """Put a LoRaWAN payload, raw or as its maker's decoder left it, into a network server's envelope."""
    content = {"object": json.loads(payload)} if decoded else {"data": base64.b64encode(payload).decode()}
    return json.dumps({"deviceInfo": {"devEui": EUI}, "fPort": 85, **content}).encode()


def prepared(sample: Sample, catalogue: Catalogue) -> Reader:
    """Make a reader without memories, and let it see what the sample's siblings declare."""
    reader = Reader(load_codecs(catalogue=catalogue), catalogue, windowed=False)
    for folder in sorted(sample.folder.parent.iterdir(), key=lambda each: each.name != "nbirth"):
        sibling = Sample.at(folder)
        declares = any(record["signal"] in ("config", "online") for record in sibling.expected["records"])
        if folder != sample.folder and declares and sibling.message.payload:
            reader.read(sibling.message)
    return reader


def shortcomings(sample: Sample, reader: Reader, catalogue: Catalogue) -> list[str]:
    """Say what our reading of a sample lacks or has otherwise."""
    if sample.expected["family"] in TABLES["after"]:
        reader = prepared(sample, catalogue)
    events, rejected = reader.read(sample.message)
    reasons = [f"rejected: {each.reason}" for each in rejected]
    codec = TABLES["codecs"].get(sample.expected["family"], sample.expected["family"])
    reasons += [f"taken by {event.codec}" for event in events if event.codec != codec]
    records = [record for record in sample.expected["records"] if record["signal"] != "ignore"]
    if not records and events:
        reasons.append("expected nothing")
    named = {record["device_id"] for record in records} | {EUI for record in records if in_envelope(record)}
    if records and None not in named and not any("affects" in record for record in records):
        others = {event.asset for event in events} - named
        reasons += [f"an event of {asset}, which nobody spoke of" for asset in others]
    for record in records:
        same_device = [each for each in records if each["device_id"] == record["device_id"]]
        reasons += [f"{record['device_id']}: {reason}" for reason in lacking(record, same_device, events, catalogue)]
    return reasons


def in_envelope(record: dict[str, Any]) -> bool:
    return "envelope" in (record["device_id_from"] or "")


def is_of(event: Event, record: dict[str, Any]) -> bool:
    """Whether an event is of a record's device; where it cannot be told from the payload, the topic may know it."""
    if in_envelope(record):
        return event.asset in (record["device_id"], EUI)
    return event.asset == record["device_id"] or (
        record["device_id"] is None and "topic" in (record["device_id_from"] or "")
    )


def lacking(
    record: dict[str, Any], same_device: list[dict[str, Any]], events: list[Event], catalogue: Catalogue
) -> Iterator[str]:
    mine = [event for event in events if is_of(event, record)]
    if not mine:
        yield f"no event of this device among {[event.asset for event in events]}"
        return
    if any(event.kind not in {each["source_kind"] for each in same_device} for event in mine):
        yield f"kind {mine[0].kind}, expected {record['source_kind']}"
    times = {expected_time(each) for each in same_device}
    for event in mine:
        if (event.at, event.at_source) not in times:
            yield f"at {to_iso(event.at)} by {event.at_source}, expected {record['timestamp'] or 'the arrival'}"
    mine = [event for event in mine if (event.at, event.at_source) == expected_time(record)]
    signals = {SIGNALS.get(each["signal"], each["signal"]) for each in same_device}
    signal = SIGNALS.get(record["signal"], record["signal"])
    if signal not in {event.signal for event in mine}:
        yield f"signal {[event.signal for event in mine]}, expected {signal}"
    if signal is None and any(event.signal not in signals for event in mine):
        yield "a signal where none was expected"
    if record["position"] is not None or not in_words_only(record):
        yield from wrong_place(record["position"], mine)
    for key in ("event_key", "phase", "severity", "gateway_id", "dedup_key"):
        if record.get(key) is not None and not any(agrees(key, event, record[key]) for event in mine):
            yield f"{key} {record[key]!r} is missing, there is {[event.values.get(key) for event in mine]}"
    for observation in record["observations"]:
        if not any(shows(event, observation, catalogue) for event in mine):
            yield f"no event shows {observation}"


def in_words_only(record: dict[str, Any]) -> bool:
    """Whether a reading leaves an area as it was said, of which we take the middle."""
    return record["source_kind"] == "citizen" and "event_key" in record


def agrees(key: str, event: Event, said: str) -> bool:
    """Whether a key or a severity is the one that was said; a reading may name the field before its value."""
    ours = event.values.get(key)
    if key == "severity":
        return (
            ours in TABLES["severities"].get(said.partition(" ")[0], [said])
            or event.values.get("severity_said") == said
        )
    if key == "event_key" and "hash of" in said:
        return ours is not None
    if key == "dedup_key" and "+" in said:
        return ours is not None
    return same(ours, said) or (key == "event_key" and same(ours, said.rpartition(" ")[2]))


def expected_time(record: dict[str, Any]) -> tuple[int, AtSource]:
    if record["timestamp"] is None:
        return ARRIVAL, AtSource.ARRIVAL
    return from_iso(record["timestamp"])[0], AtSource.DEVICE


def wrong_place(place: dict[str, Any] | None, mine: list[Event]) -> Iterator[str]:
    """Say what is wrong with a position; a line or a polygon is right where any of its corners' bounds hold it."""
    found = [(event.lat, event.lon) for event in mine if event.lat is not None and event.lon is not None]
    if place is None or place.get("invalid"):
        if found:
            yield f"position {found[0]}, expected none"
        return
    corners = list(corners_of(place["geojson"]["coordinates"])) if "geojson" in place else []
    if corners:
        lons, lats = zip(*corners, strict=True)
        if not any(min(lats) <= lat <= max(lats) and min(lons) <= lon <= max(lons) for lat, lon in found):
            yield f"position {found}, expected one in {place}"
    elif not any(same(lat, place["lat"]) and same(lon, place["lon"]) for lat, lon in found):
        yield f"position {found}, expected {place}"
    if "alt" in place and not any(same(event.values.get("altitude"), place["alt"]) for event in mine):
        yield f"altitude {place['alt']} is missing"


def corners_of(coordinates: Any) -> Iterator[tuple[float, float]]:
    if coordinates and not isinstance(coordinates[0], list):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from corners_of(part)


def same(ours: object, theirs: object, tolerance: float = 1e-6) -> bool:
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=1e-9)
    return ours == theirs


def shows(event: Event, observation: dict[str, Any], catalogue: Catalogue) -> bool:
    """Whether an event has a value, or a detection with all its parts."""
    if "metric" in observation:
        metric = observation["metric"]
        names = [metric, quantity_name(metric), *TABLES["synonyms"].get(metric, [])]
        return any(measures(event.values.get(name), observation, catalogue, name) for name in names)
    zone = observation.get("zone")
    zones = zone if isinstance(zone, list) else [zone] if zone else []
    shown = {
        "label": observation["label"],
        "score": observation.get("score"),
        "top_score": observation.get("top_score"),
        "track": observation.get("track_id"),
        "box": ",".join(map(str, flattened(observation["box"]))) if "box" in observation else None,
        "sub_label": observation.get("sub_label"),
        "sub_label_score": observation.get("sub_label_score"),
        "state": observation.get("state"),
        "zone_id": observation.get("zone_id"),
        "entered_zones": ",".join(observation["entered_zones"]) if "entered_zones" in observation else None,
    }
    wanted = {name: value for name, value in shown.items() if value is not None}
    return (
        all(same(event.values.get(name), value) for name, value in wanted.items())
        and (not zones or event.zone == zones[0])
        and ("value" not in observation or says(event, observation["value"]))
    )


def flattened(box: list[Any]) -> Iterator[Any]:
    for part in box:
        yield from part if isinstance(part, list) else [part]


def says(event: Event, value: object) -> bool:
    """Whether any quantity is the value beside a label (a plate, a signature), a number perhaps read from its text."""
    return any(same(each, value) or str(each) == value for each in event.values.values())


def measures(ours: object, observation: dict[str, Any], catalogue: Catalogue, name: str) -> bool:
    """Whether our value is the one observed, once both are in our quantity's unit."""
    value, unit = observation["value"], TABLES["units"].get(observation["unit"], observation["unit"])
    quantity = catalogue.get(name)
    converted = isinstance(value, (int, float)) and not isinstance(value, bool) and unit and quantity and quantity.unit
    factors = conversion(unit, str(quantity.unit)) if converted and quantity is not None else None
    if factors is not None:
        value = value * factors[0] + factors[1]
    return same(ours, value, 1e-3 if "raw" in observation or "raw_unit" in observation else 1e-6)
