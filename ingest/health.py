"""How ingest is, as it tells the health board every second."""

import asyncio
import json
import os
from typing import Final

from ingest.counters import Counters
from ingest.source import MessageSource
from ioc.model.instant import MINUTE, Duration, Instant, to_iso, to_milliseconds
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.store.connection import StoreUnavailable
from ioc.store.opening import Store

PROCESS: Final = "ingest"

REPORT_S: Final = 1.0
"""Seconds between two reports."""

SILENT_AFTER_S: Final = 5.0
"""Seconds after which the board forgets a process that does not report."""

LEAVE_S: Final = 0.5
"""Seconds to take ingest off the board, at the end."""

LOST_DATA_S: Final = 5.0
"""Seconds between two looks at whether the store still holds what it held."""

TELL_LOSS: Final[Duration] = 10 * MINUTE
"""How long people are told that the broker has forgotten our session; it stays counted."""

_LOG = Log("ingest")


class Health:
    """Gathers what is wrong, and says it in both languages together with the counters."""

    def __init__(self, counters: Counters, source: MessageSource) -> None:
        """Take what is counted, and where messages come from."""
        self._counters = counters
        self._source = source
        self._store_problem: StoreUnavailable | None = None
        self._codec_problem: str | None = None
        self._lost_at: Instant | None = None
        self._was_ready = False
        self._events_before = 0
        self._loop = asyncio.get_running_loop()
        self._reported_at = self._loop.time()

    def note_store(self, problem: StoreUnavailable | None) -> None:
        """Note why the store does not take what it is given; None where it does."""
        if problem is not None and self._store_problem is None:
            _LOG.warning("waiting for the store; nothing is acknowledged", reason=problem.reason)
        elif problem is None and self._store_problem is not None:
            _LOG.info("the store is back")
        self._store_problem = problem

    def note_codecs(self, problem: str | None) -> None:
        """Note what is wrong in a codec that has changed; None where all is well."""
        self._codec_problem = problem

    async def report_to(self, store: Store) -> None:
        """Report, again and again, until cancelled. A board that is away is tried again next time."""
        checked_at = self._loop.time()
        while True:
            try:
                await store.health.report(PROCESS, self._fields(), SILENT_AFTER_S)
                if self._loop.time() - checked_at >= LOST_DATA_S:
                    checked_at = self._loop.time()
                    await self._look_for_loss(store)
            except StoreUnavailable as away:
                # Where the line itself has nothing to write, this is the only one to notice.
                _LOG.debug("health is not reported", reason=away.reason)
            await asyncio.sleep(REPORT_S)

    async def leave(self, store: Store) -> None:
        """Take ingest off the board."""
        try:
            async with asyncio.timeout(LEAVE_S):
                await store.health.forget(PROCESS)
        except (StoreUnavailable, TimeoutError):
            _LOG.warning("ingest stays on the health board until it fades")

    async def _look_for_loss(self, store: Store) -> None:
        if self._lost_at is None and await store.has_lost_its_data():
            self._lost_at = clock.now()
            _LOG.error("the store has lost its data; what was registered and kept before is gone")

    def _fields(self) -> dict[str, str | int | float]:
        counters, now = self._counters, self._loop.time()
        elapsed = max(now - self._reported_at, 1e-3)
        rate = (counters.events - self._events_before) / elapsed
        self._events_before, self._reported_at = counters.events, now
        problem = self._message()
        self._was_ready = self._was_ready or not problem
        last = counters.last_event_at
        return {
            "state": "ok" if not problem else "degraded" if self._was_ready or self._store_problem else "starting",
            "message": problem or self._past_loss(),
            "at": to_milliseconds(clock.now()),
            "pid": os.getpid(),
            "messages_total": counters.messages,
            "events_total": counters.events,
            "events_per_s": round(rate, 1),
            "duplicates_total": counters.duplicates,
            "rejected_total": counters.rejected,
            "gaps_total": counters.gaps,
            "coalesced_total": counters.coalesced,
            "acknowledged_total": counters.acknowledged,
            "batches_total": counters.batches,
            "backlog": self._source.backlog,
            "adapter": self._source.session.adapter,
            "protocol": self._source.session.protocol,
            "sessions_lost_total": self._source.session.lost,
            "last_event_at": "" if last is None else to_milliseconds(last),
        }

    def _message(self) -> str:
        if self._store_problem is not None:
            problem = self._store_problem
            return _said(
                f"{problem.vi} Chưa tin nào được xác nhận; các thiết bị và máy chủ MQTT giữ lại.",
                f"{problem.reason} Nothing is acknowledged; devices and the broker keep it.",
            )
        if (away := self._source.problem) is not None:
            return _said(f"Không nhận được tin từ thiết bị: {away}", f"Nothing comes from devices: {away}")
        if self._lost_at is not None:
            at = to_iso(self._lost_at)
            return _said(f"Kho dữ liệu đã mất dữ liệu lúc {at}.", f"The store lost its data at {at}.")
        if (mistake := self._codec_problem) is not None:
            return _said(
                f"Một codec có lỗi, các bản tốt gần nhất vẫn đang dùng: {mistake}",
                f"A codec has a mistake, the last good ones are still at work: {mistake}",
            )
        return ""

    def _past_loss(self) -> str:
        """Say what was lost lately although all is well now."""
        forgotten_at = self._source.session.lost_at
        if forgotten_at is not None and clock.now() - forgotten_at < TELL_LOSS:
            at = to_iso(forgotten_at)
            return _said(
                f"Máy chủ MQTT đã quên phiên của chúng ta (phát hiện lúc {at}); tin gửi trong lúc mất kết nối có thể "
                "đã mất.",
                f"The broker had forgotten our session when we came back at {at}; what was sent meanwhile may be lost.",
            )
        return ""


def _said(vi: str, en: str) -> str:
    return json.dumps({"vi": vi, "en": en}, ensure_ascii=False)
