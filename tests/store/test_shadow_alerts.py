"""Shadow alerts: written once each, the latest kept."""

from dataclasses import replace

import pytest

from ioc.store import shadow_alerts as module
from ioc.store.opening import Store
from ioc.store.shadow_alerts import ShadowAlert

NOW = 1_795_309_200_123_456
ALERT = ShadowAlert("a1", "dust", "v1", "env-1", NOW, lat=11.9, lon=108.4, numbers={"held_s": 60.0})


async def test_an_alert_that_ends_is_written_anew_in_its_place(store: Store) -> None:
    await store.shadow_alerts.put([ALERT, replace(ALERT, id="a2", raised_at=NOW + 1)])
    ended = replace(ALERT, cleared_at=NOW + 5)
    await store.shadow_alerts.end([("a1", NOW + 5), ("long gone", NOW)])
    assert await store.shadow_alerts.latest() == [replace(ALERT, id="a2", raised_at=NOW + 1), ended]
    assert ended.to_json()["cleared_at"] == NOW // 1000


async def test_the_oldest_go_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    for number in range(4):
        await store.shadow_alerts.put([replace(ALERT, id=f"a{number}", raised_at=NOW + number)])
    assert [alert.id for alert in await store.shadow_alerts.latest()] == ["a3", "a2"]
    assert await store.connection.call("HLEN", "ioc:{rules}:shadow-alerts") == 2
