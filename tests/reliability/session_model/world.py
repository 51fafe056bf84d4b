"""The real ingest stage and the real MQTT session between a broker and a store in memory, in a time of their own."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from session_model.broker import Message, ModelBroker, ModelLine
from session_model.memory_store import Memory, MemoryConnection, open_memory_store
from session_model.virtual_time import VirtualLoop
from session_model.wire import ModelWire

from ingest import stage
from ingest.codecs.folder import CodecFolder
from ingest.codecs.registry import load_codecs
from ingest.mqtt.line import Line
from ingest.mqtt.session import MqttSource
from ingest.settings import IngestSettings
from ioc.model.faults import Fault
from ioc.runtime import clock
from ioc.store.catalogue import load_catalogue

SETTLED_S: Final = 300.0
"""Seconds in which everything must come to rest once nothing is broken any more."""


@cache
def _once(reading: Callable[..., Any]) -> Callable[..., Any]:
    """Let something be read once for all processes."""
    found = reading()
    return lambda *_, **__: found


class World:
    """One city: what was published, what is kept, and an ingest that lives and dies."""

    def __init__(self, *, renumbers: bool, receive_maximum: int = 8, adapter: str, **settings: Any) -> None:
        """Start ingest, and wait until it is connected.

        Args:
            renumbers: whether the broker gives messages new packet ids on a new connection.
            receive_maximum: messages that it has on their way at most.
            adapter: `fast` for the real one, over a wire in memory; else a model of one.
            settings: of ingest, besides.
        """
        self.loop = VirtualLoop()
        self.loop.world = self  # type: ignore[attr-defined]
        self.memory = Memory()
        self.broker = ModelBroker(self._is_kept, renumbers=renumbers, receive_maximum=receive_maximum)
        self.loop.dial = lambda factory: ModelWire.dial(self.broker, factory)
        self.published: list[Message] = []
        self.settings = IngestSettings(
            mqtt_url="mqtt://model", mqtt_adapter="fast" if adapter == "fast" else "auto", **settings
        )
        self.said: list[str] = []
        self._patches = ExitStack()
        self._patches.enter_context(mock.patch.object(clock, "time", SimpleNamespace(time_ns=self.loop.time_ns)))
        self._patches.enter_context(_listening(self.said))
        self.start()
        self.run_until(lambda: self.broker.session is not None)

    def _is_kept(self, message: Message) -> bool:
        counts = self.memory.counts if message.readable else self.memory.rejected_topics
        return counts[message.identity] > 0

    def start(self) -> None:
        """Start an ingest process."""
        self.stop = asyncio.Event()
        self.connection = MemoryConnection(self.memory)
        self.task = self.loop.create_task(self._process(self.connection, self.stop))

    async def _process(self, connection: MemoryConnection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(Fault):
                store = await open_memory_store(connection)
                await stage.run(store, self.settings, stop)
                return
            await asyncio.sleep(0.05)

    def crash(self) -> None:
        """Kill ingest at this very moment: nothing that it still wants to say or write leaves it."""
        self.connection.is_dead = True
        self.broker.cut()
        up, self.broker.is_up = self.broker.is_up, False
        self._end_tasks()
        self.broker.is_up = up

    def stop_in_order(self) -> None:
        """Ask ingest to end, and wait for it."""
        self.stop.set()
        self.run_until(self.task.done)

    def publish(self, message: Message) -> None:
        """Publish, as far as the broker keeps anything for ingest."""
        if self.broker.publish(message):
            self.published.append(message)

    def after(self, seconds: float, happening: Callable[[], None]) -> None:
        """Let something happen by itself, later."""
        self.loop.call_later(seconds, happening)

    def run_for(self, seconds: float) -> None:
        """Let time pass."""
        self._wait(asyncio.sleep(seconds))

    def run_steps(self, count: int) -> None:
        """Let everybody take a few steps."""

        async def steps() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        self._wait(steps())

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        deadline = self.loop.time() + SETTLED_S
        while not condition():
            assert self.loop.time() < deadline, f"did not come to rest; {self.said[-3:]}"
            self.run_for(0.05)
            if self.task.done() and not self.stop.is_set():
                self.task.result()
                raise AssertionError("ingest has ended by itself")

    def gaps(self) -> set[str]:
        """Name the events that ingest believes to be missing, as they are named in the store."""
        named = [gap.split(" ", 3) for gap in self.memory.gaps]
        return {
            f"{asset}:{boot}:{number}"
            for boot, first, last, asset in named
            for number in range(int(first), int(last) + 1)
        }

    def heal(self) -> None:
        """Mend everything, and wait until ingest has acknowledged all that the broker held."""
        self.broker.is_up = True
        self.memory.problem, self.memory.delay, self.memory.lose_answers = None, 0.0, 0
        self.run_until(lambda: self.broker.is_drained)

    def close(self) -> None:
        """End everything."""
        self.crash()
        self.loop.close()
        self._patches.close()

    def _end_tasks(self) -> None:
        while tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=0.2))
        with suppress(BaseException):
            self.task.exception()

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    @property
    def times_said_that_there_was_no_session(self) -> int:
        """How often ingest said so, the first time included."""
        return sum("forgotten our session" in sentence or "no session of ours" in sentence for sentence in self.said)


@contextmanager
def _listening(said: list[str]) -> Iterator[None]:
    """Collect what ingest logs."""

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{record.getMessage()} {getattr(record, 'ioc_facts', {})}")

    logger, handler = logging.getLogger("ingest"), Collector()
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


@contextmanager
def modelled() -> Iterator[None]:
    """Give ingest lines to the model's broker, and codecs that were compiled before."""

    real_line = MqttSource._new_line

    def new_line(source: MqttSource) -> Line:
        world: World = asyncio.get_running_loop().world  # type: ignore[attr-defined]
        return real_line(source) if world.settings.mqtt_adapter == "fast" else ModelLine(world.broker, source)

    with mock.patch.object(MqttSource, "_new_line", new_line), ExitStack() as stack:
        # Each process reads them anew from files, which is most of what a start costs and nothing that is tested here.
        stack.enter_context(mock.patch.object(stage, "load_catalogue", _once(load_catalogue)))
        stack.enter_context(mock.patch.object(CodecFolder, "load", _once(load_codecs)))
        # It looks for changes in a thread, which knows nothing of this time.
        stack.enter_context(mock.patch.object(stage, "follow_codecs", _wait_for_ever))
        yield


async def _wait_for_ever(*_: Any) -> None:
    await asyncio.Event().wait()
