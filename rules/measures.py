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
    amount, unit = _measure(node, _DURATIONS, "a duration such as 60 s, 5 min, 2 h or 1 d")
    if amount * _DURATIONS[unit] > LONGEST:
        raise node.wrong("a duration of more than 366 d is not supported")
    return round(amount * _DURATIONS[unit])


def distance(node: YamlNode) -> float:
    """Read a distance such as `200 m`, in metres.

    Raises:
        Misplaced: no such distance, none that is greater than 0, or farther than 1000 km.
    """
    amount, unit = _measure(node, _DISTANCES, "a distance such as 200 m or 1.5 km")
    if amount <= 0:
        raise node.wrong("a distance must be greater than 0")
    if amount * _DISTANCES[unit] > FARTHEST_M:
        raise node.wrong("a distance of more than 1000 km is not supported")
    return amount * _DISTANCES[unit]


def _measure(node: YamlNode, units: dict[str, int] | dict[str, float], wanted: str) -> tuple[float, str]:
    text = node.text()
    match = _MEASURE.fullmatch(text)
    if match is None or match[2] not in units:
        raise node.wrong(f"expected {wanted}, found {node.described()}")
    return float(match[1]), match[2]
