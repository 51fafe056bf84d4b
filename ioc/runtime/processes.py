"""The supervisor: starts children in order, keeps them alive, stops them in reverse order under one deadline."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from ioc.runtime.children import Command, spawn
from ioc.runtime.embedded import last_line

STOP_SECONDS: Final = 4.5
"""From the first stop signal to the end of the last child; what is left of 5 s belongs to the interpreter."""

RESERVE_SECONDS: Final = 0.75
"""Of these, what is kept back for the store, which closes its files last."""

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 10.0
"""Seconds between a child's death and its restart: doubled each time, from the first to the longest."""

STEADY_SECONDS: Final = 30.0
"""A child that lived so long starts its pauses afresh."""

WRONG_USE: Final = 2
"""The exit status of a child that was asked for something impossible: starting it again cannot help."""


@dataclass(frozen=True, slots=True)
class Member:
    """A child under supervision.

    Attributes:
        command: what runs.
        once: it does a piece of work and ends; it is restarted only if it failed.
        waits: it is started by `release`, not with the others.
        aside: nobody waits for what it does once; all is ready without it.
    """

    command: Command
    once: bool = False
    waits: bool = False
    aside: bool = False


@dataclass(slots=True)
class _Running:
    member: Member
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    pause: float = FIRST_PAUSE
    done: bool = False

    @property
    def name(self) -> str:
        return self.member.command.name


@dataclass(slots=True)
class Supervisor:
    """Runs children until it is asked to stop.

    Attributes:
        members: in the order of starting; they stop in the reverse order.
        tell: takes one sentence for people at a time: restarts, and who did not finish.
        monotonic: seconds of a clock that never goes back.
    """

    members: Sequence[Member]
    tell: Callable[[str], None]
    monotonic: Callable[[], float] = time.monotonic
    _children: list[_Running] = field(default_factory=list)
    _wake: tuple[int, int] | None = None
    _asked_to_stop: bool = False
    _failed: tuple[str, int] | None = None
    is_ready: bool = False

    @contextmanager
    def watching_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as the wish to stop, and wake up when a child ends; main thread only."""
        reading, writing = os.pipe()
        for end in (reading, writing):
            os.set_blocking(end, False)
        self._wake = (reading, writing)

        def ask(_number: int, _frame: object) -> None:
            self._asked_to_stop = True

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = [(number, signal.signal(number, ask)) for number in numbers]
        before.append((signal.SIGCHLD, signal.signal(signal.SIGCHLD, lambda _number, _frame: None)))
        waker = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            for number, handler in before:
                signal.signal(number, handler)
            self._wake = None
            os.close(reading)
            os.close(writing)

    @property
    def asked_to_stop(self) -> bool:
        """Whether a signal asked for the end."""
        return self._asked_to_stop

    @property
    def failed(self) -> tuple[str, int] | None:
        """The child whose end makes going on useless, and its status."""
        return self._failed

    def start(self) -> None:
        """Start all children but those that wait, one after the other, without waiting for any."""
        for member in self.members:
            child = _Running(member)
            self._children.append(child)
            if not member.waits:
                self._launch(child)

    def release(self) -> None:
        """Start the children that wait; a second time, this does nothing."""
        for child in self._children:
            if child.member.waits and not child.started_at:
                self._launch(child)

    def pids(self) -> dict[str, int]:
        """Give the process ids of the children that live, by name."""
        return {
            child.name: child.process.pid
            for child in self._children
            if child.process is not None and child.process.poll() is None
        }

    def is_done(self, name: str) -> bool:
        """Say whether a child that runs once has done its work."""
        return any(child.done for child in self._children if child.name == name)

    def tend(self, timeout: float) -> None:
        """Wait for a signal, a child's end or the timeout; restart whoever is due."""
        now = self.monotonic()
        due = [child.restart_at - now for child in self._children if child.restart_at is not None]
        self._sleep(max(0.0, min([timeout, *due])))
        now = self.monotonic()
        for child in self._children:
            if child.restart_at is not None and child.restart_at <= now and not self._asked_to_stop:
                self._launch(child)
            elif child.process is not None and child.process.poll() is not None:
                self._bury(child, child.process.returncode, now)

    def stop(self) -> list[str]:
        """Stop the children one by one, the last started first, all under one deadline.

        A child has half of the time that is left before the next one is asked as well; at the
        deadline whoever still runs is killed.

        Returns:
            The names of those who did not finish by themselves.
        """
        deadline = self.monotonic() + STOP_SECONDS
        order = [child for child in reversed(self._children) if child.process is not None]
        for child in order:
            self._ask(child)
            left = deadline - self.monotonic()
            self._await_end(child, left if child is order[-1] else (left - RESERVE_SECONDS) / 2)
        late = [child for child in order if not self._await_end(child, deadline - self.monotonic())]
        for child in late:
            if child.process is not None:
                child.process.kill()
                child.process.wait()
        return [child.name for child in late]

    def _launch(self, child: _Running) -> None:
        child.restart_at = None
        child.started_at = self.monotonic()
        try:
            child.process = spawn(child.member.command)
        except OSError as problem:
            child.process = None
            self._plan_restart(child, f"cannot be started ({problem})", child.started_at)

    def _bury(self, child: _Running, status: int, now: float) -> None:
        child.process = None
        if child.member.once and status == 0:
            child.done = True
            return
        if self._asked_to_stop:
            return
        if status == WRONG_USE and not self.is_ready:
            self._failed = (child.name, status)
            return
        self._plan_restart(child, f"ended {_how(status)}", now)

    def _plan_restart(self, child: _Running, what: str, now: float) -> None:
        if now - child.started_at >= STEADY_SECONDS:
            child.pause = FIRST_PAUSE
        said = last_line(child.member.command.log)
        self.tell(
            f"{child.name} {what}; starting it again in {child.pause:g} s"
            + (f" (it last wrote: {said})" if said else "")
        )
        child.restart_at = now + child.pause
        child.pause = min(child.pause * 2, LONGEST_PAUSE)

    def _ask(self, child: _Running) -> None:
        if child.process is not None:
            with suppress(ProcessLookupError):
                child.process.terminate()

    def _await_end(self, child: _Running, seconds: float) -> bool:
        deadline = self.monotonic() + seconds
        while child.process is not None and child.process.poll() is None:
            left = deadline - self.monotonic()
            if left <= 0:
                return False
            self._sleep(min(left, 0.05))
        return True

    def _sleep(self, seconds: float) -> None:
        if self._wake is None:
            time.sleep(seconds)
            return
        ready, _, _ = select.select([self._wake[0]], [], [], seconds)
        if ready:
            with suppress(BlockingIOError):
                os.read(self._wake[0], 4096)


def _how(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return f"by {signal.Signals(-status).name}"
    return f"with status {status}"
