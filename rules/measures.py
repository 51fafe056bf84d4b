"""Durations and distances as a rule book writes them: a number and its unit, `60 s`, `200 m`."""

import re

from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration
from ioc.runtime.marked_yaml import YamlNode

_DURATIONS = {"ms": MILLISECOND, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_DISTANCES = {"m": 1.0, "km": 1000.0}
_MEASURE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
LONGEST: Duration = 366 * DAY
FARTHEST_M = 1_000_000.0
"""A distance in metres that no rule needs; beyond it a sphere's far side would have to be thought of."""


def duration(node: YamlNode) -> Duration:
    """Read a duration such as `60 s`; to the microsecond.

    Raises:
        Misplaced: no such duration, or longer than a year.
    """
    return read_duration(node.text(), node)


def read_duration(text: str, node: YamlNode, *, offset: int = 0) -> Duration:
    """Read a duration that is a part of a node's text, beginning at `offset`.

    Raises:
        Misplaced: as of `duration`.
    """
    amount, unit = _measure(text, node, offset, _DURATIONS, "a duration such as 60 s, 5 min, 2 h or 1 d")
    if amount * _DURATIONS[unit] > LONGEST:
        raise node.wrong("a duration of more than 366 d is not supported", offset=offset)
    return round(amount * _DURATIONS[unit])


def distance(node: YamlNode) -> float:
    """Read a distance such as `200 m`, in metres.

    Raises:
        Misplaced: no such distance, none that is greater than 0, or farther than 1000 km.
    """
    amount, unit = _measure(node.text(), node, 0, _DISTANCES, "a distance such as 200 m or 1.5 km")
    if amount <= 0:
        raise node.wrong("a distance must be greater than 0")
    if amount * _DISTANCES[unit] > FARTHEST_M:
        raise node.wrong("a distance of more than 1000 km is not supported")
    return amount * _DISTANCES[unit]


def _measure(
    text: str, node: YamlNode, offset: int, units: dict[str, int] | dict[str, float], wanted: str
) -> tuple[float, str]:
    match = _MEASURE.fullmatch(text)
    if match is None or match[2] not in units:
        found = node.described() if text == node.text() else repr(text.strip())
        raise node.wrong(f"expected {wanted}, found {found}", offset=offset)
    return float(match[1]), match[2]
