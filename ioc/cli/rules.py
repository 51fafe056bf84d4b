"""`ioc rules`: check a rule book, run its timelines, and see what it would have done to the past."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.rules_backtest import backtest, sweep
from ioc.cli.rules_common import DEFAULT_TIMEZONE, CityOption, FolderArgument, TimezoneOption, read_book_of
from ioc.cli.rules_explain import explain, from_incident

rules_app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Check, test, tune and explain rules."
)


@rules_app.command()
def check(folder: FolderArgument, *, timezone: TimezoneOption = DEFAULT_TIMEZONE, city: CityOption = None) -> int:
    """Read a rule book and name every mistake with file, line and column; exit 1 where there is any."""
    book, _, _ = read_book_of(folder, timezone, city)
    count = len(book.rules)
    sys.stdout.write(f"{count} {'rule is' if count == 1 else 'rules are'} in order (version {book.version})\n")
    return 0


@rules_app.command(name="test")
def run_timelines(
    folder: FolderArgument,
    *,
    junit: Annotated[Path | None, typer.Option(help="Write the outcome to this file too, as JUnit XML for CI.")] = None,
    timezone: TimezoneOption = DEFAULT_TIMEZONE,
    city: CityOption = None,
) -> int:
    """Run the timelines that stand beside the rules (*.test.yaml); exit 1 where one goes otherwise.

    Where an alert did not come, it is said which of its conditions did not hold and how near they came.
    """
    from rules.bench.hints import hints  # noqa: PLC0415 - the help does not need them
    from rules.junit import Ran  # noqa: PLC0415
    from rules.junit import junit as to_junit  # noqa: PLC0415
    from rules.timelines import read_timelines, run_timeline  # noqa: PLC0415

    book, scope, catalogue = read_book_of(folder, timezone, city)
    ran = []
    for timeline in read_timelines(folder, book, catalogue):
        began = time.perf_counter()
        verdict = run_timeline(timeline, book, catalogue)
        seconds = time.perf_counter() - began
        why = tuple(hints(verdict, book, scope, catalogue))
        ran.append(Ran(verdict, seconds, why))
        sys.stdout.write(f"{'WRONG' if verdict.complaints else 'ok   '} {timeline.name}  ({timeline.where})\n")
        for complaint in verdict.complaints:
            sys.stdout.write(f"      {complaint}\n")
        for hint in why:
            sys.stdout.write(f"        {hint}\n")
    wrong = sum(bool(one.verdict.complaints) for one in ran)
    sys.stdout.write(f"{len(ran) - wrong} of {len(ran)} timelines went as expected\n")
    if junit is not None:
        junit.write_text(to_junit(ran, str(folder)), encoding="utf-8")
    return 1 if wrong else 0


rules_app.command()(backtest)
rules_app.command()(sweep)
rules_app.command()(explain)
rules_app.command("from-incident")(from_incident)
