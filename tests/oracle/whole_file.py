"""An oracle for the kinds of rules: the whole file in memory, each kind in the plainest way, in event time.

It shares no code with the engine. What is written at each function is the letter of the semantics.

An event is a dict with `t`, `key`, and what the kind asks for; lists come in the order of arrival. Times are whole
numbers of any unit. Events are taken in order of `t`; of one instant, in the order in which they arrived. `end` is how
far time comes: nothing happens after it, and what falls due at it happens.

Every kind gives alerts: sorted (key, raised, cleared), cleared None where the alert still holds at the end.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Event = dict[str, Any]
Alerts = list[tuple[str, int, int | None]]
Near = Callable[[Event, Event], bool]
Span = tuple[int, int]


def _by_key(events: Sequence[Event]) -> dict[str, list[Event]]:
    found = defaultdict(list)
    for event in sorted(events, key=lambda event: event["t"]):
        found[event["key"]].append(event)
    return found


def _anywhere(_: Event, __: Event) -> bool:
    return True


def threshold(
    events: Sequence[Event],
    raises: Callable[[Event], bool | None],
    hold: int,
    clears: Callable[[Event], bool | None],
    clear_hold: int,
) -> Alerts:
    """A condition that stays true.

    A run of a condition is a row of a key's events that find it true; those that find it unknown are passed over. An
    alert begins at the first event of a run of `raises` that is at least `hold` after the run's first. It ends at the
    first event of a run of `clears`, begun after the alert, that is at least `clear_hold` after that run's first. No
    two alerts of a key begin at one instant.
    """
    out: Alerts = []
    for key, mine in _by_key(events).items():
        raised = start = last = None
        for event in mine:
            now = raises(event) if raised is None else clears(event)
            if now is None:
                continue
            if not now:
                start = None
                continue
            start = event["t"] if start is None else start
            if event["t"] - start < (hold if raised is None else clear_hold):
                continue
            if raised is None and event["t"] == last:
                continue
            if raised is None:
                raised = last = event["t"]
            else:
                out.append((key, raised, event["t"]))
                raised = None
            start = None
        if raised is not None:
            out.append((key, raised, None))
    return sorted(out, key=str)


def absence(events: Sequence[Event], after: int, end: int, since: dict[str, int] | None = None) -> Alerts:
    """Silence.

    An alert begins `after` after an event of a key that no other has followed by then, and ends at the next one. Keys
    in `since` are watched from that instant on, as if they had spoken then.
    """
    out: Alerts = []
    spoken = [*({"t": t, "key": key} for key, t in (since or {}).items()), *events]
    for key, mine in _by_key(spoken).items():
        times = [event["t"] for event in mine]
        for time, following in zip(times, [*times[1:], None], strict=True):
            if following is not None and following - time > after:
                out.append((key, time + after, following))
            elif following is None and time + after <= end:
                out.append((key, time + after, None))
    return sorted(out, key=str)


def window(
    events: Sequence[Event],
    over: int,
    measure: Callable[[list[Event]], float | None],
    raises: Callable[[float], bool],
    clears: Callable[[float], bool],
    end: int,
) -> Alerts:
    """A value over the last while.

    At an instant t the value is measured over the key's events after t - `over`, up to and with t; those whose
    `value` is None do not count. An alert begins at the first instant with an event at which the value satisfies
    `raises`. It ends at the first instant after it, with or without an event, at which the value satisfies `clears`.
    A value that is None satisfies nothing.
    """
    out: Alerts = []
    for key, mine in _by_key([event for event in events if event["value"] is not None]).items():
        raised = None
        arrivals = {event["t"] for event in mine}
        for instant in sorted(arrivals | {time + over for time in arrivals}):
            if instant > end:
                break
            value = measure([event for event in mine if instant - over < event["t"] <= instant])
            if value is None:
                continue
            if raised is None:
                if instant in arrivals and raises(value):
                    raised = instant
            elif clears(value):
                out.append((key, raised, instant))
                raised = None
        if raised is not None:
            out.append((key, raised, None))
    return sorted(out, key=str)


def change(events: list[Event]) -> float | None:
    """What a value has changed by: that of the last event less that of the first; unknown within one instant."""
    if not events or events[0]["t"] == events[-1]["t"]:
        return None
    return float(events[-1]["value"] - events[0]["value"])


def change_per(each: int) -> Callable[[list[Event]], float | None]:
    """How fast a value changes: what it has changed by, times `each`, by the time between the two events."""

    def measure(events: list[Event]) -> float | None:
        difference = change(events)
        return None if difference is None else difference * each / (events[-1]["t"] - events[0]["t"])

    return measure


def together(
    first: Sequence[Event], second: Sequence[Event], within: int, clear_after: int, near: Near, end: int
) -> Alerts:
    """Two things at once.

    A match is an event of each list, no more than `within` apart and near one another, at the later of the two
    times; its key is the pair. Of a key's matches, those that follow one another in less than `clear_after` make one
    alert: it begins at the first of them and ends `clear_after` after the last.
    """
    matches = defaultdict(list)
    for one in first:
        for other in second:
            if abs(one["t"] - other["t"]) <= within and near(one, other):
                matches[f"{one['key']}|{other['key']}"].append(max(one["t"], other["t"]))
    return _spells(matches, clear_after, end)


def _spells(matches: dict[str, list[int]], clear_after: int, end: int) -> Alerts:
    out: Alerts = []
    for key, times in matches.items():
        times.sort()
        begun = last = times[0]
        for time in [*times[1:], None]:
            if time is not None and time - last < clear_after:
                last = time
                continue
            cleared = last + clear_after
            out.append((key, begun, cleared if cleared <= end else None))
            if time is not None:
                begun = last = time
    return sorted(out, key=str)


def sequence(
    events: Sequence[Event],
    steps: Sequence[Callable[[Event], bool]],
    within: int,
    end: int,
    *,
    forbidden: Callable[[Event], bool] = lambda _: False,
    near: Near = _anywhere,
    across: bool = False,
    clear_after: int | None = None,
    ends: Callable[[Event], bool] = lambda _: False,
) -> Alerts:
    """One thing after another.

    A match is an event of each step, every one later than the one before, the last no more than `within` after the
    first, with no forbidden event later than the first and earlier than the last. It is at the last one's time. Of
    one step alone, a match is an event of it that no forbidden one follows within `within`; it is at its time plus
    `within`. All these events have the key of the first, or where `across`, any; all are near the first.

    With `clear_after`, matches of a key that follow one another in less than that make one alert, which begins at
    the first and ends `clear_after` after the last. Without it, an alert begins at the first match whose first event
    is later than the end of the key's last alert, and ends at the first event of the key, later than its beginning,
    that `ends` it.
    """
    matches = defaultdict(list)
    for first in filter(steps[0], events):
        around = [e for e in events if (across or e["key"] == first["key"]) and near(first, e)]
        begun = first["t"]
        bad = [event["t"] for event in around if forbidden(event) and event["t"] > begun]
        if len(steps) == 1:
            if begun + within <= end and not any(time <= begun + within for time in bad):
                matches[first["key"]].append((begun + within, begun))
            continue
        for last in filter(steps[-1], around):
            in_time = 0 < last["t"] - begun <= within
            if (
                in_time
                and not any(time < last["t"] for time in bad)
                and _between(around, steps[1:-1], begun, last["t"])
            ):
                matches[first["key"]].append((last["t"], begun))
    if clear_after is not None:
        return _spells({key: [time for time, _ in mine] for key, mine in matches.items()}, clear_after, end)
    out: Alerts = []
    for key, mine in matches.items():
        closing = sorted(event["t"] for event in events if event["key"] == key and ends(event))
        ended: float = float("-inf")
        while fresh := [time for time, begun in mine if begun > ended]:
            raised = min(fresh)
            later = [time for time in closing if time > raised]
            out.append((key, raised, later[0] if later else None))
            if not later:
                break
            ended = later[0]
    return sorted(out, key=str)


def _between(events: Sequence[Event], steps: Sequence[Callable[[Event], bool]], after: int, before: int) -> bool:
    """Whether events of all steps lie in order between two instants."""
    if not steps:
        return after < before
    inside = [event["t"] for event in events if after < event["t"] < before and steps[0](event)]
    return any(_between(events, steps[1:], time, before) for time in inside)


def dwell(
    events: Sequence[Event],
    inside: Callable[[Event], bool | None],
    hold: int,
    gone_after: int,
    end: int,
    near: Near = _anywhere,
) -> Alerts:
    """Something stays too long.

    Events that do not tell whether their key is inside are passed over. A stay begins at an event that finds the key
    inside. It goes on with every further one that does, near the first and no more than `gone_after` after the one
    before. It is over at an event that finds the key outside or not near, which, if inside, begins another stay; or
    else `gone_after` after its last event. An alert begins at the first event of a stay that is at least `hold` after
    its first one, and ends when the stay is over.
    """
    out: Alerts = []
    for key, mine in _by_key([event for event in events if inside(event) is not None]).items():
        stay: list[Event] = []
        raised = None
        for event in [*mine, None]:
            if stay:
                silent = stay[-1]["t"] + gone_after
                over = None
                if event is None or event["t"] > silent:
                    over = silent if event is not None or silent <= end else None
                elif inside(event) and near(stay[0], event):
                    stay.append(event)
                    if raised is None and event["t"] - stay[0]["t"] >= hold:
                        raised = event["t"]
                    continue
                else:
                    over = event["t"]
                if raised is not None:
                    out.append((key, raised, over))
                stay, raised = [], None
            if event is not None and inside(event):
                stay = [event]
    return sorted(out, key=str)


def cooldown(alerts: Iterable[tuple[str, int, int | None]], rest: int, end: int) -> Alerts:
    """An alert that would begin less than `rest` after the end of its key's last one waits until then.

    It begins then if it still holds after that instant; one that has ended by then never was.
    """
    out: Alerts = []
    ended: dict[str, int] = {}
    for key, raised, cleared in sorted(alerts, key=lambda alert: alert[1]):
        may = max(raised, ended.get(key, raised - rest) + rest)
        if may > raised and (may > end or (cleared is not None and cleared <= may)):
            continue
        out.append((key, may, cleared))
        if cleared is not None:
            ended[key] = cleared
    return sorted(out, key=str)


def schedule(
    events: Sequence[Event],
    spans: Sequence[Span],
    plain: Callable[[list[Event], int, dict[str, int]], Alerts],
    end: int,
) -> Alerts:
    """A rule with hours: in each span [begin, end), the rule over the span's events alone, as if it were the world.

    At the end of a span every alert ends. `plain` gives a rule's alerts of some events up to an instant; for rules of
    silence, it is told of the keys of earlier spans, which are watched from the beginning of this one.
    """
    out: Alerts = []
    known: set[str] = set()
    for begin, over in sorted(spans):
        if begin > end:
            break
        mine = [event for event in events if begin <= event["t"] < over]
        # Times are whole numbers: what falls due at the end of the span itself comes too late.
        for key, raised, cleared in plain(mine, min(end, over - 1), dict.fromkeys(known, begin)):
            out.append((key, raised, over if cleared is None and over <= end else cleared))
        known |= {event["key"] for event in mine}
    return sorted(out, key=str)


def cluster(
    changes: Sequence[tuple[str, str, int, bool]],
    at_least: int,
    near: Callable[[str, str], bool],
    within: int | None = None,
    key_of: Callable[[list[str]], str] = lambda alerts: alerts[0],
) -> Alerts:
    """Several alerts at one place are one larger alert.

    Changes are (alert, key, time, begins), in the order in which they came to be known. An alert that begins near the
    centre of a cluster that stands joins it. Else the free alerts that hold near it, itself among them, make a
    cluster, of which it is the centre, if there are `at_least` of them, and if some `at_least` of them began within
    `within`. The cluster begins when the last of them did, but not before the key's last cluster ended, nor at the
    instant at which that began. It ends when an end leaves it fewer than `at_least`; what is left of it is free, until
    another alert begins near it.

    `near` says whether two alerts are of one place; `key_of` gives a cluster's key of its alerts, oldest first.
    """
    out: Alerts = []
    began: dict[str, int] = {}
    home: dict[str, str | None] = {}
    standing: dict[str, tuple[str, int]] = {}
    past: dict[str, tuple[int, int]] = {}
    for alert, _, time, begins in changes:
        if begins:
            began[alert] = time
            home[alert] = next((centre for centre in standing if near(centre, alert)), None)
            if home[alert] is not None:
                continue
            around = sorted((a for a in home if home[a] is None and near(alert, a)), key=lambda a: (began[a], a))
            times = [began[a] for a in around]
            close = any(within is None or b - a <= within for a, b in zip(times, times[at_least - 1 :], strict=False))
            if len(around) >= at_least and close:
                home |= dict.fromkeys(around, alert)
                key = key_of(around)
                begun, ended = past.get(key, (times[-1] - 1, times[-1]))
                standing[alert] = (key, max(times[-1], ended, begun + 1))
        else:
            centre = home.pop(alert)
            if centre is not None and sum(1 for other in home.values() if other == centre) < at_least:
                key, raised = standing.pop(centre)
                past[key] = (raised, max(time, raised))
                out.append((key, *past[key]))
                home |= {other: None for other in home if home[other] == centre}
    out += [(key, raised, None) for key, raised in standing.values()]
    return sorted(out, key=str)
