"""The rules' state as bytes: what a checkpoint holds, and what of it a changed rule book can still use."""

import zlib
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

FORMAT: Final = 2


@dataclass(slots=True)
class RulesState:
    """All that the rules process must not forget.

    Attributes:
        engine: what `Engine.dump` gave.
        firing: alerts that hold: alert id to rule, key and raised_at.
        versions: of the rules that ran: name to version.
    """

    engine: dict[str, Any] | None = None
    firing: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def to_bytes(state: RulesState) -> bytes:
    """Write a state, compressed."""
    plain = {"format": FORMAT, "engine": state.engine, "firing": state.firing, "versions": state.versions}
    return zlib.compress(msgspec.msgpack.encode(plain), level=1)


def from_bytes(data: bytes) -> RulesState | None:
    """Read a state; None where it is of another format, or damaged."""
    try:
        plain = msgspec.msgpack.decode(zlib.decompress(data))
    except (zlib.error, msgspec.DecodeError):
        return None
    if plain.get("format") != FORMAT:
        return None
    firing = {alert: (rule, key, raised_at) for alert, (rule, key, raised_at) in plain["firing"].items()}
    return RulesState(plain["engine"], firing, plain["versions"])
