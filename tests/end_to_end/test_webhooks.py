"""From a system's report over HTTP to an incident, also where ingest is killed on the way; and codecs that change."""

import asyncio
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

pytestmark = pytest.mark.end_to_end

TOKEN = "0f6f2c9be3a94d51b3a7"
CODEC = """\
codec: siren
title: A box on a roof
kind: security
messages:
  - name: state
    topics: $in/siren/{source}
    asset: "{source}"
    values: {battery: {path: battery}}
"""


@pytest.fixture
def codecs(product_environment: dict[str, str], tmp_path: Path) -> Path:
    """The folder of one's own codecs, with a system that may report by one of them."""
    folder = tmp_path / "codecs"
    folder.mkdir()
    webhooks = [{"source": "roof-1", "codec": "siren", "token": TOKEN}]
    product_environment["IOC_INGEST_CODECS_DIR"] = str(folder)
    product_environment["IOC_UI_WEBHOOKS"] = json.dumps(webhooks)
    return folder


def report(url: str, payload: bytes) -> tuple[int, Any]:
    """Report as a system does."""
    request = urllib.request.Request(  # noqa: S310 - always http://127.0.0.1
        f"{url}/api/in/siren/roof-1", payload, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def tried_on_the_page(url: str, topic: str, payload: str) -> Any:
    """Ask what codecs would make of a message."""
    body = json.dumps({"topic": topic, "payload": payload}).encode()
    request = urllib.request.Request(  # noqa: S310
        f"{url}/api/codecs/try", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return json.load(answer)


def ingest_pid(product: Any) -> int | None:
    found = product.get("/api/health")["processes"].get("ingest", {}).get("pid")
    return None if found is None else int(found)


async def test_what_is_reported_over_http_becomes_one_incident_though_ingest_is_killed_on_the_way(
    codecs: Path, start_demo: Any, eventually: Callable[..., Any]
) -> None:
    (codecs / "siren.yaml").write_text(CODEC)
    demo = start_demo("--no-simulators")
    demo.wait_until_ready()
    store = redis.Redis.from_url(demo.redis)
    before = eventually(lambda: ingest_pid(demo))
    # Stopped, so that the report is kept and not read when ingest is killed.
    psutil.Process(before).suspend()
    status, said = report(demo.url, b'{"battery": 3, "at": 1}')
    assert (status, said["kept"]) == (202, True)
    assert store.xlen("ioc:{0}:inbox") == 1
    os.kill(before, 9)
    (incident,) = eventually(lambda: demo.get("/api/incidents")["incidents"], seconds=40, what="an incident")
    assert incident["assets"] == ["roof-1"]
    eventually(lambda: store.xlen("ioc:{0}:inbox") == 0, what="the report forgotten")
    assert sum(int(fields[b"count"]) for _, fields in store.xrange("ioc:{0}:events")) == 1
    store.close()


async def test_a_report_that_is_read_twice_is_one_event(
    codecs: Path, start_demo: Any, eventually: Callable[..., Any]
) -> None:
    (codecs / "siren.yaml").write_text(CODEC)
    demo = start_demo("--no-simulators")
    demo.wait_until_ready()
    store = redis.Redis.from_url(demo.redis)
    pid = eventually(lambda: ingest_pid(demo))
    kept = {b"topic": b"$in/siren/roof-1", b"payload": b'{"battery": 3}', b"received_at": b"1795309200000000"}
    store.xadd("ioc:{0}:inbox", kept)
    eventually(lambda: store.xlen("ioc:{0}:inbox") == 0, what="the report read")
    # The same entry, as it stands there where ingest dies after it has kept the events and before it has forgotten.
    os.kill(pid, 9)
    store.xadd("ioc:{0}:inbox", kept)
    eventually(lambda: ingest_pid(demo) not in (None, pid), seconds=40, what="a new ingest")
    eventually(lambda: store.xlen("ioc:{0}:inbox") == 0, what="the report read again")
    counts = [int(fields[b"count"]) for _, fields in store.xrange("ioc:{0}:events")]
    assert sum(counts) == 1
    store.close()


async def test_a_codec_that_is_dropped_into_the_folder_is_live_within_two_seconds_and_a_broken_one_is_told(
    codecs: Path, start_demo: Any, eventually: Callable[..., Any]
) -> None:
    demo = start_demo("--no-simulators")
    demo.wait_until_ready()
    pid = eventually(lambda: ingest_pid(demo))
    loop = asyncio.get_running_loop()
    dropped = loop.time()
    (codecs / "siren.yaml").write_text(CODEC)
    log = demo.data / "logs" / "ingest.log"
    eventually(lambda: "codecs have changed and are at work" in log.read_text(), what="the codec at work")
    # Two seconds are promised; a machine that does other things besides may take its time.
    assert loop.time() - dropped < 6
    tried = tried_on_the_page(demo.url, "$in/siren/roof-1", '{"battery": 4}')
    assert (tried["codec"], tried["events"][0]["values"]) == ("siren", {"battery": 4.0})
    assert report(demo.url, b'{"battery": 4}')[0] == 202
    eventually(lambda: demo.get("/api/incidents")["incidents"], what="an incident")
    (codecs / "siren.yaml").write_text(CODEC.replace("path: battery", "pth: battery"))

    def told() -> Any:
        health = demo.get("/api/health")
        return health["state"] == "degraded" and re.search(r"siren\.yaml:8:24", json.dumps(health["messages"]))

    eventually(told, what="word of the mistake")
    assert report(demo.url, b'{"battery": 5}')[0] == 202
    eventually(lambda: demo.get("/api/assets/roof-1")["values"]["battery"] == 5, what="the last good codec at work")
    (codecs / "siren.yaml").write_text(CODEC)
    eventually(lambda: demo.get("/api/health")["state"] == "ok", what="the end of the warning")
    assert ingest_pid(demo) == pid, subprocess.list2cmdline(demo.said().splitlines()[-20:])


def test_a_mistake_in_a_codec_at_the_start_ends_it_with_file_line_and_column(codecs: Path, start_demo: Any) -> None:
    (codecs / "siren.yaml").write_text(CODEC.replace("path: battery", "pth: battery"))
    demo = start_demo("--no-simulators")
    said, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode == 2, said
    assert "siren.yaml:8:24" in said
    assert "Traceback" not in said
