"""Everything a city says, in order of time."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from ioc.model.instant import MINUTE, SECOND, Duration, Instant
from simulators.chance import uniform
from simulators.devices import Device, Role, Speech
from simulators.message import Message
from simulators.storyline import Performance, What
from simulators.voices import BEATS, farewell, greeting, period_of, report, report_frigate_statistics
from simulators.world import World

_GREETING_S: Final = 3.0
"""Within so many seconds of the start all devices have said that they are there."""

_GREET_AGAIN_S: Final = 8.0
"""Then they say it again: whoever listens may have been started in the same moment and have missed it."""

_SLOT: Final = 0x51
_Todo = Callable[[Instant], Iterable[Message]]


class Timeline:
    """The messages of a city, from its world's start on, without end.

    The same world gives the same messages. Nothing here waits: whoever plays them looks at a clock.
    """

    def __init__(self, world: World) -> None:
        """Take the city."""
        self._world = world
        self._heap: list[tuple[Instant, int, Message | _Todo]] = []
        self._pushed = 0

    def __iter__(self) -> Iterator[Message]:
        """Give the messages, ordered by time."""
        self._begin()
        while self._heap:
            at, _, what = heapq.heappop(self._heap)
            if isinstance(what, Message):
                yield what
                continue
            for message in what(at):
                self._push(message.at, message)

    def _push(self, at: Instant, what: Message | _Todo) -> None:
        # The running number keeps equal times in the order in which they were said.
        self._pushed += 1
        heapq.heappush(self._heap, (at, self._pushed, what))

    def _begin(self) -> None:
        self._heap.clear()
        world, start = self._world, self._world.start
        devices = world.fleet.devices
        for device in devices:
            for since in (0.0, _GREET_AGAIN_S):
                hello = start + int((since + _GREETING_S * device.number / len(devices)) * SECOND)
                self._push(hello, greeting(world, device, hello))
            period = period_of(device)
            phase = int(period * uniform(world.seed, device.number, _SLOT))
            self._push(start + phase, self._every(period, partial(report, world, device)))
        recorder = [device for device in devices if device.speech is Speech.FRIGATE]
        if recorder:
            self._push(start + 2 * SECOND, self._every(MINUTE, partial(report_frigate_statistics, world, recorder)))
        if world.storyline is not None:
            story = world.storyline
            self._push(start, self._every(story.scenario.every, self._new_round))

    def _every(self, period: Duration, todo: _Todo) -> _Todo:
        def again(at: Instant) -> Iterable[Message]:
            self._push(at + period, again)
            return todo(at)

        return again

    def _new_round(self, at: Instant) -> Iterable[Message]:
        story = self._world.storyline
        if story is not None:
            devices = self._world.fleet.devices
            for performance in story.performances((at - story.start) // story.scenario.every):
                for order, number in enumerate(sorted(performance.devices)):
                    self._stage(performance, devices[number], performance.start + order * SECOND // 4)
        return ()

    def _stage(self, performance: Performance, device: Device, at: Instant) -> None:
        """Plan what a device says beside its usual reports while something happens to it, and just after."""
        world, what = self._world, performance.act.what
        if what is What.OUTAGE:
            self._push(at, farewell(device, at))
            self._push(performance.end, greeting(world, device, performance.end))
            return
        beat = BEATS.get(what)
        if beat is None:
            return

        def speak(moment: Instant) -> Iterable[Message]:
            if moment < performance.end:
                self._push(moment + beat, speak)
            return report(world, device, moment, extra=True)

        self._push(at, speak)
        if device.role not in (Role.HIGH_CAMERA, Role.STREET_CAMERA):
            self._push(performance.end + SECOND, partial(report, world, device, extra=True))
