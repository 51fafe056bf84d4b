"""How long codecs take: microseconds of processor time a message, as NDJSON, best of several rounds.

`json_us` is the strict reading of the payload, `fields_us` what the codec does with it then, `codec_us` the two and the
choice of the codec by topic and shape, `read_us` all of that and the checked events.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from ingest.batch import build_batch
from ingest.codecs.registry import Codecs, load_codecs
from ingest.codecs.strict_json import read_json
from ingest.reader import Reader
from ioc.model.events import RawMessage
from ioc.model.instant import from_iso
from ioc.store.catalogue import load_catalogue

ROUNDS: Final = 5
SECONDS: Final = 0.1
ARRIVAL: Final = from_iso("2026-11-22T08:00:00+07:00")[0]

TRACKED = {
    "id": "1795309199.5-abcdef",
    "camera": "gate",
    "frame_time": 1795309199.9,
    "snapshot": {"frame_time": 1795309199.7, "box": [4, 5, 6, 7], "area": 12, "region": [1, 2, 3, 4], "score": 0.7},
    "label": "person",
    "sub_label": None,
    "top_score": 0.95,
    "false_positive": False,
    "start_time": 1795309199.5,
    "end_time": None,
    "score": 0.87,
    "box": [432, 496, 544, 854],
    "area": 40096,
    "ratio": 1.25,
    "region": [218, 440, 693, 915],
    "current_zones": ["yard", "driveway"],
    "entered_zones": ["yard", "driveway"],
    "has_snapshot": False,
    "has_clip": False,
    "active": True,
    "stationary": False,
    "motionless_count": 0,
    "position_changes": 2,
    "attributes": {},
    "current_attributes": [],
    "current_estimated_speed": 0.7,
    "average_estimated_speed": 14.3,
    "velocity_angle": 180,
}

MESSAGES: Final[dict[str, tuple[str, Any]]] = {
    "own, numbered": (
        "ioc/sensor/env-1/events",
        {"at": 1795309199250, "seq": 17, "boot": "a1", "pm25": 12.5, "temp_c": 31.5, "humidity": 70},
    ),
    "own, by ISO time": (
        "ioc/sensor/env-1/events",
        {"at": "2026-11-22T07:59:59.250+07:00", "pm25": 12.5, "temp_c": 31.5, "humidity": 70},
    ),
    "zigbee2mqtt, flat": (
        "zigbee2mqtt/hall",
        {"temperature": 27.3, "humidity": 44.7, "battery": 90, "linkquality": 100},
    ),
    "frigate, count": ("frigate/gate/person", 2),
    "frigate, event": ("frigate/events", {"type": "update", "before": TRACKED, "after": TRACKED}),
    "chirpstack, uplink": (
        "application/a/device/a1b2c3d4e5f60708/event/up",
        {
            "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
            "time": "2026-11-22T00:59:59.250+00:00",
            "deviceInfo": {"applicationId": "a", "deviceName": "meter 7", "devEui": "a1b2c3d4e5f60708"},
            "fCnt": 10,
            "fPort": 1,
            "data": "AQIDBA==",
            "object": {"temperature": 31.5, "humidity": 70},
            "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -48, "snr": 9.2}],
        },
    ),
    "owntracks, location": (
        "owntracks/lan/phone",
        {"_type": "location", "lat": 11.94, "lon": 108.44, "tst": 1795309199, "batt": 53, "vel": 12, "acc": 8},
    ),
}


def micros(work: Callable[[], object]) -> float:
    """Time one call, microseconds of this process; the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        count, start = 0, time.process_time()
        while (passed := time.process_time() - start) < SECONDS:
            for _ in range(100):
                work()
            count += 100
        best = min(best, passed / count)
    return best * 1e6


def fields_alone(codecs: Codecs, message: RawMessage) -> Callable[[], object]:
    """Give what the codec does once the payload is read, as a call without arguments."""
    for candidate, captures in codecs.candidates(message.topic):
        value = candidate.decode(message.payload)
        if candidate.read(value, captures, [], ARRIVAL):
            return partial(candidate.read, value, captures, [], ARRIVAL)
    raise AssertionError(message.topic)


def measured() -> Iterator[dict[str, Any]]:
    """Measure each message: JSON alone, with its codec, and as checked events; then batches of them."""
    catalogue = load_catalogue()
    codecs = load_codecs(catalogue=catalogue)
    reader = Reader(codecs, catalogue)
    for name, (topic, value) in MESSAGES.items():
        payload = json.dumps(value).encode()
        message = RawMessage(topic, payload, ARRIVAL)
        events, rejected = reader.read(message)
        assert events
        assert not rejected
        yield {
            "benchmark": "codec",
            "message": name,
            "bytes": len(payload),
            "json_us": round(micros(partial(read_json, payload)), 2),
            "fields_us": round(micros(fields_alone(codecs, message)), 2),
            "codec_us": round(micros(partial(codecs.decode, topic, payload)), 2),
            "read_us": round(micros(partial(reader.read, message)), 2),
        }
    own = [reader.read(RawMessage("ioc/sensor/env-1/events", b'{"pm25": 12.5, "temp_c": 31.5}', ARRIVAL))[0][0]]
    for size in (20, 500, 2000):
        yield {
            "benchmark": "batch",
            "events": size,
            "us": round(micros(partial(build_batch, own * size, catalogue)), 1),
        }


def main() -> None:
    """Print one line a measurement."""
    for line in measured():
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
