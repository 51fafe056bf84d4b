"""The archiver: follows the stream into the files of the history, each event once, whatever ends it.

How far it has come is what the names of the files say. A file has its name only when it is complete and on the disk,
so after a crash the archiver reads on from there, and what it had only gathered it gathers again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from ioc.model.instant import DAY, MILLISECOND, to_iso, to_milliseconds
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import BEGINNING, EncodedEntry, GivenUp, earlier
from ioc.store.history.footer import in_one_line
from ioc.store.history.gathered import Gathered, write_gathered
from ioc.store.history.layout import Position, Writer, list_files, position_of, remove_unfinished, text_of
from ioc.store.history.settings import HistorySettings
from ioc.store.history.tidier import Tidier
from ioc.store.history.writing import sole_writer
from ioc.store.opening import Store

log = Log("history")

PROCESS: Final = "history"
"""Its name on the health board."""

ENTRIES_AT_ONCE: Final = 128
BYTES_AT_ONCE: Final = 32_000_000
"""Of encoded events, gathered at most before they are written."""

POLL_S: Final = 1.0
HEALTH_S: Final = 2.0
HEALTH_TTL_S: Final = 10.0
RETRY_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
GIVE_UP_ENTRIES: Final = 256
"""Entries that are given up in one step, so that the store is never held up for long."""

Result = TypeVar("Result")


class Archiver:
    """Keeps the history of one partition; says which part of the stream it has."""

    def __init__(self, folder: Path, settings: HistorySettings) -> None:
        """Take where to write, and for how long what is written is kept."""
        self._folder = folder
        self._settings = settings
        self._position: Position | None = None
        self._events = 0
        self._trouble = ""
        self._trouble_vi = ""
        self._given_up = 0
        self._tidier = Tidier(folder, settings)

    @property
    def position(self) -> str | None:
        """The last entry of the stream that need not be kept there for the history; None while that is not known."""
        return None if self._position is None else text_of(self._position)

    async def run(self, store: Store, stop: asyncio.Event) -> None:
        """Archive until `stop` is set; what cannot be done now is tried again, and said on the health board."""
        beside = [asyncio.create_task(self._report_often(store)), asyncio.create_task(self._tidier.run())]
        try:
            attempt = 0
            while not stop.is_set():
                try:
                    with sole_writer(self._folder, Writer.ARCHIVE) as sole:
                        if sole:
                            attempt = 0
                            await self._follow(store, stop)
                            return
                    self._say(
                        f"another process writes into {self._folder}; waiting",
                        f"tiến trình khác đang ghi vào {self._folder}; đang chờ",
                    )
                except OSError as error:
                    self._say(*_cannot_write(self._folder, error))
                except Exception as error:
                    # The edge of the archiver: the rules, beside which it runs, go on whatever befalls the history.
                    log.exception("the archiver begins anew after a fault that nobody expected")
                    self._say(*_cannot_write(self._folder, OSError(repr(error))))
                await _pause(stop, RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
        finally:
            await end(beside)
            await _quietly(store.health.forget(PROCESS))

    async def _follow(self, store: Store, stop: asyncio.Event) -> None:
        """Read on from where the files end.

        Raises:
            OSError: the folder cannot be read.
        """
        self._position = await asyncio.to_thread(self._take_up)
        log.info("the history is kept", folder=str(self._folder), position=self.position)
        gathered = Gathered(self._position)
        while not stop.is_set():
            entries = await self._patiently(lambda: self._read(store, gathered), stop)
            if entries is None:
                break
            gathered.add(entries, asyncio.get_running_loop().time())
            if self._is_enough(gathered) and not await self._flush(gathered, stop):
                return
            if len(entries) < ENTRIES_AT_ONCE:
                await _pause(stop, min(POLL_S, self._settings.flush_s))
        # What is gathered lies in the stream still; but who stops the line wants to find it in the files.
        await self._flush(gathered, stop)

    def _take_up(self) -> Position:
        remove_unfinished(self._folder, Writer.ARCHIVE)
        return max((file.last for file in list_files(self._folder) if not file.pretended), default=(0, 0))

    async def _read(self, store: Store, gathered: Gathered) -> list[EncodedEntry]:
        entries = await store.events.read_encoded(text_of(gathered.last), limit=ENTRIES_AT_ONCE)
        if not entries and not gathered.entries and gathered.last != (0, 0):
            await self._look_for_the_future(store, gathered.last)
        return entries

    async def _look_for_the_future(self, store: Store, archived: Position) -> None:
        newest = await store.events.last_position()
        if newest != BEGINNING and position_of(newest) < archived:
            until = to_iso(archived[0] * MILLISECOND)
            self._say(
                f"the history in {self._folder} goes on until {until}, later than the event stream: events are kept in "
                "the store until then; was a clock wrong? Move the files of the future away",
                f"lịch sử trong {self._folder} kéo dài đến {until}, sau cả luồng sự kiện: sự kiện được giữ trong kho "
                "đến lúc đó; đồng hồ có sai không? Hãy chuyển các tệp của tương lai đi nơi khác",
            )

    def _is_enough(self, gathered: Gathered) -> bool:
        return (
            gathered.events >= self._settings.flush_events
            or gathered.bytes >= BYTES_AT_ONCE
            or gathered.age(asyncio.get_running_loop().time()) >= self._settings.flush_s
        )

    async def _flush(self, gathered: Gathered, stop: asyncio.Event) -> bool:
        """Write what was gathered, again and again until it is done; False where it was stopped before."""
        attempt = 0
        while gathered.entries:
            before = gathered.events
            try:
                await asyncio.to_thread(write_gathered, self._folder, gathered)
            except OSError as error:
                self._say(*_cannot_write(self._folder, error))
            else:
                self._say("")
            self._events += before - gathered.events
            self._position = gathered.written
            if gathered.entries:
                if stop.is_set():
                    log.warning("stopped before all was written; the store keeps it until the next start")
                    return False
                await _pause(stop, RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
        return True

    async def trim(self, store: Store, before: str, *, keep_s: float) -> None:
        """Trim the stream behind both a checkpoint and the history.

        While the history cannot be written the stream grows, up to `waiting_mb`; from there on its oldest entries
        are given up, counted and told of: a store that is full would stop the whole line.

        Args:
            store: whose stream.
            before: the checkpoint's position: the first that is still needed for it.
            keep_s: seconds before the checkpoint that are kept all the same.

        Raises:
            StoreUnavailable: the store is away.
        """
        position = self._position
        if position is not None and position >= position_of(before):
            await store.events.trim(before, keep_s=keep_s)
            return
        edge = earlier(before, keep_s)
        if position is not None:
            await store.events.trim(min(text_of(position), edge, key=position_of))
        limit = self._settings.waiting_mb * 1_000_000
        while await store.events.memory() > limit:
            gone = await store.events.give_up(edge, limit=GIVE_UP_ENTRIES)
            if not gone:
                return
            lost = (await store.events.given_up()).events
            if not self._given_up:
                log.error("events are given up for the history: it cannot be written, and too many wait", lost=lost)
            self._given_up = lost

    async def _patiently(self, action: Callable[[], Awaitable[Result]], stop: asyncio.Event) -> Result | None:
        """Do something with the store, again and again until it is there; None where it was stopped before."""
        attempt = 0
        while True:
            try:
                return await action()
            except StoreUnavailable as error:
                log.debug("the store is away; the history waits", why=error.reason)
                await _pause(stop, RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
                if stop.is_set():
                    return None

    def _say(self, en: str, vi: str = "") -> None:
        """Remember what is wrong, or that nothing is; log it when it changes."""
        if en and en != self._trouble:
            log.error(en)
        elif self._trouble and not en:
            log.info("the history is written again")
        self._trouble, self._trouble_vi = en, vi or en

    async def _report_often(self, store: Store) -> None:
        while True:
            await _quietly(self._report(store))
            await asyncio.sleep(HEALTH_S)

    async def _report(self, store: Store) -> None:
        lost = await store.events.given_up()
        self._given_up = lost.events
        behind = 0.0
        if self._position is not None:
            newest = position_of(await store.events.last_position())
            behind = max(0.0, (newest[0] - self._position[0]) / 1_000) if self._position != (0, 0) else 0.0
        message, degraded = self._message(lost)
        await store.health.report(
            PROCESS,
            {
                "state": "degraded" if degraded else "ok",
                "message": message,
                "at": to_milliseconds(clock.now()),
                "position": self.position or "",
                "behind_s": round(behind, 1),
                "events_total": self._events,
                "given_up_total": lost.events,
                "damaged_files": len(self._tidier.damaged),
            },
            HEALTH_TTL_S,
        )

    def _message(self, lost: GivenUp) -> tuple[str, bool]:
        if self._trouble:
            vi, en = f"Lịch sử không ghi được: {self._trouble_vi}", f"The history is not written: {self._trouble}"
            if lost.events:
                vi += f"; {lost.events} sự kiện đã phải bỏ"
                en += f"; {lost.events} events had to be given up"
            return _in_both(f"{vi}.", f"{en}."), True
        tidier = self._tidier
        if tidier.trouble:
            vi, en = f"Lịch sử không dọn được: {tidier.trouble}.", f"The history cannot be tidied up: {tidier.trouble}."
            return _in_both(vi, en), True
        if tidier.damaged:
            count, first = len(tidier.damaged), tidier.damaged[0]
            vi = f"Lịch sử có {count} tệp hỏng, được bỏ qua khi đọc: {first}"
            en = f"The history has {count} damaged file{'s' if count > 1 else ''}, passed over in reading: {first}"
            return _in_both(vi, en), False
        if lost.events and clock.now() - position_of(lost.last)[0] * MILLISECOND < DAY:
            span = [to_iso(position_of(each)[0] * MILLISECOND) for each in (lost.first, lost.last)]
            vi = f"Lịch sử thiếu {lost.events} sự kiện đã phải bỏ, từ {span[0]} đến {span[1]}."
            en = f"The history lacks {lost.events} events that had to be given up, from {span[0]} to {span[1]}."
            return _in_both(vi, en), False
        return "", False


def _in_both(vi: str, en: str) -> str:
    return msgspec.json.encode({"vi": vi, "en": en}).decode()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _quietly(said: Awaitable[None]) -> None:
    """Say something to a store that may be away: then nobody could hear it."""
    with suppress(StoreUnavailable):
        await said


def _cannot_write(folder: Path, error: OSError) -> tuple[str, str]:
    why = error.strerror or in_one_line(error)
    return (
        f"{folder} cannot be written: {why}; events wait in the store meanwhile",
        f"không ghi được vào {folder}: {why}; sự kiện tạm chờ trong kho dữ liệu",
    )
