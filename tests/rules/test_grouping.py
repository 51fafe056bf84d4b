"""Which incident speaks for an alert: its own, its group's, its storm's, or that of something larger."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from ioc.model.alerts import AlertChange, AlertState, Gathering
from ioc.model.assets import Asset
from ioc.model.identity import alert_id, incident_id
from ioc.model.instant import HOUR, SECOND
from ioc.model.kinds import Kind
from rules.book import RuleBook
from rules.speaking.changes import AlertEnded, Counted, Ended, Folded, IncidentChange, Joined, Opened, RaisedInHour
from rules.speaking.grouping import KEPT_OF_ONE, Grouping

BookOf = Callable[[str], RuleBook]

ASSETS = {
    name: Asset(name, Kind.WIFI, name, lat, 108.44, site=site, area=area)
    for name, site, area, lat in (
        ("a1", "market", "centre", 11.9400),
        ("a2", "market", "centre", 11.9401),
        ("a3", "market", "centre", 11.9402),
        ("b1", "lake", "centre", 11.9500),
        ("b2", "lake", "centre", 11.9501),
        ("far", None, None, 12.9),
    )
}
SILENT = "- {rule: silent, from: wifi, absence: {after: 60 s}}\n"


class Book:
    """What the store would hold, written by the changes of incidents as the store writes them."""

    def __init__(self) -> None:
        self.open: dict[str, list[str]] = {}
        self.alerts: dict[str, str] = {}
        self.under: dict[str, str] = {}
        self.ended: dict[str, int] = {}
        self.alert_ends: dict[str, int] = {}
        self.counts: dict[str, tuple[int, int]] = {}
        self.storms: set[str] = set()
        self.hours: dict[tuple[str, int], int] = {}
        self.turns: dict[str, int] = {}

    def write(self, changes: Iterable[IncidentChange]) -> None:
        for change in changes:
            if isinstance(change, Opened):
                assert change.incident not in self.open
                self.open[change.incident] = [change.change.alert]
                self.alerts[change.change.alert] = change.incident
                if change.storm:
                    self.storms.add(change.incident)
            elif isinstance(change, Joined):
                assert change.incident in self.open
                assert change.incident not in self.ended
                self.open[change.incident].append(change.change.alert)
                self.alerts[change.change.alert] = change.incident
            elif isinstance(change, Folded):
                assert change.turn >= self.turns.get(change.incident, 0)
                self.turns[change.incident] = change.turn
                self.under.pop(change.incident, None)
                if change.under is not None:
                    self.under[change.incident] = change.under
            elif isinstance(change, AlertEnded):
                self.alert_ends[change.alert] = change.at
            elif isinstance(change, Ended):
                assert change.incident not in self.ended
                self.ended[change.incident] = change.at
            elif isinstance(change, Counted):
                before = self.counts.get(change.incident, (1, 0))
                assert change.alerts >= before[0]
                assert change.speaks_for >= before[1]
                self.counts[change.incident] = (change.alerts, change.speaks_for)
            elif isinstance(change, RaisedInHour):
                self.hours[change.rule, change.hour] = change.count

    @property
    def listed(self) -> set[str]:
        """What operators have in their list: what holds and for which nothing larger speaks."""
        return {name for name in self.open if name not in self.ended and name not in self.under}


class City:
    """A grouping with the book that it writes; times in seconds."""

    def __init__(self, book: RuleBook) -> None:
        self.grouping = Grouping(book.rules, ASSETS)
        self.rules = book.rules
        self.book = Book()
        self.raised: dict[tuple[str, str], int] = {}

    def up(self, key: str, at: float, rule: str = "silent", **more: Any) -> str:
        change = AlertChange(rule, key, AlertState.FIRING, round(at * SECOND), round(at * SECOND), **more)
        self.raised[rule, key] = change.raised_at
        self.book.write(self.grouping.step([change], change.at))
        return change.alert

    def down(self, key: str, at: float, rule: str = "silent") -> None:
        raised_at = self.raised.pop((rule, key))
        change = AlertChange(rule, key, AlertState.RESOLVED, round(at * SECOND), raised_at)
        self.book.write(self.grouping.step([change], change.at))

    def wait(self, until: float) -> None:
        self.book.write(self.grouping.step([], round(until * SECOND)))

    def restart(self) -> None:
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(self.grouping.dump()))
        self.grouping = Grouping(self.rules, ASSETS)
        self.grouping.load(kept)


@pytest.fixture
def city_of(book_of: BookOf) -> Callable[[str], City]:
    return lambda text: City(book_of(text))


CityOf = Callable[[str], City]


def test_an_alert_makes_an_incident_of_its_own_by_default(city_of: CityOf) -> None:
    city = city_of(SILENT)
    first, second = city.up("a1", 0), city.up("a2", 1)
    assert city.book.listed == {incident_id(first), incident_id(second)}
    city.down("a1", 5)
    assert city.book.ended == {incident_id(first): 5 * SECOND}
    assert city.book.counts == {}


def test_what_begins_twice_is_one(city_of: CityOf) -> None:
    city = city_of(SILENT)
    city.up("a1", 0)
    city.up("a1", 0)
    assert len(city.book.open) == 1


GROUPED = "- {rule: silent, from: wifi, absence: {after: 60 s}, group: {by: site, within: 10 s}}\n"


def test_alerts_of_a_group_make_one_incident_that_holds_until_all_have_ended(city_of: CityOf) -> None:
    city = city_of(GROUPED)
    first = city.up("a1", 0)
    city.up("a2", 5)
    city.up("b1", 6)
    assert len(city.book.listed) == 2
    assert city.book.counts == {incident_id(first): (2, 2)}
    city.down("a1", 7)
    assert city.book.ended == {}
    city.down("a2", 9)
    assert city.book.ended == {incident_id(first): 9 * SECOND}


def test_an_alert_that_comes_too_late_begins_a_group_of_its_own(city_of: CityOf) -> None:
    city = city_of(GROUPED)
    city.up("a1", 0)
    city.up("a2", 10)
    third = city.up("a3", 20.5)
    assert len(city.book.listed) == 2
    assert incident_id(third) in city.book.listed


def test_what_has_no_such_place_is_grouped_with_nothing(city_of: CityOf) -> None:
    city = city_of(GROUPED)
    city.up("far", 0)
    city.up("unknown", 1)
    assert len(city.book.listed) == 2


def test_alerts_are_grouped_by_nearness_to_the_first(city_of: CityOf) -> None:
    city = city_of(SILENT.replace("}}", "}, group: {near: 100 m}}"))
    for second, name in enumerate(("a1", "a2", "b1", "b2", "far")):
        city.up(name, second)
    assert sorted(len(alerts) for alerts in city.book.open.values()) == [1, 2, 2]


def test_a_group_can_be_a_part_of_the_key(city_of: CityOf) -> None:
    text = "- {rule: n, from: sensor, per: [signal, asset], threshold: {raise: temp_c > 1}, group: {by: signal}}\n"
    city = city_of(text)
    for key in ("on|x", "on|y", "off|x"):
        city.up(key, 0, "n")
    assert sorted(len(alerts) for alerts in city.book.open.values()) == [1, 2]


SITE_DOWN = SILENT + "- {rule: site-down, cluster: {of: silent, at_least: 2, same: site}}\n"
POWER = SILENT + "- {rule: power, from: sensor, threshold: {raise: temp_c > 1}, inhibit: {rules: silent, same: area}}\n"


def test_a_larger_alert_speaks_for_those_that_hold_and_those_that_come(city_of: CityOf) -> None:
    city = city_of(SITE_DOWN)
    first = incident_id(city.up("a1", 0))
    second = incident_id(city.up("a2", 1))
    larger = incident_id(city.up("market", 1, "site-down"))
    third = incident_id(city.up("a3", 2))
    other = incident_id(city.up("b1", 3))
    assert city.book.listed == {larger, other}
    assert city.book.under == {first: larger, second: larger, third: larger}
    assert city.book.counts[larger] == (1, 3)


def test_what_still_holds_when_the_larger_ends_comes_back_and_what_has_ended_does_not(city_of: CityOf) -> None:
    city = city_of(SITE_DOWN)
    first = incident_id(city.up("a1", 0))
    second = incident_id(city.up("a2", 1))
    larger = incident_id(city.up("market", 1, "site-down"))
    city.down("a1", 5)
    city.down("market", 5, "site-down")
    assert city.book.listed == {second}
    assert city.book.under == {first: larger}
    assert city.book.ended == {first: 5 * SECOND, larger: 5 * SECOND}


def test_of_two_that_could_speak_the_next_takes_over(city_of: CityOf) -> None:
    city = city_of(SITE_DOWN + POWER.removeprefix(SILENT))
    small = incident_id(city.up("a1", 0))
    site = incident_id(city.up("market", 1, "site-down"))
    area = incident_id(city.up("a2", 2, "power"))
    assert city.book.under[small] == site
    city.down("market", 3, "site-down")
    assert city.book.under[small] == area
    city.down("a2", 4, "power")
    assert city.book.listed == {small}


def test_a_larger_one_that_is_spoken_for_itself_keeps_what_it_speaks_for(city_of: CityOf) -> None:
    text = SITE_DOWN + "- {rule: area-down, cluster: {of: site-down, at_least: 2, same: area}}\n"
    city = city_of(text)
    small = incident_id(city.up("a1", 0))
    site = incident_id(city.up("market", 1, "site-down", gathered=Gathering((), ("a1",))))
    area = incident_id(city.up("centre", 2, "area-down"))
    assert city.book.under == {small: site, site: area}
    city.down("centre", 3, "area-down")
    assert city.book.listed == {site}


def test_two_that_speak_for_each_other_do_not_both_vanish(city_of: CityOf) -> None:
    text = (
        "- {rule: x, from: wifi, absence: {after: 60 s}, inhibit: {rules: y, same: site}}\n"
        "- {rule: y, from: wifi, absence: {after: 60 s}, inhibit: {rules: x, same: site}}\n"
    )
    city = city_of(text)
    first = incident_id(city.up("a1", 0, "x"))
    second = incident_id(city.up("a2", 1, "y"))
    assert city.book.under == {second: first}
    third = incident_id(city.up("a3", 2, "x"))
    assert city.book.listed == {first, third} - city.book.under.keys()
    assert city.book.listed


STORMY = "- {rule: silent, from: wifi, absence: {after: 60 s}, storm: {more_than: 4, over: 10 s}}\n"


def test_a_rule_that_raises_too_much_makes_one_incident_with_the_exact_count(city_of: CityOf) -> None:
    city = city_of(STORMY)
    alerts = [city.up(f"x{number}", number / 10) for number in range(50)]
    (storm,) = city.book.listed
    assert storm in city.book.storms
    city.wait(20)
    assert city.book.counts[storm] == (50, 50)
    assert set(city.book.alerts) == set(alerts)
    assert len(city.book.open) == 5
    assert set(city.book.under.values()) == {storm}


def test_at_the_limit_there_is_no_storm_yet(city_of: CityOf) -> None:
    city = city_of(STORMY)
    for number in range(4):
        city.up(f"x{number}", number)
    city.up("late", 10)
    assert city.book.storms == set()
    assert len(city.book.listed) == 5


def test_a_storm_is_over_when_little_comes_and_ends_with_its_last_alert(city_of: CityOf) -> None:
    city = city_of(STORMY)
    for number in range(8):
        city.up(f"x{number}", number / 10)
    (storm,) = city.book.listed
    assert city.book.alerts[city.up("in", 10.5)] == storm
    later = incident_id(city.up("after", 25))
    assert city.book.listed == {storm, later}
    for number in range(8):
        city.down(f"x{number}", 30 + number)
    assert storm not in city.book.ended
    city.down("in", 40)
    assert city.book.ended[storm] == 40 * SECOND
    assert city.book.listed == {later}


def test_a_storm_of_alerts_that_end_at_once_lasts_until_it_calms(city_of: CityOf) -> None:
    city = city_of(STORMY)
    for number in range(20):
        city.up(f"x{number}", number / 10)
        city.down(f"x{number}", number / 10 + 0.05)
    (storm,) = city.book.storms
    assert city.book.listed == {storm}
    city.wait(11.8)
    assert storm not in city.book.ended
    city.wait(12)
    assert city.book.ended[storm] == round(11.8 * SECOND)
    assert city.book.counts[storm] == (20, 20)
    assert city.book.listed == set()


def test_a_storm_that_comes_back_while_the_last_one_holds_is_the_same(city_of: CityOf) -> None:
    city = city_of(STORMY)
    for number in range(8):
        city.up(f"x{number}", number / 10)
    for number in range(8):
        city.up(f"y{number}", 100 + number / 10)
    (storm,) = city.book.storms
    assert city.book.listed == {storm}
    assert city.book.counts[storm][0] <= 16
    city.wait(200)
    assert city.book.counts[storm] == (16, 16)


def test_a_storm_tells_its_count_once_a_second_and_not_with_every_alert(city_of: CityOf) -> None:
    city = city_of(STORMY.replace("4", "100"))
    told = 0
    for number in range(10_000):
        at = round(number * 6_000)
        changes = city.grouping.step([AlertChange("silent", f"x{number}", AlertState.FIRING, at, at)], at)
        told += sum(isinstance(change, Counted) for change in changes)
        city.book.write(changes)
    city.wait(120)
    (storm,) = city.book.storms
    assert city.book.counts[storm] == (10_000, 10_000)
    assert told <= 61


def test_of_a_very_large_storm_what_is_not_kept_is_still_counted(city_of: CityOf) -> None:
    city = city_of(STORMY)
    changes = [
        AlertChange("silent", f"x{number}", AlertState.FIRING, number, number) for number in range(KEPT_OF_ONE + 10)
    ]
    found = city.grouping.step(changes, KEPT_OF_ONE + 10, closing=True)
    assert sum(isinstance(change, Joined) and not change.kept for change in found) == 10
    assert [change.alerts for change in found if isinstance(change, Counted)] == [KEPT_OF_ONE + 10]


def test_storms_can_be_switched_off(city_of: CityOf) -> None:
    city = city_of(STORMY.replace("{more_than: 4, over: 10 s}", "off"))
    for number in range(300):
        city.up(f"x{number}", number / 100)
    assert len(city.book.listed) == 300


def test_every_rule_has_a_storm_of_its_own(city_of: CityOf) -> None:
    city = city_of(STORMY + STORMY.replace("silent", "other"))
    for number in range(20):
        city.up(f"x{number}", number / 10)
    calm = incident_id(city.up("a1", 3, "other"))
    assert calm in city.book.listed
    assert len(city.book.listed) == 2


def test_alerts_are_counted_by_rule_and_hour(city_of: CityOf) -> None:
    city = city_of(SILENT)
    for at in (0, 10, 3_599, 3_600, 7_300):
        city.up(f"x{at}", at)
    assert city.book.hours == {("silent", 0): 3, ("silent", HOUR): 1, ("silent", 2 * HOUR): 1}


def test_what_is_only_tried_out_opens_nothing(city_of: CityOf) -> None:
    city = city_of(SILENT.replace("from", "shadow: true, from"))
    city.up("a1", 0)
    assert city.book.open == {}


def test_alerts_whose_rule_is_gone_are_ended_with_their_incidents(city_of: CityOf) -> None:
    city = city_of(SITE_DOWN)
    small, alert = city.up("a1", 0), city.up("market", 1, "site-down")
    city.book.write(city.grouping.forget([alert], 9 * SECOND))
    assert city.book.ended == {incident_id(alert): 9 * SECOND}
    assert city.book.listed == {incident_id(small)}


def test_a_storm_of_a_rule_that_has_none_any_more_ends(city_of: CityOf, book_of: BookOf) -> None:
    city = city_of(STORMY)
    for number in range(8):
        city.up(f"x{number}", number / 10)
        city.down(f"x{number}", number / 10 + 0.05)
    (storm,) = city.book.listed
    city.rules = book_of(SILENT.replace("}}", "}, storm: off}")).rules
    city.restart()
    city.wait(2)
    assert storm in city.book.ended


def test_an_alert_names_its_incident_while_it_holds(city_of: CityOf) -> None:
    city = city_of(SILENT)
    alert = city.up("a1", 0)
    assert alert == alert_id("silent", "a1", 0)
    assert city.grouping.incident_of(alert) == incident_id(alert)
    city.down("a1", 1)
    assert city.grouping.incident_of(alert) is None
