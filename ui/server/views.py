"""How a city, its quantities and its assets look from outside."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from ioc.model.city import Area, City
from ioc.model.geo import Ring
from ioc.model.quantities import Catalogue
from ui.server.world import World

VIETNAM: Final = (102.1, 8.4, 109.5, 23.4)
"""West, south, east, north: where the map begins while nobody has said which city this is."""

NAMELESS: Final = City(
    id="city",
    title={"vi": "Thành phố", "en": "City"},
    timezone="Asia/Ho_Chi_Minh",
    bounds=VIETNAM,
    areas=(),
    sketch={"type": "FeatureCollection", "features": []},
)
"""What is shown while nobody has said which city this is."""


def city_view(city: City | None, basemap: dict[str, Any] | None, *, demo: bool) -> dict[str, Any]:
    """Write the city for the page."""
    shown = NAMELESS if city is None else city
    return {
        "id": shown.id,
        "title": shown.title,
        "timezone": shown.timezone,
        "bounds": shown.bounds,
        "areas": {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": _polygons(area.rings), "properties": _node(area)}
                for area in shown.areas
                if area.rings
            ],
        },
        "area_tree": [_node(area) for area in shown.areas],
        "sketch": shown.sketch,
        "basemap": basemap,
        "demo": demo,
    }


def basemap_view(basemap: str | None, *, optional: bool) -> dict[str, Any] | None:
    """Say what lies under the map; a local PMTiles file is served from here."""
    if basemap is None:
        return None
    if "://" not in basemap:
        return {"kind": "pmtiles", "url": "/basemap.pmtiles", "optional": optional}
    kind = "pmtiles" if urlsplit(basemap).path.endswith(".pmtiles") else "style"
    return {"kind": kind, "url": basemap, "optional": optional}


def basemap_sources(basemap: str | None) -> tuple[str, ...]:
    """Name the origins from which the page may load its base map."""
    if basemap is None or "://" not in basemap:
        return ()
    parts = urlsplit(basemap)
    return (f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",)


def quantities_view(catalogue: Catalogue) -> dict[str, Any]:
    """Write the quantities by name."""
    known = ((name, catalogue[name]) for name in catalogue.names())
    return {
        name: {"type": str(quantity.type), "unit": quantity.unit, "title": dict(quantity.title)}
        for name, quantity in known
    }


def assets_view(world: World, asset_ids: Iterable[str]) -> bytes:
    """Write assets as a GeoJSON FeatureCollection."""
    features = []
    for asset_id in asset_ids:
        properties = world.asset(asset_id)
        if properties is None:
            continue
        lat, lon = properties.pop("lat"), properties.pop("lon")
        geometry = None if lat is None or lon is None else {"type": "Point", "coordinates": (lon, lat)}
        features.append({"type": "Feature", "id": asset_id, "geometry": geometry, "properties": properties})
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _node(area: Area) -> dict[str, Any]:
    return {"id": area.id, "title": area.title, "level": area.level, "parent": area.parent}


def _polygons(rings: Iterable[Ring]) -> dict[str, Any]:
    """Write outer rings as a MultiPolygon, closed as GeoJSON wants them."""
    closed = [[*ring, ring[0]] if tuple(ring[0]) != tuple(ring[-1]) else list(ring) for ring in rings]
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in closed]}
