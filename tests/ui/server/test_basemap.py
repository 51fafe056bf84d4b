"""The base map: a PMTiles file read in pieces, a style elsewhere, or none."""

from pathlib import Path
from typing import Any

import pytest

from ioc.model.faults import Fault
from ioc.store.opening import Store
from ui.server.settings import UiSettings
from ui.server.views import basemap_sources, basemap_view


async def test_a_pmtiles_file_is_read_in_pieces(store: Store, serving: Any, tmp_path: Path) -> None:
    path = tmp_path / "city.pmtiles"
    path.write_bytes(bytes(range(256)) * 10)
    async with serving(store, UiSettings(port=0, basemap=str(path))) as served:
        assert (await served.http.get("/api/city")).json()["basemap"] == {
            "kind": "pmtiles",
            "url": "/basemap.pmtiles",
            "optional": False,
        }
        piece = await served.http.get("/basemap.pmtiles", headers={"Range": "bytes=16-31"})
        assert (piece.status_code, piece.content) == (206, bytes(range(16, 32)))
        assert piece.headers["content-range"] == "bytes 16-31/2560"
        beyond = await served.http.get("/basemap.pmtiles", headers={"Range": "bytes=9999-"})
        assert beyond.status_code == 416


async def test_a_real_city_is_read_in_pieces(store: Store, serving: Any, shared: Path) -> None:
    async with serving(store, UiSettings(port=0, basemap=str(shared / "basemap" / "dalat.pmtiles"))) as served:
        piece = await served.http.get("/basemap.pmtiles", headers={"Range": "bytes=0-6"})
    assert (piece.status_code, piece.content) == (206, b"PMTiles")


async def test_a_base_map_that_is_not_there_is_named(store: Store, serving: Any, tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"nothing\.pmtiles: there is no such file"):
        async with serving(store, UiSettings(port=0, basemap=str(tmp_path / "nothing.pmtiles"))):
            pass


async def test_none_asks_for_the_plain_map(store: Store, serving: Any) -> None:
    async with serving(store, UiSettings(port=0, basemap="none")) as served:
        assert (await served.http.get("/api/city")).json()["basemap"] is None


def test_a_pmtiles_file_may_lie_elsewhere() -> None:
    url = "https://tiles.example/city.pmtiles"
    assert basemap_view(url, optional=False) == {"kind": "pmtiles", "url": url, "optional": False}
    assert basemap_sources(url) == ("https://tiles.example",)
