"""What the city says, as ingest and rules take it: the real codecs and the rule book that ships."""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from ingest.batch import build_batch
from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ioc.model.events import AtSource, Event, RawMessage, Rejected
from ioc.model.instant import MINUTE, SECOND, Instant
from ioc.model.quantities import Catalogue
from ioc.store.catalogue import load_catalogue
from rules.backtest import BacktestAlert, backtest
from rules.book import read_book
from rules.expressions import scope_of
from simulators.devices import Fleet
from simulators.message import Message
from simulators.storyline import Scenario
from simulators.world import World

LIBRARY = Path(__file__).resolve().parents[2] / "rules" / "library"

Say = Callable[..., list[Message]]
Hour = Callable[[float], Instant]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def reader(catalogue: Catalogue) -> Reader:
    return Reader(load_codecs(catalogue=catalogue), catalogue)


def read(reader: Reader, message: Message) -> tuple[list[Event], list[Rejected]]:
    return reader.read(RawMessage(message.topic, message.payload, message.at, retained=message.retain))


@pytest.mark.parametrize("hour", [2.5, 8.0, 19.0])
def test_every_message_is_understood_and_nothing_is_rejected(
    said: Say, local_hour: Hour, ordinary_day: Scenario, da_lat: Fleet, reader: Reader, hour: float
) -> None:
    known = {asset.id: asset for asset in da_lat.assets}
    spoke: set[str | None] = set()
    for message in said(local_hour(hour), 130, ordinary_day):
        events, rejected = read(reader, message)
        assert rejected == []
        assert events, message.topic
        spoke.update(event.asset for event in events)
    assert spoke == set(known)


def test_a_device_is_of_the_kind_under_which_it_is_registered(
    said: Say, local_hour: Hour, ordinary_day: Scenario, da_lat: Fleet, reader: Reader
) -> None:
    kinds = {device.asset.id: device.asset.kind for device in da_lat.devices}
    for message in said(local_hour(8), 70, ordinary_day):
        for event in read(reader, message)[0]:
            if event.asset in kinds:
                assert event.kind is kinds[event.asset]


def test_a_devices_clock_is_believed(said: Say, local_hour: Hour, ordinary_day: Scenario, reader: Reader) -> None:
    timed = 0
    for message in said(local_hour(8), 70, ordinary_day):
        for event in read(reader, message)[0]:
            if event.at_source is AtSource.DEVICE:
                timed += 1
                assert abs(event.at - message.at) <= SECOND
    assert timed > 1_000


def alerts_of(messages: list[Message], reader: Reader, catalogue: Catalogue, timezone: str) -> list[BacktestAlert]:
    def batches() -> Iterator[pl.DataFrame]:
        held: list[Event] = []
        until = messages[0].at
        for message in messages:
            if message.at >= until:
                if held:
                    yield build_batch(held, catalogue)[0]
                held, until = [], message.at + 5 * SECOND
            held += read(reader, message)[0]
        yield build_batch(held, catalogue)[0]

    return backtest(read_book(LIBRARY, scope_of(catalogue, timezone)), batches(), catalogue)


@pytest.mark.parametrize("hour", [15.0, 22.5], ids=["by day", "by night"])
def test_what_happens_is_caught_by_the_rule_that_should_and_clears_again(
    said: Say,
    local_hour: Hour,
    ordinary_day: Scenario,
    da_lat: Fleet,
    reader: Reader,
    catalogue: Catalogue,
    hour: float,
) -> None:
    start = local_hour(hour)
    story = World(da_lat, seed=4, start=start, scenario=ordinary_day).storyline
    assert story is not None
    # The first half of the second round lets the acts at the end of the first one clear.
    messages = said(start, 1_320, ordinary_day)
    concerned = {number for performance in story.performances(0) for number in performance.devices}
    alerts = alerts_of(
        [message for message in messages if message.device in concerned], reader, catalogue, da_lat.city.timezone
    )
    for performance in story.performances(0):
        devices = [da_lat.devices[number].asset for number in performance.devices]
        keys = {asset.id for asset in devices} | {asset.zone for asset in devices}
        caught = [
            alert
            for alert in alerts
            if alert.rule == performance.act.leads_to
            and alert.key.split("|")[0] in keys
            and performance.start <= alert.raised_at <= performance.end
        ]
        assert caught, performance
        assert all(alert.cleared_at is not None for alert in caught), performance


def test_an_hour_in_which_nothing_happens_alarms_nobody(
    said: Say, local_hour: Hour, da_lat: Fleet, reader: Reader, catalogue: Catalogue
) -> None:
    # Ten minutes of the evening rush stand for the hour: markets, traffic and Wi-Fi are at their fullest.
    messages = said(local_hour(19.2), 10 * MINUTE / SECOND)
    assert alerts_of(messages, reader, catalogue, da_lat.city.timezone) == []
