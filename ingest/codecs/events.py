"""Event descriptions of a codec, compiled: from an item of a message to readings."""

# ruff: noqa: ARG005 - every getter takes the item and its frame, whichever of them it needs

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ingest.codecs.casts import as_text
from ingest.codecs.conditions import Holds, compile_when
from ingest.codecs.fanout import FanOut, compile_each
from ingest.codecs.fields import KEYS, Scope, compile_field, compile_field_parts, compile_name, constants
from ingest.codecs.passthrough import PassThrough, compile_rest
from ingest.codecs.paths import Frame, Getter, plain_name
from ingest.codecs.readings import Reading
from ingest.codecs.times import FORMATS, compile_time
from ioc.model.events import Kind, Signal
from ioc.runtime.marked_yaml import YamlNode

FIELDS: Final = ("kind", "asset", "at", "position", "zone", "signal", "values", "rest")
"""What a message may say for all its events, and each event for itself."""

_KEYS: Final = (*FIELDS, "each", "when")
_KINDS: Final = {str(kind): kind for kind in Kind}
_SIGNALS: Final = {str(signal): signal for signal in Signal}
_CONSTANT: Final = "constant"
_NO_SIGNAL: Final = "none"
_SIGNAL_SCOPES: Final = ("device", "children", "site")

SIGNAL_SCOPE: Final = "signal_scope"
"""The quantity that says whose a signal is: the asset's, everything's below it, or the whole site's."""

Name = str | Callable[[Any], str]
Produce = Callable[[Any, Frame, list[Reading]], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The compiled fields of an event; None where the codec says nothing of one."""

    kind: Getter | None = None
    asset: Getter | None = None
    at: Getter | None = None
    lat: Getter | None = None
    lon: Getter | None = None
    zone: Getter | None = None
    signal: Getter | None = None
    signal_scope: str | None = None
    values: tuple[tuple[Name, Getter], ...] = ()
    rest: PassThrough | None = None

    def from_base(self) -> "Parts":
        """Make the same fields read from the message's own item, wherever the fan-out stands."""
        return Parts(
            kind=_based(self.kind),
            asset=_based(self.asset),
            at=_based(self.at),
            lat=_based(self.lat),
            lon=_based(self.lon),
            zone=_based(self.zone),
            signal=_based(self.signal),
            signal_scope=self.signal_scope,
            values=tuple((name, _from_base(get)) for name, get in self.values),
        )


def compile_parts(nodes: Mapping[str, YamlNode], scope: Scope) -> Parts:
    """Compile the fields of a message or of one of its events."""
    parts = Parts()
    if "kind" in nodes:
        parts = replace(parts, kind=_kind(nodes["kind"], scope))
    if "asset" in nodes:
        parts = replace(parts, asset=_text_field(nodes["asset"], scope))
    if "at" in nodes:
        parts = replace(parts, at=_time(nodes["at"], scope))
    if "position" in nodes:
        place = nodes["position"].mapping(("lat", "lon"), required=("lat", "lon"))
        parts = replace(parts, lat=compile_field(place["lat"], scope), lon=compile_field(place["lon"], scope))
    if "zone" in nodes:
        parts = replace(parts, zone=_text_field(nodes["zone"], scope))
    if "signal" in nodes:
        parts = replace(parts, signal=_signal(nodes["signal"], scope), signal_scope=_signal_scope(nodes["signal"]))
    if "values" in nodes:
        parts = replace(parts, values=_values(nodes["values"], scope))
    if "rest" in nodes:
        parts = replace(parts, rest=compile_rest(nodes["rest"], nodes.get("values"), scope))
    return parts


def compile_event(node: YamlNode, shared: Parts, scope: Scope) -> Produce:
    """Compile one of a message's `events`; what it does not say itself, the message says for it."""
    nodes = node.mapping(_KEYS)
    each = compile_each(nodes["each"]) if "each" in nodes else None
    holds = compile_when(nodes["when"])[1] if "when" in nodes else None
    own = compile_parts(nodes, scope)
    base = shared if each is None else shared.from_base()
    merged = Parts(
        kind=own.kind or base.kind,
        asset=own.asset or base.asset,
        at=own.at or base.at,
        lat=own.lat or base.lat,
        lon=own.lon or base.lon,
        zone=own.zone or base.zone,
        signal=own.signal or base.signal,
        signal_scope=own.signal_scope if own.signal else base.signal_scope,
        values=(*base.values, *own.values),
        rest=own.rest,
    )
    return compile_production(merged, each, holds, node)


def compile_production(parts: Parts, each: FanOut | None, holds: Holds | None, node: YamlNode) -> Produce:
    """Put the fields of an event together into one function that appends its readings."""
    kind_of = parts.kind
    if kind_of is None:
        raise node.wrong(f"'kind' is missing, here, in the message or in the codec: one of {', '.join(_KINDS)}")
    plain, getters = _plain_values(parts.values)
    constant_kind = getattr(kind_of, _CONSTANT, None)
    asset_of, at_of, lat_of, lon_of = parts.asset, parts.at, parts.lat, parts.lon
    zone_of, signal_of, rest = parts.zone, parts.signal, parts.rest
    signal_scope = parts.signal_scope

    def produce(item: Any, frame: Frame, out: list[Reading]) -> None:
        if holds is not None and not holds(item, frame):
            return
        values: dict[str, Any] = {}
        if plain and item.__class__ is dict:
            for quantity, field in plain:
                value = item.get(field)
                if value is not None:
                    values[quantity] = value
        for name, get in getters:
            try:
                value = get(item, frame)
            except ValueError as error:
                frame.problems.append(f"{name if isinstance(name, str) else name(frame.captures)}: {error}")
                continue
            if value is not None:
                values[name if name.__class__ is str else name(frame.captures)] = value  # type: ignore[operator]
        if rest is not None:
            rest(item, frame, values)
        signal = signal_of(item, frame) if signal_of is not None else None
        if signal is not None and signal_scope is not None:
            values[SIGNAL_SCOPE] = signal_scope
        lat = lat_of(item, frame) if lat_of is not None else None
        if values or signal is not None or lat is not None:
            reading = Reading(
                kind_of(item, frame) if constant_kind is None else constant_kind,
                asset_of(item, frame) if asset_of is not None else None,
                at_of(item, frame) if at_of is not None else None,
                values,
                lat,
                lon_of(item, frame) if lon_of is not None else None,
                zone_of(item, frame) if zone_of is not None else None,
                signal,
            )
            out.append(reading)

    if each is None:
        return produce

    def produce_each(item: Any, frame: Frame, out: list[Reading]) -> None:
        for part, part_frame in each(item, frame):
            try:
                produce(part, part_frame, out)
            except ValueError as error:
                # The others are read all the same.
                frame.problems.append(f"{part_frame.key}: {error}")

    return produce_each


def _plain_values(
    values: tuple[tuple[Name, Getter], ...],
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[Name, Getter], ...]]:
    """Tell the values that are an item's own fields, as they are, from those for which more must be done."""
    names = [name for name, _ in values]
    if not all(isinstance(name, str) for name in names):
        return (), values
    plain, others = [], []
    for name, get in values:
        field = plain_name(get)
        if field is None or names.count(name) > 1:
            others.append((name, get))
        else:
            plain.append((str(name), field))
    return tuple(plain), tuple(others)


def _based(get: Getter | None) -> Getter | None:
    return None if get is None else _from_base(get)


def _from_base(get: Getter) -> Getter:
    return lambda item, frame: get(frame.base, frame)


def _kind(node: YamlNode, scope: Scope) -> Getter:
    if not node.is_mapping() and "{" not in node.text():
        kind = _KINDS[node.choice(_KINDS)]

        def constant(_item: Any, _frame: Frame) -> Kind:
            return kind

        setattr(constant, _CONSTANT, kind)
        return constant
    get = compile_field(node, scope)

    def read(item: Any, frame: Frame) -> Kind:
        word = get(item, frame)
        if word not in _KINDS:
            raise ValueError(f"{word!r:.40} is not a kind; expected one of {', '.join(_KINDS)}")
        return _KINDS[word]

    return read


def _text_field(node: YamlNode, scope: Scope) -> Getter:
    get = compile_field(node, scope)
    if not node.is_mapping() and not node.is_sequence() and "{" in node.text():
        # Captures are texts already.
        return get
    field = plain_name(get)
    if field is not None:

        def read_field(item: Any, _frame: Frame) -> str | None:
            value = item.get(field) if item.__class__ is dict else None
            return value if value is None or value.__class__ is str else as_text(value)

        return read_field

    def read(item: Any, frame: Frame) -> str | None:
        value = get(item, frame)
        return value if value is None or value.__class__ is str else as_text(value)

    return read


def _time(node: YamlNode, scope: Scope) -> Getter:
    if node.is_sequence():
        times = [_time(each, scope) for each in node.sequence()]
        if not times:
            raise node.wrong("at least one time is needed, such as: {path: ts, in: seconds}")
        return lambda item, frame: next((at for get in times if (at := get(item, frame)) is not None), None)
    if not node.is_mapping():
        node.choice(("arrival",))
        return lambda item, frame: None
    parts = node.mapping(("path", "in", "minus"), required=("path", "in"))
    minus = compile_field(parts["minus"], scope) if "minus" in parts else None
    return compile_time(compile_field(parts["path"], scope), FORMATS[parts["in"].choice(FORMATS)], minus)


def _signal(node: YamlNode, scope: Scope) -> Getter:
    if not node.is_mapping():
        word = node.choice((*_SIGNALS, _NO_SIGNAL))
        constant = _SIGNALS.get(word)
        return lambda item, frame: constant
    for place, value in constants(node):
        if value is not None and value != _NO_SIGNAL and value not in _SIGNALS:
            raise place.wrong(f"{value!r} is no signal; expected one of {', '.join((*_SIGNALS, _NO_SIGNAL))}")
    parts = node.mapping((*KEYS, "scope"))
    parts.pop("scope", None)
    get = compile_field_parts(node, parts, scope)

    def read(item: Any, frame: Frame) -> Signal | None:
        try:
            word = get(item, frame)
        except ValueError as error:
            frame.problems.append(f"signal: {error}")
            return None
        return _SIGNALS.get(word) if word.__class__ is str else None

    return read


def _signal_scope(node: YamlNode) -> str | None:
    scope = node.mapping().get("scope") if node.is_mapping() else None
    return None if scope is None else scope.choice(_SIGNAL_SCOPES)


def _values(node: YamlNode, scope: Scope) -> tuple[tuple[Name, Getter], ...]:
    keys = node.keys() if node.is_mapping() else {}
    compiled = []
    for text, field in node.mapping().items():
        name = compile_name(keys[text], scope)
        quantity = scope.catalogue.get(name) if isinstance(name, str) else None
        compiled.append((name, compile_field(field, scope, quantity)))
    return tuple(compiled)
