"""A message as it goes to the broker, and when."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ioc.model.instant import Instant

_encoder: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Message:
    """What is published.

    Attributes:
        at: when, by the city's own clock.
        device: number of the device that speaks; a device's messages keep their order.
        retain: whether the broker keeps it for those who come later.
    """

    at: Instant
    device: int
    topic: str
    payload: bytes
    retain: bool = False


def as_json(value: dict[str, Any]) -> bytes:
    """Write a payload."""
    return _encoder.encode(value)
