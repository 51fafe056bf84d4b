"""NGSI entities taken out of their envelopes, and their attributes out of the four forms that they are written in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.ngsi_words import TYPES

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,127}")
_DELETED: Final = "urn:ngsi-ld:null"
_ABOUT: Final = frozenset({"id", "type", "@id", "@type", "@context", "createdAt", "deletedAt", "scope"})
_VALUES: Final = ("value", "object", "languageMap", "vocab", "json", "valueList", "objectList")


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an entity says of one thing.

    Attributes:
        value: plain: a number, a text, or what JSON holds else.
        unit: a unit's code, where one came with it.
        seen: when it was observed, as it came.
    """

    value: Any
    unit: str | None = None
    seen: Any = None


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity, its type without the address of a context, its attributes by names written as quantities'."""

    id: str
    type: str
    attributes: Mapping[str, Attribute]

    def value(self, name: str) -> Any:
        """Give an attribute's value, or None."""
        attribute = self.attributes.get(name)
        return None if attribute is None else attribute.value

    def text(self, name: str) -> str | None:
        """Give an attribute's value where it is a text, or the first of several."""
        value = self.value(name)
        if isinstance(value, list) and value:
            value = value[0]
        return value.strip() or None if isinstance(value, str) else None


def entities(payload: Any) -> tuple[Any, list[Entity]] | None:
    """Find the entities of a message.

    Returns:
        When the notification was sent, as it came, and its entities; None where the payload is no NGSI message.
    """
    # Over MQTT, NGSI-LD brokers wrap what would be headers and body of a request.
    body = payload.get("body") if isinstance(payload, dict) and "metadata" in payload else payload
    if isinstance(body, dict) and ("subscriptionId" in body or body.get("type") == "Notification") and "data" in body:
        data = body["data"]
        return body.get("notifiedAt"), _all(data.get("features", [data]) if isinstance(data, dict) else data)
    if isinstance(body, dict) and body.get("type") == "FeatureCollection" and isinstance(body.get("features"), list):
        found = _all(body["features"])
        return (None, found) if found else None
    if isinstance(body, list):
        found = _all(body)
        return (None, found) if found and len(found) == len(body) and all(_known(part) for part in body) else None
    if isinstance(body, dict) and _known(body):
        found = _all([body])
        return (None, found) if found else None
    return None


def _known(body: Any) -> bool:
    """Whether something can only be an entity: many a payload has an id and a type."""
    if not isinstance(body, dict):
        return False
    inner = _unfolded(body)
    if "@context" in body and ("id" in inner or "@id" in inner):
        return True
    name = _type(inner)
    if name in TYPES:
        return True
    return str(inner.get("id", "")).startswith("urn:ngsi-ld:") and name is not None


def _all(data: Any) -> list[Entity]:
    found = []
    for part in data if isinstance(data, list) else []:
        entity = _entity(_unfolded(part)) if isinstance(part, dict) else None
        if entity is not None:
            found.append(entity)
    return found


def _unfolded(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take an entity out of a GeoJSON feature."""
    properties = body.get("properties")
    if body.get("type") == "Feature" and isinstance(properties, dict):
        return {"id": body.get("id"), "location": body.get("geometry"), **properties}
    return body


def _entity(body: Mapping[str, Any]) -> Entity | None:
    identifier, name = body.get("id", body.get("@id")), _type(body)
    if not isinstance(identifier, str) or not identifier.strip() or name is None:
        return None
    attributes = {quantity_name(_local(key)): _attribute(value) for key, value in body.items() if key not in _ABOUT}
    return Entity(identifier, name, attributes)


def _type(body: Mapping[str, Any]) -> str | None:
    name = body.get("type", body.get("@type"))
    if isinstance(name, list) and name:
        name = name[0]
    local = _local(name) if isinstance(name, str) else ""
    return local if _TYPE.fullmatch(local) else None


def _local(name: str) -> str:
    """Cut the address of a context off a name."""
    return re.split(r"[#/]", name)[-1] if "://" in name else name.removeprefix("urn:ngsi-ld:")


def _attribute(value: Any) -> Attribute:
    if isinstance(value, list) and value and all(isinstance(part, dict) and _is_wrapped(part) for part in value):
        # Several accounts of one attribute; the one without a name of its own is the entity's.
        value = next((part for part in value if "datasetId" not in part), value[0])
    if not isinstance(value, dict) or not _is_wrapped(value):
        return Attribute(_plain(value))
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    unit = value.get("unitCode", _inner(metadata, "unitCode", "unit", "unitText"))
    seen = value.get("observedAt", _inner(metadata, "TimeInstant", "timestamp", "observedAt", "dateObserved"))
    inner = next((value[name] for name in _VALUES if name in value), None)
    if "languageMap" in value and isinstance(inner, dict):
        inner = next((inner[name] for name in ("vi", "en", *inner) if name in inner), None)
    return Attribute(_plain(inner), unit if isinstance(unit, str) else None, _plain(seen))


def _is_wrapped(value: Mapping[str, Any]) -> bool:
    """Whether this is an attribute with things said about it, and not a value that happens to be an object."""
    if value.get("type") in ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"):
        return "value" in value
    return any(name in value for name in _VALUES)


def _inner(metadata: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        found = metadata.get(name)
        if found is not None:
            return found.get("value") if isinstance(found, dict) else found
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    return None if value == _DELETED else value
