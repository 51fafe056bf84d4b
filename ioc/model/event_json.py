"""Event JSON: the one form in which events are shown and read by tools."""

from typing import Any

from ioc.model.events import FIXED_COLUMNS, AtSource, Event, Rejected
from ioc.model.instant import to_milliseconds


def event_to_json(event: Event) -> dict[str, Any]:
    """Write an event as a plain dict; times are epoch milliseconds."""
    return {
        "id": event.id,
        "kind": str(event.kind),
        "asset": event.asset,
        "at": to_milliseconds(event.at),
        "received_at": to_milliseconds(event.received_at),
        "at_source": str(event.at_source),
        "lat": event.lat,
        "lon": event.lon,
        "zone": event.zone,
        "signal": None if event.signal is None else str(event.signal),
        "codec": event.codec,
        "values": event.values,
    }


def rejected_to_json(rejected: Rejected) -> dict[str, Any]:
    """Write what could not be read, as `ioc codec try` prints it."""
    return {"rejected": True, "topic": rejected.topic, "reason": rejected.reason}


def row_to_json(row: dict[str, Any]) -> dict[str, Any]:
    """Write one row of a batch (times as integers of microseconds) as Event JSON; nulls of quantities go."""
    fixed = {name: row.get(name) for name in FIXED_COLUMNS}
    fixed["at"] = to_milliseconds(row["at"])
    fixed["received_at"] = None if row.get("received_at") is None else to_milliseconds(row["received_at"])
    fixed["at_source"] = row.get("at_source") or str(AtSource.DEVICE)
    values = {name: value for name, value in row.items() if name not in FIXED_COLUMNS and value is not None}
    return {**fixed, "values": values}
