"""An oracle for the kinds of rules: the whole file in memory, each kind in the plainest way, in event time.

Shares no code with the engine. An event is a dict with `t` (seconds, integer), `key`, and what the kind asks
for; lists come in any order. Every function gives sorted (key, raised, cleared or None).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

Alerts = list[tuple[str, int, int | None]]


def _by_key(events: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for event in sorted(events, key=lambda event: event["t"]):
        found[event["key"]].append(event)
    return found


def threshold(
    events: Sequence[dict[str, Any]], above: Callable[[Any], bool | None], hold: int, clear_hold: int
) -> Alerts:
    out: Alerts = []
    for key, mine in _by_key(events).items():
        raised = start = was = None
        for event in mine:
            now = above(event.get("value"))
            if now is None:
                continue
            if now != was:
                start, was = event["t"], now
            if raised is None and now and event["t"] - start >= hold:
                raised = event["t"]
            elif raised is not None and not now and event["t"] - start >= clear_hold:
                out.append((key, raised, event["t"]))
                raised = None
        if raised is not None:
            out.append((key, raised, None))
    return sorted(out, key=str)


def absence(events: Sequence[dict[str, Any]], after: int, end: int) -> Alerts:
    out: Alerts = []
    for key, mine in _by_key(events).items():
        times = [event["t"] for event in mine]
        for time, following in zip(times, [*times[1:], None], strict=True):
            if following is not None and following - time > after:
                out.append((key, time + after, following))
            elif following is None and time + after <= end:
                out.append((key, time + after, None))
    return sorted(out, key=str)


def window(
    events: Sequence[dict[str, Any]],
    over: int,
    measure: Callable[[list[float]], float | None],
    raises: Callable[[float], bool],
    clears: Callable[[float], bool],
    end: int,
) -> Alerts:
    out: Alerts = []
    for key, mine in _by_key([event for event in events if event["value"] is not None]).items():
        raised = None
        arrivals = {event["t"] for event in mine}
        for instant in sorted(arrivals | {time + over for time in arrivals}):
            if instant > end:
                break
            value = measure([event["value"] for event in mine if instant - over < event["t"] <= instant])
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


def together(
    first: Sequence[dict[str, Any]],
    second: Sequence[dict[str, Any]],
    within: int,
    clear_after: int,
    near: Callable[[dict[str, Any], dict[str, Any]], bool],
    end: int,
) -> Alerts:
    matches = defaultdict(list)
    for one in first:
        for other in second:
            if abs(one["t"] - other["t"]) <= within and near(one, other):
                matches[f"{one['key']}|{other['key']}"].append(max(one["t"], other["t"]))
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
