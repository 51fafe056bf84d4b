"""Clusters against their oracle: what the engine makes of alerts is what a plain computation over them makes."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import SECOND
from ioc.model.kinds import Kind
from ioc.store.catalogue import load_catalogue
from rules.book import RuleBook, read_book_text
from rules.engine import Engine
from rules.expressions import scope_of

START = 1_790_000_000 * SECOND
CATALOGUE = load_catalogue()
SPOTS = {"a": 11.9400, "b": 11.9401, "c": 11.9402, "d": 11.9500, "e": 11.9501}
SITES = {"a": "market", "b": "market", "c": "market", "d": "lake", "e": "lake"}
ASSETS = {name: Asset(name, Kind.SENSOR, name, lat, 108.44, site=SITES[name]) for name, lat in SPOTS.items()}

RULES = """
- {rule: dust, from: sensor, threshold: {raise: pm25 > 5}}
- {rule: hot, from: sensor, threshold: {raise: pm25 > 7, for: 2 s, clear: pm25 < 3}}
- {rule: silent, from: sensor, absence: {after: 6 s}}
- {rule: at-site, cluster: {of: [dust, silent], at_least: 2, same: site}}
- {rule: many, cluster: {of: [dust, hot, silent], at_least: 4, same: site, within: 8 s}}
- {rule: at-spot, cluster: {of: [hot, silent], at_least: 2, near: 100 m, within: 20 s}}
"""
PARTS = {"at-site": (("dust", "silent"), 2, None), "many": (("dust", "hot", "silent"), 4, 8), "at-spot": (("hot", "silent"), 2, 20)}  # fmt: skip
"""Each cluster's rules, how many of their alerts it takes, and how many seconds apart they may begin."""


def _book(*, lateness: bool) -> RuleBook:
    text = RULES.replace("from: sensor,", "from: sensor, lateness: 5 s,") if lateness else RULES
    return read_book_text(text, scope_of(CATALOGUE))


BOOKS = {"stream order": _book(lateness=False), "event time": _book(lateness=True)}


def _oracle() -> ModuleType:
    path = Path(__file__).parents[1] / "oracle" / "whole_file.py"
    spec = importlib.util.spec_from_file_location("whole_file", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ORACLE = _oracle()

EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 60),
            "late": st.integers(0, 8),
            "asset": st.sampled_from(list(SPOTS)),
            "pm25": st.none() | st.integers(0, 10),
        }
    ),
    min_size=1,
    max_size=40,
)


def batch(events: Sequence[dict[str, Any]]) -> pl.DataFrame:
    rows = []
    for event in events:
        row = dict.fromkeys(FIXED_COLUMNS) | {"kind": "sensor", "asset": event["asset"], "pm25": event["pm25"]}
        row |= {"at": START + event["at"] * SECOND, "received_at": START + (event["at"] + event["late"]) * SECOND}
        rows.append(row)
    schema = {**FIXED_COLUMNS, "pm25": pl.Float64, "at": pl.Int64, "received_at": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("at", "received_at").cast(pl.Datetime("us", "UTC")))


def alerts_of(changes: Sequence[AlertChange], rule: str) -> list[tuple[str, int, int | None]]:
    ended: dict[tuple[str, int], int | None] = {}
    for change in changes:
        if change.rule == rule:
            ended[change.key, change.raised_at] = None if change.to is AlertState.FIRING else change.at
    return sorted(((key, raised, over) for (key, raised), over in ended.items()), key=str)


@pytest.mark.parametrize("name", BOOKS)
@settings(max_examples=60, deadline=None)
@given(events=EVENTS, cut=st.integers(0, 40))
def test_clusters_are_what_their_alerts_make(name: str, events: list[dict[str, Any]], cut: int) -> None:
    events.sort(key=lambda event: event["at"] + event["late"])
    engine = Engine(BOOKS[name], CATALOGUE, ASSETS)
    changes = [change for part in (events[:cut], events[cut:]) for change in engine.step(batch(part))]
    changes += engine.finish()
    whole = Engine(BOOKS[name], CATALOGUE, ASSETS)
    assert [(c.alert, c.to, c.at) for c in whole.step(batch(events)) + whole.finish()] == [
        (c.alert, c.to, c.at) for c in changes
    ]
    # An alert's name begins with its rule, by which those that begin at one instant are ordered.
    named = [(f"{c.rule} {c.alert}", c.key, c.at, c.to is AlertState.FIRING) for c in changes if c.rule not in PARTS]
    keys = {alert: key for alert, key, _, _ in named}

    def near(alert: str, other: str) -> bool:
        return SITES[keys[alert]] == SITES[keys[other]]

    for rule, (parts, at_least, within) in PARTS.items():
        mine = [change for change in named if change[0].split()[0] in parts]
        span = None if within is None else within * SECOND

        def key_of(alerts: list[str], rule: str = rule) -> str:
            return keys[alerts[0]] if rule == "at-spot" else SITES[keys[alerts[0]]]

        assert alerts_of(changes, rule) == ORACLE.cluster(mine, at_least, near, span, key_of), rule
