"""The address of somebody's telephone comes in with a message, and comes to rest nowhere."""

import asyncio
from collections.abc import Callable

import pytest

from ingest import stage
from ingest.settings import IngestSettings
from ioc.runtime.tasks import end
from ioc.store.event_stream import BEGINNING
from ioc.store.opening import Store, open_store

ADDRESS = "5c:e9:1e:77:00:2a"
CONNECTED = f"wlan0: AP-STA-CONNECTED {ADDRESS} auth_alg=open".encode()
UNREADABLE = f"nobody knows what this is about {ADDRESS}".encode()


async def found(store: Store) -> list[dict[str, object]]:
    """The events in the stream, once there are any, and once what could not be read is counted."""
    for _ in range(500):
        entries = await store.events.read(BEGINNING)
        rows = [row for entry in entries for row in entry.batch.iter_rows(named=True)]
        if len(rows) >= 2 and await store.rejected.latest():
            return rows
        await asyncio.sleep(0.02)
    pytest.fail("the events did not come")


async def test_the_address_of_a_telephone_is_neither_stored_nor_logged(
    embedded_store: str,
    settings: IngestSettings,
    publish: Callable[..., object],
    capfd: pytest.CaptureFixture[str],
) -> None:
    stop = asyncio.Event()
    async with open_store(embedded_store) as store:
        running = asyncio.create_task(stage.run(store, settings, stop))
        try:
            for _ in range(500):
                if (await store.health.all()).get("ingest", {}).get("state") == "ok":
                    break
                await asyncio.sleep(0.02)
            await publish(
                [("openwrt/ap-1/hostapd", CONNECTED), ("openwrt/ap-2/hostapd", CONNECTED), ("who/knows", UNREADABLE)]
            )
            rows = await found(store)
            stop.set()
            await running
        finally:
            await end([running])
        clients = {row["client"] for row in rows}
        rejected = await store.rejected.latest()
    assert len(clients) == 1, "one telephone at two access points must be one client"
    said = f"{rows} {rejected} {capfd.readouterr()}".lower()
    assert ADDRESS not in said
    assert ADDRESS.replace(":", "") not in said
