"""A made-up month of sensors, written as the history is: for tests and benchmarks that read much of the past."""

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from ioc.model.events import INSTANT_TYPE
from ioc.model.instant import DAY, HOUR, MILLISECOND, SECOND, Instant
from ioc.store.history.layout import Writer
from ioc.store.history.writing import write_events

END: Final[Instant] = 1_795_392_000 * SECOND
"""2026-11-23T00:00:00Z: where the month ends unless said otherwise."""

_DELAY: Final = 250 * MILLISECOND


def write_sensor_month(
    folder: Path, *, sensors: int = 100, every_s: int = 30, days: int = 30, end: Instant = END, seed: int = 4
) -> int:
    """Write readings of pm25, temp_c and humidity into a history, one file an hour; says how many events.

    Each sensor reports every `every_s` seconds. pm25 has a rhythm of the day, noise, and on about one day in ten of a
    sensor an episode of two hours above 150 µg/m³.

    Args:
        folder: of the history.
        sensors: how many; they are called `sensor-0` and so on.
        every_s: seconds between two readings of one.
        days: how far back it goes.
        end: the whole hour where it ends.
        seed: the same seed gives the same month.
    """
    chance = np.random.default_rng(seed)
    rounds = HOUR // SECOND // every_s
    number = np.tile(np.arange(sensors), rounds)
    names = pl.Series([f"sensor-{each}" for each in range(sensors)])
    level = chance.normal(35, 8, sensors)
    episodes = np.where(chance.random((days + 1, sensors)) < 0.1, chance.integers(0, 22, (days + 1, sensors)), -9)
    written = 0
    for start in range(end - days * DAY, end, HOUR):
        at = start + np.repeat(np.arange(rounds) * every_s * SECOND, sensors) + number * 7 * MILLISECOND
        day, hour = (start - (end - days * DAY)) // DAY, start % DAY // HOUR
        raised = (hour - episodes[day] >= 0) & (hour - episodes[day] < 2)
        usual = level * (1 + 0.3 * np.sin(2 * np.pi * (hour + 17) / 24)) + 140 * raised
        size = at.size
        pm25 = np.maximum(0, usual[number] + chance.normal(0, 6, size)).round(1)
        temperature = (22 + 5 * np.sin(2 * np.pi * (hour + 20) / 24) + chance.normal(0, 0.5, size)).round(1)
        counter = written + np.arange(size)
        frame = pl.DataFrame({"n": number, "at": at, "counter": counter}).select(
            id=pl.format("sensor-{}:m:{}", "n", "counter"),
            kind=pl.lit("sensor"),
            asset=names.gather(number),
            at=pl.col("at").cast(INSTANT_TYPE),
            received_at=(pl.col("at") + _DELAY).cast(INSTANT_TYPE),
            at_source=pl.lit("device"),
            lat=11.94 + pl.col("n") * 0.001,
            lon=108.44 + pl.col("n") * 0.001,
            zone=pl.lit(None, pl.String),
            signal=pl.lit(None, pl.String),
            codec=pl.lit("ioc"),
            humidity=pl.lit(pl.Series(chance.normal(75, 8, size).round())),
            pm25=pl.lit(pl.Series(pm25)),
            temp_c=pl.lit(pl.Series(temperature)),
        )
        frame = frame.sort("received_at", maintain_order=True)
        first, last = start // MILLISECOND, (start + HOUR) // MILLISECOND - 1
        write_events(folder, frame, (first, 0), (last, 0), Writer.ARCHIVE)
        written += size
    return written
