"""Warnings to the public in the Common Alerting Protocol, CAP 1.0 to 1.2, alone, in an Atom or RSS feed, or wrapped."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.readings import Reading
from ingest.codecs.shapes import MAX_POINTS, Point, Weighed, ring_middle, together
from ingest.codecs.times import DeviceTime, read_iso
from ingest.codecs.topics import Captures
from ioc.model.events import Kind, Signal
from ioc.model.geo import valid_position
from ioc.model.instant import Instant, to_iso
from ioc.model.quantities import MAX_TEXT

LANGUAGES: Final = ("vi", "en")
"""Which of an alert's languages is read, best first; where it has none of them, the one that comes first."""

MAX_ALERTS: Final = 1_000
"""Alerts of one feed; a feed with more is rejected."""

MAX_INFOS: Final = 200
"""Blocks of one alert that are read."""

MAX_PARAMETERS: Final = 16
"""Numbers that a sender may add under names of its own; every name is a column, and anybody can be a sender."""

_MAX_LEVELS: Final = 10
_MAX_TITLES: Final = 4

SEVERITIES: Final[Mapping[str, str]] = {
    "extreme": "critical",
    "severe": "major",
    "moderate": "minor",
    "minor": "warning",
}
"""CAP's severity to ours; what is not known, and what a sender made up, has none."""

_PHASES: Final[Mapping[str, str]] = {"alert": "new", "update": "update", "cancel": "end", "error": "end"}
_OVER: Final = frozenset({"cancel", "error"})
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")

KILOMETRES_OF_A_DEGREE: Final = 111.2
"""Of latitude."""


def read_cap(value: Any, _captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading] | None:
    """Read every alert in a document: one event for each, or for each of its `info` blocks in the chosen language.

    Returns:
        None where the document is neither an alert nor a feed.
    """
    alerts = list(_alerts(value, _MAX_LEVELS))
    if not alerts:
        return [] if _is_feed(value) else None
    if len(alerts) > MAX_ALERTS:
        raise ValueError(f"the feed holds {len(alerts)} alerts; at most {MAX_ALERTS} are read")
    return [reading for alert in alerts for reading in _read_alert(alert, problems)]


def _alerts(value: Any, levels: int) -> Iterator[Mapping[str, Any]]:
    """Find the alerts, wherever a feed or an envelope has put them."""
    if levels == 0 or not isinstance(value, (dict, list)):
        return
    if isinstance(value, list):
        for part in value:
            yield from _alerts(part, levels - 1)
        return
    if _text(value, "identifier") is not None and _text(value, "sender") is not None:
        yield value
        return
    for name, part in value.items():
        if name in ("entry", "item"):
            for entry in _many(part):
                found = list(_alerts(entry, levels - 1))
                yield from found or _from_entry(entry)
        elif name != "info":
            yield from _alerts(part, levels - 1)


def _from_entry(entry: Any) -> Iterator[Mapping[str, Any]]:
    """Take an entry of a feed for an alert, where it repeats the alert's main fields instead of holding it."""
    if not isinstance(entry, dict) or _text(entry, "event") is None:
        return
    identifier = _text(entry, "identifier", "id", "guid")
    if identifier is None:
        return
    area = {key: entry[key] for key in ("areaDesc", "polygon", "circle", "geocode") if key in entry}
    author = entry.get("author")
    info = {**entry, "area": area, "headline": entry.get("headline") or entry.get("title")}
    info.setdefault("description", entry.get("summary"))
    yield {
        "identifier": identifier,
        "sender": _text(entry, "sender") or (_text(author, "name") if isinstance(author, dict) else None),
        "sent": _text(entry, "sent", "updated", "published"),
        "status": entry.get("status"),
        "msgType": entry.get("msgType"),
        "references": entry.get("references"),
        "info": info,
    }


def _is_feed(value: Any) -> bool:
    return isinstance(value, dict) and ("feed" in value or "rss" in value or "EDXLDistribution" in value)


def _read_alert(alert: Mapping[str, Any], problems: list[str]) -> Iterator[Reading]:
    infos: list[Mapping[str, Any]] = []
    for info in _many(alert.get("info"))[:MAX_INFOS]:
        # Some senders write one block twice.
        if isinstance(info, dict) and info not in infos:
            infos.append(info)
    chosen, others = _in_best_language(infos)
    message_type = (_text(alert, "msgType", "type") or "Alert").lower()
    if message_type == "ack":
        return
    real = (_text(alert, "status") or "Actual").lower() == "actual"
    shared = _shared_values(alert, message_type, real=real)
    for number, info in enumerate(chosen or [{}]):
        over = message_type in _OVER or "AllClear" in _texts(info.get("responseType"))
        values = {**shared, **_info_values(info, others)}
        if number:
            # Blocks in one language speak of different things: other places, other severities.
            values["event_key"] = f"{values['event_key']}#{number}"
        if over:
            values["phase"] = "end"
        lat, lon = _centre(info) or (None, None)
        yield Reading(
            Kind.CITIZEN,
            _text(alert, "sender"),
            _time(_text(alert, "sent"), problems),
            values,
            lat,
            lon,
            _cut(_joined((_text(area, "areaDesc") for area in _areas(info)), "; ")),
            None if not real else Signal.CLEAR if over else Signal.ALERT,
        )


def _shared_values(alert: Mapping[str, Any], message_type: str, *, real: bool) -> dict[str, Any]:
    identifier, sent = _text(alert, "identifier"), _text(alert, "sent")
    references = [
        part.split(",")[1] for part in " ".join(_texts(alert.get("references"))).split() if part.count(",") > 1
    ]
    values: dict[str, Any] = {
        "event_key": identifier,
        "dedup_key": ",".join(part for part in (_text(alert, "sender"), identifier, sent) if part),
        "phase": _PHASES.get(message_type, "new"),
        "message_type": message_type,
        "status": _text(alert, "status"),
        "scope": _text(alert, "scope"),
        "references": _cut(_joined(references, " ")),
        "note": _cut(_text(alert, "note")),
    }
    if not real:
        values["simulated"] = True
    return _present(values)


def _info_values(info: Mapping[str, Any], others: list[Mapping[str, Any]]) -> dict[str, Any]:
    severity = _text(info, "severity")
    values = {
        "label": _cut(_text(info, "event")),
        "category": _joined(_texts(info.get("category")), ","),
        "urgency": _text(info, "urgency"),
        # CAP 1.0 said "Very Likely" for what is "Likely" since.
        "certainty": "Likely" if _text(info, "certainty") == "Very Likely" else _text(info, "certainty"),
        "severity": SEVERITIES.get(severity.lower()) if severity else None,
        "severity_said": severity,
        "response": _joined(_texts(info.get("responseType")), ","),
        "headline": _cut(_text(info, "headline")),
        "description": _cut(_text(info, "description")),
        "instruction": _cut(_text(info, "instruction")),
        "language": _text(info, "language"),
        "sender_name": _cut(_text(info, "senderName")),
        "web": _cut(_text(info, "web")),
        "valid_from": _utc(_text(info, "onset") or _text(info, "effective")),
        "valid_to": _utc(_text(info, "expires")),
        "geocodes": _cut(_joined(_geocodes(info), " ")),
        "event_codes": _cut(_joined(_named(info.get("eventCode")), " ")),
    }
    for other in others[:_MAX_TITLES]:
        code = _LANGUAGE.match((_text(other, "language") or "").lower())
        if code is not None:
            values.setdefault(f"headline_{code[0]}", _cut(_text(other, "headline") or _text(other, "event")))
    found = _present(values)
    for name, number in _parameters(info):
        found.setdefault(name, number)
    return found


def _in_best_language(infos: list[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Split the blocks into those of the best language and the rest; one without a language is in English, says CAP."""
    spoken = [(_text(info, "language") or "en").lower().replace("_", "-").split("-")[0] for info in infos]
    best = next((language for language in LANGUAGES if language in spoken), spoken[0] if spoken else "")
    pairs = list(zip(infos, spoken, strict=True))
    return [info for info, language in pairs if language == best], [i for i, language in pairs if language != best]


def _parameters(info: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Give the sender's own parameters that are numbers, such as a magnitude; its texts are for its own software."""
    given = 0
    for parameter in _many(info.get("parameter")):
        name, value = _name_and_value(parameter)
        if name and value and _NUMBER.fullmatch(value) and given < MAX_PARAMETERS:
            given += 1
            own = quantity_name(name)
            # Every centre that watches earthquakes has its own name for this one.
            yield "magnitude" if own.endswith("magnitude") else own, float(value)


def _areas(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [area for area in _many(info.get("area")) if isinstance(area, dict)]


def _geocodes(info: Mapping[str, Any]) -> Iterator[str]:
    for area in _areas(info):
        yield from _named(area.get("geocode"))


def _named(parts: Any) -> Iterator[str]:
    for part in _many(parts):
        if isinstance(part, dict) and isinstance(part.get("value"), list):
            # A feed's entry has the names and the values one after another in a single element.
            values = _texts(part["value"])
            names = _texts(part.get("valueName"))
            yield from (f"{name}={value}" for name, value in zip(names, values, strict=False))
            continue
        name, value = _name_and_value(part)
        if name and value:
            yield f"{name}={value}"


def _name_and_value(part: Any) -> tuple[str | None, str | None]:
    """Read a pair; CAP 1.0 wrote it as `name=value` in one text."""
    if isinstance(part, str):
        name, sign, value = part.partition("=")
        return (name.strip(), value.strip()) if sign else (None, None)
    return (_text(part, "valueName"), _text(part, "value")) if isinstance(part, dict) else (None, None)


def _centre(info: Mapping[str, Any]) -> Point | None:
    """Give the middle of all areas, each weighing as much as it is large; None where there are only codes."""
    shapes: list[Weighed] = []
    for area in _areas(info):
        for text in _texts(area.get("polygon")):
            ring = _points(text)
            if ring:
                shapes.append(ring_middle(ring))
        for text in _texts(area.get("circle")):
            centre, _, radius = text.partition(" ")
            points = _points(centre)
            if points:
                shapes.append((_circle_size(radius.strip()), points[0]))
    middle = together(shapes)
    return middle if middle is not None and valid_position(*middle) else None


def _points(text: str) -> list[Point]:
    """Read `lat,lon lat,lon`; what is no position makes the whole shape unusable."""
    pairs = text.split()
    points = []
    for pair in pairs if len(pairs) <= MAX_POINTS else ():
        lat, sign, lon = pair.partition(",")
        try:
            point = (float(lat), float(lon)) if sign else None
        except ValueError:
            point = None
        if point is None or not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
            return []
        points.append(point)
    return points


def _circle_size(kilometres: str) -> float:
    """Give a circle's size in square degrees; only the proportions between the shapes of one alert matter."""
    return math.pi * (float(kilometres) / KILOMETRES_OF_A_DEGREE) ** 2 if _NUMBER.fullmatch(kilometres) else 0.0


def _time(text: str | None, problems: list[str]) -> DeviceTime | None:
    if text is None:
        return None
    try:
        return read_iso(text)
    except (ValueError, OverflowError) as error:
        problems.append(f"the time {text!r:.40} cannot be read, the arrival is taken instead: {error}")
        return None


def _utc(text: str | None) -> str | None:
    """Write a time of validity in UTC; one without an offset, or that is no time, as it came."""
    if text is None:
        return None
    try:
        at = read_iso(text)
    except (ValueError, OverflowError):
        return text[:40]
    return to_iso(at) if isinstance(at, int) else text[:40]


def _text(value: Any, *names: str) -> str | None:
    """Give the first of these fields that holds a text or a number, as a text."""
    if not isinstance(value, dict):
        return None
    for name in names:
        texts = _texts(value.get(name))
        if texts:
            return texts[0]
    return None


def _texts(value: Any) -> list[str]:
    """Give the texts of a field that may stand once, several times, or with attributes."""
    found = []
    for part in _many(value):
        inner = part.get("#text") if isinstance(part, dict) else part
        if isinstance(inner, str) and inner.strip():
            found.append(inner.strip())
        elif isinstance(inner, (int, float)) and not isinstance(inner, bool):
            found.append(str(inner))
    return found


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _joined(parts: Any, separator: str) -> str | None:
    return separator.join(part for part in parts if part) or None


def _cut(text: str | None) -> str | None:
    """Shorten a text to what a quantity holds; half an instruction is better than none."""
    if text is None:
        return None
    text = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
