"""Milesight's frames: channel, type, value, one after another, read by a table into the names its own decoders give."""

import re
import struct
from collections.abc import Mapping
from typing import Any, Final

Part = tuple[str, str, float]
"""A field's name, in which `{number}` counts channels from 3, its form for `struct`, and what it is divided by."""

TYPES: Final[Mapping[int, tuple[Part, ...]]] = {
    0x02: (("adc_{number}", "i", 100),),
    0x5B: (("weighting", "B", 1), ("LAF", "H", 10), ("LAeq", "H", 10), ("LAFmax", "H", 10)),
    0x67: (("temperature", "h", 10),),
    0x68: (("humidity", "B", 2),),
    0x6A: (("activity", "H", 1),),
    0x70: (("socket_status", "B", 1),),
    0x73: (("pressure", "H", 10),),
    0x74: (("voltage", "H", 10),),
    0x75: (("battery", "B", 1),),
    0x77: (("depth", "H", 1),),
    0x7B: (("pipe_pressure_kpa", "H", 1),),
    0x7F: (("ec", "H", 1),),
    0x80: (("power", "I", 1),),
    0x81: (("power_factor", "B", 1),),
    0x82: (("distance", "H", 1),),
    0x83: (("power_consumption", "I", 1),),
    0x84: (("wind_direction", "H", 10),),
    0x8E: (("occupancy", "B", 1),),
    0x94: (("illuminance", "I", 1),),
    0x97: (("total_current_{number}", "I", 100),),
    0x99: (("current_{number}_a", "H", 10),),
    0xCA: (("moisture", "H", 100),),
    0xCB: (("light_level", "B", 1),),
    0xC8: (("counter_{number}", "I", 1),),
    0xC9: (("current", "H", 1),),
    0xCD: (("people_count_max", "B", 1),),
    0xE1: (("water_conversion", "H", 10), ("pulse_conversion", "H", 10), ("water", "f", 1)),
    0xEC: (("rainfall_total", "I", 100), ("rainfall_counter", "B", 1)),
}
"""What a type is, whatever its channel."""

CHANNELS: Final[Mapping[tuple[int, int], tuple[Part, ...]]] = {
    (0x04, 0xC9): (("people_count_all", "B", 1), ("region_count", "B", 1), ("region_mask", ">H", 1)),
    (0x05, 0xCC): (("people_in", "H", 1), ("people_out", "H", 1)),
    (0x06, 0x65): (("illuminance", "H", 1), ("infrared_and_visible", "H", 1), ("infrared", "H", 1)),
    (0x07, 0x92): (("wind_speed", "H", 10),),
    (0x05, 0x92): (("valve_opening", "B", 1),),
    (0x08, 0x77): (("rainfall_total", "H", 100), ("rainfall_counter", "B", 1)),
    (0x05, 0x7D): (("co2", "H", 1),),
    (0x07, 0x7D): (("co2", "H", 1),),
    (0x08, 0x7D): (("tvoc", "H", 1),),
    (0x08, 0xE6): (("tvoc_ug", "H", 1),),
    (0x0A, 0x7D): (("hcho", "H", 100),),
    (0x0B, 0x7D): (("pm2_5", "H", 1),),
    (0x0C, 0x7D): (("pm10", "H", 1),),
    (0x0D, 0x7D): (("o3", "H", 100),),
    (0x0E, 0x01): (("beep", "B", 1),),
    (0x02, 0xA5): tuple((f"distance_{n}", "H", 1.0) for n in range(1, 5)),
    (0x06, 0x88): (("latitude", "i", 1e6), ("longitude", "i", 1e6), ("motion_status", "B", 1)),
    (0x04, 0x88): (("latitude", "i", 1e6), ("longitude", "i", 1e6), ("motion_status", "B", 1)),
    (0x03, 0xCF): (("angle_x", "h", 100), ("angle_y", "h", 100), ("angle_z", "h", 100), ("angle_threshold", "B", 1)),
    (0x03, 0xD4): (("angle_x", "h", 100), ("angle_y", "h", 100), ("angle_z", "h", 100), ("angle_threshold", "B", 1)),
    (0x07, 0xD5): tuple((f"region_{n}_count", "B", 1.0) for n in range(1, 9)),
    (0x08, 0xD5): tuple((f"region_{n}_count", "B", 1.0) for n in range(9, 17)),
    (0x0F, 0xE3): tuple((f"region_{n}_count", "B", 1.0) for n in range(1, 5)),
    (0x10, 0xE4): (("region", "B", 1), ("avg_dwell", "H", 1), ("max_dwell", "H", 1)),
    **{
        (0x09 + row, 0xDA): tuple((f"{begin}_to_{end}", "H", 1.0) for end in "abcd") for row, begin in enumerate("abcd")
    },
    (0x83, 0xC8): (("counter_1", "I", 1), ("counter_1_status", "B", 1)),
    (0x84, 0xC8): (("counter_2", "I", 1), ("counter_2_status", "B", 1)),
    (0x83, 0x67): (("temperature", "h", 10), ("temperature_status", "B", 1)),
    (0x83, 0xD7): (("temperature", "h", 10), ("temperature_change", "h", 10), ("temperature_status", "B", 1)),
    (0x83, 0x82): (("distance", "H", 1), ("distance_status", "B", 1)),
    (0x84, 0x82): (("distance", "H", 1), ("distance_status", "B", 1)),
    (0x94, 0x82): (("distance", "H", 1), ("distance_change", "h", 1), ("distance_status", "B", 1)),
    (0xB4, 0x82): (("distance", "H", 1), ("distance_fault", "B", 1)),
    (0x85, 0x00): (("gpio_1", "B", 1), ("gpio_status", "B", 1)),
    (0x84, 0xCC): (("total_in", "H", 1), ("total_out", "H", 1), ("count_status", "B", 1)),
    (0x85, 0xCC): (("period_in", "H", 1), ("period_out", "H", 1), ("count_status", "B", 1)),
    (0xFF, 0x2E): (("button", "B", 1),),
}
"""What a type is on one channel; a channel of 128 and more tells of an alarm."""

_LINES: Final[Mapping[tuple[int, int], Part]] = {
    (channel, 0xD2): (f"line_{line}_total_{way}", "I", 1)
    for line, way, channel in (
        (1, "in", 0x03), (1, "out", 0x04), (2, "in", 0x06), (2, "out", 0x07),
        (3, "in", 0x09), (3, "out", 0x0A), (4, "in", 0x0C), (4, "out", 0x0D),
    )
}  # fmt: skip
_LINE_PERIODS: Final = {(0x05, 0xCC): 1, (0x08, 0xCC): 2, (0x0B, 0xCC): 3, (0x0E, 0xCC): 4}

_SKIPPED: Final[Mapping[int, int]] = {
    0x01: 1, 0x08: 6, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x14: 1, 0x15: 1, 0x16: 8, 0x1F: 4, 0xFE: 1, 0xFF: 2,
}  # fmt: skip
"""What the channel FF tells of the device itself, by type, with its length."""

DIGITAL: Final[tuple[tuple[str, int, str], ...]] = (
    ("EM300-MCS", 6, "magnet_status"), ("EM300-[SZ]LD", 5, "leakage_status"), ("EM300-MLD", 3, "leakage_status"),
    ("EM400|EM410", 5, "position"), ("EM310-UDL", 4, "position"), ("AM3", 5, "pir"), ("WS202", 3, "pir"),
    ("WS202", 4, "daylight"), ("WS301", 3, "magnet_status"), ("WS301", 4, "tamper_status"),
    ("WS303", 3, "leakage_status"), ("WS203", 5, "occupancy"), ("VS34", 3, "occupancy"), ("VS370", 3, "daylight"),
    ("VS370", 4, "occupancy"), ("WT", 6, "tamper_status"), ("WT", 7, "window"), ("TS301", 4, "magnet_status"),
)  # fmt: skip
"""What a digital channel is depends on the model: its name's beginning, the channel and what it says."""


def read_frame(frame: bytes, model: str, problems: list[str]) -> dict[str, Any]:
    """Read one frame; what follows an unknown channel cannot be found, and is told of among the problems.

    Args:
        frame: channel (1 byte), type (1 byte), value, and so on; little-endian.
        model: such as `EM300-MCS`; empty where it is not known.
        problems: sentences about what could not be read.
    """
    found: dict[str, Any] = {}
    counts_lines = model.startswith("VS13") or any(frame[at] in (6, 7, 9, 10, 12, 13) and frame[at + 1] == 0xD2
                                                   for at in range(len(frame) - 1))  # fmt: skip
    position = 0
    while position + 2 <= len(frame):
        channel, kind = frame[position], frame[position + 1]
        position += 2
        if channel == 0xFF and kind in _SKIPPED:
            position += _SKIPPED[kind]
            continue
        parts = _parts(channel, kind, model, lines=counts_lines)
        if parts is None:
            what = "what was kept while there was no connection" if channel in (0x20, 0x21) else "unknown"
            problems.append(f"channel {channel:02x} of type {kind:02x} is {what}; it and what follows it is not read")
            break
        try:
            position = _take(frame, position, parts, found)
        except struct.error:
            problems.append(f"the frame ends within channel {channel:02x} of type {kind:02x}")
            break
    return _tidy(found)


def _parts(channel: int, kind: int, model: str, *, lines: bool) -> tuple[Part, ...] | None:
    if kind in (0x00, 0x01) and channel not in (0x85, 0x0E, 0xFF):
        return ((_digital(channel, kind, model), "B", 1),)
    if (channel, kind) in _LINES:
        name, form, scale = _LINES[channel, kind]
        return ((name if lines else name.replace("line_1_total_", "total_counter_"), form, scale),)
    if model.startswith(("VS350", "VS351", "VS360")) and (channel, kind) in ((0x04, 0xCC), (0x05, 0xCC)):
        word = "total" if channel == 0x04 else "period"
        return ((f"{word}_in", "H", 1), (f"{word}_out", "H", 1))
    if (channel, kind) in _LINE_PERIODS and (lines or channel != 0x05):
        line = _LINE_PERIODS[channel, kind]
        return ((f"line_{line}_period_in", "H", 1), (f"line_{line}_period_out", "H", 1))
    found = CHANNELS.get((channel, kind))
    if found is not None:
        return found
    if channel >= 0x20:
        return None
    if kind == 0x68 and model.startswith("EM500-SM"):
        return (("moisture", "B", 2),)
    number = channel - 2
    return tuple((name.format(number=number), form, scale) for name, form, scale in TYPES.get(kind, ())) or None


def _digital(channel: int, kind: int, model: str) -> str:
    for pattern, number, name in DIGITAL:
        if kind == 0x00 and number == channel and re.match(pattern, model):
            return name
    if kind == 0x01 and model.startswith("UC51"):
        return {3: "valve_1", 5: "valve_2", 7: "gpio_1", 8: "gpio_2"}.get(channel, f"digital_{channel}")
    return f"digital_{channel}"


def _take(frame: bytes, position: int, parts: tuple[Part, ...], found: dict[str, Any]) -> int:
    for name, form, scale in parts:
        full = form if form[0] in "<>" else f"<{form}"
        (value,) = struct.unpack_from(full, frame, position)
        position += struct.calcsize(full)
        found[name] = value if scale == 1 else value / scale
    if "avg_dwell" in found:
        region = found.pop("region")
        found[f"region_{region}_avg_dwell"] = found.pop("avg_dwell")
        found[f"region_{region}_max_dwell"] = found.pop("max_dwell")
    return position


def _tidy(found: dict[str, Any]) -> dict[str, Any]:
    """Write states as the maker's decoders do, and a mask as the regions in it."""
    mask = found.pop("region_mask", None)
    if mask is not None:
        for region in range(1, min(16, found["region_count"]) + 1):
            found[f"region_{region}"] = mask >> (region - 1) & 1
    for name in [name for name in found if name.endswith("_status") and name[:-7] in _ALARMED]:
        status = found.pop(name)
        if status in (0, 1):
            found[f"{name[:-7]}_alarm"] = "threshold alarm" if status else "threshold alarm release"
    return found


_ALARMED: Final = frozenset({"temperature", "distance", "gpio", "count", "counter_1", "counter_2"})
