"""Rules over a file: events per second of the four rules of city-4, and whether the alerts are the oracle's."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import polars as pl

from ioc.model.quantities import Catalogue
from ioc.store.catalogue import load_catalogue
from ioc.store.event_files import read_events
from rules.backtest import BacktestAlert, backtest, needed_columns
from rules.book import RuleBook, read_book_text
from rules.expressions import scope_of

SHARED: Final = Path(__file__).resolve().parents[3] / "shared" / "city4"
EVENTS: Final = 1_000_000
ROUNDS: Final = 3
TARGETS: Final = {"ndjson": 500_000, "parquet": 1_000_000}
PEERS: Final = {"csp": 244_000, "python by hand": 359_000, "flink sql": 44_000, "bytewax": 48_000, "pathway": 20_000}
"""Events per second of others with the same rules and events, from NDJSON, on such a machine."""


def main() -> None:
    """Make the case, run it a few times, print the best."""
    if not SHARED.is_dir():
        print(json.dumps({"benchmark": "rules over a file", "skipped": f"{SHARED} is not there"}))
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(SHARED / "make_case.py"), folder, "-n", str(EVENTS)]
        subprocess.run(command, check=True, cwd=SHARED, env={"PYTHONDONTWRITEBYTECODE": "1"})
        case = Path(folder)
        catalogue = load_catalogue()
        book = read_book_text((SHARED / "rules.yaml").read_text("utf-8"), scope_of(catalogue))
        frames = read_events(case / "events.ndjson", catalogue)
        pl.concat(list(frames)).write_parquet(case / "events.parquet")
        expected = [json.loads(line) for line in (case / "expected.ndjson").read_text().splitlines()]
        for form, target in TARGETS.items():
            timed = [_timed(case / f"events.{form}", book, catalogue) for _ in range(ROUNDS)]
            seconds, alerts = min(timed, key=lambda one: one[0])
            found = [{name: value for name, value in a.to_json().items() if name != "alert"} for a in alerts]
            figure = {
                "benchmark": f"rules over a file, {form}",
                "events": EVENTS,
                "rules": len(book.rules),
                "events_per_s": round(EVENTS / seconds),
                "target_events_per_s": target,
                "alerts": len(found),
                "equal_to_oracle": found == expected,
                "peers": PEERS,
            }
            print(json.dumps(figure), flush=True)


def _timed(path: Path, book: RuleBook, catalogue: Catalogue) -> tuple[float, list[BacktestAlert]]:
    begun = time.perf_counter()
    alerts = backtest(book, read_events(path, catalogue, needed_columns(book)), catalogue)
    return time.perf_counter() - begun, alerts


if __name__ == "__main__":
    main()
