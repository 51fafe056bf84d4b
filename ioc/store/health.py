"""The health board: every process says how it is, and what it said fades when it falls silent."""

from collections.abc import Mapping

from ioc.store import keys
from ioc.store.connection import Connection


class HealthBoard:
    """One hash a process, which expires.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def report(self, process: str, fields: Mapping[str, str | int | float], ttl: float) -> None:
        """Say how a process is; what it said before is forgotten, and this after `ttl` seconds of silence."""
        key = keys.health(process)
        pairs = [item for pair in fields.items() for item in pair]
        await self._connection.call_many(
            [
                ["SADD", keys.PROCESSES, process],
                ["DEL", key],
                ["HSET", key, *pairs],
                ["PEXPIRE", key, max(1, round(ttl * 1_000))],
            ],
            atomic=True,
        )

    async def forget(self, process: str) -> None:
        """Take a process that has stopped on purpose off the board."""
        await self._connection.call_many([["SREM", keys.PROCESSES, process], ["DEL", keys.health(process)]])

    async def all(self) -> dict[str, dict[str, str]]:
        """Read what every process said last, by name; no fields for one that has fallen silent."""
        names = sorted(str(name, "utf-8") for name in await self._connection.call("SMEMBERS", keys.PROCESSES))
        answers = await self._connection.call_many([["HGETALL", keys.health(name)] for name in names])
        return {
            name: {str(field, "utf-8"): str(value, "utf-8") for field, value in fields.items()}
            for name, fields in zip(names, answers, strict=True)
        }
