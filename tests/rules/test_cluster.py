"""Cluster: alerts that hold at once at one place are one larger alert, until fewer hold."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.instant import SECOND
from rules.book import BadBook, RuleBook
from rules.kinds.cluster import ClusterKind
from rules.speaking.options import Place
from rules.speaking.whereabouts import Where

BookOf = Callable[[str], RuleBook]
SITE, NEAR = Place("site", None), Place(None, 100.0)


class Cluster:
    """A cluster rule, told of alerts by key; times in seconds."""

    def __init__(self, at_least: int = 2, place: Place = SITE, within: int | None = None) -> None:
        self.make = lambda: ClusterKind("c", at_least, place, None if within is None else within * SECOND)
        self.kind = self.make()
        self.begun: dict[str, int] = {}
        self.found: dict[tuple[str, float], float | None] = {}

    def take(self, change: AlertChange, where: Where) -> None:
        for larger in self.kind.take(change, where):
            name = (larger.key, larger.raised_at / SECOND)
            assert (name in self.found) == (larger.to is AlertState.RESOLVED)
            self.found[name] = None if larger.to is AlertState.FIRING else larger.at / SECOND
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(self.kind.dump()))
        self.kind = self.make()
        self.kind.load(kept)

    def up(self, key: str, at: float, where: Where, rule: str = "r") -> None:
        self.begun[rule + key] = round(at * SECOND)
        self.take(AlertChange(rule, key, AlertState.FIRING, round(at * SECOND), round(at * SECOND)), where)

    def down(self, key: str, at: float, rule: str = "r") -> None:
        begun = self.begun[rule + key]
        self.take(AlertChange(rule, key, AlertState.RESOLVED, round(at * SECOND), begun), Where())


MARKET, LAKE = Where(site="market"), Where(site="lake")


def test_it_begins_with_the_last_that_it_needs_and_ends_when_fewer_hold() -> None:
    cluster = Cluster(at_least=3)
    for second, key in enumerate("abcd"):
        cluster.up(key, second, MARKET)
    cluster.down("a", 10)
    assert cluster.found == {("market", 2): None}
    cluster.down("b", 11)
    assert cluster.found == {("market", 2): 11}


def test_alerts_at_different_sites_or_at_none_are_no_cluster() -> None:
    cluster = Cluster()
    cluster.up("a", 0, MARKET)
    cluster.up("b", 1, LAKE)
    cluster.up("c", 2, Where())
    cluster.up("d", 3, Where())
    assert cluster.found == {}


def test_alerts_of_several_rules_count_together() -> None:
    cluster = Cluster()
    cluster.up("a", 0, MARKET, "one")
    cluster.up("a", 1, MARKET, "two")
    assert list(cluster.found) == [("market", 1)]


def test_an_alert_that_is_told_twice_counts_once() -> None:
    cluster = Cluster()
    cluster.up("a", 0, MARKET)
    cluster.up("a", 0, MARKET)
    assert cluster.found == {}


def test_within_a_time_they_must_have_begun() -> None:
    cluster = Cluster(at_least=3, within=10)
    for key, at in (("a", 0), ("b", 8), ("c", 12), ("d", 17)):
        cluster.up(key, at, MARKET)
    assert list(cluster.found) == [("market", 17)]


def test_a_place_can_have_one_again_and_never_two_of_one_instant() -> None:
    cluster = Cluster()
    cluster.up("a", 0, MARKET)
    cluster.up("b", 5, MARKET)
    cluster.down("b", 5)
    cluster.up("c", 5, MARKET)
    cluster.down("c", 6)
    assert cluster.found == {("market", 5): 5, ("market", 5.000001): 6}


def at(metres: float) -> Where:
    return Where(lat=11.94 + metres / 111_195, lon=108.44)


def test_nearness_makes_a_cluster_around_the_alert_that_completed_it() -> None:
    cluster = Cluster(at_least=3, place=NEAR)
    cluster.up("a", 0, at(0))
    cluster.up("b", 1, at(90))
    cluster.up("far", 2, at(500))
    assert cluster.found == {}
    cluster.up("c", 3, at(45))
    assert cluster.found == {("a", 3): None}
    # Near the centre, so it belongs to it; beyond, it does not.
    cluster.up("d", 4, at(140))
    cluster.up("e", 5, at(170))
    for key in "abc":
        cluster.down(key, 10)
    assert cluster.found == {("a", 3): 10}


def test_two_clusters_may_stand_side_by_side() -> None:
    cluster = Cluster(place=NEAR)
    for second, (key, metres) in enumerate((("a", 0), ("b", 10), ("c", 1_000), ("d", 1_010))):
        cluster.up(key, second, at(metres))
    assert list(cluster.found) == [("a", 1), ("c", 3)]


def test_a_cluster_names_the_alerts_and_assets_it_is_made_of() -> None:
    kind = ClusterKind("c", 2, SITE, None)
    changes = [AlertChange("r", key, AlertState.FIRING, n, n) for n, key in enumerate("ab")]
    where = [Where(asset=change.key, site="market") for change in changes]
    ((), (larger,)) = (kind.take(change, place) for change, place in zip(changes, where, strict=True))
    assert larger.gathered is not None
    assert larger.gathered.alerts == tuple(change.alert for change in changes)
    assert (larger.gathered.assets, larger.numbers) == (("a", "b"), {"count": 2})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=40), st.integers(2, 4))
def test_it_holds_exactly_while_enough_alerts_do(moves: list[tuple[int, bool]], at_least: int) -> None:
    cluster, holding = Cluster(at_least), set()
    for second, (number, begins) in enumerate(moves):
        key = str(number)
        if begins and key not in holding:
            holding.add(key)
            cluster.up(key, second, MARKET)
        elif not begins and key in holding:
            holding.remove(key)
            cluster.down(key, second)
        standing = [name for name, ended in cluster.found.items() if ended is None]
        assert len(standing) == (len(holding) >= at_least)


RULES = "- {rule: silent, from: wifi, absence: {after: 60 s}}\n"


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("{of: quiet, at_least: 2, same: site}", "cluster of 'c' names no rule of this book: 'quiet'"),
        ("{of: c, at_least: 2, same: site}", "a rule cannot speak for itself here"),
        ("{of: silent, at_least: 1, same: site}", "expected a whole number of alerts, 2 or more"),
        ("{of: silent, at_least: 2}", "expected either same: site or area, or near: 300 m"),
        ("{of: silent, at_least: 2, same: site, near: 5 m}", "expected either same: site or area, or near: 300 m"),
        ("{of: silent, at_least: 2, same: zone}", "'zone' is not known here"),
        ("{of: [], at_least: 2, same: site}", "expected the names of one or more rules"),
    ],
)
def test_what_makes_no_sense_is_refused(book_of: BookOf, rule: str, sentence: str) -> None:
    with pytest.raises(BadBook) as refused:
        book_of(f"{RULES}- {{rule: c, cluster: {rule}}}")
    assert sentence in str(refused.value)


@pytest.mark.parametrize("extra", ["from: wifi", "per: zone", "lateness: 2 s", "cooldown: 5 s", "where: clients > 1"])
def test_a_cluster_takes_no_events(book_of: BookOf, extra: str) -> None:
    with pytest.raises(BadBook, match="has no meaning for cluster"):
        book_of(f"{RULES}- {{rule: c, {extra}, cluster: {{of: silent, at_least: 2, same: site}}}}")


def test_clusters_of_clusters_may_not_go_in_a_circle(book_of: BookOf) -> None:
    text = (
        "- {rule: x, cluster: {of: y, at_least: 2, same: site}}\n- {rule: y, cluster: {of: x, at_least: 2, same: site}}"
    )
    with pytest.raises(BadBook, match="is made of itself"):
        book_of(text)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("group: {by: floor}", "'floor' is not known here"),
        ("group: {within: 5 min}", "expected either by: site, area, zone or a part of the key, or near: 300 m"),
        ("inhibit: {rules: other, same: site}", "inhibit of 'silent' names no rule of this book: 'other'"),
        ("inhibit: {rules: silent, same: site}", "a rule cannot speak for itself here"),
        ("storm: never", "expected {more_than: 100, over: 60 s}, or off"),
        ("storm: {more_than: 0}", "expected a whole number of alerts from 1 to 100000"),
        ("storm: {more_than: 5, over: 0 s}", "'over' must be longer than 0 s"),
        ("cooldown: soon", "expected a duration"),
    ],
)
def test_options_that_make_no_sense_are_refused(book_of: BookOf, option: str, sentence: str) -> None:
    with pytest.raises(BadBook) as refused:
        book_of(RULES.replace("from:", f"{option}, from:"))
    assert sentence in str(refused.value)


def test_a_mapping_of_options_is_read(book_of: BookOf) -> None:
    options: dict[str, Any] = {"group": "{by: site, within: 5 min}", "storm": "off", "cooldown": "10 min"}
    text = RULES.replace("from:", "".join(f"{name}: {value}, " for name, value in options.items()) + "from:")
    rule = book_of(text).rules[0]
    assert (rule.cooldown, rule.storm) == (600 * SECOND, None)
    assert rule.group is not None
    assert (str(rule.group.place), rule.group.within) == ("same site", 300 * SECOND)
