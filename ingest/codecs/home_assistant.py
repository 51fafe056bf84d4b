"""Home Assistant's MQTT discovery: configurations that declare what comes on other topics, in which unit and of whom.

What was declared is remembered, within a bound. After a restart it is empty until the broker sends the configurations
again, which senders have it retain; states that come before them are nobody's, as they were before the discovery.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.codecs.home_assistant_words import LONG, TemplatePath, read_template
from ingest.codecs.identifiers import quantity_name
from ingest.codecs.memory import Memory
from ingest.codecs.naming import is_known, measured
from ingest.codecs.payloads import read_number
from ingest.codecs.readings import Reading
from ingest.codecs.strict_json import read_json
from ingest.codecs.topics import Captures
from ioc.model.events import Kind, Signal
from ioc.model.instant import Instant

MAX_ENTITIES: Final = 50_000
"""Declared entities that are remembered; the one that was declared longest ago is forgotten first."""

MAX_COMPONENTS: Final = 1_000
"""Entities that one configuration of a whole device may declare."""

_MAX_STATE: Final = 65_536
_NOTHING: Final = frozenset({"", "unknown", "unavailable", "none", "nan", "null"})
_SILENT: Final = frozenset({
    "button", "camera", "image", "device_automation", "tag", "scene", "notify", "device_tracker", "update", "siren",
    "infrared", "humidifier", "vacuum", "lawn_mower",
})  # fmt: skip
"""Components whose states are no quantities of a city's."""

_BINARY: Final[Mapping[str, tuple[str, bool, bool]]] = {
    "battery": ("battery_low", False, False),
    "battery_charging": ("charging", False, False),
    "carbon_monoxide": ("carbon_monoxide", False, True),
    "connectivity": ("connected", False, False),
    "door": ("contact", True, False),
    "garage_door": ("contact", True, False),
    "gas": ("gas", False, True),
    "heat": ("heat", False, False),
    "moisture": ("water_leak", False, True),
    "motion": ("motion", False, False),
    "moving": ("moving", False, False),
    "occupancy": ("occupancy", False, False),
    "opening": ("contact", True, False),
    "presence": ("presence", False, False),
    "problem": ("problem", False, False),
    "safety": ("alarm", False, True),
    "smoke": ("smoke", False, True),
    "tamper": ("tamper", False, False),
    "vibration": ("vibration", False, False),
    "window": ("contact", True, False),
}
"""Device classes of what is or is not: our quantity, whether it means the opposite, whether it is an alarm."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What a configuration says of one value.

    Attributes:
        asset: the device it belongs to.
        name: what it is called, for a value that no class names.
        component: such as `sensor` or `binary_sensor`.
        device_class: such as `temperature`; empty where there is none.
        unit: None where there is none.
        path: leads to the value in a JSON state; None where the state is the value itself.
        on, off: what stands for yes and no.
        state_topic: where its states come; empty where none do.
        availability: topic, path, word for online, word for offline.
    """

    asset: str
    name: str
    component: str
    device_class: str
    unit: str | None
    path: TemplatePath | None
    on: str
    off: str
    state_topic: str
    availability: tuple[tuple[str, TemplatePath | None, str, str], ...]


class Declared:
    """All entities, by the configuration that declared them and by the topics on which they speak."""

    def __init__(self) -> None:
        """Begin with none."""
        self._entities: OrderedDict[tuple[str, str], Entity] = OrderedDict()
        self._parts: dict[str, list[str]] = {}
        self._by_topic: dict[str, dict[tuple[str, str], Entity]] = {}

    def put(self, config: str, entities: Mapping[str, Entity]) -> list[Entity]:
        """Take what a configuration declares in place of what it declared before, which is returned."""
        before = [self._remove((config, part)) for part in self._parts.pop(config, ())]
        for part, entity in entities.items():
            key = (config, part)
            self._entities[key] = entity
            self._parts.setdefault(config, []).append(part)
            for topic in _topics(entity):
                self._by_topic.setdefault(topic, {})[key] = entity
        while len(self._entities) > MAX_ENTITIES:
            oldest, part = next(iter(self._entities))
            self._remove((oldest, part))
            self._parts[oldest].remove(part)
            if not self._parts[oldest]:
                del self._parts[oldest]
        return before

    def on(self, topic: str) -> list[Entity]:
        """Give those that speak on a topic."""
        return list(self._by_topic.get(topic, {}).values())

    def _remove(self, key: tuple[str, str]) -> Entity:
        entity = self._entities.pop(key)
        for topic in _topics(entity):
            there = self._by_topic[topic]
            there.pop(key, None)
            if not there:
                del self._by_topic[topic]
        return entity


class Discovery:
    """Reads configurations, and the states of what they declared."""

    def __init__(self, memory: Memory) -> None:
        """Take the memory in which declarations are kept."""
        self._declared = memory.of(Declared)

    def read_config(self, value: Any, captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading]:
        """Read a configuration; an empty one takes the entity away.

        Raises:
            ValueError: it is no configuration.
        """
        config = "/".join((captures.get("node", ""), captures["component"], captures["object"]))
        if not value.strip():
            gone = self._declared.put(config, {})
            return [_told(asset, "removed") for asset in dict.fromkeys(each.asset for each in gone)]
        document = read_json(value)
        if not isinstance(document, dict):
            raise ValueError('expected a configuration, such as {"state_topic": "…", "unique_id": "…"}')
        entities = dict(_entities(document, captures, problems))
        self._declared.put(config, entities)
        return [_told(asset, "config") for asset in dict.fromkeys(each.asset for each in entities.values())]

    def read_state(
        self, value: Any, captures: Captures, problems: list[str], _arrival: Instant
    ) -> list[Reading] | None:
        """Read what comes on a topic that a configuration named; None where none did."""
        topic = captures["topic"]
        entities = self._declared.on(topic)
        if not entities or len(value) > _MAX_STATE:
            return None
        try:
            text = value.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"the state is not UTF-8: {error.reason}") from error
        state = _State(text)
        readings: dict[str, Reading] = {}
        for entity in entities:
            reading = readings.setdefault(entity.asset, Reading(Kind.SENSOR, entity.asset, None, {}))
            for where, path, online, offline in entity.availability:
                if where == topic and (found := state.at(path)) is not None:
                    reading.signal = {online: Signal.ONLINE, offline: Signal.OFFLINE}.get(str(found), reading.signal)
            if entity.state_topic == topic:
                _put(reading, entity, state.at(entity.path), problems)
        return [each for each in readings.values() if each.values or each.signal is not None]


class _State:
    """A state, as text and, once somebody asks, as JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._json: Any = None
        self._read = False

    def at(self, path: TemplatePath | None) -> Any:
        """Give the value, or None where the state does not have it."""
        if path is None:
            return self._text.strip()
        if not self._read:
            self._read = True
            try:
                self._json = read_json(self._text.encode())
            except ValueError:
                self._json = None
        found = self._json
        for step in path:
            if isinstance(found, dict) and isinstance(step, str):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and -len(found) <= step < len(found):
                found = found[step]
            else:
                return None
        return None if isinstance(found, (dict, list)) else found


def _put(reading: Reading, entity: Entity, found: Any, problems: list[str]) -> None:
    """Put an entity's value among those of its device."""
    if found is None or (isinstance(found, str) and found.lower() in _NOTHING):
        return
    if entity.component in ("binary_sensor", "switch"):
        yes = _yes(found, entity)
        if yes is None:
            problems.append(f"{entity.name}: expected {entity.on!r:.40} or {entity.off!r:.40}, got {found!r:.40}")
            return
        name, opposite, alarming = _BINARY.get(entity.device_class, (quantity_name(entity.name), False, False))
        if entity.component == "switch":
            name, opposite, alarming = quantity_name(entity.name), False, False
        value: Any = yes is not opposite
        if alarming:
            reading.signal = Signal.ALERT if value else (reading.signal or Signal.CLEAR)
    else:
        value = _number_if_one(found)
        name, value = measured(_what(entity), value, entity.unit)
    if name in reading.values and name != quantity_name(entity.name):
        # A second thermometer of the same device goes by its own name.
        name = quantity_name(entity.name)
    reading.values[name] = value


def _what(entity: Entity) -> str:
    """Say what an entity measures: its class, or its name, or what its sender calls it in its state."""
    if entity.component == "sensor" and entity.device_class:
        return entity.device_class
    last = entity.path[-1] if entity.path else None
    return last if isinstance(last, str) and is_known(last) and not is_known(entity.name) else entity.name


def _yes(found: Any, entity: Entity) -> bool | None:
    word = found if isinstance(found, str) else repr(found)
    for text, answer in ((entity.on, True), (entity.off, False)):
        if word == text or word.lower() == text.lower():
            return answer
    return found if isinstance(found, bool) else None


def _number_if_one(found: Any) -> Any:
    if not isinstance(found, str):
        return found
    try:
        return read_number(found)
    except ValueError:
        return found


def _entities(document: dict[str, Any], captures: Captures, problems: list[str]) -> Iterator[tuple[str, Entity]]:
    """Go through what a configuration declares: one entity, or all those of a device."""
    whole = _long(document)
    if captures["component"] != "device":
        yield "", _entity(whole, captures["component"], captures["object"], problems)
        return
    parts = whole.get("components")
    if not isinstance(parts, dict):
        raise ValueError("the configuration of a device declares no components")
    shared = {name: content for name, content in whole.items() if name != "components"}
    for number, (part, content) in enumerate(parts.items()):
        if number >= MAX_COMPONENTS:
            problems.append(f"more than {MAX_COMPONENTS} components are declared; the others are left out")
            return
        if isinstance(content, dict) and len(content) > 1:
            full = {**shared, **_long(content)}
            yield part, _entity(full, str(full.get("platform", "")), part, problems)


def _entity(config: dict[str, Any], component: str, part: str, problems: list[str]) -> Entity:
    base = config.get("~")

    def topic(name: str, source: Mapping[str, Any] = config) -> str:
        text = source.get(name)
        if not isinstance(text, str):
            return ""
        if isinstance(base, str) and text.startswith("~"):
            text = base + text[1:]
        return text[:-1] + base if isinstance(base, str) and text.endswith("~") else text

    def path(name: str, source: Mapping[str, Any] = config) -> tuple[TemplatePath | None, bool]:
        template = source.get(name)
        return (None, True) if not isinstance(template, str) else read_template(template)

    found, simple = path("value_template")
    state_topic = "" if component in _SILENT else topic("state_topic")
    if component == "light" and config.get("schema") == "json":
        found = ("state",)
    if state_topic and not simple:
        problems.append(
            f"{part:.40}: its value_template is more than value_json with names, so its states are not read"
        )
        state_topic = ""
    availability = []
    listed = config.get("availability")
    for each in listed if isinstance(listed, list) else [listed] if isinstance(listed, dict) else []:
        if isinstance(each, dict):
            known = _long(each)
            where, easy = path("value_template", known)
            if easy and (at := topic("topic", known)):
                availability.append((at, where, _word(known, "payload_available", "online"),
                                     _word(known, "payload_not_available", "offline")))  # fmt: skip
    where, easy = path("availability_template")
    if easy and (at := topic("availability_topic")):
        availability.append((at, where, _word(config, "payload_available", "online"),
                             _word(config, "payload_not_available", "offline")))  # fmt: skip
    unit = config.get("unit_of_measurement")
    device_class = config.get("device_class")
    on = _word(config, "state_on", _word(config, "payload_on", "ON"))
    off = _word(config, "state_off", _word(config, "payload_off", "OFF"))
    return Entity(
        asset=_device(config) or _word(config, "unique_id", part),
        name=_word(config, "name", "") or _word(config, "object_id", part),
        component=component,
        device_class=device_class if isinstance(device_class, str) else "",
        unit=unit if isinstance(unit, str) and unit.strip() else None,
        path=found,
        on=on,
        off=off,
        state_topic=state_topic,
        availability=tuple(availability),
    )


def _device(config: dict[str, Any]) -> str | None:
    """Name the device by its first identifier, or by the address of its connection."""
    device = config.get("device")
    if not isinstance(device, dict):
        return None
    known = _long(device)
    identifiers = known.get("identifiers")
    first = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
    if isinstance(first, (str, int)) and not isinstance(first, bool):
        return str(first)
    connections = known.get("connections")
    if isinstance(connections, list) and connections and isinstance(connections[0], list) and len(connections[0]) == 2:
        return str(connections[0][1])
    return None


def _word(source: Mapping[str, Any], name: str, otherwise: str) -> str:
    value = source.get(name)
    if isinstance(value, bool):
        return repr(value)
    return str(value) if isinstance(value, (str, int, float)) and value != "" else otherwise


def _long(source: Mapping[str, Any]) -> dict[str, Any]:
    """Write abbreviated names in full."""
    return {LONG.get(name, name): content for name, content in source.items()}


def _topics(entity: Entity) -> set[str]:
    return {topic for topic in (entity.state_topic, *(each[0] for each in entity.availability)) if topic}


def _told(asset: str, event: str) -> Reading:
    return Reading(Kind.SENSOR, asset, None, {"event": event})
