"""Incidents in a real store: what is written once, what is refused, and who may write what."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from ioc.model.alerts import Severity
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Condition, Incident, WorkState
from ioc.model.instant import HOUR, MINUTE, SECOND, from_iso
from ioc.store import incidents as module
from ioc.store.incidents import ClearedAlert, Incidents, Refused, UnknownIncident
from ioc.store.opening import Store, open_store

NOON = from_iso("2026-11-22T05:00:00.123456Z")[0]


def fire(key: str = "cam-1", at: int = NOON, **changes: Any) -> Incident:
    alert = alert_id("fire", key, at)
    incident = Incident(
        id=incident_id(alert),
        rule="fire",
        key=key,
        kind="camera",
        title={"vi": f"Cháy tại {key}", "en": f"Fire at {key}"},
        severity=Severity.CRITICAL,
        raised_at=at,
        lat=11.94,
        lon=108.45,
        area="xuan-huong",
        place="Hồ Xuân Hương",
        assets=(key,),
        alerts=(alert,),
        evidence=({"id": "e1", "kind": "camera", "asset": key, "at": 1, "values": {"label": "smoke", "score": 0.9}},),
        numbers={"score": 0.9},
    )
    return replace(incident, **changes)


def clear(incident: Incident, at: int = NOON + MINUTE) -> ClearedAlert:
    return ClearedAlert(incident.id, incident.alerts[0], at)


@pytest_asyncio.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


@pytest.fixture
def incidents(store: Store) -> Incidents:
    return store.incidents


async def the(incidents: Incidents, incident: Incident) -> Incident:
    found = await incidents.get(incident.id)
    assert found is not None
    return found


async def test_what_was_raised_is_read_back_whole(incidents: Incidents) -> None:
    incident = fire(simulated=True)
    assert await incidents.apply([incident], []) == 1
    found = await the(incidents, incident)
    assert [(entry.at, entry.who, entry.what) for entry in found.timeline] == [(NOON, "machine", "raised")]
    assert replace(found, timeline=()) == replace(incident, updated_at=NOON, revision=1)


async def test_an_incident_of_which_little_is_known_is_read_back_too(incidents: Incidents) -> None:
    incident = fire(kind=None, lat=None, lon=None, area=None, place=None, assets=(), evidence=(), numbers={})
    await incidents.apply([incident], [])
    assert replace(await the(incidents, incident), timeline=()) == replace(incident, updated_at=NOON)


async def test_a_person_reads_an_incident_with_redis_cli(incidents: Incidents, store: Store) -> None:
    incident = fire()
    await incidents.apply([incident], [], rule_versions={"fire": "abc"})
    fields = await store.connection.call("HGETALL", f"ioc:incident:{incident.id}")
    shown = {name.decode(): value.decode() for name, value in fields.items()}
    assert {
        "title_vi": "Cháy tại cam-1",
        "title_en": "Fire at cam-1",
        "severity": "critical",
        "condition": "active",
        "work_state": "new",
        "raised_at": "2026-11-22T05:00:00.123456Z",
        "assets": '["cam-1"]',
        "revision": "1",
    }.items() <= shown.items()
    assert await incidents.alert(incident.alerts[0]) == {
        "rule": "fire",
        "key": "cam-1",
        "state": "firing",
        "raised_at": "2026-11-22T05:00:00.123456Z",
        "incident": incident.id,
        "rule_version": "abc",
    }


async def test_what_the_machine_computes_twice_is_written_once(incidents: Incidents) -> None:
    incident = fire()
    assert await incidents.apply([incident, incident], [clear(incident), clear(incident)]) == 2
    before = await the(incidents, incident)
    assert await incidents.apply([incident], [clear(incident)]) == 0
    assert await the(incidents, incident) == before
    assert [found.revision for _, found in await incidents.follow("0-0")] == [2, 2]


async def test_a_clear_of_an_incident_that_nobody_raised_does_nothing(incidents: Incidents) -> None:
    assert await incidents.apply([], [clear(fire())]) == 0
    assert await incidents.snapshot() == ("0-0", [])


async def test_clearing_says_so_in_the_incident_and_in_its_alert(incidents: Incidents) -> None:
    incident = fire()
    await incidents.apply([incident], [clear(incident)])
    found = await the(incidents, incident)
    assert (found.condition, found.cleared_at, found.work_state) == (Condition.CLEARED, NOON + MINUTE, WorkState.NEW)
    alert = await incidents.alert(incident.alerts[0])
    assert (alert["state"], alert["cleared_at"]) == ("resolved", "2026-11-22T05:01:00.123456Z")


async def test_acknowledging_makes_it_ones_own(incidents: Incidents) -> None:
    incident = fire()
    await incidents.apply([incident], [])
    taken = await incidents.command(incident.id, "acknowledge", who="Lan", now=NOON + SECOND, text="Đang xem")
    assert (taken.work_state, taken.assignee, taken.revision) == (WorkState.ACKNOWLEDGED, "Lan", 2)
    assert (taken.timeline[-1].who, taken.timeline[-1].what, taken.timeline[-1].text) == (
        "Lan",
        "acknowledged",
        "Đang xem",
    )
    again = await incidents.command(incident.id, "acknowledge", who="Lan", now=NOON + MINUTE)
    assert again == taken


async def test_what_somebody_has_taken_cannot_be_taken_by_another(incidents: Incidents) -> None:
    incident = fire()
    await incidents.apply([incident], [])
    await incidents.command(incident.id, "acknowledge", who="Lan", now=NOON)
    with pytest.raises(Refused, match="Lan has already acknowledged"):
        await incidents.command(incident.id, "acknowledge", who="Minh", now=NOON)


@pytest.mark.parametrize("what", ["acknowledge", "resolve"])
async def test_a_resolved_incident_can_only_be_commented_on(incidents: Incidents, what: module.Command) -> None:
    incident = fire()
    await incidents.apply([incident], [])
    await incidents.command(incident.id, "resolve", who="Lan", now=NOON)
    with pytest.raises(Refused, match="already resolved") as refused:
        await incidents.command(incident.id, what, who="Lan", now=NOON)
    assert refused.value.code == "already_resolved"
    commented = await incidents.command(incident.id, "comment", who="Lan", now=NOON, text="Xong")
    assert (commented.work_state, commented.revision) == (WorkState.RESOLVED, 3)


async def test_a_command_for_an_unknown_incident_says_so(incidents: Incidents) -> None:
    for name in ("0" * 16, "", "x:timeline", "a b", "../x"):
        with pytest.raises(UnknownIncident):
            await incidents.command(name, "comment", who="Lan", now=NOON, text="?")
        assert await incidents.get(name) is None


async def test_an_incident_closes_when_it_is_resolved_and_has_cleared_in_either_order(incidents: Incidents) -> None:
    resolved_first, cleared_first, still_active = fire("cam-1"), fire("cam-2"), fire("cam-3")
    await incidents.apply([resolved_first, cleared_first, still_active], [clear(cleared_first)])
    for incident in (resolved_first, cleared_first, still_active):
        await incidents.command(incident.id, "resolve", who="Lan", now=NOON + 2 * HOUR)
    await incidents.apply([], [clear(resolved_first, NOON + 3 * HOUR)])
    open_now = {incident.id: incident.is_open for incident in await incidents.find(condition=Condition.ACTIVE)}
    assert open_now == {still_active.id: True}
    _, seen = await incidents.snapshot(closed_since=NOON + 3 * HOUR)
    assert {incident.id for incident in seen} == {still_active.id, resolved_first.id}
    _, everything = await incidents.snapshot()
    assert {incident.id for incident in everything} == {still_active.id, resolved_first.id, cleared_first.id}


async def test_only_closed_incidents_are_ever_forgotten(incidents: Incidents, store: Store) -> None:
    incident = fire()
    await incidents.apply([incident], [clear(incident)])
    assert await store.connection.call("TTL", f"ioc:incident:{incident.id}") == -1
    await incidents.command(incident.id, "resolve", who="Lan", now=NOON)
    for key in (
        f"ioc:incident:{incident.id}",
        f"ioc:incident:{incident.id}:timeline",
        f"ioc:alert:{incident.alerts[0]}",
    ):
        assert 0 < await store.connection.call("TTL", key) <= module.KEPT_CLOSED_S


async def test_a_command_sent_twice_under_one_key_is_carried_out_once(incidents: Incidents) -> None:
    incident = fire()
    await incidents.apply([incident], [])
    first = await incidents.command(incident.id, "comment", who="Lan", now=NOON, text="Gọi 114", idempotency_key="k1")
    again = await incidents.command(
        incident.id, "comment", who="Lan", now=NOON + MINUTE, text="Gọi 114", idempotency_key="k1"
    )
    assert again == first
    assert [entry.what for entry in again.timeline] == ["raised", "commented"]
    resolved = await incidents.command(incident.id, "resolve", who="Lan", now=NOON, idempotency_key="k2")
    assert await incidents.command(incident.id, "resolve", who="Lan", now=NOON, idempotency_key="k2") == resolved


async def test_a_key_that_was_used_for_another_command_is_refused(incidents: Incidents) -> None:
    incident, other = fire("cam-1"), fire("cam-2")
    await incidents.apply([incident, other], [])
    await incidents.command(incident.id, "comment", who="Lan", now=NOON, text="một", idempotency_key="k1")
    for target, text in ((incident, "hai"), (other, "một")):
        with pytest.raises(Refused) as refused:
            await incidents.command(target.id, "comment", who="Lan", now=NOON, text=text, idempotency_key="k1")
        assert refused.value.code == "key_reused"
    assert (await the(incidents, other)).revision == 1


async def test_a_long_timeline_keeps_its_latest_entries_and_counts_the_rest(
    incidents: Incidents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMITS", (3, *module.LIMITS[1:]))
    incident = fire()
    await incidents.apply([incident], [])
    for number in range(4):
        await incidents.command(incident.id, "comment", who="Lan", now=NOON, text=str(number))
    found = await the(incidents, incident)
    assert ([entry.text for entry in found.timeline], found.timeline_dropped) == (["1", "2", "3"], 2)


async def test_the_recent_ones_are_bounded(incidents: Incidents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMITS", (*module.LIMITS[:2], 2, *module.LIMITS[3:]))
    fires = [fire(f"cam-{number}") for number in range(4)]
    await incidents.apply(fires, [clear(incident, NOON + number) for number, incident in enumerate(fires)])
    for number, incident in enumerate(fires):
        await incidents.command(incident.id, "resolve", who="Lan", now=NOON + number)
    assert [found.key for found in await incidents.find()] == ["cam-3", "cam-2"]
    assert (await the(incidents, fires[0])).work_state is WorkState.RESOLVED


async def test_incidents_are_found_by_what_they_are(incidents: Incidents) -> None:
    in_park = fire("cam-1", NOON, area="park")
    minor = fire("cam-2", NOON + SECOND, severity=Severity.MINOR)
    cleared = fire("cam-3", NOON + 2 * SECOND)
    await incidents.apply([in_park, minor, cleared], [clear(cleared)])
    await incidents.command(minor.id, "acknowledge", who="Lan", now=NOON)

    async def keys(**wanted: Any) -> list[str]:
        return [incident.key for incident in await incidents.find(**wanted)]

    assert await keys() == ["cam-3", "cam-2", "cam-1"]
    assert await keys(limit=2) == ["cam-3", "cam-2"]
    assert await keys(condition=Condition.CLEARED) == ["cam-3"]
    assert await keys(work_state=WorkState.ACKNOWLEDGED) == ["cam-2"]
    assert await keys(severity=Severity.CRITICAL) == ["cam-3", "cam-1"]
    assert await keys(area="park") == ["cam-1"]
    assert await keys(area={"park", "xuan-huong"}, severity=Severity.MINOR) == ["cam-2"]


async def test_a_follower_is_told_of_every_change_after_its_snapshot(incidents: Incidents) -> None:
    early, late = fire("cam-1"), fire("cam-2")
    await incidents.apply([early], [])
    position, known = await incidents.snapshot()
    assert [incident.key for incident in known] == ["cam-1"]
    await incidents.apply([late], [])
    await incidents.command(early.id, "acknowledge", who="Lan", now=NOON)
    news = await incidents.follow(position)
    assert [(incident.key, incident.revision) for _, incident in news] == [("cam-2", 1), ("cam-1", 2)]
    assert await incidents.follow(news[-1][0]) == []
    assert await incidents.last_position() == news[-1][0]


async def test_a_waiting_follower_hears_at_once(incidents: Incidents) -> None:
    incident = fire()
    waiting = asyncio.create_task(incidents.follow("0-0", wait=2.0))
    await incidents.apply([incident], [])
    ((_, heard),) = await asyncio.wait_for(waiting, 2.0)
    assert heard.id == incident.id


async def test_changes_of_forgotten_incidents_do_not_hold_a_follower_up(incidents: Incidents, store: Store) -> None:
    gone, kept = fire("cam-1"), fire("cam-2")
    await incidents.apply([gone, kept], [])
    await store.connection.call("DEL", f"ioc:incident:{gone.id}")
    assert [incident.key for _, incident in await incidents.follow("0-0", limit=1)] == ["cam-2"]


async def test_the_log_says_who_did_what(incidents: Incidents, store: Store) -> None:
    incident = fire()
    await incidents.apply([incident], [])
    await incidents.command(incident.id, "acknowledge", who="Lan", now=NOON)
    entries = await store.connection.call("XRANGE", "ioc:incidents:log", "-", "+")
    assert [(fields[b"what"], fields[b"who"], fields[b"revision"]) for _, fields in entries] == [
        (b"raised", b"machine", b"1"),
        (b"acknowledged", b"Lan", b"2"),
    ]


async def test_words_stay_the_words_they_were(incidents: Incidents) -> None:
    words = "<img src=x onerror=alert(1)> {{7*7}} \"'\\ 🔥 \x00\u2028"
    incident = fire(title={"vi": words, "en": words}, place=words)
    await incidents.apply([incident], [])
    found = await incidents.command(incident.id, "comment", who=words, now=NOON, text=words)
    assert found.title == {"vi": words, "en": words}
    assert (found.place, found.timeline[-1].who, found.timeline[-1].text) == (words, words, words)
