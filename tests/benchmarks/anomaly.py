"""Anomaly: precision, recall and lead over labelled series, beside a windowed Gaussian that is tuned on those series.

The rule is the default one for every series, as an author would write it first. The Gaussian's window, limit and time
to clear are the best of a grid, by the harmonic mean of precision and recall over all series together. Both raise alerts
that begin and end, and alerts are what is counted: one is right where it begins within a labelled window.
"""

import csv
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc.model.instant import HOUR, SECOND, Duration, Instant
from ioc.store.catalogue import load_catalogue
from rules.backtest import backtest
from rules.book import read_book_text
from rules.expressions import scope_of
from rules.kinds.anomaly_past import BYTES_PER_KEY, LEARNS_EVENTS
from rules.kinds.contract import Feed
from rules.kinds.threshold import ThresholdKind

SERIES: Final = Path(__file__).resolve().parents[3] / "shared" / "series"

PROBATION: Final = 0.15
"""The share of a series from which a detector may learn, and which is not scored."""

QUANTITY: Final = "noise_db"
"""Under which name the series are read; the rule knows nothing of quantities."""

RULE: Final = f"""
- rule: unusual
  from: sensor
  anomaly: {{of: {QUANTITY}}}
"""

WINDOWS: Final = (100, 300, 576, 1000, 2000, 6400)
LIMITS: Final = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
CLEAR_FORS: Final[tuple[Duration, ...]] = (2 * HOUR, 8 * HOUR, 24 * HOUR)
"""The grid that the Gaussian is tuned on: events, deviations, time."""


@dataclass(frozen=True, slots=True)
class Series:
    """One labelled series; times in µs."""

    name: str
    at: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    windows: tuple[tuple[Instant, Instant], ...]

    @property
    def scored_from(self) -> Instant:
        """When the probation ends."""
        return int(self.at[int(len(self.at) * PROBATION)])


@dataclass(frozen=True, slots=True)
class Score:
    """What alerts are worth, of one series or of many.

    Attributes:
        alerts, right: how many began, and how many of them within a window.
        windows, found: how many there are, and in how many an alert began.
        leads: for each window found, how much of it was over when its first alert began, as a share.
    """

    alerts: int = 0
    right: int = 0
    windows: int = 0
    found: int = 0
    leads: tuple[float, ...] = ()

    def __add__(self, other: "Score") -> "Score":
        """Count two together."""
        return Score(
            self.alerts + other.alerts,
            self.right + other.right,
            self.windows + other.windows,
            self.found + other.found,
            self.leads + other.leads,
        )

    @property
    def precision(self) -> float:
        """The share of alerts that are right."""
        return self.right / self.alerts if self.alerts else 0.0

    @property
    def recall(self) -> float:
        """The share of windows that were found."""
        return self.found / self.windows if self.windows else 0.0

    @property
    def mean(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def to_json(self) -> dict[str, object]:
        """Give what is printed."""
        shown: dict[str, object] = {"alerts": self.alerts, "right": self.right}
        shown |= {"windows": self.windows, "found": self.found}
        if self.leads:
            shown["window_over_at_first_alert"] = round(float(np.median(self.leads)), 2)
        return shown


def read_all(folder: Path) -> list[Series]:
    """Read every labelled series of a folder."""
    labels: Mapping[str, list[list[str]]] = json.loads((folder / "windows.json").read_text("utf-8"))
    return [_read(folder, name, windows) for name, windows in labels.items()]


def _read(folder: Path, name: str, windows: list[list[str]]) -> Series:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = [(_instant(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
    at, values = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    return Series(name, at, values, tuple((_instant(begin), _instant(end)) for begin, end in windows))


def _instant(text: str) -> Instant:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def score(series: Series, raised: list[Instant]) -> Score:
    """Score the instants at which alerts of one series began."""
    scored = [at for at in raised if at >= series.scored_from]
    firsts = []
    for begin, end in series.windows:
        inside = [at for at in scored if begin <= at <= end]
        if inside:
            firsts.append((inside[0] - begin) / (end - begin))
    right = sum(any(begin <= at <= end for begin, end in series.windows) for at in scored)
    return Score(len(scored), right, len(series.windows), len(firsts), tuple(firsts))


def by_rule(all_series: list[Series]) -> list[list[Instant]]:
    """Run the plainest anomaly rule over all series, each an asset, and tell when alerts of each began."""
    catalogue = load_catalogue()
    frames = [
        pl.DataFrame({"at": series.at, "received_at": np.arange(len(series.at)), QUANTITY: series.values}).with_columns(
            asset=pl.lit(series.name)
        )
        for series in all_series
    ]
    batch = pl.concat(frames).sort("received_at", maintain_order=True)
    times = pl.col("at", "received_at").cast(pl.Datetime("us", "UTC"))
    batch = batch.with_columns(times, kind=pl.lit("sensor"))
    raised: dict[str, list[Instant]] = {series.name: [] for series in all_series}
    for alert in backtest(read_book_text(RULE, scope_of(catalogue)), [batch], catalogue):
        raised[alert.key].append(alert.raised_at)
    return list(raised.values())


def deviations(series: Series, window: int) -> npt.NDArray[np.float64]:
    """Tell how many deviations each event lies off the mean of the `window` events before it."""
    values, places = series.values, np.arange(len(series.values))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values * values)])
    first = np.maximum(0, places - window)
    count = np.maximum(places - first, 1)
    mean = (sums[places] - sums[first]) / count
    deviation = np.sqrt(np.maximum((squares[places] - squares[first]) / count - mean * mean, 0))
    # A sum of many numbers is never exact: what is left of a flat line is no deviation.
    off: npt.NDArray[np.float64] = np.abs(values - mean) / np.maximum(deviation, 1e-6 * np.maximum(np.abs(mean), 1))
    off[:LEARNS_EVENTS] = 0
    return off


def by_gaussian(series: Series, off: npt.NDArray[np.float64], limit: float, clear_for: Duration) -> list[Instant]:
    """Tell when alerts of a windowed Gaussian began.

    An alert begins at an event that is more than `limit` deviations off, and ends when events have been less than half
    as far off for `clear_for`: as with the rule.
    """
    raises, clears = (off >= limit).astype(int), (off < limit / 2).astype(int)
    places = np.arange(len(off))
    feed = Feed(series.at, series.at, np.zeros(len(off), int), places, {"raise": raises, "clear": clears})
    changes = ThresholdKind(0, clear_for).step(feed, int(series.at[-1]), closing=True)
    return [change.at for change in changes if change.firing]


def scored(all_series: list[Series], raised: Iterable[list[Instant]]) -> list[Score]:
    """Score each series."""
    return [score(series, instants) for series, instants in zip(all_series, raised, strict=True)]


def best_gaussian(all_series: list[Series]) -> tuple[tuple[int, float, Duration], list[Score]]:
    """Find the Gaussian of the grid that does best on these very series; which it is, and its scores."""
    tried = []
    for window in WINDOWS:
        off = [deviations(series, window) for series in all_series]
        for limit, clear_for in product(LIMITS, CLEAR_FORS):
            pairs = zip(all_series, off, strict=True)
            scores = scored(all_series, (by_gaussian(series, far, limit, clear_for) for series, far in pairs))
            tried.append(((window, limit, clear_for), scores))
    return max(tried, key=lambda one: total(one[1]).mean)


def total(scores: list[Score]) -> Score:
    """Count scores together."""
    return sum(scores, start=Score())


def summed(all_series: list[Series], scores: list[Score]) -> dict[str, object]:
    """Give what is printed of all series together."""
    every = total(scores)
    quiet = [one for series, one in zip(all_series, scores, strict=True) if not series.windows]
    return {
        "precision": round(every.precision, 2),
        "recall": round(every.recall, 2),
        "harmonic_mean": round(every.mean, 2),
        **every.to_json(),
        "series_without_anomalies": len(quiet),
        "false_alarms_on_them": total(quiet).alerts,
    }


def main() -> None:
    """Print a line for each series, and one for all."""
    if not SERIES.is_dir():
        print(json.dumps({"benchmark": "anomaly", "skipped": f"{SERIES} is not there"}))
        return
    all_series = read_all(SERIES)
    begun = time.perf_counter()
    ours = scored(all_series, by_rule(all_series))
    seconds = time.perf_counter() - begun
    (window, limit, clear_for), gaussian = best_gaussian(all_series)
    for series, own, other in zip(all_series, ours, gaussian, strict=True):
        line = {"benchmark": "anomaly", "series": series.name, "rule": own.to_json(), "gaussian": other.to_json()}
        print(json.dumps(line))
    events = sum(len(series.at) for series in all_series)
    figure = {
        "benchmark": "anomaly",
        "series": len(all_series),
        "rule": summed(all_series, ours),
        "gaussian": summed(all_series, gaussian),
        "setting_of_the_rule": "the default for all series; its constants were chosen with these series in sight",
        "setting_of_the_gaussian": f"the best of {len(WINDOWS) * len(LIMITS) * len(CLEAR_FORS)} on these series: "
        f"{window} events, {limit} deviations, cleared after {clear_for // HOUR} h",
        "events_per_s": round(events / seconds),
        "bytes_per_key": BYTES_PER_KEY,
    }
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
