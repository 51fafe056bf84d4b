"""Recordings: what devices said, one message a line, to be said again at any speed."""

import asyncio
import base64
import gzip
import json
import re
import secrets
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from ioc.model.faults import Fault
from ioc.model.instant import MILLISECOND, SECOND, Instant
from ioc.runtime.marked_yaml import Misplaced

LONGEST_LINE: Final = 16 * 1_048_576
"""Bytes of a line at most."""

CHUNK: Final = 200
"""Messages published together where no time lies between them."""

FLUSH_S: Final = 1.0
"""Seconds that a line may wait to be in the file."""

_ADDRESS = re.compile(
    r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?P<by>[:-])(?:[0-9A-Fa-f]{2}(?P=by)){4}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])"
)
_BLOCK: Final = 8_192
_KEYS: Final = frozenset(("topic", "payload", "received_at", "retained", "qos"))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message of a recording."""

    topic: str
    payload: bytes
    received_at: Instant
    retained: bool = False
    qos: int = 1


class StandIns:
    """Replaces hardware addresses by others: the same for the same all through a recording, and never found out again.

    What is recorded must not say whose telephone passed by; but an access point must still be one and the same, or
    what is replayed would mean something else. The key is forgotten with the process.
    """

    def __init__(self) -> None:
        """Make the key."""
        self._key = secrets.token_bytes(16)

    def hide(self, message: Recorded) -> Recorded:
        """Replace the addresses, written with colons or hyphens, in a message's topic and in a payload that is text."""
        try:
            payload = _ADDRESS.sub(self._stand_in, message.payload.decode()).encode()
        except UnicodeDecodeError:
            payload = message.payload
        topic = _ADDRESS.sub(self._stand_in, message.topic)
        return Recorded(topic, payload, message.received_at, message.retained, message.qos)

    def _stand_in(self, found: re.Match[str]) -> str:
        written, separator = found.group(), found["by"]
        digest = bytearray(blake2b(written.lower().replace("-", ":").encode(), key=self._key, digest_size=6).digest())
        # As an address that somebody gave himself, it is nobody's.
        digest[0] = digest[0] & 0xFC | 0x02
        text = digest.hex(separator)
        return text.upper() if written.upper() == written else text


@dataclass
class Recorder(AbstractContextManager["Recorder"]):
    """Writes messages to a file, line by line; what is in it when the process ends is whole.

    Attributes:
        path: the file; one that ends in `.gz` is compressed.
        count: messages written.
    """

    path: Path
    count: int = 0
    _file: "gzip.GzipFile | IO[bytes]" = field(init=False, repr=False)
    _flushed: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        """Create the file.

        Raises:
            Fault: it is there already, or cannot be written.
        """
        _check_name(self.path)
        try:
            self._file = gzip.open(self.path, "xb") if self.path.suffix == ".gz" else self.path.open("xb")
        except FileExistsError:
            raise Fault(f"{self.path} is there already; record into another file, or move it away") from None
        except OSError as problem:
            raise Fault(f"{self.path} cannot be written: {(problem.strerror or str(problem)).lower()}") from None
        return self

    def write(self, message: Recorded) -> None:
        """Add a message."""
        line = {
            "topic": message.topic,
            "payload": base64.b64encode(message.payload).decode(),
            "received_at": message.received_at // MILLISECOND,
            "retained": message.retained,
            "qos": message.qos,
        }
        # A topic may hold half a character, which only escapes can write.
        self._file.write(json.dumps(line).encode() + b"\n")
        self.count += 1

    def flush(self) -> None:
        """See to it that everything is in the file; whoever records calls it now and then."""
        if self.count != self._flushed:
            self._file.flush()
            self._flushed = self.count

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Complete the file."""
        self._file.close()


def read_recording(path: Path, progress: Callable[[float], None] = lambda _: None) -> Iterator[Recorded]:
    """Read a recording, line by line.

    Args:
        path: the file.
        progress: is told which part of the file has been read, 0 to 1.

    Raises:
        Fault: it cannot be read, or a line of it is wrong: with its number.
    """
    _check_name(path)
    number = 0
    try:
        size = path.stat().st_size or 1
        with path.open("rb") as raw:
            for number, line in enumerate(_unpacked(raw) if path.suffix == ".gz" else _lines(raw), 1):
                if number % 100 == 1:
                    progress(min(1.0, raw.tell() / size))
                if line.strip():
                    yield _recorded(line, path, number)
    except (EOFError, zlib.error) as problem:
        raise Misplaced(str(path), number + 1, 1, f"the file is damaged or ends too early: {problem}") from None
    except OSError as problem:
        raise Fault(f"{path} cannot be read: {(problem.strerror or str(problem)).lower()}") from None


async def replay(
    messages: Iterator[Recorded],
    publish: Callable[[Sequence[tuple[str, bytes, bool]]], Awaitable[None]],
    *,
    speed: float | None,
    prefix: str = "",
    retain: bool = False,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    elapsed: Callable[[], float],
) -> AsyncIterator[int]:
    """Say again what was said, in its order, and say after each step how many messages that were.

    Args:
        messages: in the order of their arrival.
        publish: takes topic, payload and whether the broker is to keep it; returns when the broker has them.
        speed: how many recorded seconds pass in one of ours; None: as fast as the broker takes them.
        prefix: put before every topic.
        retain: whether what the broker had kept is given to it to keep again.
        sleep: waits so many seconds.
        elapsed: how many seconds have passed since some moment.
    """
    begun = elapsed()
    first: Instant | None = None
    chunk: list[tuple[str, bytes, bool]] = []
    for message in messages:
        first = message.received_at if first is None else first
        due = begun if speed is None else begun + (message.received_at - first) / SECOND / speed
        if chunk and (due > elapsed() or len(chunk) >= CHUNK):
            await publish(chunk)
            yield len(chunk)
            chunk = []
        if (ahead := due - elapsed()) > 0:
            await sleep(ahead)
        chunk.append((prefix + message.topic, message.payload, retain and message.retained))
    if chunk:
        await publish(chunk)
        yield len(chunk)


def _check_name(path: Path) -> None:
    if path.suffix in (".zst", ".zstd", ".xz", ".bz2"):
        raise Fault(f"{path}: recordings are plain, or compressed with gzip; name it .ndjson or .ndjson.gz")


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Give the lines of a compressed file, also those before a place where it breaks off.

    Python's own reader gives nothing of the last block that it cannot read whole.
    """
    rest, open_line = b"", b""
    unpacker: Any = None
    while packed := rest or file.read(_BLOCK):
        if unpacker is None:
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        plain = unpacker.decompress(packed)
        # One member may follow another.
        rest = unpacker.unused_data
        unpacker = None if unpacker.eof else unpacker
        *whole, open_line = (open_line + plain).split(b"\n")
        yield from whole
        if len(open_line) > LONGEST_LINE:
            yield open_line
            return
    if open_line:
        yield open_line
    if unpacker is not None:
        raise EOFError("it was not closed")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE + 1):
        yield line


def _recorded(line: bytes, path: Path, number: int) -> Recorded:
    """Read one line.

    Raises:
        Misplaced: it is not a message; the sentence says what is wrong.
    """
    if len(line) > LONGEST_LINE:
        raise Misplaced(str(path), number, 1, f"the line has more than {LONGEST_LINE} bytes")
    try:
        return _message(json.loads(line))
    except (ValueError, RecursionError) as problem:
        column = problem.colno if isinstance(problem, json.JSONDecodeError) else 1
        reason = "it ends too early or is no JSON" if isinstance(problem, json.JSONDecodeError) else str(problem)
        raise Misplaced(str(path), number, column, f"this is not a recorded message: {reason}") from None


def _message(found: Any) -> Recorded:
    if not isinstance(found, dict) or not found.keys() <= _KEYS:
        raise ValueError(f"expected an object of {', '.join(sorted(_KEYS))}")
    topic, payload, at = found.get("topic"), found.get("payload"), found.get("received_at")
    if not isinstance(topic, str) or not topic or set(topic) & {"+", "#", "\0"}:
        raise ValueError("'topic' must be the topic it came on")
    if not isinstance(payload, str):
        raise ValueError("'payload' must be base64")
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 2**53:
        raise ValueError("'received_at' must be milliseconds since 1970")
    retained, qos = found.get("retained", False), found.get("qos", 1)
    if not isinstance(retained, bool) or qos not in (0, 1, 2):
        raise ValueError("'retained' must be true or false, 'qos' 0, 1 or 2")
    try:
        decoded = base64.b64decode(payload, validate=True)
    except ValueError:
        raise ValueError("'payload' is not base64") from None
    return Recorded(topic, decoded, round(at * MILLISECOND), retained, qos)
