"""What protects the page: who may ask, who may command, and what a browser may load."""

from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from ioc.store.opening import Store
from ui.server.guard import Policy, content_policy, is_loopback
from ui.server.settings import UiSettings

COMMAND = "/api/incidents/0000000000000000/resolve"


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/metrics", "/assets/nothing.js"])
async def test_every_answer_carries_the_headers_that_protect_the_page(served: Any, path: str) -> None:
    headers = (await served.http.get(path)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


async def test_what_changes_is_not_stored_by_anybody(served: Any) -> None:
    assert (await served.http.get("/api/incidents")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example"]
)
async def test_a_page_from_elsewhere_may_neither_command_nor_listen(served: Any, origin: str) -> None:
    answer = await served.http.post(COMMAND, json={"who": "Lan"}, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin")
    with pytest.raises(InvalidStatus) as refused:
        async with served.page(origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_the_page_itself_and_tools_may_command(served: Any) -> None:
    for headers in ({}, {"Origin": served.url}):
        assert (await served.http.post(COMMAND, json={"who": "Lan"}, headers=headers)).status_code == 404
    async with served.page(origin=served.url) as page:
        assert (await page.next())["type"] == "snapshot"


async def test_a_listed_origin_may_command(store: Store, serving: Any) -> None:
    async with serving(store, UiSettings(port=0, allowed_origins=("https://wall.example",))) as served:
        headers = {"Origin": "https://wall.example"}
        assert (await served.http.post(COMMAND, json={"who": "Lan"}, headers=headers)).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "", "a b"])
async def test_a_stranger_who_makes_its_name_point_here_is_refused(served: Any, host: str) -> None:
    answer = await served.http.get("/api/incidents", headers={"Host": host})
    assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
async def test_this_machine_goes_by_its_own_names(served: Any, host: str) -> None:
    assert (await served.http.get("/api/health", headers={"Host": host})).status_code == 200


def test_beyond_loopback_any_name_does_unless_some_are_listed() -> None:
    assert Policy.of("0.0.0.0").hosts is None
    listed = Policy.of("0.0.0.0", hosts=["IOC.example"]).hosts
    assert listed is not None
    assert "ioc.example" in listed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("ioc.example", False),
    ],
)
def test_loopback_is_known_by_its_addresses(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


async def test_a_style_elsewhere_may_be_loaded_and_nothing_else(store: Store, serving: Any) -> None:
    settings = UiSettings(
        port=0, basemap="https://user:secret@tiles.example:8443/styles/liberty?x=1", basemap_optional=True
    )
    async with serving(store, settings) as served:
        policy = (await served.http.get("/")).headers["content-security-policy"]
        basemap = (await served.http.get("/api/city")).json()["basemap"]
    assert policy == content_policy(["https://tiles.example:8443"])
    assert "connect-src 'self' https://tiles.example:8443;" in policy
    assert "secret" not in policy
    assert (basemap["kind"], basemap["optional"]) == ("style", True)


async def test_the_built_page_is_served_and_nothing_beside_it(store: Store, serving: Any, page_folder: Path) -> None:
    async with serving(store, UiSettings(port=0, page=page_folder)) as served:
        index = await served.http.get("/")
        script = await served.http.get("/assets/index-abc.js")
        beside = [await served.http.get(path) for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt")]
    assert ("<title>IOC</title>" in index.text, index.headers["cache-control"]) == (True, "no-cache")
    assert "immutable" in script.headers["cache-control"]
    assert "javascript" in script.headers["content-type"]
    assert [answer.status_code for answer in beside] == [404, 404, 404]


async def test_a_page_that_is_not_built_says_how_to_build_it(store: Store, serving: Any, tmp_path: Path) -> None:
    async with serving(store, UiSettings(port=0, page=tmp_path / "nothing")) as served:
        answer = await served.http.get("/")
        assert (answer.status_code, "make setup" in answer.text) == (200, True)
        assert (await served.http.get("/assets/x.js")).status_code == 404
