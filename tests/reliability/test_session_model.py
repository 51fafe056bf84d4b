"""The MQTT session under all misfortunes in any order: what is acknowledged is kept, once; nothing is lost unsaid.

The stage, the session, the fast adapter, the inbox and the store's stream are the real ones; broker, wire, Redis and
time are models.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest import mock

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from session_model.broker import numbered, unreadable
from session_model.memory_store import BY_CHANCE
from session_model.world import World, modelled

from ingest.gathering import Gatherer
from ingest.mqtt.session import MqttSource
from ioc.store.event_stream import EventStream

MOMENTS = st.sampled_from([0.001, 0.01, 0.05, 0.3, 1.0])

BLOWS = ("crash", "cut", "forget")
BATCHES = st.sampled_from([5, 30])
"""Messages of a batch at most: below and above the number from which they are read as columns."""

ADAPTERS = st.sampled_from(["fast", "model"])
DELAYS = st.sampled_from([0.0, 0.05, 0.5])


class Session(RuleBasedStateMachine):
    """A city in which everything goes wrong that can."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = {asset: count(1) for asset in "ab"}
        self.odd = count(1)
        self.world: World | None = None

    @initialize(
        renumbers=st.booleans(), limit=st.sampled_from([3, 1_000]), delay=DELAYS, batch=BATCHES, adapter=ADAPTERS
    )
    def begin(self, renumbers: bool, limit: int, delay: float, batch: int, adapter: str) -> None:
        self.world = World(
            renumbers=renumbers, receive_maximum=8 * batch // 5, queue_limit=limit, max_batch=batch, adapter=adapter
        )
        self.world.memory.delay = delay

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            if not self.world.broker.broken:
                self.world.heal()
                self.nothing_is_lost_that_was_not_said()
                self.what_is_acknowledged_is_kept_once()
        finally:
            self.world.close()

    @rule(asset=st.sampled_from("ab"), many=st.integers(1, 30), then=MOMENTS)
    def publish(self, asset: str, many: int, then: float) -> None:
        for _ in range(many):
            self.world.publish(numbered(asset, next(self.numbers[asset])))
        self.world.run_for(then)

    @rule(then=MOMENTS)
    def publish_what_cannot_be_read(self, then: float) -> None:
        self.world.publish(unreadable(next(self.odd)))
        self.world.run_for(then)

    @rule(seconds=MOMENTS)
    def let_time_pass(self, seconds: float) -> None:
        self.world.run_for(seconds)

    @rule(steps=st.integers(1, 12))
    def let_everybody_take_steps(self, steps: int) -> None:
        self.world.run_steps(steps)

    @rule(what_it_had_sent_arrives_after=MOMENTS, then=MOMENTS)
    def crash_ingest(self, what_it_had_sent_arrives_after: float, then: float) -> None:
        self.world.crash()
        self.world.after(what_it_had_sent_arrives_after, self.world.memory.let_the_late_arrive)
        self.world.start()
        self.world.run_for(then)

    @rule()
    def stop_ingest_in_order(self) -> None:
        self.world.stop_in_order()
        self.world.start()

    @rule(then=MOMENTS)
    def cut_the_wire(self, then: float) -> None:
        self.world.broker.cut()
        self.world.run_for(then)

    @rule(seconds=MOMENTS)
    def the_broker_is_away(self, seconds: float) -> None:
        self.world.broker.go()
        self.world.after(seconds, self.world.broker.come_back)

    @rule()
    def the_broker_forgets_the_session(self) -> None:
        self.world.broker.lose_session()

    @rule(reason=st.sampled_from(["OOM", "MISCONF", "READONLY"]), seconds=MOMENTS)
    def the_store_refuses(self, reason: str, seconds: float) -> None:
        self.world.memory.refuse(reason)
        self.world.after(seconds, self.world.memory.take_again)

    @rule(seconds=DELAYS)
    def the_store_takes_its_time(self, seconds: float) -> None:
        self.world.memory.delay = seconds

    @rule()
    def the_store_writes_and_its_answer_is_lost(self) -> None:
        self.world.memory.lose_answers = 1

    @rule(first=MOMENTS, blow=st.sampled_from(BLOWS), second=MOMENTS, asset=st.sampled_from("ab"))
    def strike_in_the_middle_of_it(self, first: float, blow: str, second: float, asset: str) -> None:
        """What any of the rules above could do, were they drawn one after the other."""
        for _ in range(20):
            self.world.publish(numbered(asset, next(self.numbers[asset])))
        self.world.run_for(first)
        if blow == "crash":
            self.world.crash()
            self.world.start()
        elif blow == "cut":
            self.world.broker.cut()
        else:
            self.world.broker.lose_session()
        self.world.run_for(second)

    @invariant()
    def what_is_acknowledged_is_kept_once(self) -> None:
        if self.world is None:
            return
        assert not self.world.broker.broken, self.world.broker.broken[0]
        doubled = [identity for identity, times in self.world.memory.counts.items() if times > 1]
        assert not doubled, f"{doubled[0]} is in the store twice"

    def nothing_is_lost_that_was_not_said(self) -> None:
        world = self.world
        lost = {message.identity for message in world.published if not world._is_kept(message)}
        unsaid = sorted(lost - world.broker.forgiven)
        assert not unsaid, f"{unsaid[0]} is lost"
        imagined = sorted(world.gaps() - world.broker.forgiven)
        assert not imagined, f"{imagined[0]} is said to be missing and is not"
        # Who dies before it has read the greeting cannot say what was in it; the next one finds a session.
        said = world.times_said_that_there_was_no_session
        assert world.broker.sessions_made <= said <= world.broker.sessions_lost + 1


def play(*, examples: int, steps: int = 30, shrink: bool = False) -> None:
    """Play a machine; the same examples each time, so that what passes today passes tomorrow."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    with modelled():
        run_state_machine_as_test(
            Session,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                derandomize=True,
                database=None,
                deadline=None,
                phases=phases,
                print_blob=False,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_everything_acknowledged_is_kept_once_and_nothing_is_lost_unsaid() -> None:
    play(examples=120, shrink=True)


@contextmanager
def acknowledging_before_the_write() -> Iterator[None]:
    receive = MqttSource.receive

    async def hasty(self: MqttSource, *arguments: Any, **words: Any) -> Any:
        batch = await receive(self, *arguments, **words)
        self.acknowledge(batch)
        return batch

    with mock.patch.object(MqttSource, "receive", hasty):
        yield


@contextmanager
def acknowledging_across_connections() -> Iterator[None]:
    acknowledge = MqttSource.acknowledge

    def blind(self: MqttSource, batch: Any) -> None:
        batch.receipts = [(self._lines, packets) for _, packets in batch.receipts]
        acknowledge(self, batch)

    with mock.patch.object(MqttSource, "acknowledge", blind):
        yield


@contextmanager
def naming_events_by_chance() -> Iterator[None]:
    gather, chance = Gatherer.gather, count()

    def gather_anew(self: Gatherer, batch: Any) -> Any:
        gathered = gather(self, batch)
        names = [f"{identity}{BY_CHANCE}{next(chance)}" for identity in gathered.frame["id"]]
        return replace(gathered, frame=gathered.frame.with_columns(pl.Series("id", names, dtype=pl.String)))

    with mock.patch.object(Gatherer, "gather", gather_anew):
        yield


@contextmanager
def forgetting_what_an_earlier_process_kept() -> Iterator[None]:
    async def nothing(self: EventStream, before: str = "+", *, limit: int = 64) -> list[Any]:
        return []

    with mock.patch.object(EventStream, "read_back", nothing):
        yield


@contextmanager
def writing_anew_when_the_answer_was_lost() -> Iterator[None]:
    append = EventStream.append

    async def afresh(self: EventStream, *arguments: Any, **words: Any) -> Any:
        self._attempt = None
        return await append(self, *arguments, **words)

    with mock.patch.object(EventStream, "append", afresh):
        yield


@contextmanager
def acknowledging_automatically() -> Iterator[None]:
    take = MqttSource.take

    def take_and_acknowledge(self: MqttSource, packets: list[int], *rest: Any) -> None:
        self._line.acknowledge(list(packets))
        take(self, packets, *rest)

    with mock.patch.object(MqttSource, "take", take_and_acknowledge), mock.patch.object(MqttSource, "acknowledge"):
        yield


NOT_KEPT = "was acknowledged and is not in the store|is lost"
TWICE = "is in the store twice"


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (acknowledging_automatically, NOT_KEPT),
        (acknowledging_before_the_write, NOT_KEPT),
        (acknowledging_across_connections, NOT_KEPT),
        (naming_events_by_chance, TWICE),
        (forgetting_what_an_earlier_process_kept, TWICE),
        (writing_anew_when_the_answer_was_lost, TWICE),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_model_finds(planted: Callable[[], AbstractContextManager[None]], found: str) -> None:
    with planted(), pytest.raises(AssertionError, match=found):
        play(examples=200)
