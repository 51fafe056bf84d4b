"""A broker that ignores the receive maximum, and a store that stands still: ingest holds little, and goes on after."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kill_matrix.flooding_broker import WARM_UP, flooding
from kill_matrix.matrix import GROWTH_MB
from kill_matrix.processes import flooded_ingest, wait_until

pytestmark = pytest.mark.end_to_end

STANDSTILL_S = 2.0
SOME = 500


@pytest.mark.parametrize(("adapter", "size"), [("fast", 200), ("fast", 5_000), ("aiomqtt", 5_000)])
def test_a_flood_is_left_to_the_broker(tmp_path: Path, free_port: Callable[[], int], adapter: str, size: int) -> None:
    with flooding(size) as broker, flooded_ingest(tmp_path, free_port, broker.port, adapter) as (ingest, store, memory):
        wait_until(lambda: broker.acknowledged >= WARM_UP, "the first acknowledgements")
        rested, pid = memory.now(), ingest.pid
        broker.flood()
        wait_until(lambda: broker.acknowledged > WARM_UP + SOME, "acknowledgements in the flood")
        store.pause()
        time.sleep(STANDSTILL_S)  # the time under test
        acknowledged = broker.acknowledged
        store.resume()
        wait_until(lambda: broker.acknowledged > acknowledged + SOME, "acknowledgements after the standstill")

        assert ingest.pid == pid
        assert (memory.highest() - rested) / 1e6 <= GROWTH_MB
