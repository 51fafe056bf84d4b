"""What real devices sent, against one careful reading of each."""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ioc.model.events import AtSource, Event, RawMessage
from ioc.model.instant import from_iso, to_iso
from ioc.store.catalogue import load_catalogue

SHARED = Path(os.environ.get("IOC_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FAMILIES = ("frigate", "zigbee2mqtt", "chirpstack-v4", "openwifi-ucentral", "owntracks")
SAMPLES = sorted(f"{family}/{each.name}" for family in FAMILIES for each in (SHARED / "payloads" / family).glob("*"))

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]

SYNONYMS = {
    "temperature": "temp_c",
    "noise": "noise_dbm",
    "speed_estimated": "speed",
    "count.person": "count_person",
}
"""A reading's metric to our quantity, where the two differ."""

SIGNALS = {"data": None, "state": None, "config": None, "lwt": "offline", "join": "online"}

_TABLE: dict[str, list[tuple[str, list[str]]]] = {}


@pytest.fixture(scope="module")
def reader() -> Reader:
    catalogue = load_catalogue()
    return Reader(load_codecs(catalogue=catalogue), catalogue, windowed=False)


@pytest.fixture(scope="module", autouse=True)
def table(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print, when all samples are done, how each family fared."""
    _TABLE.clear()
    yield
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.write_line("")
            for line in drawn(_TABLE):
                reporter.write_line(line)


def drawn(results: dict[str, list[tuple[str, list[str]]]]) -> Iterator[str]:
    yield f"{'family':20} {'samples':>7} {'right':>5} {'wrong':>5}  why"
    for family, samples in results.items():
        wrong = [(name, reasons) for name, reasons in samples if reasons]
        why = "; ".join(f"{name}: {reasons[0]}" for name, reasons in wrong)
        yield f"{family:20} {len(samples):7} {len(samples) - len(wrong):5} {len(wrong):5}  {why}"


@pytest.mark.parametrize("sample", SAMPLES or [""])
def test_a_real_payload_means_what_a_careful_reader_took_from_it(shared: Path, reader: Reader, sample: str) -> None:
    assert sample, f"no samples under {shared / 'payloads'}"
    folder = shared / "payloads" / sample
    reasons = shortcomings(folder, reader)
    family, name = sample.split("/")
    _TABLE.setdefault(family, []).append((name, reasons))
    assert reasons == []


def shortcomings(folder: Path, reader: Reader) -> list[str]:
    """Say what our reading of a sample lacks or has otherwise."""
    expected = json.loads((folder / "expect.json").read_text())
    topic = folder / "topic.txt"
    payload = next(folder.glob("payload.*")).read_bytes()
    message = RawMessage(topic.read_text().strip() if topic.exists() else "unknown/device", payload, ARRIVAL)
    events, rejected = reader.read(message)
    reasons = [f"rejected: {each.reason}" for each in rejected]
    if not expected["records"] and events:
        reasons.append("expected nothing")
    for record in expected["records"]:
        reasons += [f"{record['device_id']}: {reason}" for reason in lacking(record, events)]
    return reasons


def lacking(record: dict[str, Any], events: list[Event]) -> Iterator[str]:
    mine = [event for event in events if event.asset == record["device_id"]]
    if not mine:
        yield f"no event of this device among {[event.asset for event in events]}"
        return
    if any(event.kind != record["source_kind"] for event in mine):
        yield f"kind {mine[0].kind}, expected {record['source_kind']}"
    yield from wrong_time(record["timestamp"], mine)
    signal = SIGNALS.get(record["signal"], record["signal"])
    if signal not in {event.signal for event in mine}:
        yield f"signal {[event.signal for event in mine]}, expected {signal}"
    if signal is None and any(event.signal is not None for event in mine):
        yield "a signal where none was expected"
    place = record["position"]
    if place and not any((event.lat, event.lon) == (place["lat"], place["lon"]) for event in mine):
        yield f"position {(mine[0].lat, mine[0].lon)}, expected {place}"
    if place and "alt" in place and not has(mine, "altitude", place["alt"]):
        yield f"altitude {place['alt']} is missing"
    for key in ("event_key", "phase", "severity", "gateway_id", "dedup_key"):
        if record.get(key) is not None and not has(mine, key, record[key]):
            yield f"{key} {record[key]!r} is missing"
    for observation in record["observations"]:
        if not any(shows(event, observation) for event in mine):
            yield f"no event shows {observation}"


def wrong_time(timestamp: str | None, mine: list[Event]) -> Iterator[str]:
    for event in mine:
        if timestamp is None:
            if event.at_source is not AtSource.ARRIVAL or event.at != ARRIVAL:
                yield f"at {to_iso(event.at)}, expected the arrival"
        elif event.at != from_iso(timestamp)[0] or event.at_source is not AtSource.DEVICE:
            yield f"at {to_iso(event.at)}, expected {timestamp}"


def has(events: list[Event], name: str, value: object) -> bool:
    return any(same(event.values.get(name), value) for event in events)


def same(ours: object, theirs: object) -> bool:
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-6)
    return ours == theirs


def shows(event: Event, observation: dict[str, Any]) -> bool:
    """Whether an event has a value, or a detection with all its parts."""
    if "metric" in observation:
        name = SYNONYMS.get(observation["metric"], observation["metric"])
        return same(event.values.get(name), observation["value"])
    zone = observation.get("zone")
    zones = zone if isinstance(zone, list) else [zone] if zone else []
    shown = {
        "label": observation["label"],
        "score": observation.get("score"),
        "top_score": observation.get("top_score"),
        "track": observation.get("track_id"),
        "box": ",".join(map(str, observation["box"])) if "box" in observation else None,
        "sub_label": observation.get("sub_label"),
        "sub_label_score": observation.get("sub_label_score"),
        "state": observation.get("state"),
        "zone_id": observation.get("zone_id"),
        "plate": observation.get("value"),
        "entered_zones": ",".join(observation["entered_zones"]) if "entered_zones" in observation else None,
    }
    wanted = {name: value for name, value in shown.items() if value is not None}
    return all(same(event.values.get(name), value) for name, value in wanted.items()) and (
        not zones or event.zone == zones[0]
    )
