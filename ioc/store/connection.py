"""The one connection to Redis: its errors become a typed exception, after a few tries where a try can do no harm."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha1
from importlib import resources
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as TooSlow

Argument = str | bytes | int | float
"""What a command may be given; text goes as UTF-8."""

ANSWER_TIMEOUT_S: Final = 5.0
"""Seconds a command may take; also the longest that a call hangs on a store that has stopped."""

CLOSE_TIMEOUT_S: Final = 0.5
"""Seconds that closing may take: a process that stops has others behind it that wait for their turn."""

MAX_CONNECTIONS: Final = 64
"""Sockets to the store that one process may open; further callers wait for a free one."""

PAUSES_S: Final = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries of one call; a store that restarts is often back before they are over."""

# Answers that mean "not now" rather than "you asked wrongly".
_AWAY_CODES: Final = frozenset(
    (
        "OOM",
        "MISCONF",
        "READONLY",
        "LOADING",
        "BUSY",
        "CLUSTERDOWN",
        "MASTERDOWN",
        "NOREPLICAS",
        "TRYAGAIN",
        "NOAUTH",
        "NOPERM",
        "WRONGPASS",
    )
)
# What a person has to mend, in words; the store's own answer stands behind it.
_REFUSALS: Final = {
    "OOM": ("is full and takes nothing more", "đã đầy và không nhận thêm"),
    "MISCONF": ("cannot write to its disk", "không ghi được vào đĩa"),
    "READONLY": ("may only be read: it is a replica of another", "chỉ cho đọc: đây là bản sao của kho khác"),
    "NOREPLICAS": ("has too few replicas to take anything", "có quá ít bản sao để nhận dữ liệu"),
    "NOAUTH": ("asks for a password", "đòi mật khẩu"),
    "WRONGPASS": ("does not accept the password", "không chấp nhận mật khẩu"),
    "NOPERM": ("does not allow this user to do that", "không cho người dùng này làm việc đó"),
}
# Of the codes, the ones that may pass within the pauses of one call.
_PASSING_CODES: Final = frozenset(("LOADING", "TRYAGAIN"))

Result = TypeVar("Result")


class StoreUnavailable(Exception):
    """The store is away, full, or refuses to write: wait and ask again.

    A write that ended so may still have been done. What is not safe to do twice says so where it is defined.

    Attributes:
        reason: a sentence for a human, without secrets.
        vi: the same in Vietnamese.
        refused: whether the store answered, and does not do what it was asked; else it is away.
        passing: whether asking again within a second may help.
    """

    def __init__(self, reason: str, *, vi: str = "", refused: bool = False, passing: bool = False) -> None:
        """Take the sentence for the human."""
        super().__init__(reason)
        self.refused = refused
        self.reason = reason
        self.vi = vi or reason
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script that runs in the store as one step; the store remembers it by its hash."""

    text: str
    sha: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Hash the text as Redis does."""
        object.__setattr__(self, "sha", sha1(self.text.encode(), usedforsecurity=False).hexdigest())

    @classmethod
    def from_file(cls, name: str) -> "Script":
        """Read `ioc/store/scripts/<name>.lua`."""
        return cls(resources.files("ioc.store").joinpath("scripts", f"{name}.lua").read_text(encoding="utf-8"))


class Connection:
    """Asks the store, with patience; every part of `ioc.store` shares one.

    What the store cannot do now is tried again for about a second, then raised as `StoreUnavailable`.
    So give it only what may be done twice. What it was asked wrongly is redis' own `ResponseError`,
    which is a mistake in this program. Answers are as redis-py gives them under RESP2: bytes,
    integers, lists, None.
    """

    def __init__(self, client: Redis, label: str) -> None:
        """Take a client that never repeats a command itself, and what to call the store in sentences."""
        self.client = client
        self._label = label

    @classmethod
    def to(cls, url: str, label: str) -> "Connection":
        """Make a connection to a URL, which opens when it is first used.

        Args:
            url: as in `open_store`.
            label: what to call the store in sentences, without secrets.

        Raises:
            ValueError: the URL cannot be read.
        """
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=ANSWER_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
            socket_connect_timeout=ANSWER_TIMEOUT_S,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            # Who connects would say so in two commands of its own, and trips over a store that stops between them.
            driver_info=None,
        )
        return cls(Redis.from_pool(pool), label)

    async def close(self) -> None:
        """Close all sockets; what does not close in time is left to the end of the process."""
        with suppress(TimeoutError, RedisError, OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self.client.aclose()

    async def call(self, *command: Argument) -> Any:
        """Run one command."""
        return await self._patiently(lambda: self._execute(*command))

    async def call_many(self, commands: Sequence[Sequence[Argument]], *, atomic: bool = False) -> list[Any]:
        """Run many commands in one round trip; `atomic` wraps them in MULTI and EXEC."""
        if not commands:
            return []

        async def attempt() -> list[Any]:
            async with self.client.pipeline(transaction=atomic) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                return list(await pipe.execute())

        return await self._patiently(attempt)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run a script."""

        async def attempt() -> Any:
            try:
                return await self._execute("EVALSHA", script.sha, len(keys), *keys, *arguments)
            except NoScriptError:
                return await self._execute("EVAL", script.text, len(keys), *keys, *arguments)

        return await self._patiently(attempt)

    async def run_many(self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        """Run a script many times in one round trip, in order, each time as one step of its own."""
        answers: list[Any] = []

        async def attempt() -> None:
            while len(answers) < len(calls):
                async with self.client.pipeline(transaction=False) as pipe:
                    for keys, arguments in calls[len(answers) :]:
                        pipe.execute_command("EVALSHA", script.sha, len(keys), *keys, *arguments)
                    got = await pipe.execute(raise_on_error=False)
                for answer in got:
                    if isinstance(answer, NoScriptError):
                        # What came before it stands; the rest goes again.
                        await self._execute("SCRIPT", "LOAD", script.text)
                        break
                    if isinstance(answer, Exception):
                        raise answer
                    answers.append(answer)

        await self._patiently(attempt)
        return answers

    async def _execute(self, *command: Argument) -> Any:
        return await self.client.execute_command(*command)  # type: ignore[no-untyped-call]

    async def _patiently(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        for pause in (*PAUSES_S, None):
            try:
                return await attempt()
            except (RedisError, OSError) as error:
                unavailable = _unavailable(error, self._label)
                if unavailable is None:
                    raise
                if pause is None or not unavailable.passing:
                    raise unavailable from error
            await asyncio.sleep(pause)
        raise AssertionError("the last try either answers or raises")


def _unavailable(error: Exception, label: str) -> StoreUnavailable | None:
    """Say "not now" in a sentence; None where the store was asked wrongly."""
    # A pipeline puts its command in front, which may hold anything; the store's answer is what follows.
    text = str(error).rpartition("of pipeline caused error: ")[2].strip()
    if text.startswith(("('", '("')):
        # There it is written as the only item of a Python tuple.
        text = text[2:].rstrip(",)").rstrip("'\"")
    text = text.rstrip(".")
    code = str(getattr(error, "status_code", None) or text.partition(" ")[0])
    if code in _AWAY_CODES:
        answer = text if text.startswith(code) else f"{code} {text}"
        en, vi = _REFUSALS.get(code, ("refuses", "từ chối"))
        return StoreUnavailable(
            f"The store at {label} {en}: {answer}.",
            vi=f"Kho dữ liệu tại {label} {vi}: {answer}.",
            refused=True,
            passing=code in _PASSING_CODES,
        )
    if isinstance(error, TooSlow):
        # It has been waited for long enough; a store that hangs is not helped by asking again at once.
        return StoreUnavailable(f"The store at {label} does not answer.", vi=f"Kho dữ liệu tại {label} không trả lời.")
    if isinstance(error, Disconnected | OSError):
        why = text or type(error).__name__
        return StoreUnavailable(
            f"The store at {label} cannot be reached: {why}.",
            vi=f"Không kết nối được với kho dữ liệu tại {label}: {why}.",
            passing=True,
        )
    return None
