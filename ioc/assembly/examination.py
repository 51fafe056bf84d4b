"""Examines broker, store and machine: can they keep the promise that nothing acknowledged is lost?"""

import asyncio
import os
import re
import resource
import shutil
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

import ui.server
from ingest.mqtt.tls import tls_context
from ingest.mqtt.trial import ALLOWED, IN_FLIGHT, NotTried, Trial, try_session
from ingest.settings import IngestSettings
from ioc.assembly.camera_examination import examine_audit_log, examine_cameras
from ioc.assembly.finding import Finding, Found
from ioc.config import Configuration
from ioc.model.faults import Fault
from ioc.runtime import clock, embedded
from ioc.runtime.broker_address import parse_address
from ioc.runtime.mqtt_hello import Hello, Refused, say_hello
from ioc.runtime.redaction import redact

OLDEST_REDIS: Final = (7, 0)
OLDEST_MOSQUITTO: Final = (2, 1)
MOST_CLOCK_DIFFERENCE: Final = 1_000_000
"""Microseconds between the store's clock and ours; lateness and absence go by what ingest stamps."""

LEAST_DISK: Final = 1_000_000_000
LEAST_FILES: Final = 1_024


def examine(configuration: Configuration) -> Iterator[Found]:
    """Look at everything the line needs, one thing after the other."""
    yield from _machine(configuration)
    yield from _store(configuration)
    yield from _broker(configuration)
    yield from _page(configuration)
    yield from examine_cameras(configuration, os.environ)


def _machine(configuration: Configuration) -> Iterator[Found]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Found("python", Finding.GOOD, f"Python {version} on {sys.platform}")
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = files != resource.RLIM_INFINITY and files < LEAST_FILES
    yield Found(
        "open files",
        Finding.DOUBTFUL if few else Finding.GOOD,
        f"{files} may be open at once" + (f"; at least {LEAST_FILES} are wanted (ulimit -n)" if few else ""),
    )
    existing = next(
        folder for folder in (configuration.data.resolve(), *configuration.data.resolve().parents) if folder.exists()
    )
    free = shutil.disk_usage(existing).free
    yield Found(
        "data",
        Finding.GOOD if free > LEAST_DISK else Finding.BAD,
        f"{configuration.data} has {free / 1e9:.0f} GB free"
        + ("" if free > LEAST_DISK else "; at least 1 GB is needed"),
    )
    yield _history(configuration)


def _history(configuration: Configuration) -> Found:
    kept = configuration.history
    if not kept.enabled:
        return Found("history", Finding.DOUBTFUL, "none is kept: rules cannot be tried on the past")
    folder = configuration.history_folder
    existing = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Found("history", Finding.BAD, f"{folder} cannot be written: {existing} does not let us")
    free = shutil.disk_usage(existing).free / 1e9
    held = sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e9
    sentence = f"{folder} keeps {kept.keep_days:g} days, at most {kept.keep_gb:g} GB, and has {free:.0f} GB free"
    if held + free < kept.keep_gb:
        return Found("history", Finding.DOUBTFUL, f"{sentence}: less than may be kept; lower history.keep_gb")
    return Found("history", Finding.GOOD, sentence)


def _store(configuration: Configuration) -> Iterator[Found]:
    if configuration.redis.url is None and not embedded.is_listening(configuration.redis.port):
        yield Found("store", Finding.GOOD, f"embedded, not running; port {configuration.redis.port} is free for it")
        return
    try:
        told, settings, theirs, ours, audit = asyncio.run(_ask_store(configuration.redis_url))
    except Fault as fault:
        yield Found("store", Finding.BAD, redact(str(fault)))
        return
    yield _store_version(told, redact(configuration.redis_url))
    yield from _persistence(told, settings)
    yield _setting(settings, "maxmemory-policy", "noeviction", "may throw incidents away when its memory is full")
    apart = abs(theirs - ours)
    yield Found(
        "clock",
        Finding.GOOD if apart <= MOST_CLOCK_DIFFERENCE else Finding.BAD,
        f"the store's clock and ours are {apart / 1e6:.3f} s apart"
        + ("" if apart <= MOST_CLOCK_DIFFERENCE else "; let both follow the same time server"),
    )
    yield audit


async def _ask_store(url: str) -> tuple[dict[str, str], dict[str, str], int, int, Found]:
    from ioc.store.opening import open_store  # noqa: PLC0415 - nothing else here needs the client

    async with open_store(url) as store:
        call = store.connection.call
        told = _information(await call("INFO"))
        settings: dict[str, str] = {}
        for name in ("appendonly", "appendfsync", "maxmemory-policy"):
            try:
                answer = await call("CONFIG", "GET", name)
            except Exception:  # noqa: S112 - hosted stores refuse CONFIG with errors of many kinds: then it is not known
                continue
            settings |= _pairs(answer)
        before = clock.now()
        seconds, micros = await call("TIME")
        ours = (before + clock.now()) // 2
        return told, settings, int(seconds) * 1_000_000 + int(micros), ours, await examine_audit_log(store)


def _information(answer: Any) -> dict[str, str]:
    if isinstance(answer, Mapping):
        return {_text(name): _text(value) for name, value in answer.items()}
    text = _text(answer)
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))


def _pairs(answer: Any) -> dict[str, str]:
    pairs = answer.items() if isinstance(answer, Mapping) else zip(answer[::2], answer[1::2], strict=True)
    return {_text(name): _text(value) for name, value in pairs}


def _text(part: Any) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else str(part)


def _store_version(told: Mapping[str, str], url: str) -> Found:
    valkey = told.get("valkey_version")
    name, version = ("Valkey", valkey) if valkey else ("Redis", told.get("redis_version", "of unknown version"))
    good = bool(valkey) or _numbers(version) >= OLDEST_REDIS
    return Found(
        "store",
        Finding.GOOD if good else Finding.BAD,
        f"{name} {version} at {url}" + ("" if good else "; Redis 7 or Valkey is needed"),
    )


def _persistence(told: Mapping[str, str], settings: Mapping[str, str]) -> Iterator[Found]:
    if told.get("aof_enabled") != "1":
        yield Found("persistence", Finding.BAD, "the store forgets everything when it stops; set appendonly yes")
        return
    well = told.get("aof_last_write_status", "ok") == "ok"
    yield Found(
        "persistence",
        Finding.GOOD if well else Finding.BAD,
        "the store writes a log (appendonly yes)" if well else "the store's last write to disk failed; see its own log",
    )
    yield _setting(settings, "appendfsync", "always", "may lose what it has answered already when it is killed")


def _setting(settings: Mapping[str, str], name: str, wanted: str, danger: str) -> Found:
    value = settings.get(name)
    if value is None:
        return Found(name, Finding.DOUBTFUL, f"cannot be read; make sure that it is {wanted}, or the store {danger}")
    if value == wanted:
        return Found(name, Finding.GOOD, value)
    return Found(name, Finding.BAD, f"is {value}: the store {danger}; set it to {wanted}")


def _broker(configuration: Configuration) -> Iterator[Found]:
    settings = configuration.ingest
    if configuration.mqtt.url is None and not embedded.is_listening(configuration.mqtt.port_v5):
        ports = f"{configuration.mqtt.port} and {configuration.mqtt.port_v5}"
        yield Found("broker", Finding.GOOD, f"embedded, not running; ports {ports} are free for it")
        return
    url = redact(settings.mqtt_url)
    try:
        address = parse_address(settings.mqtt_url)
        tls = tls_context(settings, address)
        hello, protocol = _hello(settings, tls)
    except (Refused, Fault) as problem:
        yield Found("broker", Finding.BAD, f"{url} does not let us in: {redact(str(problem))}")
        return
    spoken = "MQTT 5" if protocol == 5 else "MQTT 3.1.1"
    yield Found("broker", Finding.GOOD, f"{hello.version or 'a broker'} at {url}, {spoken}")
    yield from _broker_limits(hello, settings.max_payload)
    if protocol == 3:
        yield Found(
            "receive maximum",
            Finding.DOUBTFUL,
            "MQTT 3.1.1 has none; ingest stops reading when it is full. Its sessions never end: remove those of client "
            "ids that are used no more",
        )
        return
    try:
        trial = try_session(address, tls)
    except NotTried as reason:
        yield Found("session", Finding.DOUBTFUL, f"not tried: the broker {redact(str(reason))}")
        return
    yield from _session(trial, settings.receive_maximum)


def _hello(settings: IngestSettings, tls: ssl.SSLContext | None) -> tuple[Hello, Literal[3, 5]]:
    """Greet the broker in the version of MQTT that ingest would speak with it."""
    try:
        return say_hello(settings.mqtt_url, settings.mqtt_protocol, tls=tls), settings.mqtt_protocol
    except Refused:
        if settings.mqtt_adapter != "auto" or settings.mqtt_protocol == 3:
            raise
        with suppress(Refused):
            return say_hello(settings.mqtt_url, 3, tls=tls), 3
        raise


def _session(trial: Trial, receive_maximum: int) -> Iterator[Found]:
    """Say what a trial means for messages that come while ingest is away."""
    if not trial.session_present:
        yield Found("session", Finding.BAD, "the broker forgets a session that is away; let it keep sessions")
    elif trial.kept < trial.published:
        yield Found(
            "session",
            Finding.BAD,
            f"the broker kept only {trial.kept:,} of {trial.published:,} messages that it had acknowledged, for a "
            "session that was away; let it queue without a limit of messages (Mosquitto: max_queued_messages 0, and a "
            "limit of bytes by max_queued_bytes)",
        )
    else:
        kept = f"{trial.kept:,} of {trial.published:,} messages were kept for a session that was away"
        yield Found("session", Finding.GOOD, kept)
    own_window = trial.at_once <= trial.in_flight < IN_FLIGHT and trial.at_once <= receive_maximum
    if trial.at_once <= ALLOWED:
        yield Found("receive maximum", Finding.GOOD, "obeyed after a session has been resumed")
    elif own_window:
        sentence = f"the broker sends {trial.at_once} messages at once whatever is asked, which ingest has room for"
        yield Found("receive maximum", Finding.GOOD, sentence)
    else:
        yield Found(
            "receive maximum",
            Finding.BAD,
            f"ignored after a session has been resumed: {trial.at_once:,} messages came at once where {ALLOWED} were "
            "allowed",
        )


def _broker_limits(hello: Hello, max_payload: int) -> Iterator[Found]:
    if hello.maximum_qos < 1:
        sentence = "the broker offers QoS 0 only: what is on its way when a process stops is lost"
        yield Found("quality", Finding.BAD, sentence)
    else:
        yield Found("quality", Finding.GOOD, "QoS 1: a message is kept until it is in the store")
    if hello.maximum_packet is not None and hello.maximum_packet < max_payload:
        yield Found(
            "message size", Finding.DOUBTFUL, f"the broker takes {hello.maximum_packet} bytes, ingest {max_payload}"
        )
    if hello.version and "mosquitto" in hello.version.lower() and _numbers(hello.version) < OLDEST_MOSQUITTO:
        yield Found(
            "mosquitto",
            Finding.BAD,
            "before 2.1 it ignores the receive maximum after a resumed session; use 2.1 or newer, or EMQX",
        )


def _page(configuration: Configuration) -> Iterator[Found]:
    page = configuration.ui.page or Path(ui.server.__file__).parent.parent / "web" / "dist"
    built = (page / "index.html").is_file()
    yield Found(
        "page", Finding.GOOD if built else Finding.BAD, f"built in {page}" if built else "not built: make setup"
    )
    port = configuration.ui.port
    taken = embedded.is_listening(port)
    yield Found(
        "page's port",
        Finding.DOUBTFUL if taken else Finding.GOOD,
        f"{port} answers: something runs there already" if taken else f"{port} is free",
    )
    browser = next((name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)
    yield Found(
        "chromium", Finding.GOOD, f"{browser} (only the tests need it)" if browser else "none (only the tests need it)"
    )


def _numbers(version: str) -> tuple[int, ...]:
    match = re.search(r"(\d+)\.(\d+)", version)
    return tuple(int(number) for number in match.groups()) if match else (0, 0)
