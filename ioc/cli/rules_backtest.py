"""`ioc rules backtest` and `ioc rules sweep`: what rules would have done to the past, and what else they might."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ioc.cli.config import ConfigOption
from ioc.cli.rules_common import (
    DEFAULT_TIMEZONE,
    CityOption,
    EventsOption,
    RulesOption,
    SinceOption,
    TimezoneOption,
    UntilOption,
    complaining,
    folder_of,
    open_events,
    read_book_of,
    rule_named,
    with_settings,
    write_table,
)

if TYPE_CHECKING:
    from rules.backtest import BacktestAlert
    from rules.bench.comparison import Compared
    from rules.bench.load import Load

MOST_LISTED: Final = 20
"""Alerts that differ and are listed in a table; as JSON all are."""

MOST_STEPS: Final = 200
BAR: Final = 30

FormatOption = Annotated[
    Literal["json", "table"] | None,
    typer.Option("--format", help="A table for people, or JSON; alerts come as one JSON object a line by default."),
]


def backtest(
    *,
    rules: RulesOption = None,
    against: Annotated[Path | None, typer.Option(help="Folder of another rule book: what it would have done.")] = None,
    events: EventsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a value: RULE.for=120s; may be given several times.")
    ] = None,
    output: FormatOption = None,
    timezone: TimezoneOption = DEFAULT_TIMEZONE,
    city: CityOption = None,
    config: ConfigOption = None,
) -> int:
    """Say what a rule book would have done to past events: its alerts, or what differs from another rule book.

    Alone it prints the alerts, one JSON object a line, sorted. With --against it compares: what --against would have
    done is "before", what --rules would have done is "after". With --set and without --against, the rule book is
    compared with itself as it stands in the files.

    What cannot be read is passed over, counted on standard error, and makes the exit status 1.
    """
    from rules.bench.running import columns_of, kinds_of, look_back_of, run_variants  # noqa: PLC0415 - not for the help

    past = open_events(events, since, until, config)
    folder = folder_of(rules, config)
    book, scope, catalogue = read_book_of(folder, timezone, city)
    after = with_settings(book, settings or (), scope)
    compared = against is not None or bool(settings)
    before = book if against is None else read_book_of(against, timezone, city)[0]
    sets = [after.rules, before.rules] if compared else [after.rules]
    every = [rule for one in sets for rule in one]
    with complaining(past):
        batches = past.batches(columns_of(every), kinds_of(every), look_back_of(every))
        runs = run_variants(sets, batches, catalogue, registry=past.registry, with_assets=False)
        if past.span is not None:
            for run in runs:
                run.alerts = [alert for alert in run.alerts if alert.raised_at >= past.time[0]]
        loads = [run.load(*past.time) for run in runs]
        if compared:
            _write_comparison(runs[1].alerts, runs[0].alerts, loads[1], loads[0], past.time, output, timezone)
        elif output == "table":
            _write_loads([("", loads[0])], runs[0].alerts)
        else:
            for alert in runs[0].alerts:
                sys.stdout.write(json.dumps(alert.to_json(), separators=(",", ":"), ensure_ascii=False) + "\n")
    return 1 if past.complaints.count else 0


def sweep(
    rule: Annotated[str, typer.Argument(help="The rule's name.")],
    *,
    param: Annotated[str, typer.Option(help="The number that is turned, such as threshold.raise or for.")],
    low: Annotated[float, typer.Option("--from", help="Its first value, in the unit it is written in.")],
    high: Annotated[float, typer.Option("--to", help="Its last value.")],
    steps: Annotated[int, typer.Option(help="How many values.", min=2, max=MOST_STEPS)] = 16,
    alone: Annotated[
        bool, typer.Option("--alone", help="Leave the other bound, `clear`, where it is; else it keeps its distance.")
    ] = False,
    rules: RulesOption = None,
    events: EventsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    output: FormatOption = None,
    timezone: TimezoneOption = DEFAULT_TIMEZONE,
    city: CityOption = None,
    config: ConfigOption = None,
) -> int:
    """Try many values of one number of a rule, in one pass over the events: alerts and load for each.

    Without --events, the last 30 days of the history are taken.
    """
    from rules.bench.running import columns_of, kinds_of, look_back_of, members_of, run_variants  # noqa: PLC0415
    from rules.bench.sweeping import variants_of  # noqa: PLC0415

    past = open_events(events, since or (None if events else "30d"), until, config)
    book, scope, catalogue = read_book_of(folder_of(rules, config), timezone, city)
    swept = variants_of(rule_named(book, rule), param, low, high, steps, scope, alone=alone)
    members = members_of([swept.variants[0]], book)
    sets = [(variant, *members) for variant in swept.variants]
    every = [one for several in sets for one in several]
    with complaining(past):
        batches = past.batches(columns_of(every), kinds_of(every), look_back_of(every))
        runs = run_variants(sets, batches, catalogue, registry=past.registry, with_assets=False)
        found: list[tuple[float, Load]] = []
        for value, run in zip(swept.values, runs, strict=True):
            found.append((value, run.load(*past.time, {rule})))
        if output == "json":
            entries = [{"value": value, **load.to_json()} for value, load in found]
            answer = {"rule": rule, "param": swept.param, "unit": swept.unit, "events": past.count, "values": entries}
            sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        else:
            _write_sweep(swept.param, swept.unit, swept.moved, found)
    return 1 if past.complaints.count else 0


def _write_comparison(
    before: "Sequence[BacktestAlert]",
    after: "Sequence[BacktestAlert]",
    load_before: "Load",
    load_after: "Load",
    time: tuple[int, int],
    output: str | None,
    timezone: str,
) -> None:
    from ioc.model.instant import whole_milliseconds  # noqa: PLC0415
    from rules.bench.comparison import Fate, compare, counts  # noqa: PLC0415

    compared = compare(before, after)
    if output == "json":
        answer = {
            "since": whole_milliseconds(time[0]),
            "until": whole_milliseconds(time[1]),
            "counts": counts(compared),
            "before": load_before.to_json(),
            "after": load_after.to_json(),
            "alerts": [_compared_json(one) for one in compared],
        }
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        return
    _write_loads([("before", load_before), ("after", load_after)])
    sys.stdout.write("\n")
    names = sorted({one.shown.rule for one in compared})
    rows: list[list[Any]] = []
    for name in names:
        mine = counts(one for one in compared if one.shown.rule == name)
        rows.append([name, *(mine[fate] for fate in Fate)])
    total = counts(compared)
    if len(names) != 1:
        rows.append(["all rules", *(total[fate] for fate in Fate)])
    write_table(["rule", *map(str, Fate)], rows)
    differing = [one for one in compared if one.fate is not Fate.SAME]
    if differing:
        sys.stdout.write("\n")
    for one in differing[:MOST_LISTED]:
        sys.stdout.write(_compared_line(one, timezone) + "\n")
    if len(differing) > MOST_LISTED:
        sys.stdout.write(f"… and {len(differing) - MOST_LISTED} more; --format json lists all\n")


def _compared_json(one: "Compared") -> dict[str, Any]:
    was = None if one.was is None else one.was.to_json()
    shown = one.shown.to_json()
    span = ("raised_at", "cleared_at")
    return {
        "change": str(one.fate),
        **{name: shown[name] for name in ("rule", "key", *span, "alert")},
        "was": None if was is None or one.now is None else {name: was[name] for name in span},
    }


def _compared_line(one: "Compared", timezone: str) -> str:
    shown = one.shown
    line = f"{one.fate!s:<6} {_time(shown.raised_at, timezone)}  {shown.rule}  {shown.key}  {_length(shown)}"
    if one.was is not None and one.now is not None:
        line += f"  (was {_time(one.was.raised_at, timezone)}, {_length(one.was)})"
    return line


def _time(instant: int, timezone: str) -> str:
    from rules.bench.explaining.words import when  # noqa: PLC0415

    return when(instant, timezone)


def _length(alert: "BacktestAlert") -> str:
    from rules.bench.explaining.words import lasting  # noqa: PLC0415

    return "still holds" if alert.cleared_at is None else lasting(alert.cleared_at - alert.raised_at, "en")


def _write_loads(loads: "Sequence[tuple[str, Load]]", alerts: "Sequence[BacktestAlert]" = ()) -> None:
    measures: tuple[tuple[str, Callable[[Load], Any]], ...] = (
        ("alerts", lambda load: load.alerts),
        ("incidents", lambda load: load.incidents),
        ("incidents per hour", lambda load: f"{load.per_hour:.2f}"),
        ("peak in 10 minutes", lambda load: load.peak_10_min),
        ("floods", lambda load: load.floods),
        ("time in floods", lambda load: f"{100 * load.share_of_flood_time:.1f} %"),
    )
    write_table(["", *(name for name, _ in loads)], [[name, *(of(load) for _, load in loads)] for name, of in measures])
    if alerts:
        sys.stdout.write("\n")
        by_rule: dict[str, int] = {}
        for alert in alerts:
            by_rule[alert.rule] = by_rule.get(alert.rule, 0) + 1
        write_table(["rule", "alerts"], [[name, count] for name, count in sorted(by_rule.items())])


def _write_sweep(param: str, unit: str | None, moved: str | None, found: "Sequence[tuple[float, Load]]") -> None:
    from rules.bench.numbers import written  # noqa: PLC0415

    most = max((load.alerts for _, load in found), default=0)
    rows = [
        [
            written(value),
            load.alerts,
            load.incidents,
            f"{load.per_hour:.2f}",
            load.peak_10_min,
            load.floods,
            "█" * (0 if not most else -(-load.alerts * BAR // most)),
        ]
        for value, load in found
    ]
    name = param if unit is None else f"{param} ({unit})"
    lines: list[list[Any]] = [[name, "alerts", "incidents", "per hour", "peak", "floods", ""], *rows]
    widths = [max(len(str(line[index])) for line in lines) for index in range(6)]
    for line in lines:
        cells = [str(value).rjust(width) for value, width in zip(line, widths, strict=False)]
        sys.stdout.write(("  ".join(cells) + f"  {line[6]}").rstrip() + "\n")
    if moved is not None:
        sys.stdout.write(f"{moved} kept its distance; --alone leaves it where it is\n")
