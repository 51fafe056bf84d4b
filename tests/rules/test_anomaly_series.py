"""Over labelled series the anomaly rule, set for none of them, beats a Gaussian that is tuned on them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "anomaly.py"
    found = importlib.util.spec_from_file_location("benchmark_of_anomalies", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def test_the_plainest_rule_beats_the_best_gaussian_of_a_grid(benchmark: ModuleType, shared: Path) -> None:
    all_series = benchmark.read_all(shared / "series")
    assert len(all_series) == 19
    ours = benchmark.scored(all_series, benchmark.by_rule(all_series))
    setting, gaussian = benchmark.best_gaussian(all_series)
    own, other = benchmark.total(ours), benchmark.total(gaussian)
    assert own.precision >= other.precision + 0.15, setting
    assert own.recall >= other.recall + 0.2, setting
    assert own.precision >= 0.65
    assert own.recall >= 0.75
    quiet = [one for series, one in zip(all_series, ours, strict=True) if not series.windows]
    assert len(quiet) == 5
    assert sum(one.alerts for one in quiet) == 0


def test_alerts_are_counted_and_not_points(benchmark: ModuleType) -> None:
    series = benchmark.Series("made up", benchmark.np.arange(100), benchmark.np.zeros(100), ((40, 60), (80, 90)))
    assert series.scored_from == 15
    score = benchmark.score(series, [3, 20, 45, 50, 70])
    assert (score.alerts, score.right, score.windows, score.found, score.leads) == (4, 2, 2, 1, (0.25,))
    assert (score.precision, score.recall) == (0.5, 0.5)
