"""What the tests of rules share: the catalogue, books from text, and batches from plain rows."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import polars as pl
import pytest

from ioc.model.alerts import AlertState
from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import SECOND
from ioc.model.quantities import Catalogue
from ioc.store.catalogue import load_catalogue
from ioc.store.opening import Store, open_store
from rules import stage
from rules.book import RuleBook, read_book_text
from rules.engine import Engine
from rules.expressions import scope_of

START = 1_790_000_000 * SECOND

BookOf = Callable[[str], RuleBook]
BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]
Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the stage report, and look at what is said of rules, without waiting a second each time."""
    monkeypatch.setattr(stage, "HEALTH_S", 0.05)
    monkeypatch.setattr(stage, "READ_WAIT_S", 0.05)


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    """A store opened on a real, empty server."""
    async with open_store(embedded_store) as opened:
        yield opened


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def book_of(catalogue: Catalogue) -> BookOf:
    """Reads a rule book from YAML text."""
    scope = scope_of(catalogue, "Asia/Ho_Chi_Minh")
    return lambda text: read_book_text(text, scope)


@pytest.fixture(scope="session")
def batch_of(catalogue: Catalogue) -> BatchOf:
    """Makes a batch of rows; `at` and `received_at` in seconds after START, quantities beside the fixed columns."""

    def make(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
        names = {name for row in rows for name in row if name not in FIXED_COLUMNS}
        quantities = {name: type_ for name, type_ in catalogue.schema().items() if name in names}
        schema = {**FIXED_COLUMNS, **quantities, "at": pl.Int64, "received_at": pl.Int64}
        full = []
        for row in rows:
            at = START + round(row["at"] * SECOND)
            received = START + round(row["received_at"] * SECOND) if "received_at" in row else at
            full.append({name: row.get(name) for name in schema} | {"at": at, "received_at": received})
        frame = pl.DataFrame(full, schema=schema, orient="row")
        return frame.with_columns(pl.col("at", "received_at").cast(pl.Datetime("us", "UTC")))

    return make


@pytest.fixture(scope="session")
def alerts_of(catalogue: Catalogue, book_of: BookOf, batch_of: BatchOf) -> AlertsOf:
    """Runs rules over rows one by one, then lets the clock go on to `until`; gives what came of it.

    An alert is (key, raised, cleared or None) in seconds after START, in order of `raised`.
    """

    def run(text: str, rows: Sequence[dict[str, Any]], until: float | None = None) -> list[Alert]:
        engine = Engine(book_of(text), catalogue)
        changes = [change for row in rows for change in engine.step(batch_of([{"kind": "sensor", "asset": "a"} | row]))]
        if until is not None:
            changes += engine.step(pl.DataFrame(), START + round(until * SECOND))
        changes += engine.finish()
        cleared = {c.alert: (c.at - START) / SECOND for c in changes if c.to is AlertState.RESOLVED}
        raised = [c for c in changes if c.to is AlertState.FIRING]
        return sorted(
            ((c.key, (c.raised_at - START) / SECOND, cleared.get(c.alert)) for c in raised), key=lambda a: (a[1], a[0])
        )

    return run
