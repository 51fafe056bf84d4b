"""Answers authors of rules for the page, in a process of its own: what costs the processor must not stop the server.

The process is started when somebody first asks, ends when nobody has asked for a while, and keeps the past in memory
between questions. Each line to it is a question, or says that one is not wanted any more; each line from it belongs to
a question. Questions are answered side by side.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ioc.assembly.handover import Handover
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime.children import python
from ui.server.rules_bench import Answer, Draft, NotPublishable, OtherVersion, UnknownRule, WhyQuestion

LONGEST_LINE: Final = 64_000_000
"""Bytes of one answer at most; five thousand alerts take some two million."""

MODULE: Final = "ioc.assembly.rules_process"


@dataclass(slots=True)
class _Process:
    """One process, and who waits for it.

    Attributes:
        waiting: of each question, what has come and was not taken yet; None says that the process has ended. An answer
            is one line; of progress at most ten a second come, so none of these queues grows.
    """

    child: asyncio.subprocess.Process
    waiting: dict[int, "asyncio.Queue[dict[str, Any] | None]"] = field(default_factory=dict)
    reading: "asyncio.Task[None] | None" = None

    @property
    def alive(self) -> bool:
        return self.child.returncode is None and self.reading is not None and not self.reading.done()


class RulesBenchProcess:
    """The bench of `ui.server.rules_bench.RulesBench`."""

    def __init__(self, handover: Handover) -> None:
        """Take what the process is to know."""
        self._handover = handover
        self._process: _Process | None = None
        self._starting = asyncio.Lock()
        self._numbers = itertools.count(1)

    async def rules(self) -> Answer:
        """List the rules in force; see the protocol, as for all that follows."""
        return await self._ask("rules")

    async def words(self) -> Answer:
        """Name what may stand in a rule."""
        return await self._ask("words")

    async def rule(self, name: str) -> Answer:
        """Show one rule."""
        return await self._ask("rule", name=name)

    async def check(self, text: str) -> Answer:
        """Read a rule."""
        return await self._ask("check", text=text)

    async def what_if(self, text: str, since: Instant, until: Instant) -> AsyncGenerator[Answer, None]:
        """Run a rule over history."""
        async for line in self._lines("what_if", {"text": text, "since": since, "until": until}):
            yield line

    async def why(self, question: WhyQuestion) -> Answer:
        """Say which conditions held."""
        return await self._ask(
            "why",
            text=question.text,
            name=question.name,
            key=question.key,
            lat=question.lat,
            lon=question.lon,
            at=question.at,
        )

    async def publish(self, draft: Draft) -> Answer:
        """Put a rule in force."""
        return await self._ask(
            "publish",
            text=draft.text,
            author=draft.author,
            note=draft.note,
            shadow=draft.shadow,
            expected=draft.expected,
        )

    async def versions(self, name: str) -> Answer:
        """List the versions of a rule."""
        return await self._ask("versions", name=name)

    async def restore(self, name: str, version: str, *, author: str, note: str) -> Answer:
        """Put an earlier version in force again."""
        return await self._ask("restore", name=name, version=version, author=author, note=note)

    async def stop_shadow(self, name: str, *, author: str) -> Answer:
        """End the shadow of a rule."""
        return await self._ask("stop_shadow", name=name, author=author)

    async def shadow_alerts(self) -> Answer:
        """List the latest alerts of shadow rules."""
        return await self._ask("shadow_alerts")

    async def close(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            if process.child.returncode is None:
                process.child.kill()
            await process.child.wait()
            if process.reading is not None:
                await process.reading

    async def _ask(self, what: str, **given: Any) -> Answer:
        answers = [answer async for answer in self._lines(what, given)]
        return answers[-1]

    async def _lines(self, what: str, given: dict[str, Any]) -> AsyncGenerator[Answer, None]:
        """Ask once, and once more where the process has just ended because nobody had asked for so long."""
        for attempt in (1, 2):
            process = await self._running()
            begun = False
            number = next(self._numbers)
            answers: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
            process.waiting[number] = answers
            try:
                if await _send(process, {"id": number, "ask": what, "with": given}):
                    while (line := await answers.get()) is not None:
                        begun = True
                        if "line" in line:
                            yield line["line"]
                        elif "error" in line:
                            raise _error(line["error"])
                        else:
                            return
            finally:
                if process.waiting.pop(number, None) is not None and process.alive:
                    await _send(process, {"id": number, "cancel": True})
            if begun or attempt == 2:
                raise Fault("The rules could not be asked: their process ended. Try again.", wrong_use=False)

    async def _running(self) -> _Process:
        async with self._starting:
            process = self._process
            if process is None or not process.alive:
                process = self._process = await self._start()
            return process

    async def _start(self) -> _Process:
        child = await asyncio.create_subprocess_exec(
            *python(MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **self._handover.environment()},
            limit=LONGEST_LINE,
        )
        process = _Process(child)
        process.reading = asyncio.create_task(_read(process), name="rules bench")
        return process


async def _send(process: _Process, message: dict[str, Any]) -> bool:
    """Write a line to the process; False where it is gone."""
    stream = process.child.stdin
    if stream is None or stream.is_closing():
        return False
    try:
        stream.write(msgspec.json.encode(message) + b"\n")
        await stream.drain()
    except (ConnectionError, RuntimeError):
        return False
    return True


async def _read(process: _Process) -> None:
    """Hand out what the process answers, until it ends; then tell whoever still waits."""
    stream = process.child.stdout
    if stream is not None:
        with suppress(ConnectionError, ValueError):
            while line := await stream.readline():
                answer = msgspec.json.decode(line)
                # What nobody waits for any more was given up meanwhile.
                waiting = process.waiting.get(answer["id"])
                if waiting is not None:
                    waiting.put_nowait(answer)
                    if "line" not in answer:
                        del process.waiting[answer["id"]]
    if process.child.returncode is None:
        with suppress(ProcessLookupError):
            process.child.kill()
        await process.child.wait()
    for waiting in process.waiting.values():
        waiting.put_nowait(None)


def _error(told: dict[str, Any]) -> Exception:
    """Make of what the process tells the error that the protocol knows."""
    kind = told["kind"]
    if kind == "unknown":
        return UnknownRule(told["what"])
    if kind == "other":
        return OtherVersion(told["version"], told["author"])
    if kind == "refused":
        return NotPublishable(mistakes=told["mistakes"], timelines=told["timelines"])
    return Fault(told["what"], wrong_use=False)
