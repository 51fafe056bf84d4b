"""Where an alert is, as far as its rule's key, its evidence and the registry say; nothing that changes with time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ioc.model.alerts import AlertChange
from ioc.model.assets import Asset
from rules.keys import SEPARATOR


@dataclass(frozen=True, slots=True)
class Where:
    """What is known of an alert's place.

    Attributes:
        key: the parts of the key that are a rule's own columns, by name.
        lat, lon: WGS 84 degrees.
    """

    asset: str | None = None
    site: str | None = None
    area: str | None = None
    zone: str | None = None
    lat: float | None = None
    lon: float | None = None
    key: tuple[tuple[str, str], ...] = ()

    def value(self, name: str | None) -> str | None:
        """Give what stands under a name: asset, site, area, zone, or a part of the key."""
        for part, text in self.key:
            if part == name:
                return text
        if name == "asset":
            return self.asset
        if name == "site":
            return self.site
        if name == "area":
            return self.area
        return self.zone if name == "zone" else None

    def dump(self) -> list[Any]:
        """Give it as plain data."""
        return [self.asset, self.site, self.area, self.zone, self.lat, self.lon, [list(part) for part in self.key]]

    @classmethod
    def load(cls, plain: Sequence[Any]) -> "Where":
        """Take what `dump` gave."""
        asset, site, area, zone, lat, lon, key = plain
        return cls(asset, site, area, zone, lat, lon, tuple((name, text) for name, text in key))


def where_of(change: AlertChange, per: tuple[str, ...], registry: Mapping[str, Asset], *, pairs: bool = False) -> Where:
    """Find out where an alert is.

    Args:
        change: how it began.
        per: the columns that make its rule's key.
        registry: assets by id.
        pairs: whether the key is a pair of assets.
    """
    parts = _parts(change, per, pairs=pairs)
    gathered = change.gathered
    asset = parts.get("asset") or next((row["asset"] for row in change.evidence if row.get("asset")), None)
    if asset is None and gathered is not None and gathered.assets:
        asset = gathered.assets[0]
    known = None if asset is None else registry.get(asset)
    lat, lon = _position(change, known)
    zone = parts.get("zone") or next((row["zone"] for row in change.evidence if row.get("zone")), None)
    return Where(
        asset=asset,
        site=parts.get("site") or (None if known is None else known.site),
        area=parts.get("area") or (None if known is None else known.area),
        zone=zone or (None if known is None else known.zone),
        lat=lat,
        lon=lon,
        key=tuple((name, text) for name, text in parts.items() if name not in ("asset", "site", "area", "zone")),
    )


def _parts(change: AlertChange, per: tuple[str, ...], *, pairs: bool) -> dict[str, str]:
    if pairs:
        return {"asset": change.key.split(SEPARATOR, 1)[0]}
    if len(per) == 1:
        return {per[0]: change.key}
    parts = change.key.split(SEPARATOR)
    # A part that holds the separator itself cannot be told from two.
    return dict(zip(per, parts, strict=True)) if len(parts) == len(per) else {}


def _position(change: AlertChange, known: Asset | None) -> tuple[float | None, float | None]:
    gathered = change.gathered
    if gathered is not None and gathered.lat is not None:
        return gathered.lat, gathered.lon
    if known is not None and not known.mobile and known.lat is not None:
        return known.lat, known.lon
    for row in change.evidence:
        if row.get("lat") is not None and row.get("lon") is not None:
            return row["lat"], row["lon"]
    return (None, None) if known is None else (known.lat, known.lon)
