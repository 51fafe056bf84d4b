"""A harvest: each event once, under the city's name for its device, and nothing lost that is not counted."""

import json
from typing import Any

from ingest.codecs.registry import load_codecs
from ingest.flood import Allowance, FloodGate
from ingest.gathering import Gatherer
from ingest.harvest import Harvest, Harvester
from ingest.known_assets import KnownAssets
from ingest.reader import Reader
from ingest.sequences import GRACE
from ingest.source import Batch
from ioc.model.assets import Asset
from ioc.model.events import RawMessage
from ioc.model.instant import from_iso
from ioc.store.catalogue import load_catalogue

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]
CATALOGUE = load_catalogue()
CODECS = load_codecs(catalogue=CATALOGUE)


def harvester(**how: Any) -> Harvester:
    return Harvester(Gatherer(Reader(CODECS, CATALOGUE), CATALOGUE, alike=2), **how)


def batch(*events: dict[str, Any], asset: str = "env-1") -> Batch:
    topic = f"ioc/sensor/{asset}/events"
    return Batch.of([RawMessage(topic, json.dumps({"boot": "a", **event}).encode(), ARRIVAL) for event in events])


def numbers(harvest: Harvest) -> list[float]:
    return harvest.frame["pm25"].to_list()


def test_an_event_is_harvested_once() -> None:
    mine = harvester()
    assert numbers(
        mine.harvest(batch({"seq": 1, "pm25": 1}, {"seq": 1, "pm25": 1}, {"seq": 2, "pm25": 2}), ARRIVAL)
    ) == [1, 2]
    again = mine.harvest(batch({"seq": 2, "pm25": 2}, {"seq": 3, "pm25": 3}), ARRIVAL)
    assert (numbers(again), again.duplicates) == ([3], 1)


def test_what_an_earlier_ingest_has_written_is_known() -> None:
    mine = harvester()
    mine.remember_ids(["env-1:a:1"])
    assert mine.harvest(batch({"seq": 1, "pm25": 1}), ARRIVAL).duplicates == 1


def test_a_device_has_the_citys_name_but_counts_under_its_own() -> None:
    mine = harvester()
    mine.assets = KnownAssets({"station": Asset("station", "sensor", "Trạm", aliases=("env-1", "env-2"))})
    found = mine.harvest(batch({"seq": 1, "pm25": 1}, {"seq": 4, "pm25": 1}), ARRIVAL)
    assert found.frame["asset"].to_list() == ["station", "station"]
    assert mine.harvest(batch({"seq": 9, "pm25": 1}, asset="env-2"), ARRIVAL).gaps == []
    (gap,) = mine.harvest(Batch(), ARRIVAL + GRACE).gaps
    assert (gap.asset, gap.first, gap.last) == ("station", 2, 3)


def test_a_stranger_is_refused_by_name_where_the_registry_is_strict() -> None:
    mine = harvester(strict_assets=True)
    mine.assets = KnownAssets({"env-1": Asset("env-1", "sensor", "Trạm")})
    both = batch({"seq": 1, "pm25": 1}, {"seq": 2, "pm25": 2})
    both.extend(batch({"seq": 1, "pm25": 3}, asset="env-2"))
    found = mine.harvest(both, ARRIVAL)
    assert numbers(found) == [1, 2]
    (rejected,) = found.rejected
    assert (rejected.topic, rejected.codec) == ("ioc/sensor/env-2/events", "ioc")
    assert "'env-2' is not registered" in rejected.reason


def test_what_flooding_devices_send_is_counted_exactly() -> None:
    mine = harvester(gate=FloodGate(Allowance(1, 2)))
    found = mine.harvest(batch(*({"seq": n, "pm25": n} for n in range(10))), ARRIVAL)
    assert (numbers(found), found.coalesced) == ([0, 1, 9], 7)
    assert found.frame["coalesced"].to_list() == [None, None, 7]
    assert mine.harvest(Batch(), ARRIVAL + GRACE).gaps == []


def test_a_harvest_that_follows_a_restart_goes_on_where_the_last_one_ended() -> None:
    before, after = harvester(), harvester()
    remembered = dict(before.harvest(batch({"seq": 1, "pm25": 1, "salinity": 3.5}), ARRIVAL).remember)
    after.restore(remembered, ARRIVAL)
    found = after.harvest(batch({"seq": 4, "salinity": "salty"}, {"seq": 5, "salinity": 4}), ARRIVAL)
    assert found.frame["salinity"].to_list() == [None, 4.0]
    assert "salinity was a number when it first came" in found.rejected[0].reason
    (gap,) = after.harvest(Batch(), ARRIVAL + GRACE).gaps
    assert (gap.first, gap.last) == (2, 3)


def test_a_gap_is_remembered_as_told_in_the_harvest_that_tells_it() -> None:
    before, after = harvester(), harvester()
    remembered = dict(before.harvest(batch({"seq": 1, "pm25": 1}, {"seq": 3, "pm25": 1}), ARRIVAL).remember)
    telling = before.harvest(Batch(), ARRIVAL + GRACE)
    assert len(telling.gaps) == 1
    after.restore(remembered | dict(telling.remember), ARRIVAL)
    assert after.harvest(Batch(), ARRIVAL + 9 * GRACE).gaps == []


def test_nothing_gives_nothing() -> None:
    found = harvester().harvest(Batch(), ARRIVAL)
    assert (found.frame.height, found.rejected, found.gaps, found.remember) == (0, [], [], {})
