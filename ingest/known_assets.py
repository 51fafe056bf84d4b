"""Which assets are registered, and what payloads call them."""

from collections.abc import Iterable, Mapping

from ioc.model.assets import Asset


class KnownAssets:
    """The registry as ingest needs it."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        """Take the registered assets, by id. An id means its own asset, even where it is another one's alias."""
        self._ids = frozenset(assets)
        self._aliases = {
            alias: asset.id for asset in assets.values() for alias in asset.aliases if alias not in self._ids
        }

    def __contains__(self, asset_id: str) -> bool:
        """Say whether an asset is registered."""
        return asset_id in self._ids

    def city_name(self, name: str) -> str:
        """Give the city's id for what a payload calls an asset: itself, where it is nobody's alias."""
        return self._aliases.get(name, name)

    def renamed(self, names: Iterable[str | None]) -> dict[str, str]:
        """Say which of these names are aliases, and what the city calls those assets."""
        aliases = self._aliases
        return {name: aliases[name] for name in aliases.keys() & set(names)} if aliases else {}
