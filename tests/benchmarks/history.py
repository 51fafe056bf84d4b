"""History: seconds to read one quantity of a month of 100 sensors, 8.6 million events, and what it takes on disk."""

import json
import tempfile
import time
from pathlib import Path
from typing import Final

from sensor_month import write_sensor_month

from ioc.store.history import History

ROUNDS: Final = 3


def main() -> None:
    """Write the month, read it by a reader that knows nothing yet and by one that has read before."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        events = write_sensor_month(folder)
        writing = time.perf_counter() - begun
        cold = min(_timed(History(folder)) for _ in range(ROUNDS))
        history = History(folder)
        _timed(history)
        warm = min(_timed(history) for _ in range(ROUNDS))
        held = history.info()
    figure = {
        "benchmark": "history",
        "events": events,
        "files": held.files,
        "bytes_per_event": round(held.bytes / events, 1),
        "write_events_per_s": round(events / writing),
        "read_one_quantity_s": round(cold, 3),
        "read_again_s": round(warm, 3),
        "target_s": 1.0,
    }
    print(json.dumps(figure))


def _timed(history: History) -> float:
    begun = time.perf_counter()
    events = sum(batch.height for batch in history.batches(columns=["pm25"], kinds=["sensor"]))
    assert events == history.info().events
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
