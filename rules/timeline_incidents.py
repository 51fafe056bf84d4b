"""What a timeline says of incidents: the assets that they are about, and which ones operators are left with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ioc.model.alerts import AlertChange
from ioc.model.assets import Asset
from ioc.model.instant import SECOND, Duration, Instant
from ioc.model.kinds import Kind
from ioc.runtime.marked_yaml import YamlNode
from rules.measures import duration
from rules.rule import Rule
from rules.speaking.changes import Counted, Ended, Folded, Opened
from rules.speaking.grouping import Grouping

ASSET_KEYS: Final = ("kind", "site", "area", "lat", "lon")
INCIDENT_KEYS: Final = ("rule", "key", "raised", "cleared", "speaks_for")


@dataclass(frozen=True, slots=True)
class ExpectedIncident:
    """An incident that operators must be left with; `key` None: whatever it is about; times after the start, µs."""

    rule: str
    key: str | None
    raised: Duration
    cleared: Duration | None
    speaks_for: int

    def __str__(self) -> str:
        """Write it for a person."""
        what = self.rule if self.key is None else f"{self.rule} for {self.key}"
        said = f" that speaks for {self.speaks_for} alerts" if self.speaks_for else ""
        end = "holds" if self.cleared is None else f"ends at {self.cleared / SECOND:g} s"
        return f"incident of {what}{said}, raised at {self.raised / SECOND:g} s, {end}"

    def fits(self, other: "ExpectedIncident") -> bool:
        """Whether it is what was expected."""
        return self == other or (other.key is None and self == _with_key(other, self.key))


def _with_key(incident: ExpectedIncident, key: str | None) -> ExpectedIncident:
    return ExpectedIncident(incident.rule, key, incident.raised, incident.cleared, incident.speaks_for)


def read_assets(node: YamlNode) -> dict[str, Asset]:
    """Read `assets: {ap-1: {kind: wifi, site: market}}`."""
    found = {}
    for name, described in node.mapping().items():
        parts = described.mapping(ASSET_KEYS, required=("kind",))
        if ("lat" in parts) != ("lon" in parts):
            raise described.wrong("a place needs both lat and lon")
        found[name] = Asset(
            name,
            Kind(parts["kind"].choice([str(kind) for kind in Kind])),
            name,
            lat=float(parts["lat"].number()) if "lat" in parts else None,
            lon=float(parts["lon"].number()) if "lon" in parts else None,
            site=parts["site"].text() if "site" in parts else None,
            area=parts["area"].text() if "area" in parts else None,
        )
    return found


def read_incident(node: YamlNode, names: Sequence[str]) -> ExpectedIncident:
    """Read one entry of `expect_incidents`."""
    parts = node.mapping(INCIDENT_KEYS, required=("rule", "raised"))
    return ExpectedIncident(
        rule=parts["rule"].choice(names),
        key=parts["key"].text() if "key" in parts else None,
        raised=duration(parts["raised"]),
        cleared=duration(parts["cleared"]) if "cleared" in parts else None,
        speaks_for=int(parts["speaks_for"].number()) if "speaks_for" in parts else 0,
    )


class Operators:
    """The incidents that operators have of a timeline."""

    def __init__(self, rules: Sequence[Rule], registry: Mapping[str, Asset], start: Instant) -> None:
        """Begin with none."""
        self._grouping = Grouping(rules, registry)
        self._start = start
        self._opened: dict[str, Opened] = {}
        self._ended: dict[str, Instant] = {}
        self._under: dict[str, str | None] = {}
        self._speaks_for: dict[str, int] = {}

    def hear(self, changes: Iterable[AlertChange], clock: Instant, *, closing: bool = False) -> None:
        """Take what the engine answered."""
        for change in self._grouping.step(changes, clock, closing=closing):
            if isinstance(change, Opened):
                self._opened[change.incident] = change
            elif isinstance(change, Folded):
                self._under[change.incident] = change.under
            elif isinstance(change, Ended):
                self._ended[change.incident] = change.at
            elif isinstance(change, Counted):
                self._speaks_for[change.incident] = change.speaks_for

    def left(self, rules: frozenset[str]) -> list[ExpectedIncident]:
        """Give the incidents of some rules that no other speaks for, in the order in which they were opened."""
        return [
            ExpectedIncident(
                opened.change.rule,
                opened.change.key,
                opened.change.raised_at - self._start,
                self._ended[name] - self._start if name in self._ended else None,
                self._speaks_for.get(name, 0),
            )
            for name, opened in self._opened.items()
            if self._under.get(name) is None and opened.change.rule in rules
        ]


def compare(wanted: Sequence[ExpectedIncident], found: Sequence[ExpectedIncident]) -> Iterator[str]:
    """Say what differs between the incidents that were expected and those that came."""
    left = list(found)
    for one in wanted:
        hit = next((other for other in left if other.fits(one)), None)
        if hit is None:
            yield f"{one}: did not come so"
        else:
            left.remove(hit)
    for other in left:
        yield f"{other}: not expected"
