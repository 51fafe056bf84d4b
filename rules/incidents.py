"""From alerts to incidents: a change of an alert becomes an incident with a title, a place and its evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ioc.model.alerts import AlertChange
from ioc.model.assets import Asset, AssetState
from ioc.model.city import Area, area_at
from ioc.model.event_json import row_to_json
from ioc.model.identity import incident_id
from ioc.model.incidents import Incident
from rules.keys import SEPARATOR
from rules.kinds.contract import Row
from rules.rule import Rule
from rules.words import in_words

DECIMAL_MARKS: Final = {"vi": ","}
"""Where a language writes 2,5 for 2.5."""

StateOf = Callable[[str], AssetState | None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the city when an incident is written.

    Attributes:
        registry: assets by id.
        state_of: the last known state of an asset, for the place of what moves or is not registered.
        areas: large to small.
    """

    registry: Mapping[str, Asset]
    state_of: StateOf
    areas: Sequence[Area]


def open_incident(rule: Rule, change: AlertChange, surroundings: Surroundings) -> Incident:
    """Write the incident that a new alert opens; nothing but its arguments decides what it says."""
    rows = list(change.evidence)
    assets = _assets(rule, change, rows)
    known = next((surroundings.registry[name] for name in assets if name in surroundings.registry), None)
    lat, lon = _place(assets, rows, surroundings)
    gathered = change.gathered
    if gathered is not None and gathered.lat is not None:
        lat, lon = gathered.lat, gathered.lon
    area = known.area if known is not None and known.area is not None else None
    if area is None and lat is not None and lon is not None:
        area = area_at(surroundings.areas, lat, lon)
    area_title = next((a.title for a in surroundings.areas if a.id == area), {})
    values = _title_values(rule, change, surroundings) | {
        "site": None if known is None else known.site or known.name,
        "asset.id": assets[0] if assets else change.key,
        "asset.name": known.name if known is not None else assets[0] if assets else change.key,
    }
    zone = next((row["zone"] for row in rows if row.get("zone")), None)
    kind = next((row["kind"] for row in rows if row.get("kind")), None)
    if kind is None and known is not None:
        kind = str(known.kind)
    if kind is None:
        # Silence has no events to show; the asset's last one still says what it is.
        kind = next((str(state.kind) for name in assets if (state := surroundings.state_of(name))), None)
    return Incident(
        id=incident_id(change.alert),
        rule=rule.name,
        key=change.key,
        kind=kind,
        title={
            language: title.fill(
                in_words(values, language) | {"area": area_title.get(language, area)},
                decimal_mark=DECIMAL_MARKS.get(language, "."),
            )
            for language, title in rule.title.items()
        },
        severity=rule.severity,
        raised_at=change.raised_at,
        updated_at=change.at,
        lat=lat,
        lon=lon,
        area=area,
        place=_place_name(known, zone, change.key, assets),
        assets=assets,
        alerts=(change.alert,),
        evidence=tuple(row_to_json(row) for row in sorted(rows, key=lambda row: row.get("at", 0)) if "at" in row),
        numbers=dict(change.numbers),
        simulated=any(surroundings.registry[name].simulated for name in assets if name in surroundings.registry),
    )


STORM_TITLES: Final = {
    "vi": "Bão cảnh báo: luật {rule}",
    "en": "Storm of alerts: rule {rule}",
}
"""What operators read of a rule that raises too much: its own title speaks of one thing in one place."""


def open_storm(rule: Rule, change: AlertChange, incident: str, surroundings: Surroundings) -> Incident:
    """Write the incident that stands for all that a rule raises too much of.

    Args:
        rule: the rule.
        change: the alert that was one too many; its evidence is shown.
        incident: the storm's id.
        surroundings: as for any other.
    """
    return replace(
        open_incident(rule, change, surroundings),
        id=incident,
        title={language: text.format(rule=rule.name) for language, text in STORM_TITLES.items()},
        storm=True,
        lat=None,
        lon=None,
        area=None,
        place=None,
        assets=(),
    )


def _assets(rule: Rule, change: AlertChange, rows: Sequence[Row]) -> tuple[str, ...]:
    if change.gathered is not None:
        return change.gathered.assets
    if rule.kind.pairs:
        return tuple(dict.fromkeys(change.key.split(SEPARATOR)))
    # What is kept per asset may still have come of several, as the steps of a sequence that are near one another.
    named = (change.key,) if rule.per == ("asset",) else ()
    return tuple(dict.fromkeys([*named, *(row["asset"] for row in rows if row.get("asset"))]))


def _place(assets: Sequence[str], rows: Sequence[Row], surroundings: Surroundings) -> tuple[float | None, float | None]:
    """Find where it is: a fixed asset's registered place, then the event's own, then the last one heard of."""
    for name in assets:
        asset = surroundings.registry.get(name)
        if asset is not None and not asset.mobile and asset.lat is not None:
            return asset.lat, asset.lon
    for row in rows:
        if row.get("lat") is not None and row.get("lon") is not None:
            return row["lat"], row["lon"]
    for name in assets:
        state = surroundings.state_of(name)
        if state is not None and state.lat is not None:
            return state.lat, state.lon
    return None, None


def _place_name(known: Asset | None, zone: str | None, key: str, assets: Sequence[str]) -> str:
    if known is not None:
        return known.site or known.name
    return zone or (assets[0] if assets else key)


def _title_values(rule: Rule, change: AlertChange, surroundings: Surroundings) -> dict[str, Any]:
    """Gather what the events and the rule's numbers give to a title."""
    values: dict[str, Any] = {}
    for row in change.evidence:
        values.update(row)
    values |= {name: number for name, number in change.numbers.items() if number is not None}
    values["key"] = change.key
    for part, row in zip(rule.watch.parts, change.evidence, strict=False):
        values |= {f"{part}.{column}": value for column, value in row.items()}
        asset = surroundings.registry.get(row.get("asset", ""))
        values[f"{part}.name"] = row.get("asset") if asset is None else asset.name
    return values
