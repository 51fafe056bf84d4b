"""Webhooks: who may report, what is kept, and what every refusal says."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ioc.model.faults import Fault
from ioc.runtime import clock
from ioc.store.inbox import BEGINNING, MessageInbox
from ioc.store.opening import Store
from ui.server.problems import Problem
from ui.server.settings import UiSettings
from ui.server.webhook_settings import WebhookSettings
from ui.server.webhooks import Doors, _read_kind

PAGE = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"
TOKEN = "correct-horse-battery-staple"
OTHER = "another-horse-another-staple"

WEBHOOKS = (
    WebhookSettings(source="am-1", codec="alertmanager", token=TOKEN, max_bytes=2_000),
    WebhookSettings(source="am-2", codec="alertmanager", token=OTHER),
    WebhookSettings(source="street", codec="telraam", token=TOKEN, token_in_url=True),
)
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest_asyncio.fixture
async def doors(store: Store, serving: Any) -> AsyncIterator[Any]:
    async with serving(store, UiSettings(port=0, webhooks=WEBHOOKS)) as running:
        yield running


async def kept(store: Store) -> list[tuple[str, bytes]]:
    return [(each.message.topic, each.message.payload) for each in await store.inbox.read(BEGINNING)]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_report_is_kept_as_it_came_before_it_is_answered(doors: Any) -> None:
    before = clock.now()
    answer = await doors.http.post("/api/in/alertmanager/am-1", content=b'{"a": 1 }', headers=BEARER)
    (found,) = await doors.store.inbox.read(BEGINNING)
    assert (answer.status_code, answer.json()) == (202, {"kept": True, "position": found.position})
    assert (found.message.topic, found.message.payload) == ("$in/alertmanager/am-1", b'{"a": 1 }')
    assert before <= found.message.received_at <= clock.now()


@pytest.mark.parametrize(
    ("path", "headers", "topic"),
    [
        ("alertmanager", BEARER, "$in/alertmanager/am-1"),
        ("alertmanager", {"x-auth-token": OTHER}, "$in/alertmanager/am-2"),
        ("alertmanager/am-2", {"authorization": f"bearer {OTHER}"}, "$in/alertmanager/am-2"),
        (f"telraam?token={TOKEN}", {}, "$in/telraam/street"),
    ],
)
async def test_the_token_says_which_source_reports(doors: Any, path: str, headers: dict[str, str], topic: str) -> None:
    answer = await doors.http.post(f"/api/in/{path}", content=b"{}", headers=headers)
    assert answer.status_code == 202
    assert await kept(doors.store) == [(topic, b"{}")]


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("alertmanager", {}, (401, "token_missing")),
        ("alertmanager/am-1", {"authorization": "Basic dXNlcjpwYXNz"}, (401, "token_missing")),
        ("alertmanager/am-1", {"cookie": f"token={TOKEN}"}, (401, "token_missing")),
        (f"alertmanager/am-1?token={TOKEN}", {}, (401, "token_missing")),
        ("alertmanager/am-1", {"authorization": "Bearer wrong"}, (403, "token_wrong")),
        ("alertmanager/am-2", BEARER, (403, "token_wrong")),
        (f"telraam?token={OTHER}", {}, (403, "token_wrong")),
        ("zabbix", BEARER, (404, "unknown")),
        ("alertmanager/am-9", BEARER, (404, "unknown")),
        ("alertmanager/am-1", BEARER | {"origin": "https://elsewhere.example"}, (403, "origin")),
        ("alertmanager/am-1", BEARER | {"content-type": "image/png"}, (415, "kind")),
        ("alertmanager/am-1", BEARER | {"content-type": "text/plain; charset=latin-1"}, (415, "kind")),
        ("alertmanager/am-1", BEARER | {"content-encoding": "br"}, (415, "kind")),
    ],
)
async def test_whoever_may_not_report_is_refused_and_nothing_is_kept(
    doors: Any, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    answer = await doors.http.post(f"/api/in/{path}", content=b"{}", headers=headers)
    assert code(answer) == expected
    assert TOKEN not in answer.text
    assert await kept(doors.store) == []


async def test_a_body_has_the_bound_of_its_source(doors: Any) -> None:
    large = b"x" * 2_001

    async def in_parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1_000

    for body in (large, in_parts()):
        answer = await doors.http.post("/api/in/alertmanager/am-1", content=body, headers=BEARER)
        assert code(answer) == (413, "too_large")
    other = {"authorization": f"Bearer {OTHER}"}
    assert (await doors.http.post("/api/in/alertmanager", content=b"x" * 100_000, headers=other)).status_code == 202
    assert code(await doors.http.post("/api/in/alertmanager/am-1", headers=BEARER)) == (400, "request")


async def test_gzip_is_unpacked_no_further_than_the_bound(doors: Any) -> None:
    headers = BEARER | {"content-encoding": "gzip"}

    async def post(body: bytes) -> httpx.Response:
        answer = await doors.http.post("/api/in/alertmanager/am-1", content=body, headers=headers)
        assert isinstance(answer, httpx.Response)
        return answer

    assert code(await post(gzip.compress(b"0" * 1_000_000))) == (413, "too_large")
    assert code(await post(gzip.compress(b"{}")[:-4])) == (400, "request")
    assert code(await post(b"{}")) == (400, "request")
    assert (await post(gzip.compress(b"{}"))).status_code == 202
    assert await kept(doors.store) == [("$in/alertmanager/am-1", b"{}")]


async def test_a_form_becomes_json(doors: Any) -> None:
    form = {"service_code": "ổ gà", "lat": "11.9", "media": ["a", "b"], "none": ""}
    answer = await doors.http.post("/api/in/alertmanager/am-1", data=form, headers=BEARER)
    assert answer.status_code == 202
    ((_, payload),) = await kept(doors.store)
    assert msgspec.json.decode(payload) == form


async def test_a_full_inbox_asks_to_come_again_later(doors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors.store.inbox, "_bounds", (1, 1_000_000))
    for expected in (202, 503):
        answer = await doors.http.post("/api/in/alertmanager/am-1", content=b"{}", headers=BEARER)
        assert answer.status_code == expected
    assert code(answer) == (503, "inbox_full")
    assert int(answer.headers["retry-after"]) >= 1
    assert len(await kept(doors.store)) == 1
    metrics = (await doors.http.get("/metrics")).text
    for outcome in ("kept", "full"):
        line = f'ioc_webhook_reports_total{{codec="alertmanager",source="am-1",outcome="{outcome}"}} 1\n'
        assert line in metrics


async def test_a_store_that_is_away_asks_to_come_again_later(doors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await doors.store.connection.call("CONFIG", "SET", "maxmemory", "1")
    try:
        answer = await doors.http.post("/api/in/alertmanager/am-1", content=b"{}", headers=BEARER)
    finally:
        await doors.store.connection.call("CONFIG", "SET", "maxmemory", "0")
    assert code(answer) == (503, "store_away")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_body_that_does_not_come_is_not_waited_for(doors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.server.webhooks.BODY_S", 0.05)
    host, port = doors.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/in/alertmanager/am-1 HTTP/1.1\r\nHost: {host}:{port}\r\nX-Auth-Token: {TOKEN}\r\n"
    writer.write(f"{head}Content-Length: 10\r\n\r\n{{".encode())
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
    writer.close()


def test_a_token_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    doors = Doors([WebhookSettings(source="a", codec="cap", token_file=file)])
    assert doors.admit("cap", "a", {"x-auth-token": TOKEN}, {}).topic == "$in/cap/a"
    for content in ("", "short"):
        file.write_text(content)
        with pytest.raises(Fault, match="at least 16 are needed"):
            Doors([WebhookSettings(source="a", codec="cap", token_file=file)])
    with pytest.raises(Fault, match="cannot be read"):
        Doors([WebhookSettings(source="a", codec="cap", token_file=tmp_path / "none")])


def test_a_source_of_a_codec_stands_there_once() -> None:
    with pytest.raises(Fault, match="'a' of 'cap' stands there twice"):
        Doors([WebhookSettings(source="a", codec="cap", token=TOKEN)] * 2)


def test_the_token_is_not_in_what_is_held_of_a_door() -> None:
    assert TOKEN not in repr(Doors(WEBHOOKS).__dict__)
    assert TOKEN not in repr(WEBHOOKS)


@pytest.mark.parametrize("given", [{}, {"token": TOKEN, "token_file": "x"}, {"token": "short"}])
def test_a_webhook_has_exactly_one_good_token(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings(source="a", codec="cap", **given)  # type: ignore[arg-type]


def test_the_inbox_of_the_store_is_what_is_written_to(store: Store) -> None:
    assert isinstance(store.inbox, MessageInbox)


async def test_the_example_of_the_document_is_taken(store: Store, serving: Any) -> None:
    text = PAGE.read_text("utf-8")
    request, answered = re.findall(r"```(?:http|json)\n(.*?)```", text, re.DOTALL)[:2]
    head, _, body = request.partition("\n\n")
    first, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    webhook = WebhookSettings(
        source="prometheus-1", codec="alertmanager", token=headers["Authorization"].removeprefix("Bearer ")
    )
    async with serving(store, UiSettings(port=0, webhooks=(webhook,))) as running:
        answer = await running.http.post(first.split()[1], headers=headers, content=body.encode())
    assert answer.status_code == 202
    assert answer.json().keys() == msgspec.json.decode(answered).keys()


@settings(deadline=None)
@given(
    st.sampled_from(["", "gzip", "deflate", "GZIP "]),
    st.sampled_from(["", "application/json", "application/x-www-form-urlencoded", "text/xml; charset=", ";;=", "a/b"]),
    st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(gzip.compress)),
    st.integers(1, 200),
)
def test_whatever_comes_is_refused_or_within_the_bound(packing: str, kind: str, body: bytes, most: int) -> None:
    headers = {name: value for name, value in (("content-encoding", packing), ("content-type", kind)) if value}
    with suppress(Problem):
        assert len(_read_kind(headers)(body, most)) <= most or "form" in kind or not packing
