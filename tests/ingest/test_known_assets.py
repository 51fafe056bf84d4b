from ingest.known_assets import KnownAssets
from ioc.model.assets import Asset
from ioc.model.kinds import Kind

ASSETS = {
    "cam-1": Asset("cam-1", Kind.CAMERA, "Camera 1", aliases=("front", "cam-2")),
    "cam-2": Asset("cam-2", Kind.CAMERA, "Camera 2"),
}


def test_an_alias_means_its_asset_and_an_id_means_itself() -> None:
    known = KnownAssets(ASSETS)

    assert [known.city_name(name) for name in ("front", "cam-1", "cam-2", "other")] == [
        "cam-1",
        "cam-1",
        "cam-2",
        "other",
    ]


def test_only_ids_are_registered() -> None:
    assert ["cam-1" in KnownAssets(ASSETS), "front" in KnownAssets(ASSETS)] == [True, False]
