"""Incidents of several alerts in a real store: what joins, what is folded, what is counted, and each only once."""

from dataclasses import replace

import pytest

from ioc.model.alerts import Severity
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Condition, Incident, WorkState
from ioc.model.instant import HOUR, MINUTE, SECOND, from_iso
from ioc.store.incident_fields import AlertOf
from ioc.store.incident_writes import (
    ClearedAlert,
    CountedIncident,
    EndedAlert,
    EndedIncident,
    FoldedIncident,
    JoinedAlert,
    RaisedCount,
    Writes,
)
from ioc.store.incidents import Incidents
from ioc.store.opening import Store

NOON = from_iso("2026-11-22T05:00:00Z")[0]


@pytest.fixture
def incidents(store: Store) -> Incidents:
    return store.incidents


def silent(key: str = "ap-1", at: int = NOON, rule: str = "silent") -> Incident:
    alert = alert_id(rule, key, at)
    return Incident(incident_id(alert), rule, key, "wifi", {"en": key}, Severity.MINOR, at, alerts=(alert,))


def joins(incident: Incident, key: str, at: int = NOON + SECOND, *, told: bool = True) -> JoinedAlert:
    return JoinedAlert(AlertOf(alert_id(incident.rule, key, at), incident.rule, key, at, incident.id), told)


async def the(incidents: Incidents, incident: Incident) -> Incident:
    found = await incidents.get(incident.id)
    assert found is not None
    return found


async def test_an_alert_that_joins_is_named_with_the_first_and_joins_once(incidents: Incidents) -> None:
    first = silent()
    joined = joins(first, "ap-2")
    writes = Writes(opened=(first,), joined=(joined, joined), counted=(CountedIncident(first.id, 2, 2, NOON),))
    assert await incidents.write(writes, rule_versions={"silent": "v1"}) == 3
    assert await incidents.write(writes) == 0
    found = await the(incidents, first)
    assert [member.key for member in found.members] == ["ap-1", "ap-2"]
    assert (found.alert_count, found.speaks_for_count) == (2, 2)
    assert [(entry.what, entry.text) for entry in found.timeline] == [("raised", None), ("joined", "ap-2")]
    alert = await incidents.alert(joined.alert.alert)
    assert (alert["incident"], alert["state"], alert["rule_version"]) == (first.id, "firing", "v1")


async def test_in_a_storm_alerts_are_kept_without_a_word(incidents: Incidents, store: Store) -> None:
    storm = replace(silent(), storm=True)
    await incidents.write(Writes(opened=(storm,)))
    position = await incidents.last_position()
    await incidents.write(Writes(joined=tuple(joins(storm, f"x{n}", told=False) for n in range(300))))
    assert await incidents.last_position() == position
    assert len(await incidents.alert_ids(storm.id)) == 300
    found = await the(incidents, storm)
    assert (found.storm, len(found.members), len(found.timeline)) == (True, 101, 1)


async def test_a_count_never_falls_and_is_told_when_it_grows(incidents: Incidents) -> None:
    first = silent()
    await incidents.write(Writes(opened=(first,)))
    assert await incidents.write(Writes(counted=(CountedIncident(first.id, 50, 50, NOON),))) == 1
    assert await incidents.write(Writes(counted=(CountedIncident(first.id, 20, 20, NOON),))) == 0
    found = await the(incidents, first)
    assert (found.alert_count, found.revision, len(found.timeline)) == (50, 2, 1)


async def test_an_incident_of_several_alerts_ends_when_it_is_told_to(incidents: Incidents) -> None:
    first = silent()
    joined = joins(first, "ap-2")
    await incidents.write(Writes(opened=(first,), joined=(joined,)))
    await incidents.write(Writes(alerts_ended=(EndedAlert(first.alerts[0], NOON + MINUTE),)))
    assert (await the(incidents, first)).condition is Condition.ACTIVE
    last = Writes(
        alerts_ended=(EndedAlert(joined.alert.alert, NOON + HOUR),), ended=(EndedIncident(first.id, NOON + HOUR),)
    )
    assert await incidents.write(last) == 2
    assert await incidents.write(last) == 0
    found = await the(incidents, first)
    assert (found.condition, found.cleared_at) == (Condition.CLEARED, NOON + HOUR)
    assert [member.cleared_at for member in found.members] == [NOON + MINUTE, NOON + HOUR]


async def test_what_a_larger_one_speaks_for_names_it_and_is_named_by_it(incidents: Incidents) -> None:
    small, large = silent(), silent("market", rule="site-down")
    await incidents.write(Writes(opened=(small, large)))
    await incidents.command(small.id, "acknowledge", who="Lan", now=NOON)
    fold = FoldedIncident(small.id, large.id, NOON + SECOND, 1)
    assert await incidents.write(Writes(folded=(fold, fold))) == 1
    found = await the(incidents, small)
    assert (found.inhibited_by, found.is_open, found.work_state) == (large.id, True, WorkState.ACKNOWLEDGED)
    assert [entry.what for entry in found.timeline] == ["raised", "acknowledged", "folded"]
    assert (await the(incidents, large)).speaks_for == (small.id,)
    assert await incidents.write(Writes(folded=(FoldedIncident(small.id, None, NOON + MINUTE, 2),))) == 1
    assert (await the(incidents, small)).inhibited_by is None


async def test_an_older_word_on_what_is_folded_is_not_heard(incidents: Incidents) -> None:
    small = silent()
    await incidents.write(Writes(opened=(small,), folded=(FoldedIncident(small.id, "a", NOON, 5),)))
    await incidents.write(Writes(folded=(FoldedIncident(small.id, None, NOON, 7),)))
    for turn in (5, 6, 7):
        assert await incidents.write(Writes(folded=(FoldedIncident(small.id, "b", NOON, turn),))) == 0
    assert (await the(incidents, small)).inhibited_by is None


async def test_what_is_opened_folded_is_never_seen_by_itself(incidents: Incidents) -> None:
    large = silent("market", rule="site-down")
    small = replace(silent(), inhibited_by=large.id)
    fold = FoldedIncident(small.id, large.id, NOON, 9)
    assert await incidents.write(Writes(opened=(large, small), turns={small.id: 9}, folded=(fold,))) == 2
    seen = [found for _, found in await incidents.follow("0-0")]
    assert {found.inhibited_by for found in seen if found.id == small.id} == {large.id}
    assert (await the(incidents, large)).speaks_for == (small.id,)


async def test_what_ends_while_it_is_folded_waits_for_nobody(incidents: Incidents, store: Store) -> None:
    small = silent()
    await incidents.write(Writes(opened=(small,), folded=(FoldedIncident(small.id, "a", NOON, 1),)))
    await incidents.write(Writes(cleared=(ClearedAlert(small.id, small.alerts[0], NOON + MINUTE),)))
    found = await the(incidents, small)
    assert (found.is_open, found.work_state) == (False, WorkState.NEW)
    assert await store.connection.call("ZCARD", "ioc:incidents:open") == 0
    assert await store.connection.call("TTL", f"ioc:incident:{small.id}") > 0


async def test_what_joins_or_is_folded_expires_with_its_incident(incidents: Incidents, store: Store) -> None:
    first, small = silent(), silent("ap-9")
    await incidents.write(
        Writes(
            opened=(first, small),
            joined=(joins(first, "ap-2"),),
            folded=(FoldedIncident(small.id, first.id, NOON, 1),),
            ended=(EndedIncident(first.id, NOON),),
        )
    )
    await incidents.command(first.id, "resolve", who="Lan", now=NOON)
    for key in ("", ":alerts", ":speaks-for", ":timeline"):
        assert await store.connection.call("TTL", f"ioc:incident:{first.id}{key}") > 0


async def test_alerts_are_counted_by_rule_and_hour_once(incidents: Incidents) -> None:
    hour = NOON // HOUR * HOUR
    counts = (RaisedCount("a", hour, 3), RaisedCount("b", hour, 1), RaisedCount("a", hour + HOUR, 2))
    for _ in range(2):
        await incidents.write(Writes(raised=counts))
    await incidents.write(Writes(raised=(RaisedCount("a", hour, 1),)))
    assert await incidents.raised_by_rule(hour + 5 * MINUTE) == {"a": 5, "b": 1}
    assert await incidents.raised_by_rule(hour + HOUR) == {"a": 2}
    assert await incidents.raised_by_rule(0) == {"a": 5, "b": 1}


async def test_where_nothing_was_raised_nothing_is_counted(incidents: Incidents) -> None:
    assert await incidents.raised_by_rule(0) == {}
