"""docs/history.md: what it shows is so."""

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ioc.model.events import FIXED_COLUMNS
from ioc.store.history.layout import HistoryFile, read_name
from ioc.store.history.settings import HistorySettings
from ioc.store.history.writing import RESERVE_BYTES, ROW_GROUP

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "history.md").read_text("utf-8")


def test_polars_reads_the_files_as_the_page_says(
    tmp_path: Path,
    make_events: Callable[..., pl.DataFrame],
    put_into: Callable[..., HistoryFile],
    monkeypatch: pytest.MonkeyPatch,
):
    put_into(tmp_path / "data" / "history", make_events(0, 5, pm25=200.0))
    put_into(tmp_path / "data" / "history", make_events(5, 5, start=1_795_356_000_000_000, label="x"))
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    head, _, expression = code.rpartition("\n\n")
    names = {"pl": pl}
    exec(head, names)  # noqa: S102 - our own page
    found = eval(expression, names)  # noqa: S307
    assert found.height == 5


def test_the_names_and_columns_are_those_of_the_page():
    (name,) = re.findall(r"^ +(\d+-\d+_\d+-\d+\.parquet)$", PAGE, re.MULTILINE)
    file = read_name(Path(name))
    assert file is not None
    assert all(f"`{column}`" in PAGE for column in FIXED_COLUMNS)


def test_the_figures_are_those_of_the_page():
    assert f"{ROW_GROUP:,} events" in PAGE
    assert f"last {RESERVE_BYTES // 1_000_000} MB" in PAGE
    defaults = HistorySettings()
    assert f"| `history.keep_days` | {defaults.keep_days:g} |" in PAGE
    assert f"| `history.keep_gb` | {defaults.keep_gb:g} |" in PAGE
