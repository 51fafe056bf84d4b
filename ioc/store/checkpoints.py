"""Checkpoints and the lease on them: one process at a time owns a partition's state."""

from dataclasses import dataclass

from ioc.store import keys
from ioc.store.connection import Connection, Script

_ACQUIRE = Script.from_file("acquire_lease")
_RENEW = Script.from_file("renew_lease")
_RELEASE = Script.from_file("release_lease")
_SAVE = Script.from_file("save_checkpoint")


class LeaseHeld(Exception):
    """Somebody else owns the partition, and has been heard of within the lease's time.

    Attributes:
        owner: who.
        remaining: seconds until the lease runs out, if its owner stays silent.
    """

    def __init__(self, owner: str, remaining: float) -> None:
        """Take who holds it, and for how much longer."""
        super().__init__(f"{owner} owns the partition for another {remaining:.1f} s unless it says otherwise.")
        self.owner = owner
        self.remaining = remaining


class LostLease(Exception):
    """Somebody else owns the partition by now, or the store has lost its data: stop, write nothing more."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the owner had come.

    Attributes:
        position: the last entry of the stream whose effect is in the state.
        state: the owner's own bytes.
    """

    position: str
    state: bytes


class Checkpoints:
    """State and position together, written only by whoever holds the youngest token.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection, partition: int = 0) -> None:
        """Take the connection to ask over."""
        self._connection = connection
        self._lease = keys.lease(partition)
        self._fence = keys.fence(partition)
        self._checkpoint = keys.checkpoint(partition)
        self._ttl_ms = 0
        self._owner = ""

    async def acquire(self, owner: str, ttl: float) -> int:
        """Become the partition's owner.

        Args:
            owner: a name; the same name may take over from itself at once, as after a restart.
            ttl: seconds after which the lease is free again unless it was renewed.

        Returns:
            The fencing token, larger than every earlier one.

        Raises:
            LeaseHeld: somebody else's lease has not run out.
        """
        self._owner, self._ttl_ms = owner, max(1, round(ttl * 1_000))
        token, holder, remaining = await self._connection.run(
            _ACQUIRE, [self._lease, self._fence], [owner, self._ttl_ms]
        )
        if not token:
            raise LeaseHeld(str(holder, "utf-8"), max(remaining, 0) / 1_000)
        return int(token)

    async def renew(self, token: int) -> None:
        """Hold the lease for its time again; also where it had run out and nobody else took it.

        Raises:
            LostLease: a younger token was handed out.
        """
        if not await self._connection.run(_RENEW, [self._lease, self._fence], [token, self._owner, self._ttl_ms]):
            raise LostLease

    async def release(self, token: int) -> None:
        """Give the lease back; does nothing where it was lost."""
        await self._connection.run(_RELEASE, [self._lease, self._fence], [token])

    async def save(self, token: int, position: str, state: bytes) -> None:
        """Write state and position in one step.

        Raises:
            LostLease: a younger token was handed out; nothing was written.
        """
        saved = await self._connection.run(_SAVE, [self._checkpoint, self._fence], [token, position, state])
        if not saved:
            raise LostLease

    async def load(self) -> Checkpoint | None:
        """Read the last checkpoint; None where there never was one."""
        position, state = await self._connection.call("HMGET", self._checkpoint, "position", "state")
        return None if position is None else Checkpoint(str(position, "ascii"), state)
