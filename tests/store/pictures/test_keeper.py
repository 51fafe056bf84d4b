"""The task that tidies: it knows what open incidents hold, and retention does not wait for the store."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from ioc.model.alerts import Severity
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Condition, Incident, WorkState
from ioc.model.instant import DAY, HOUR, MINUTE
from ioc.runtime.tasks import end
from ioc.store.connection import StoreUnavailable
from ioc.store.incidents import ClearedAlert
from ioc.store.opening import Store, open_store
from ioc.store.pictures.folder import PictureFolder, PictureGone, Tidied
from ioc.store.pictures.keeper import HeldPictures, Keeper, pictures_of

NOW = 1_795_309_200_123_000
JPEG = b"\xff\xd8picture\xff\xd9"


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "pictures", {"person": 7.0}, 1.0)


def incident(picture: str, number: int = 1) -> Incident:
    return Incident(
        id=f"inc-{number}",
        rule="crossing",
        key="cam-1",
        kind="camera",
        title={"vi": "Vượt", "en": "Crossing"},
        severity=Severity.CRITICAL,
        raised_at=NOW,
        evidence=(
            {"kind": "camera", "asset": "cam-1", "at": NOW // 1000, "values": {"label": "person", "picture": picture}},
            {"kind": "camera", "asset": "cam-1", "at": NOW // 1000, "values": {"count_person": 2}},
            {"kind": "camera", "asset": "cam-1", "at": NOW // 1000, "values": None},
        ),
    )


class Held:
    """What open incidents hold, as long as it can be asked."""

    def __init__(self, *pictures: str) -> None:
        self.pictures = frozenset(pictures)
        self.away = False
        self.asked = 0
        self.asked_often = asyncio.Event()

    async def __call__(self) -> Collection[str]:
        self.asked += 1
        if self.asked == 3:
            self.asked_often.set()
        if self.away:
            raise StoreUnavailable("The store is away.")
        return self.pictures


def test_the_pictures_of_an_incident_are_those_that_its_events_carry() -> None:
    assert pictures_of(incident("person/a.jpg")) == {"person/a.jpg"}
    assert pictures_of(replace(incident("x"), evidence=())) == frozenset()


async def test_it_tidies_at_once_and_goes_on(folder: PictureFolder) -> None:
    picture = folder.write("person", "cam-1", NOW, JPEG)
    held = Held()
    keeper = Keeper(folder, held, now=lambda: NOW + 7 * DAY, every_s=0.01)
    task = asyncio.create_task(keeper.run())
    async with asyncio.timeout(30):
        await held.asked_often.wait()
    await end([task])
    with pytest.raises(PictureGone):
        folder.read(picture)
    assert keeper.last is not None


async def test_while_the_store_is_away_what_was_known_goes_on_to_hold(folder: PictureFolder) -> None:
    kept, free = (folder.write("person", "cam-1", NOW, JPEG) for _ in range(2))
    held = Held(kept)
    now = NOW
    keeper = Keeper(folder, held, now=lambda: now)
    await keeper.round()
    held.away, now = True, NOW + 7 * DAY
    await keeper.round()
    assert folder.read(kept) == JPEG
    with pytest.raises(PictureGone):
        folder.read(free)


async def test_before_anything_is_known_of_open_incidents_nothing_is_removed(folder: PictureFolder) -> None:
    picture = folder.write("person", "cam-1", NOW, JPEG)
    held = Held()
    held.away = True
    keeper = Keeper(folder, held, now=lambda: NOW + 90 * DAY)
    await keeper.round()
    assert (keeper.rounds, keeper.failed) == (0, 1)
    assert folder.read(picture) == JPEG


async def test_a_folder_that_cannot_be_tidied_is_counted_and_tried_again(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    keeper = Keeper(folder, Held(), now=lambda: NOW)
    with monkeypatch.context() as broken:
        broken.setattr(folder, "tidy", refuse)
        await keeper.round()
    await keeper.round()
    assert (keeper.rounds, keeper.failed) == (1, 1)


async def test_what_can_never_be_looked_at_is_said_once_and_again_when_it_changes(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = iter([1, 1, 2, 0, 1])
    monkeypatch.setattr(folder, "tidy", lambda *_: Tidied(failed=next(failed)))
    keeper, said = Keeper(folder, Held(), now=lambda: NOW), []
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            await keeper.round()
            said.append(len(caplog.records))
    assert said == [1, 1, 2, 2, 3]


class Incidents:
    """Incidents as the store shows them, counting how often one is read."""

    def __init__(self, *incidents: Incident) -> None:
        self.incidents = {each.id: each for each in incidents}
        self.read: list[str] = []

    async def snapshot(self, *, closed_since: int = 0) -> tuple[str, list[Incident]]:
        return "0-0", [replace(each, evidence=()) for each in self.incidents.values()]

    async def get(self, incident_id: str) -> Incident | None:
        self.read.append(incident_id)
        return self.incidents.get(incident_id)


async def test_only_open_incidents_hold_pictures_and_are_read_when_they_have_changed() -> None:
    first, second = incident("person/a.jpg", 1), incident("person/b.jpg", 2)
    closed = replace(incident("person/c.jpg", 3), condition=Condition.CLEARED, work_state=WorkState.CLOSED)
    incidents = Incidents(first, second, closed)
    held = HeldPictures(incidents)  # type: ignore[arg-type]
    assert await held() == {"person/a.jpg", "person/b.jpg"}
    assert await held() == {"person/a.jpg", "person/b.jpg"}
    assert incidents.read == ["inc-1", "inc-2"]
    incidents.incidents["inc-1"] = replace(incident("person/d.jpg", 1), revision=2)
    del incidents.incidents["inc-2"]
    assert await held() == {"person/d.jpg"}
    assert incidents.read == ["inc-1", "inc-2", "inc-1"]


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


async def test_a_city_without_incidents_holds_nothing(store: Store) -> None:
    assert await HeldPictures(store.incidents)() == frozenset()


async def test_a_picture_is_held_until_its_incident_is_settled(store: Store, folder: PictureFolder) -> None:
    picture = folder.write("person", "cam-1", NOW, JPEG)
    alert = alert_id("crossing", "cam-1", NOW)
    raised = replace(incident(picture), id=incident_id(alert), alerts=(alert,), assets=("cam-1",))
    await store.incidents.apply([raised], [])
    keeper = Keeper(folder, HeldPictures(store.incidents), now=lambda: NOW + 90 * DAY)
    await keeper.round()
    assert folder.read(picture) == JPEG
    await store.incidents.apply([], [ClearedAlert(raised.id, alert, NOW + MINUTE)])
    await keeper.round()
    assert folder.read(picture) == JPEG
    await store.incidents.command(raised.id, "resolve", who="Lan", now=NOW + HOUR)
    await keeper.round()
    with pytest.raises(PictureGone):
        folder.read(picture)
