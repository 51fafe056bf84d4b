"""Many rules of mixed kinds: over a file, live in batches of 500 events, and what the state of 100,000 keys costs.

The rules are those of a city that is mostly calm: a quarter has something to do with what the events of city-4 say,
the others watch for what does not come.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import psutil

from ioc.model.quantities import Catalogue
from ioc.store.catalogue import load_catalogue
from ioc.store.event_files import read_events
from rules.backtest import backtest, needed_columns
from rules.book import RuleBook, read_book_text
from rules.checkpointing import RulesState, to_bytes
from rules.engine import Engine
from rules.expressions import scope_of

SHARED: Final = Path(__file__).resolve().parents[3] / "shared" / "city4"
EVENTS: Final = 1_000_000
LIVE_BATCH: Final = 500
LIVE_BATCHES: Final = 400
KEYS: Final = 100_000
TARGETS: Final = {100: 250_000, 1_000: 50_000}
PEERS: Final = {"csp": 244_000, "python by hand": 359_000, "flink sql": 44_000, "bytewax": 48_000, "pathway": 20_000}
"""Events per second of others with the four rules of city-4, on such a machine."""

# Quantity, kind, and limits: reached by some, by few, and twice by none.
_QUANTITIES: Final = (
    ("pm25", "sensor", (150, 260, 900, 1500)),
    ("temp_c", "sensor", (60, 90, 150, 300)),
    ("noise_db", "sensor", (87.9, 87.99, 100, 120)),
    ("water_level_m", "sensor", (3.39, 3.399, 4, 5)),
    ("clients", "wifi", (118, 119, 200, 500)),
    ("tx_mbps", "wifi", (399, 399.9, 600, 900)),
)
_TURNS: Final = (
    "threshold",
    "window",
    "threshold",
    "absence",
    "threshold",
    "count",
    "threshold",
    "window",
    "together",
    "threshold",
)


def mixed_rules(count: int, *, lateness: bool = False) -> str:
    """Write a rule book: of ten rules five thresholds, three windows, an absence and a together."""
    rules = []
    for number in range(count):
        quantity, kind, limits = _QUANTITIES[number % len(_QUANTITIES)]
        limit = limits[number // len(_TURNS) % len(limits)]
        turn = _TURNS[number % len(_TURNS)]
        over = 60 + number % 240
        if turn == "threshold":
            lower = round(limit * 0.9, 3)
            what = f"from: {kind}\n  threshold: {{raise: {quantity} > {limit}, for: {over} s, clear: {quantity} <= {lower}}}"
        elif turn == "window":
            value = ("mean", "max", "min")[number % 3]
            what = f"from: {kind}\n  window: {{over: {over} s, value: {value}({quantity}), raise: '> {limit}'}}"
        elif turn == "count":
            label = ("person", "car", "bicycle", "bag")[number % 4]
            what = (
                f"from: camera\n  where: label = '{label}'\n  per: zone\n"
                f"  window: {{over: 60 s, value: count(*), raise: '>= {20 + number % 40}', clear: '< 10'}}"
            )
        elif turn == "absence":
            what = f"from: {('wifi', 'sensor', 'camera')[number % 3]}\n  absence: {{after: {120 + number % 600} s}}"
        else:
            what = (
                f"together:\n    smoke: {{from: camera, where: label = 'smoke' and score >= 0.{6 + number % 4}}}\n"
                f"    heat: {{from: sensor, where: temp_c > {60 + number % 40}}}\n    within: 30 s\n    near: 200 m"
            )
        late = "lateness: 2 s\n  " if lateness else ""
        rules.append(f"- rule: r{number}\n  {late}{what}\n")
    return "".join(rules)


def main() -> None:
    """Make the case, and measure."""
    if not SHARED.is_dir():
        print(json.dumps({"benchmark": "rules, mixed", "skipped": f"{SHARED} is not there"}))
        return
    catalogue = load_catalogue()
    scope = scope_of(catalogue)
    books = {count: read_book_text(mixed_rules(count), scope) for count in TARGETS}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(SHARED / "make_case.py"), folder, "-n", str(EVENTS)]
        subprocess.run(command, check=True, cwd=SHARED, env={"PYTHONDONTWRITEBYTECODE": "1"})
        path = Path(folder) / "events.parquet"
        pl.concat(list(read_events(Path(folder) / "events.ndjson", catalogue))).write_parquet(path)
        for count, target in TARGETS.items():
            print(json.dumps(_over_a_file(path, books[count], catalogue) | {"target_events_per_s": target}), flush=True)
        events = pl.read_parquet(path, n_rows=300_000)
        print(json.dumps(_live(events, books[100], catalogue)), flush=True)
        # In a process of its own: what was used before would hide what is used now.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            print(json.dumps(process.submit(_state, path).result()), flush=True)


def _over_a_file(path: Path, book: RuleBook, catalogue: Catalogue) -> dict[str, Any]:
    begun = time.perf_counter()
    alerts = backtest(book, read_events(path, catalogue, needed_columns(book)), catalogue)
    seconds = time.perf_counter() - begun
    return {
        "benchmark": "rules, mixed, over Parquet",
        "rules": len(book.rules),
        "events_per_s": round(EVENTS / seconds),
        "alerts": len(alerts),
        "peers_with_four_rules": PEERS,
    }


def _live(events: pl.DataFrame, book: RuleBook, catalogue: Catalogue) -> dict[str, Any]:
    """Run batches as they come live, after enough of them that every key is known."""
    engine = Engine(book, catalogue)
    warm = events.height - LIVE_BATCH * LIVE_BATCHES
    engine.step(events.head(warm))
    taken = []
    for first in range(warm, events.height, LIVE_BATCH):
        batch = events[first : first + LIVE_BATCH]
        clock = int(batch["received_at"].to_physical()[-1])
        begun = time.perf_counter()
        engine.step(batch, clock)
        taken.append(time.perf_counter() - begun)
    low, high = np.quantile(taken, (0.5, 0.99))
    return {
        "benchmark": "rules, mixed, live",
        "rules": len(book.rules),
        "events_per_batch": LIVE_BATCH,
        "ms_per_batch_p50": round(float(low) * 1_000, 2),
        "ms_per_batch_p99": round(float(high) * 1_000, 2),
        "target_ms": 2,
    }


def _state(path: Path) -> dict[str, Any]:
    """Say what 100,000 keys cost: memory, how long a snapshot holds up the rules, and writing it beside them."""
    catalogue = load_catalogue()
    book = read_book_text(mixed_rules(100), scope_of(catalogue))
    events = pl.read_parquet(path, n_rows=30_000)
    Engine(book, catalogue).step(events)
    before = psutil.Process().memory_info().rss
    engine = Engine(book, catalogue)
    part = KEYS // 10_000
    for number in range(part):
        engine.step(events.with_columns(pl.col("asset") + f"-{number}"))
    memory = psutil.Process().memory_info().rss - before
    begun = time.perf_counter()
    snapshot = engine.snapshot()
    held_up = time.perf_counter() - begun
    begun = time.perf_counter()
    written = asyncio.run(asyncio.to_thread(to_bytes, RulesState(snapshot)))
    return {
        "benchmark": "rules, mixed, state of 100,000 keys",
        "rules": len(book.rules),
        "memory_mb": round(memory / 1e6),
        "target_memory_mb": 300,
        "ms_held_up": round(held_up * 1_000, 1),
        "target_ms_held_up": 200,
        "ms_written_beside": round((time.perf_counter() - begun) * 1_000),
        "checkpoint_mb": round(len(written) / 1e6, 1),
    }


if __name__ == "__main__":
    main()
