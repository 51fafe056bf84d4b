"""What-if: one threshold rule over a month of 100 sensors, from the change of a number to the answer of the process."""

import asyncio
import json
import socket
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.assembly.handover import Handover
from ioc.assembly.rules_bench import RulesBenchProcess
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.instant import DAY, SECOND
from ioc.runtime import embedded
from ioc.store.history.layout import Writer
from ioc.store.history.writing import write_events

SENSORS: Final = 100
EVERY: Final = 30 * SECOND
DAYS: Final = 30
START: Final = 1_790_000_000 * SECOND // DAY * DAY
RULE: Final = """\
- rule: dust
  from: sensor
  threshold: {raise: pm25 > %s, for: 60 s, clear: pm25 <= %s, clear_for: 30 s}
"""
TURNED: Final = (150, 145, 155, 160, 140)
"""The values that the author tries, one after the other."""


def main() -> None:
    """Write the month, ask, and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_month(folder / "history")
        (folder / "rules").mkdir()
        (folder / "rules" / "dust.yaml").write_text(RULE % (150, 120))
        port = _free_port()
        with embedded.running(embedded.store(folder / "store", port=port, log=folder / "store.log")):
            figure = asyncio.run(_ask(folder, f"redis://127.0.0.1:{port}"))
    print(json.dumps({"benchmark": "what if", "sensors": SENSORS, "days": DAYS, **figure}))


async def _ask(folder: Path, url: str) -> dict[str, Any]:
    bench = RulesBenchProcess(
        Handover(url, "warning", "console", "{}", rules_dir=str(folder / "rules"), history_dir=str(folder / "history"))
    )
    try:
        await bench.check(RULE % (150, 120))
        answers = [await _timed(bench, RULE % (value, value - 30)) for value in TURNED]
    finally:
        await bench.close()
    first, *later = answers
    return {
        "events": first["events"],
        "alerts": [answer["alerts"] for answer in answers],
        "first_question_s": first["seconds"],
        "first_reading_s": first["read_s"],
        "first_engine_s": first["engine_s"],
        "later_questions_s": [answer["seconds"] for answer in later],
        "later_engine_s": [answer["engine_s"] for answer in later],
        "target_later_question_s": 2.0,
        "target_engine_s": 1.0,
    }


async def _timed(bench: RulesBenchProcess, text: str) -> dict[str, Any]:
    began = time.perf_counter()
    result: dict[str, Any] = {}
    async for line in bench.what_if(text, START, START + DAYS * DAY):
        result = line.get("result", result)
    return {
        "seconds": round(time.perf_counter() - began, 3),
        "events": result["events"],
        "alerts": result["after"]["alerts"],
        "read_s": result["took"]["read_s"],
        "engine_s": result["took"]["engine_s"],
    }


def _write_month(history: Path) -> None:
    """Write a month as the archiver's merged files hold it: a few files a day, in order of arrival."""
    generator = np.random.default_rng(7)
    steps = DAY // EVERY
    for day in range(DAYS):
        step = np.repeat(np.arange(steps), SENSORS)
        sensor = np.tile(np.arange(SENSORS), steps)
        at = START + day * DAY + step * EVERY + sensor * (EVERY // SENSORS)
        rhythm = 60 + 40 * np.sin(2 * np.pi * step / steps + sensor / 10)
        episode = np.repeat(generator.normal(0, 20, (steps // 20, SENSORS)), 20, axis=0).reshape(-1)
        pm25 = np.maximum(0, rhythm + episode + generator.normal(0, 3, len(step)))
        names = pl.Series([f"air-{number:03d}" for number in range(SENSORS)])
        frame = pl.DataFrame({"at": at, "received_at": at + SECOND // 5, "asset": names.gather(sensor), "pm25": pm25})
        frame = frame.with_columns(
            pl.col("at", "received_at").cast(INSTANT_TYPE),
            pl.lit("sensor").alias("kind"),
            pl.int_range(pl.len()).cast(pl.String).alias("id"),
            *(pl.lit(None, FIXED_COLUMNS[name]).alias(name) for name in _UNSAID),
        ).select([*FIXED_COLUMNS, "pm25"])
        for part, piece in enumerate(frame.iter_slices(steps * SENSORS // 4)):
            first = (START + day * DAY) // 1_000 + part * 6 * 3_600_000
            write_events(history, piece, (first, 0), (first + 6 * 3_600_000 - 1, 0), Writer.ARCHIVE)


_UNSAID: Final = ("at_source", "lat", "lon", "zone", "signal", "codec")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
