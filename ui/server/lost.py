"""What of the devices' messages never arrived, as the server asks for it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ioc.model.instant import Instant


class Gap(Protocol):
    """Messages of one run of a device that never arrived: the first and the last number that are missing."""

    @property
    def asset(self) -> str:
        """Whose they are."""
        ...

    @property
    def boot(self) -> str:
        """The run of the device that numbered them."""
        ...

    @property
    def first(self) -> int:
        """The first number that is missing."""
        ...

    @property
    def last(self) -> int:
        """The last number that is missing."""
        ...

    @property
    def at(self) -> Instant:
        """When it was noticed."""
        ...


class Gaps(Protocol):
    """Where gaps are kept; both raise `StoreUnavailable` when the store is away."""

    async def counts(self) -> Mapping[str, int]:
        """Count the missing messages of every asset that misses any."""
        ...

    async def latest(self, limit: int = ...) -> Sequence[Gap]:
        """Read the latest gaps, newest first."""
        ...


class NoGaps:
    """A store that keeps no gaps."""

    async def counts(self) -> Mapping[str, int]:
        """Count none."""
        return {}

    async def latest(self, limit: int = 0) -> Sequence[Gap]:  # noqa: ARG002
        """Read none."""
        return ()
