"""A Redis in memory, as far as ingest asks for one, that can be away, slow, full, or too late with its answer.

What is above the connection is the real store: attempts, generations and positions are not modelled but run.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from ioc.store import event_stream, gaps, keys
from ioc.store.connection import Argument, Connection, Script, StoreUnavailable
from ioc.store.event_stream import decode_batch
from ioc.store.opening import Store, _assemble

BY_CHANCE: Final = "~"
"""What follows it in an id was added by a planted bug, so that one event has many ids; it counts as one here."""


class Memory:
    """What survives everything: as with `appendfsync always`, an answer means that it is on disk.

    Attributes:
        problem: why it takes nothing at present; None where it does.
        delay: seconds that an answer takes.
        lose_answers: how many of the next batches are written although their answer never comes.
        gaps: what was given up for missing, as `boot first last asset`.
        late: what dead processes had sent and has not arrived yet.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.problem: str | None = None
        self.delay = 0.0
        self.lose_answers = 0
        self.late: list[Callable[[], Any]] = []
        self.counts: Counter[str] = Counter()
        self.rejected_topics: Counter[str] = Counter()
        self.gaps: set[str] = set()
        self._strings: dict[str, bytes] = {}
        self._hashes: defaultdict[str, dict[bytes, bytes]] = defaultdict(dict)
        self._streams: defaultdict[str, list[tuple[bytes, dict[bytes, bytes]]]] = defaultdict(list)

    def execute(self, name: str, *arguments: Any) -> Any:
        """Run a command, as redis-py answers it.

        Raises:
            NotImplementedError: nobody has asked for this command before; add it here.
        """
        command = getattr(self, f"_{name.lower()}", None)
        if command is None:
            raise NotImplementedError(f"the model's store does not know {name} {arguments!r:.80}")
        return command(*arguments)

    def refuse(self, problem: str) -> None:
        """Take nothing from now on."""
        self.problem = problem

    def take_again(self) -> None:
        """Take what comes."""
        self.problem = None

    def let_the_late_arrive(self) -> None:
        """Do what dead processes had sent."""
        for work in self.late:
            work()
        self.late.clear()

    def append(self, names: Sequence[str], arguments: Sequence[Any]) -> bytes | None:
        """Do what the script `append_batch` does."""
        stream, writer, generation_key, memory = names
        generation, number = int(arguments[0]), int(arguments[1])
        if int(self._strings.get(generation_key, b"0")) > generation:
            return None
        last = self._hashes[writer]
        if int(last.get(b"generation", b"-1")) == generation:
            if number == int(last[b"number"]):
                return last[b"position"]
            if number < int(last[b"number"]):
                return None
        clock, count, payload, remember = arguments[2:6]
        position: bytes = self._xadd(stream, "*", "clock", clock, "count", count, "bytes", payload)
        last.update({b"generation": b"%d" % generation, b"number": b"%d" % number, b"position": position})
        for name, text in (msgspec.msgpack.decode(remember) if remember else {}).items():
            self._hashes[memory][name.encode()] = text.encode()
        return position

    def record_gaps(self, arguments: Sequence[Any]) -> None:
        """Do what the script `record_gaps` does."""
        self.gaps.update(arguments[2::4])

    def _xadd(self, key: str, *parts: Any) -> bytes:
        fields = parts[parts.index("*") + 1 :]
        entries = self._streams[key]
        position = b"%d-0" % (len(entries) + 1)
        pairs = dict(zip(map(_bytes, fields[::2]), map(_bytes, fields[1::2]), strict=True))
        entries.append((position, pairs))
        if key == keys.events():
            ids = decode_batch(pairs[b"bytes"]).get_column("id").to_list()
            self.counts.update(identity.partition(BY_CHANCE)[0] for identity in ids)
        elif key == keys.REJECTED:
            self.rejected_topics[pairs[b"topic"].decode(errors="replace")] += 1
        return position

    def _xrevrange(self, key: str, start: str, end: str, _count: str, count: int) -> list[Any]:
        entries = self._streams[key]
        before = len(entries) + 1 if start == "+" else int(start.strip("(").partition("-")[0])
        return [entry for entry in reversed(entries) if int(entry[0].partition(b"-")[0]) < before][:count]

    def _incr(self, key: str) -> int:
        self._strings[key] = b"%d" % (int(self._strings.get(key, b"0")) + 1)
        return int(self._strings[key])

    def _get(self, key: str) -> bytes | None:
        return self._strings.get(key)

    def _setnx(self, key: str, value: Any) -> int:
        return int(self._strings.setdefault(key, _bytes(value)) is value)

    def _set(self, key: str, value: Any, *_: Any) -> bytes:
        self._strings[key] = _bytes(value)
        return b"OK"

    def _hset(self, key: str, *pairs: Any) -> int:
        self._hashes[key].update(zip(map(_bytes, pairs[::2]), map(_bytes, pairs[1::2]), strict=True))
        return len(pairs) // 2

    def _hincrby(self, key: str, field: Any, by: int) -> int:
        value = int(self._hashes[key].get(_bytes(field), b"0")) + int(by)
        self._hashes[key][_bytes(field)] = b"%d" % value
        return value

    def _hgetall(self, key: str) -> dict[bytes, bytes]:
        return dict(self._hashes.get(key, {}))

    def _del(self, *names: str) -> int:
        return sum(self._hashes.pop(name, None) is not None for name in names)

    def _nothing(self, *_: Any) -> int:
        return 0

    _sadd = _srem = _pexpire = _expire = _nothing

    def _smembers(self, _key: str) -> list[bytes]:
        return []

    _zrange = _smembers

    def _hmget(self, key: str, *fields: Any) -> list[bytes | None]:
        return [self._hashes[key].get(_bytes(field)) for field in fields]


class MemoryConnection(Connection):
    """One process's connection: nothing passes any more once its process is dead."""

    def __init__(self, memory: Memory) -> None:
        """Take what to write to."""
        self._memory = memory
        self.is_dead = False

    async def call(self, *command: Argument) -> Any:
        """Run one command; to wait for news is to wait in vain, since nothing comes over HTTP."""
        if command[0] == "XREAD":
            await asyncio.sleep(float(command[command.index("BLOCK") + 1]) / 1_000 if "BLOCK" in command else 0)
            return None
        return (await self.call_many([command]))[0]

    async def call_many(self, commands: Sequence[Sequence[Argument]], *, atomic: bool = False) -> list[Any]:
        """Run many commands."""
        return await self._ask(lambda: [self._memory.execute(*each) for each in commands])

    async def run(self, script: Script, names: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run a script."""
        if script is gaps._RECORD:
            return await self._ask(lambda: self._memory.record_gaps(arguments))
        if script is not event_stream._APPEND:
            raise NotImplementedError("the model's store does not know this script; add it here")
        holds_events = int(arguments[3]) > 0
        return await self._ask(lambda: self._memory.append(names, arguments), losable=holds_events)

    async def _ask(self, work: Callable[[], Any], *, losable: bool = False) -> Any:
        memory = self._memory
        if self.is_dead:
            raise asyncio.CancelledError
        try:
            await asyncio.sleep(memory.delay / 2)
        except asyncio.CancelledError:
            if self.is_dead:
                # It had left the process before that was killed.
                memory.late.append(work)
            raise
        if self.is_dead:
            memory.late.append(work)
            raise asyncio.CancelledError
        if memory.problem is not None:
            raise StoreUnavailable(memory.problem)
        answer = work()
        if losable and memory.lose_answers:
            memory.lose_answers -= 1
            raise StoreUnavailable("The store does not answer.")
        await asyncio.sleep(memory.delay / 2)
        return answer

    async def close(self) -> None:
        """Do nothing."""


async def open_memory_store(connection: MemoryConnection) -> Store:
    """Give all parts of the real store over this connection."""
    return await _assemble(connection, 0)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
