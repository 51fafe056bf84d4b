"""While the store is away the pages keep what is known, are told so, and heal when it is back."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from ioc.runtime import embedded
from ioc.store.opening import open_store

AWAY = "The store does not answer; the screen keeps what it knew."


@pytest.mark.timeout(90)
async def test_the_screen_keeps_what_it_knew_says_so_and_heals(
    tmp_path: Path, free_port: Callable[[], int], serving: Any, fire: Any, until: Any
) -> None:
    command = embedded.store(tmp_path, port=free_port(), log=tmp_path / "store.log")
    url = f"redis://127.0.0.1:{command.ports[0]}"
    first, second = fire("cam-1"), fire("cam-2")
    async with AsyncExitStack() as stack:
        with embedded.running(command):
            store = await stack.enter_async_context(open_store(url))
            await store.incidents.apply([first], [])
            served = await stack.enter_async_context(serving(store))
            page = await stack.enter_async_context(served.page())
            assert [incident["key"] for incident in (await page.next())["incidents"]] == ["cam-1"]

        await page.until(says_away)
        health = (await served.http.get("/api/health")).json()
        assert (health["state"], health["messages"][0]["severity"]) == ("degraded", "critical")
        assert (await served.http.get("/api/incidents")).json()["total"] == 1
        assert "ioc_store_up 0\n" in (await served.http.get("/metrics")).text
        path = f"/api/incidents/{first.id}/acknowledge"
        refused = await served.http.post(path, json={"who": "Lan"}, timeout=30)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_away")

        with embedded.running(command):
            async with open_store(url) as other:
                await other.incidents.apply([second], [])
            heard = await page.until(lambda message: bool(message["incidents"]), within_s=20)
            assert [incident["key"] for incident in heard["incidents"]] == ["cam-2"]
            await page.until(lambda message: "health" in message and not says_away(message), within_s=20)
            await stack.aclose()


def says_away(message: dict[str, Any]) -> bool:
    said: list[dict[str, str]] = message.get("health", {}).get("messages", [])
    return any(each["en"] == AWAY for each in said)


async def test_a_store_that_lost_its_data_is_not_mistaken_for_a_quiet_city(served: Any, fire: Any, until: Any) -> None:
    await served.store.incidents.apply([fire()], [])

    async def empty() -> bool:
        return bool((await served.http.get("/api/incidents")).json()["total"] == 0)

    async with served.page() as page:
        await page.until(lambda message: bool(message["incidents"]))
        await served.store.connection.call("FLUSHALL")
        await until(empty)
    health = (await served.http.get("/api/health")).json()
    assert health["messages"][0]["en"] == "The store has lost what it held: earlier incidents are gone."
