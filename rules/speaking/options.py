"""What a rule may say of its incidents, as its book writes it: `group`, `inhibit`, `storm`."""

from dataclasses import dataclass
from typing import Final

from ioc.model.instant import MINUTE, Duration
from ioc.runtime.marked_yaml import YamlNode
from rules.measures import distance, duration

PLACES: Final = ("asset", "site", "area", "zone")
"""By what two alerts can be of the same place."""


@dataclass(frozen=True, slots=True)
class Place:
    """What makes two alerts be of one place: the same asset, site, area, zone or key column, or being near.

    Attributes:
        same: what must be equal; None where nearness decides.
        near_m: how far apart they may be, metres.
    """

    same: str | None
    near_m: float | None

    def __str__(self) -> str:
        """Write it as a person would."""
        return f"same {self.same}" if self.same is not None else f"within {self.near_m:g} m"


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts of one place that make one incident; each joins no later than `within` after the one before it."""

    place: Place
    within: Duration | None


@dataclass(frozen=True, slots=True)
class Inhibit:
    """While an alert holds, the named rules' alerts of its place are folded under its incident."""

    rules: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class StormLimit:
    """More alerts than `more_than` within `over` make one storm."""

    more_than: int
    over: Duration


USUAL_STORM: Final = StormLimit(more_than=100, over=MINUTE)
"""What a rule has that says nothing of storms: ten times what EEMUA 191 calls a flood, in a tenth of its time."""

MOST_BEFORE_STORM: Final = 100_000
"""The largest `more_than`: so many alerts are remembered for each rule."""


def read_group(node: YamlNode, keys: tuple[str, ...]) -> Group:
    """Read `group: {by: site, within: 10 min}`.

    Args:
        node: what stands there.
        keys: the columns that the rule is kept per; each of them may be what alerts are grouped by.
    """
    parts = node.mapping(("by", "near", "within"))
    if ("by" in parts) == ("near" in parts):
        raise node.wrong("expected either by: site, area, zone or a part of the key, or near: 300 m")
    if "by" in parts:
        known = dict.fromkeys((*PLACES, *keys))
        place = Place(parts["by"].choice(tuple(known)), None)
    else:
        place = Place(None, distance(parts["near"]))
    return Group(place, duration(parts["within"]) if "within" in parts else None)


def read_inhibit(node: YamlNode, own_name: str) -> Inhibit:
    """Read `inhibit: {rules: [ap-silent], same: site}`."""
    parts = node.mapping(("rules", "same", "near"), required=("rules",))
    return Inhibit(read_names(parts["rules"], own_name), read_place(node, parts, PLACES))


def read_place(node: YamlNode, parts: dict[str, YamlNode], places: tuple[str, ...]) -> Place:
    """Read `same` or `near`, one of which must be there."""
    if ("same" in parts) == ("near" in parts):
        raise node.wrong(f"expected either same: {', '.join(places[:-1])} or {places[-1]}, or near: 300 m")
    if "same" in parts:
        return Place(parts["same"].choice(places), None)
    return Place(None, distance(parts["near"]))


def read_names(node: YamlNode, own_name: str) -> tuple[str, ...]:
    """Read names of other rules; that they exist is for the book to see."""
    given = node.sequence() if node.is_sequence() else [node]
    if not given:
        raise node.wrong("expected the names of one or more rules")
    for item in given:
        if item.text() == own_name:
            raise item.wrong("a rule cannot speak for itself here; name other rules")
    return tuple(dict.fromkeys(item.text() for item in given))


def read_storm(node: YamlNode) -> StormLimit | None:
    """Read `storm: {more_than: 100, over: 60 s}`, or `storm: off`."""
    if not node.is_mapping():
        # YAML reads an unquoted off as false.
        if node.text().strip().lower() in ("off", "false", "no"):
            return None
        raise node.wrong("expected {more_than: 100, over: 60 s}, or off")
    parts = node.mapping(("more_than", "over"), required=("more_than",))
    more_than = parts["more_than"].number()
    if more_than != int(more_than) or not 1 <= more_than <= MOST_BEFORE_STORM:
        raise parts["more_than"].wrong(f"expected a whole number of alerts from 1 to {MOST_BEFORE_STORM}")
    over = duration(parts["over"]) if "over" in parts else USUAL_STORM.over
    if over <= 0:
        raise parts["over"].wrong("'over' must be longer than 0 s")
    return StormLimit(int(more_than), over)
