"""The list of devices: who is found, in what order, and how each of them is judged."""

from typing import Any

import pytest

from ioc.model.assets import Asset, AssetState, AssetStatus
from ioc.model.hearing import BIN, Hearing
from ioc.model.instant import HOUR, MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.store.last_states import LastStates
from ui.server.devices import DeviceFilter, DeviceOrder, Devices, DeviceStatus
from ui.server.folding import fold
from ui.server.world import World

NOW = 1_795_323_600 * SECOND


def spoken(asset_id: str, *, ago: int = 0, count: int = 60, offline: bool = False, codec: str = "ioc") -> AssetState:
    state = AssetState(asset_id, Kind.SENSOR, NOW - ago, codec=codec, heard=Hearing(NOW - ago, [count]))
    if offline:
        state.status = AssetStatus.OFFLINE
    return state


def devices(assets: list[Asset], states: list[AssetState], now: Any = lambda: NOW) -> Devices:
    world = World()
    world.replace_assets({asset.id: asset for asset in assets}, None)
    world.replace_states(LastStates(states))
    return Devices(world, now)


def ids(found: Devices, by: str = "status", *, descending: bool = False, **wanted: Any) -> list[str]:
    listed = found.find(DeviceFilter(**wanted), DeviceOrder(by), descending=descending)
    return [device.id for device in listed.devices]


CITY = [
    Asset("cam-2", Kind.CAMERA, "Chợ Đà Lạt 2"),
    Asset("cam-10", Kind.CAMERA, "Chợ Đà Lạt 10", aliases=("gate",)),
    Asset("ap-1", Kind.WIFI, "Hồ Xuân Hương", site="Bến du thuyền"),
]


def test_a_device_that_has_missed_its_turns_is_silent_and_one_that_said_so_is_offline() -> None:
    found = devices(
        [Asset("new", Kind.SENSOR, "New")],
        [spoken("well"), spoken("quiet", ago=10 * MINUTE), spoken("gone", ago=10 * MINUTE, offline=True)],
    )
    listed = found.find(DeviceFilter(), DeviceOrder.STATUS, descending=False)
    assert [(device.id, str(device.status)) for device in listed.devices] == [
        ("gone", "offline"),
        ("quiet", "silent"),
        ("new", "never"),
        ("well", "online"),
    ]
    assert listed.by_status == dict.fromkeys(DeviceStatus, 1)


def test_words_find_names_ids_aliases_and_sites_without_accents() -> None:
    found = devices(CITY, [spoken("khác/1")])
    assert ids(found, text="cho da lat") == ["cam-2", "cam-10"]
    assert ids(found, text="GATE") == ["cam-10"]
    assert ids(found, text="Bến xuân") == ["ap-1"]
    assert ids(found, text="khac/") == ["khác/1"]
    assert ids(found, text="cho nowhere") == []


def test_filters_hold_together_and_the_counts_leave_the_status_out() -> None:
    found = devices(CITY, [spoken("cam-2"), spoken("cam-10", codec="frigate", ago=HOUR), spoken("stray")])
    assert ids(found, kind=Kind.CAMERA, codec="frigate") == ["cam-10"]
    assert ids(found, registered=False) == ["stray"]
    narrowed = found.find(
        DeviceFilter(kind=Kind.CAMERA, status=DeviceStatus.SILENT), DeviceOrder.NAME, descending=False
    )
    assert [device.id for device in narrowed.devices] == ["cam-10"]
    assert narrowed.by_status[DeviceStatus.ONLINE] == 1
    assert found.codecs() == ["frigate", "ioc"]


@pytest.mark.parametrize(
    ("by", "descending", "expected"),
    [
        ("name", False, ["cam-2", "cam-10", "ap-1"]),
        ("name", True, ["ap-1", "cam-10", "cam-2"]),
        ("rate", True, ["ap-1", "cam-2", "cam-10"]),
        ("last_event", True, ["cam-2", "ap-1", "cam-10"]),
        ("gaps", True, ["cam-10", "cam-2", "ap-1"]),
    ],
)
def test_a_list_is_sorted_and_names_decide_where_nothing_else_does(
    by: str, descending: bool, expected: list[str]
) -> None:
    found = devices(CITY, [spoken("cam-2", count=3), spoken("ap-1", ago=SECOND, count=90)])
    found.gaps = {"cam-10": 4}
    assert ids(found, by, descending=descending) == expected


def test_a_list_is_made_anew_after_a_second_and_shared_until_then() -> None:
    now = NOW
    found = devices([], [spoken("a")], lambda: now)
    first = found.find(DeviceFilter(), DeviceOrder.STATUS, descending=False)
    now += SECOND - 1
    assert found.find(DeviceFilter(), DeviceOrder.STATUS, descending=False) is first
    now += BIN
    again = found.find(DeviceFilter(), DeviceOrder.STATUS, descending=False)
    assert again.devices[0].status is DeviceStatus.SILENT


def test_a_new_name_is_found_once_the_registry_has_changed() -> None:
    now = NOW
    found = devices(CITY, [], lambda: now)
    assert ids(found, text="prenn") == []
    found.world.replace_assets({"cam-2": Asset("cam-2", Kind.CAMERA, "Đèo Prenn")}, None)
    now += SECOND
    assert ids(found, text="prenn") == ["cam-2"]


def test_a_line_says_how_often_the_device_speaks() -> None:
    found = devices([], [spoken("a", count=10)])
    found.gaps = {"a": 7}
    device = found.one("a")
    assert device is not None
    view = found.view(device)
    assert (view["gaps"], view["last_hour"][-1], len(view["last_hour"])) == (7, 10, 12)
    assert view["events_per_minute"] == 2.0


@pytest.mark.parametrize(("text", "folded"), [("Đà Lạt", "da lat"), ("ĐƯỜNG", "duong"), ("ASCII", "ascii")])
def test_folding_takes_accents_away(text: str, folded: str) -> None:
    assert fold(text) == folded
