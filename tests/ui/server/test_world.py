"""The view in memory: what is told of, what is let go, and when only a new snapshot helps."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ioc.model.assets import Asset
from ioc.model.incidents import Condition, WorkState
from ioc.model.instant import HOUR, SECOND
from ioc.model.kinds import Kind
from ioc.store.event_stream import Entry
from ui.server.hub import Hub
from ui.server.world import World

CAMERA = Asset("cam-1", Kind.CAMERA, "Hồ", lat=1.0, lon=2.0)


def told(world: World) -> list[tuple[str, int]]:
    return [(found["id"], found["revision"]) for found in map(msgspec.json.decode, world.take_changes().incidents)]


def test_an_incident_is_told_once_for_each_revision(fire: Any) -> None:
    world, incident = World(), fire()
    assert world.take_incident(incident, "1-0")
    assert not world.take_incident(incident, "2-0")
    assert world.take_incident(replace(incident, revision=3), "3-0")
    assert not world.take_incident(replace(incident, revision=2))
    assert (told(world), world.position) == ([(incident.id, 1), (incident.id, 3)], "3-0")
    assert told(world) == []


def test_evidence_and_timeline_do_not_stay_in_memory(fire: Any) -> None:
    world, incident = World(), fire()
    world.take_incident(incident)
    assert (world.incidents[incident.id].evidence, world.incidents[incident.id].numbers) == ((), {})


def test_an_asset_is_told_as_it_stands(batch: Any) -> None:
    world = World()
    world.replace_assets({"cam-1": CAMERA}, None)
    for number, value in enumerate((1.0, 2.0)):
        world.take_entry(Entry(f"{number}-0", number, batch({"asset": "cam-1", "pm25": value})))
    changes = world.take_changes()
    assert changes.assets == ("cam-1",)
    (written,) = msgspec.json.decode(world.assets_json(changes.assets))
    assert (written["values"], written["lat"], world.clock) == ({"pm25": 2.0}, 1.0, 1)


def test_only_changed_registrations_are_told(batch: Any) -> None:
    world = World()
    other = replace(CAMERA, id="cam-2")
    assert world.replace_assets({"cam-1": CAMERA, "cam-2": other}, None)
    world.take_changes()
    assert world.replace_assets({"cam-1": CAMERA, "cam-2": replace(other, name="Chợ")}, None)
    assert world.take_changes().assets == ("cam-2",)
    assert not world.replace_assets({"cam-1": CAMERA}, None)
    assert world.asset_ids() == ["cam-1"]


def test_a_snapshot_without_a_known_open_incident_cannot_be_told_as_a_delta(fire: Any) -> None:
    world, kept, gone = World(), fire("cam-1"), fire("cam-2")
    closed = replace(fire("cam-3"), condition=Condition.CLEARED, work_state=WorkState.RESOLVED)
    for incident in (kept, gone, closed):
        world.take_incident(incident)
    assert world.replace_incidents("9-0", [kept, gone])
    assert closed.id not in world.incidents
    assert not world.replace_incidents("9-0", [kept])
    assert world.incidents.keys() == {kept.id}
    assert not world.replace_incidents("9-0", [replace(kept, revision=0)])


def test_closed_incidents_are_let_go_after_a_while(fire: Any) -> None:
    world = World()
    active = replace(fire("cam-1"), updated_at=0)
    closed = replace(fire("cam-2"), updated_at=SECOND, condition=Condition.CLEARED, work_state=WorkState.RESOLVED)
    for incident in (active, closed):
        world.take_incident(incident)
    world.forget_closed(SECOND)
    assert world.incidents.keys() == {active.id, closed.id}
    world.forget_closed(HOUR)
    assert world.incidents.keys() == {active.id}
    assert len(world.find()) == 1


async def test_a_page_that_joins_is_not_told_again_what_its_snapshot_holds(fire: Any) -> None:
    world, now = World(), SECOND
    hub = Hub(world, lambda: now)
    with hub.joined() as (early, _):
        await early.take()
        world.take_incident(fire("cam-1"))
        with hub.joined() as (late, _):
            snapshot = msgspec.json.decode(await late.take())
            assert [incident["key"] for incident in snapshot["incidents"]] == ["cam-1"]
            world.take_incident(fire("cam-2"))
            hub.flush()
            for box, keys in ((early, ["cam-1", "cam-2"]), (late, ["cam-2"])):
                delta = msgspec.json.decode(await box.take())
                assert [incident["key"] for incident in delta["incidents"]] == keys


@pytest.mark.parametrize("later", [-HOUR, SECOND])
async def test_a_heartbeat_comes_even_where_the_clock_was_set_back(later: int) -> None:
    now = 10 * HOUR
    hub = Hub(World(), lambda: now)
    with hub.joined() as (box, _):
        await box.take()
        hub.flush()
        now += later
        hub.flush()
        assert msgspec.json.decode(await box.take())["type"] == "delta"
