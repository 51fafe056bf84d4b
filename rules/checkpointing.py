"""The rules' state as bytes: what a checkpoint holds, and what of it a changed rule book can still use."""

import zlib
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from rules.snapshots import plain

FORMAT: Final = 2


@dataclass(slots=True)
class RulesState:
    """All that the rules process must not forget.

    Attributes:
        engine: what `Engine.snapshot` or `Engine.dump` gave.
        firing: alerts that hold: alert id to rule, key and raised_at.
        behaviour: of the rules that ran, by name: see `Rule.behaviour`.
        alert_keys: of the rules that ran, by name: kind and key.
        shadow_firing: alerts of shadow rules that hold.
        grouping: what `Grouping.dump` gave; None in checkpoints of before incidents were grouped.
    """

    engine: dict[str, Any] | None = None
    firing: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    behaviour: dict[str, str] = field(default_factory=dict)
    alert_keys: dict[str, list[str]] = field(default_factory=dict)
    shadow_firing: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    grouping: dict[str, Any] | None = None


def to_bytes(state: RulesState) -> bytes:
    """Write a state, compressed."""
    written = replace(state, engine=plain(state.engine))
    return zlib.compress(msgspec.msgpack.encode({"format": FORMAT, "state": written}), level=1)


def from_bytes(data: bytes) -> RulesState | None:
    """Read a state; None where it is of another format, or damaged."""
    try:
        plain = msgspec.msgpack.decode(zlib.decompress(data))
        return msgspec.convert(plain["state"], RulesState) if plain.get("format") == FORMAT else None
    except (zlib.error, msgspec.DecodeError, msgspec.ValidationError, KeyError):
        return None
