"""A store opened on a real, empty server."""

from collections.abc import AsyncIterator

import pytest

from ioc.store.opening import Store, open_store


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened
