"""One threshold over a month: 100 sensors that speak every 30 s, 8.6 million events that are read already."""

import json
import time
from typing import Final

import numpy as np
import polars as pl

from ioc.model.events import INSTANT_TYPE
from ioc.model.instant import DAY, SECOND
from ioc.store.catalogue import load_catalogue
from rules.backtest import backtest
from rules.book import read_book_text
from rules.expressions import scope_of

SENSORS: Final = 100
EVERY: Final = 30 * SECOND
DAYS: Final = 30
START: Final = 1_790_000_000 * SECOND
LIMITS: Final = (150.0, 100.0, 55.0)
"""Reached seldom, often, and as often as not."""


def month() -> list[pl.DataFrame]:
    """Make the past, a day a frame: dust that rises and falls with the hours, with noise and with bad evenings."""
    random = np.random.default_rng(4)
    rounds = DAY // EVERY
    names = np.array([f"air-{number:03d}" for number in range(SENSORS)])
    base = random.uniform(20, 70, SENSORS)
    frames = []
    for day in range(DAYS):
        at = START + day * DAY + np.arange(rounds)[:, None] * EVERY + np.arange(SENSORS)[None, :] * (EVERY // SENSORS)
        hours = np.arange(rounds) * 24 / rounds
        rhythm = 1 + 0.5 * np.sin(hours / 24 * 2 * np.pi)
        bad = np.where((hours > 18) & (hours < 20), random.uniform(1, 3, SENSORS)[:, None], 1).T
        dust = base * rhythm[:, None] * bad * random.lognormal(0, 0.2, (rounds, SENSORS))
        instants = pl.Series(at.ravel()).cast(INSTANT_TYPE)
        assets = pl.Series(np.tile(names, rounds)).cast(pl.Categorical)
        columns = {"at": instants, "received_at": instants, "asset": assets, "pm25": dust.ravel()}
        frames.append(pl.DataFrame(columns).with_columns(pl.lit("sensor").alias("kind")))
    return frames


def main() -> None:
    """Run the rule with several limits, each of which somebody might drag a line to."""
    frames = month()
    events = sum(frame.height for frame in frames)
    catalogue = load_catalogue()
    for limit in LIMITS:
        text = f"[{{rule: dust, from: sensor, threshold: {{raise: pm25 > {limit}, for: 60 s}}}}]"
        book = read_book_text(text, scope_of(catalogue))
        begun = time.perf_counter()
        alerts = backtest(book, frames, catalogue)
        seconds = time.perf_counter() - begun
        figure = {
            "benchmark": "one threshold over a month of history",
            "events": events,
            "limit": limit,
            "alerts": len(alerts),
            "seconds": round(seconds, 2),
            "target_seconds": 1,
        }
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
