from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ioc.model.assets import Asset
from ioc.model.city import Area, City
from ioc.model.kinds import Kind
from ioc.store.opening import Store

CAMERA = Asset(
    "cam-1",
    Kind.CAMERA,
    "Đài quan sát",
    11.94,
    108.43,
    area="xuan-huong",
    site="cho-da-lat",
    zone="quang-truong",
    tags=("high", "ptz"),
    aliases=("cam_01", "DL/01"),
    simulated=True,
)
VEHICLE = Asset("van-7", Kind.NETWORK, "Van 7", mobile=True)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)


async def test_registered_assets_come_back_whole(store: Store) -> None:
    await store.assets.replace([CAMERA, VEHICLE])

    assert await store.assets.load() == {"cam-1": CAMERA, "van-7": VEHICLE}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    name=TEXTS.filter(bool),
    place=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    tags=st.lists(TEXTS, max_size=3),
)
async def test_no_name_tag_or_place_is_bent_by_keeping_it(
    store: Store, name: str, place: tuple[float, float] | None, tags: list[str]
) -> None:
    lat, lon = place or (None, None)
    asset = Asset("s-1", Kind.SENSOR, name, lat, lon, tags=tuple(tags))

    await store.assets.replace([asset])

    assert {"s-1": asset} == await store.assets.load()


async def test_replacing_forgets_who_is_not_named_any_more(store: Store) -> None:
    await store.assets.replace([CAMERA, VEHICLE])
    await store.assets.replace([VEHICLE])

    assert await store.assets.load() == {"van-7": VEHICLE}
    assert await store.connection.call("EXISTS", "ioc:asset:cam-1") == 0


async def test_the_version_grows_with_every_change(store: Store) -> None:
    versions = [await store.assets.version()]
    await store.assets.replace([CAMERA])
    versions.append(await store.assets.version())
    await store.assets.replace([])
    versions.append(await store.assets.version())

    assert versions == sorted(set(versions))


async def test_ten_thousand_assets_are_kept(store: Store) -> None:
    many = {f"s-{number}": Asset(f"s-{number}", Kind.SENSOR, f"Sensor {number}") for number in range(10_000)}

    await store.assets.replace(many.values())

    assert many == await store.assets.load()


async def test_the_city_comes_back_whole(store: Store) -> None:
    assert await store.assets.city() is None
    city = City(
        "da-lat",
        {"vi": "Đà Lạt", "en": "Da Lat"},
        "Asia/Ho_Chi_Minh",
        (108.3, 11.8, 108.6, 12.1),
        (
            Area("lam-dong", {"vi": "Lâm Đồng", "en": "Lam Dong"}, "province"),
            Area("xh", {"vi": "Xuân Hương"}, "ward", "lam-dong", (((108.4, 11.9), (108.5, 11.9), (108.5, 12.0)),)),
        ),
        {"type": "FeatureCollection", "features": [{"properties": {"layer": "water"}}]},
    )

    await store.assets.set_city(city)

    assert city == await store.assets.city()


async def test_last_states_come_back_with_their_position(store: Store) -> None:
    assert await store.assets.load_states() is None

    await store.assets.save_states("17-3", b"\x00arrow\xff")

    assert await store.assets.load_states() == ("17-3", b"\x00arrow\xff")
