"""Something that a command does with the configured store."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ioc.model.faults import Fault

if TYPE_CHECKING:
    from ioc.store.opening import Store

Result = TypeVar("Result")


def with_store(
    work: "Callable[[Store], Awaitable[Result]]", config: Path | None, environment: Mapping[str, str]
) -> Result:
    """Open the configured store, do something with it, and close it.

    Raises:
        Fault: the store cannot be reached, or goes away meanwhile.
    """
    from ioc.config import load  # noqa: PLC0415 - slow to import
    from ioc.store.connection import StoreUnavailable  # noqa: PLC0415
    from ioc.store.opening import open_store  # noqa: PLC0415

    url = load(config, environment).configuration.redis_url

    async def main() -> Result:
        async with open_store(url) as store:
            try:
                return await work(store)
            except StoreUnavailable as away:
                raise Fault(
                    f"{away.reason} It cannot be said how much was done; do it again.", wrong_use=False
                ) from None

    return asyncio.run(main())
