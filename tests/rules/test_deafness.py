"""When nobody listened, nobody was silent."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from ioc.model.alerts import AlertState
from ioc.model.instant import SECOND
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.engine import Engine

BookOf = Callable[[str], RuleBook]
BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]

RULE = "[{rule: quiet, from: wifi, absence: {after: 60 s}}]"
START = 1_790_000_000 * SECOND


def _raised(engine: Engine, batch: pl.DataFrame, clock: int) -> list[tuple[str, int]]:
    changes = engine.step(batch, START + clock * SECOND)
    return [(c.key, (c.raised_at - START) // SECOND) for c in changes if c.to is AlertState.FIRING]


def test_time_in_which_ingest_was_away_is_not_silence(book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue) -> None:
    engine = Engine(book_of(RULE), catalogue)
    assert _raised(engine, batch_of([{"at": 0, "kind": "wifi", "asset": "ap-1"}]), 1) == []
    assert _raised(engine, pl.DataFrame(), 300) == []
    for second in range(301, 361):
        assert _raised(engine, pl.DataFrame(), second) == []
    assert _raised(engine, pl.DataFrame(), 361) == [("ap-1", 360)]


def test_what_was_silent_before_ingest_went_away_still_is(
    book_of: BookOf, batch_of: BatchOf, catalogue: Catalogue
) -> None:
    engine = Engine(book_of(RULE), catalogue)
    assert _raised(engine, batch_of([{"at": 0, "kind": "wifi", "asset": "ap-1"}]), 1) == []
    found = [alert for second in range(2, 70) for alert in _raised(engine, pl.DataFrame(), second)]
    assert found == [("ap-1", 60)]
    assert engine.step(pl.DataFrame(), START + 500 * SECOND) == []
