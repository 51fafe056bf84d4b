"""Cameras: what they see, in our own words or in Frigate's."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ioc.model.instant import SECOND, Instant
from simulators.chance import mixed, uniform
from simulators.devices import Device, Speech
from simulators.message import Message, as_json
from simulators.rhythms import traffic
from simulators.storyline import What
from simulators.voices.own import own_event
from simulators.world import World

_LABELS: Final = (("person", 0.36), ("motorcycle", 0.78), ("car", 0.95), ("truck", 1.0))
"""What passes in a street, by cumulative share."""

_SEEN: Final = 2.6
"""Things that the busiest camera sees in half a minute of the busiest hour."""

_FRAME: Final = (1280, 720)


def report_high_camera(world: World, device: Device, at: Instant, *, extra: bool) -> Iterator[Message]:
    """Tell what a high camera sees: mostly nothing, sometimes mist that is a little like smoke."""
    happening = world.happening(device, at)
    zone = device.asset.zone
    if not {What.SMOKE, What.FIRE}.isdisjoint(happening):
        sure = 0.72 + 0.22 * world.draw(device, at, 71)
        seen = {"label": "smoke", "score": round(sure, 2), "box": _box(world, device, at), "track": f"s{at // SECOND}"}
        yield own_event(world, device, at, seen, zone=zone)
    if extra:
        return
    yield own_event(
        world, device, at, {"camera_fps": round(14.6 + 0.8 * world.draw(device, at, 72), 1), "motion": False}
    )
    if world.draw(device, at, 73) < 0.06:
        seen = {"label": "smoke", "score": round(0.08 + 0.3 * world.draw(device, at, 74), 2)}
        yield own_event(world, device, at + SECOND, seen, zone=zone)


def report_street_camera(world: World, device: Device, at: Instant, *, extra: bool) -> Iterator[Message]:
    """Tell what passed in the last half minute, or the people of a crowd."""
    crowd = What.CROWD in world.happening(device, at)
    if extra:
        if crowd:
            # So many that one camera alone would do; several share the zone's crowd.
            yield from _passing(world, device, at, ["person"] * 4, spread=4 * SECOND)
        return
    yield from _passing(world, device, at, _usual(world, device, at), spread=26 * SECOND)
    if device.speech is Speech.OWN and at // (30 * SECOND) % 2 == 0:
        yield own_event(world, device, at, {"camera_fps": round(14.4 + world.draw(device, at, 75), 1)})


def report_frigate_statistics(world: World, devices: Sequence[Device], at: Instant) -> Iterator[Message]:
    """Tell how the cameras of the recorder fare, all in one message as Frigate does."""
    cameras = {
        device.asset.id: {
            "camera_fps": round(4.8 + 0.4 * world.draw(device, at, 76), 1),
            "process_fps": 5.0,
            "skipped_fps": 0.0,
            "detection_fps": round(3 * device.busy * world.draw(device, at, 77), 1),
        }
        for device in devices
        if What.OUTAGE not in world.happening(device, at)
    }
    stamp = world.stamp(at) / SECOND
    service = {"uptime": (at - world.start) // SECOND + 3600, "last_updated": stamp, "version": "simulated"}
    first = devices[0].number
    yield Message(at, first, "frigate/stats", as_json({"cameras": cameras, "detection_fps": 9.6, "service": service}))


def _usual(world: World, device: Device, at: Instant) -> list[str]:
    now = world.surroundings(at)
    expected = _SEEN * device.busy * traffic(now.hour, now.weekday) * (1 - min(0.5, now.rain_mm_h / 40))
    count = int(expected) + (world.draw(device, at, 78) < expected % 1)
    labels = []
    for number in range(count):
        draw = world.draw(device, at, 79, number)
        labels.append(next(label for label, share in _LABELS if draw < share))
    return labels


def _passing(world: World, device: Device, at: Instant, labels: Sequence[str], *, spread: int) -> Iterator[Message]:
    for number, label in enumerate(labels):
        when = at + int(spread * (number + world.draw(device, at, 80, number)) / len(labels))
        if device.speech is Speech.FRIGATE:
            yield from _frigate_track(world, device, when, label, last=number == len(labels) - 1)
        else:
            score = round(0.62 + 0.34 * world.draw(device, when, 81), 2)
            seen = {"label": label, "score": score, "box": _box(world, device, when), "track": f"t{when // 1_000}"}
            yield own_event(world, device, when, seen, zone=device.asset.zone)


def _frigate_track(world: World, device: Device, at: Instant, label: str, *, last: bool) -> Iterator[Message]:
    """Follow one object: it appears, perhaps goes on, and is gone some seconds later."""
    camera = device.asset.id
    lasts = int((2 + 3 * world.draw(device, at, 82)) * SECOND)
    letters = f"{mixed(world.seed, device.number, at):016x}"[:6]
    track = f"{world.stamp(at) / SECOND:.6f}-{letters}"
    steps = [
        ("new", at),
        *([("update", at + lasts // 2)] if world.draw(device, at, 83) < 0.25 else []),
        ("end", at + lasts),
    ]
    before: dict[str, Any] | None = None
    yield Message(at, device.number, f"frigate/{camera}/motion", b"ON")
    yield Message(at, device.number, f"frigate/{camera}/{label}", b"1")
    for phase, when in steps:
        after = _tracked(world, device, when, track=track, label=label, start=at, over=phase == "end")
        payload = as_json({"type": phase, "before": before or after, "after": after})
        yield Message(when, device.number, "frigate/events", payload)
        before = after
    yield Message(at + lasts, device.number, f"frigate/{camera}/{label}", b"0")
    if last:
        yield Message(at + lasts, device.number, f"frigate/{camera}/motion", b"OFF")


def _tracked(
    world: World, device: Device, at: Instant, *, track: str, label: str, start: Instant, over: bool
) -> dict[str, Any]:
    score = round(0.62 + 0.34 * world.draw(device, start, 84), 3)
    box = [int(part) for part in _box(world, device, at).split(",")]
    return {
        "id": track,
        "camera": device.asset.id,
        "frame_time": world.stamp(at) / SECOND,
        "label": label,
        "sub_label": None,
        "top_score": score,
        "false_positive": False,
        "start_time": world.stamp(start) / SECOND,
        "end_time": world.stamp(at) / SECOND if over else None,
        "score": score,
        "box": box,
        "area": (box[2] - box[0]) * (box[3] - box[1]),
        "current_zones": [device.asset.zone],
        "entered_zones": [device.asset.zone],
        "has_snapshot": False,
        "has_clip": False,
        "active": True,
        "stationary": False,
        "motionless_count": 0,
        "position_changes": 1,
    }


def _box(world: World, device: Device, at: Instant) -> str:
    """Draw a box of pixels, "x1,y1,x2,y2"."""
    wide, high = _FRAME
    left = int(wide * 0.85 * uniform(world.seed, device.number, at, 85))
    top = int(high * 0.8 * uniform(world.seed, device.number, at, 86))
    size = 36 + int(70 * uniform(world.seed, device.number, at, 87))
    return f"{left},{top},{min(wide, left + size)},{min(high, top + 2 * size)}"
