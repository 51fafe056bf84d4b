"""Sparkplug B: births that name what data messages then only number, deaths, and the states of host applications.

What an edge node and its devices declared is remembered by edge node, within bounds. After a restart it is not known:
data that come by number only are then refused with a sentence that asks for a rebirth, until the next birth comes.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.memory import Memory
from ingest.codecs.naming import measured
from ingest.codecs.readings import Reading
from ingest.codecs.sparkplug_payload import read_payload
from ingest.codecs.topics import Captures
from ioc.model.events import Kind, Signal
from ioc.model.instant import Instant, from_milliseconds

MAX_METRICS: Final = 200_000
"""Metrics that are remembered, of all edge nodes together; the edge node that was silent longest is forgotten first."""

MAX_DEPTH: Final = 4
"""Levels of templates within one another that are gone through."""

_NODE: Final = ""
"""The name under which an edge node's own metrics are remembered, among those of its devices."""

_CONTROL: Final = ("Node Control/", "Device Control/", "Node Info/", "Node Properties/", "bdSeq", "Properties/")
_SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}
_PLAIN: Final = frozenset({"int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value"})
_LATITUDE: Final = frozenset({"latitude", "lat"})
_LONGITUDE: Final = frozenset({"longitude", "lon", "lng"})


@dataclass(slots=True)
class Known:
    """What a birth said of a metric."""

    name: str
    datatype: int
    unit: str | None


@dataclass(slots=True)
class Edge:
    """What is known of an edge node.

    Attributes:
        birth: the number of its session; None where its birth was not seen.
        devices: by device, and under the empty name for the node itself, its metrics by alias and by name.
    """

    birth: int | None = None
    devices: dict[str, dict[int | str, Known]] = field(default_factory=dict)

    def size(self) -> int:
        """Count what is remembered of it, itself and its devices included, so that empty ones have a bound as well."""
        return 1 + sum(1 + len(each) for each in self.devices.values())


class Births:
    """What all edge nodes declared."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._edges: OrderedDict[str, Edge] = OrderedDict()
        self._size = 0

    def of(self, edge: str) -> Edge | None:
        """Give what is known of an edge node, which is thereby heard of."""
        found = self._edges.get(edge)
        if found is not None:
            self._edges.move_to_end(edge)
        return found

    def declare(self, edge: str, device: str, metrics: dict[int | str, Known], birth: int | None = None) -> None:
        """Take what a birth says in place of what was known; that of a node begins everything anew."""
        known = self._edges.get(edge)
        if known is None:
            known = self._edges[edge] = Edge()
        else:
            self._size -= known.size()
        self._edges.move_to_end(edge)
        if device == _NODE:
            known.devices.clear()
            known.birth = birth
        known.devices[device] = metrics
        self._size += known.size()
        while self._size > MAX_METRICS and self._edges:
            _, oldest = self._edges.popitem(last=False)
            self._size -= oldest.size()

    def forget(self, edge: str, device: str = _NODE) -> None:
        """Forget a device that has died, or an edge node with all its devices."""
        known = self._edges.get(edge)
        if known is None:
            return
        self._size -= known.size()
        if device == _NODE:
            del self._edges[edge]
            return
        known.devices.pop(device, None)
        self._size += known.size()


class Sparkplug:
    """Reads what comes on `spBv1.0/<group>/<type>/<edge>[/<device>]`."""

    def __init__(self, memory: Memory) -> None:
        """Take the memory in which births are kept."""
        self._births = memory.of(Births)

    def read(self, value: Any, captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading]:
        """Read one message.

        Raises:
            ValueError: it is no Sparkplug, or speaks of what no birth has named.
        """
        verb, edge = captures["verb"], f"{captures['group']}/{captures['edge']}"
        device = captures.get("device") or _NODE
        payload = read_payload(value)
        if verb == "NDEATH":
            return self._node_death(edge, payload)
        asset = f"{edge}/{device}" if device else edge
        kind = Kind.SENSOR if device else Kind.NETWORK
        if verb == "DDEATH":
            self._births.forget(edge, device)
            return [Reading(kind, asset, _time(payload.timestamp), {}, signal=Signal.OFFLINE)]
        born = verb in ("NBIRTH", "DBIRTH")
        if born:
            self._births.declare(edge, device, _declared(payload.metrics), _session(payload.metrics))
        known = self._births.of(edge)
        metrics = {} if known is None else known.devices.get(device, {})
        collected = _Collected(kind, asset, payload.timestamp, metrics, problems)
        if born:
            collected.at(payload.timestamp).signal = Signal.ONLINE
        for metric in payload.metrics:
            collected.add(metric)
        if collected.unknown:
            numbers = ", ".join(str(alias) for alias in sorted(collected.unknown)[:5])
            sentence = (
                f"no birth of {asset} was seen that says what its metrics {numbers} are; a rebirth is needed "
                f"(write true to Node Control/Rebirth of {edge})"
            )
            if not collected.readings:
                raise ValueError(sentence)
            problems.append(sentence)
        return list(collected.readings.values())

    def _node_death(self, edge: str, payload: Any) -> list[Reading]:
        """Take an edge node and all its devices for gone, unless the will is one of an earlier session."""
        known = self._births.of(edge)
        session = _session(payload.metrics)
        if known is not None and None not in (known.birth, session) and known.birth != session:
            return []
        below = [] if known is None else [device for device in known.devices if device != _NODE]
        self._births.forget(edge)
        # The will was written when the node connected: the outage begins when it arrives.
        dead = Reading(Kind.NETWORK, edge, None, {"signal_scope": "children"}, signal=Signal.OFFLINE)
        return [dead, *(Reading(Kind.SENSOR, f"{edge}/{each}", None, {}, signal=Signal.OFFLINE) for each in below)]


class _Collected:
    """The readings of one message: metrics of one time are one."""

    def __init__(
        self, kind: Kind, asset: str, timestamp: int, metrics: dict[int | str, Known], problems: list[str]
    ) -> None:
        self._kind, self._asset, self._timestamp = kind, asset, timestamp
        self._metrics, self._problems = metrics, problems
        self.readings: dict[tuple[int, bool], Reading] = {}
        self.unknown: set[int] = set()

    def at(self, timestamp: int, *, historical: bool = False) -> Reading:
        key = (timestamp, historical)
        reading = self.readings.get(key)
        if reading is None:
            reading = self.readings[key] = Reading(self._kind, self._asset, _time(timestamp), {})
            if historical:
                reading.values["historical"] = True
        return reading

    def add(self, metric: Any, prefix: str = "", depth: int = 0) -> None:
        known = self._metrics.get(metric.name or metric.alias) if not prefix else None
        name = metric.name or (known.name if known is not None else "")
        if not name:
            self.unknown.add(metric.alias)
            return
        if metric.is_null or name.startswith(_CONTROL):
            return
        which = metric.WhichOneof("value")
        if which == "template_value" and depth < MAX_DEPTH:
            for part in metric.template_value.metrics:
                if not metric.template_value.is_definition and part.name:
                    if not part.timestamp:
                        part.timestamp = metric.timestamp
                    self.add(part, f"{prefix}{name}/", depth + 1)
            return
        if which not in _PLAIN:
            if which is not None:
                self._problems.append(f"{prefix}{name:.60} is a {which.removesuffix('_value')}, which is not read")
            return
        datatype = metric.datatype or (known.datatype if known is not None else 0)
        unit = _unit(metric) or (known.unit if known is not None else None)
        reading = self.at(metric.timestamp or self._timestamp, historical=metric.is_historical)
        self._put(reading, f"{prefix}{name}", _plain(getattr(metric, which), datatype), unit)

    @staticmethod
    def _put(reading: Reading, name: str, value: Any, unit: str | None) -> None:
        last = name.rpartition("/")[2].lower()
        if last in _LATITUDE and isinstance(value, float):
            reading.lat = value
        elif last in _LONGITUDE and isinstance(value, float):
            reading.lon = value
        else:
            quantity, value = measured(name, value, unit)
            reading.values[quantity] = value


def read_state(value: Any, captures: Captures, _problems: list[str], _arrival: Instant) -> list[Reading]:
    """Read the state of a host application: `{"online": true, "timestamp": …}`, or a word in Sparkplug 2."""
    if isinstance(value, dict):
        online = value.get("online")
    else:
        online = {"ONLINE": True, "OFFLINE": False}.get(value) if isinstance(value, str) else None
    if online.__class__ is not bool:
        raise ValueError('expected {"online": true, "timestamp": …}, or ONLINE or OFFLINE')
    # A will carries the time at which its sender connected.
    stamp = value.get("timestamp") if online and isinstance(value, dict) else None
    at = _time(stamp) if stamp.__class__ is int else None
    return [Reading(Kind.NETWORK, captures["host"], at, {}, signal=Signal.ONLINE if online else Signal.OFFLINE)]


def _declared(metrics: Iterable[Any]) -> dict[int | str, Known]:
    """Give what a birth declares, by alias and by name."""
    found: dict[int | str, Known] = {}
    for metric in metrics:
        if metric.name:
            known = Known(metric.name, metric.datatype, _unit(metric))
            found[metric.name] = known
            if metric.HasField("alias"):
                found[metric.alias] = known
    return found


def _session(metrics: Iterable[Any]) -> int | None:
    """Give the number that ties a death to its birth."""
    for metric in metrics:
        if metric.name == "bdSeq":
            return int(metric.long_value or metric.int_value)
    return None


def _unit(metric: Any) -> str | None:
    """Give the engineering unit among a metric's properties."""
    properties = metric.properties
    for key, value in zip(properties.keys, properties.values, strict=False):
        if quantity_name(key) in ("eng_unit", "engineering_units", "engunit", "unit", "units", "engineering_unit"):
            return value.string_value or None
    return None


def _plain(value: Any, datatype: int) -> Any:
    """Bring a value to its type: negative numbers travel as large positive ones."""
    bits = _SIGNED.get(datatype)
    if bits is None or value.__class__ is not int:
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _time(milliseconds: int) -> Instant | None:
    if not milliseconds:
        return None
    try:
        return from_milliseconds(milliseconds)
    except (ValueError, OverflowError):
        return None
