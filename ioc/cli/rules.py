"""`ioc rules`: check a rule book, run its timelines, and see what it would have done to the past."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from ioc.model.quantities import Catalogue
    from rules.book import RuleBook

DEFAULT_TIMEZONE: Final = "Asia/Ho_Chi_Minh"

rules_app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Check, test and backtest rules."
)

TimezoneOption = Annotated[str, typer.Option(help="Zone that hour(at) and weekday(at) go by, an IANA name.")]
FolderArgument = Annotated[Path, typer.Argument(help="Folder of the rule book, YAML files.")]


@rules_app.command()
def check(folder: FolderArgument, *, timezone: TimezoneOption = DEFAULT_TIMEZONE) -> int:
    """Read a rule book and name every mistake with file, line and column; exit 1 where there is any."""
    book, _ = _read(folder, timezone)
    count = len(book.rules)
    sys.stdout.write(f"{count} {'rule is' if count == 1 else 'rules are'} in order (version {book.version})\n")
    return 0


@rules_app.command(name="test")
def run_timelines(folder: FolderArgument, *, timezone: TimezoneOption = DEFAULT_TIMEZONE) -> int:
    """Run the timelines that stand beside the rules (*.test.yaml); exit 1 where one goes otherwise."""
    from rules.timelines import read_timelines, run_timeline  # noqa: PLC0415 - the help does not need it

    book, catalogue = _read(folder, timezone)
    wrong = 0
    timelines = read_timelines(folder, book, catalogue)
    for timeline in timelines:
        verdict = run_timeline(timeline, book, catalogue)
        sys.stdout.write(f"{'WRONG' if verdict.complaints else 'ok   '} {timeline.name}  ({timeline.where})\n")
        for complaint in verdict.complaints:
            sys.stdout.write(f"      {complaint}\n")
        wrong += bool(verdict.complaints)
    sys.stdout.write(f"{len(timelines) - wrong} of {len(timelines)} timelines went as expected\n")
    return 1 if wrong else 0


@rules_app.command()
def backtest(
    *,
    rules: Annotated[Path, typer.Option(help="Folder of the rule book.")],
    events: Annotated[Path, typer.Option(help="Events: Event JSON as NDJSON, or Parquet.")],
    timezone: TimezoneOption = DEFAULT_TIMEZONE,
) -> int:
    """Print the alerts that a rule book would have raised over past events, one JSON object a line, sorted.

    Lines of the file that cannot be read are passed over, counted on standard error, and make the exit status 1.
    """
    from ioc.cli.progress import progress_bar  # noqa: PLC0415 - the help does not need them
    from ioc.store.event_files import Complaints, read_events  # noqa: PLC0415
    from rules.backtest import backtest as run_backtest  # noqa: PLC0415
    from rules.backtest import needed_columns  # noqa: PLC0415

    book, catalogue = _read(rules, timezone)
    complaints = Complaints()
    with progress_bar("reading events") as progress:
        batches = read_events(events, catalogue, needed_columns(book), complaints, progress)
        alerts = run_backtest(book, batches, catalogue)
    for alert in alerts:
        sys.stdout.write(json.dumps(alert.to_json(), separators=(",", ":"), ensure_ascii=False) + "\n")
    for complaint in complaints.first:
        sys.stderr.write(f"ioc: {complaint}\n")
    if complaints.count:
        what = "value or line" if complaints.count == 1 else "values or lines"
        sys.stderr.write(f"ioc: {complaints.count} {what} of {events.name} could not be read\n")
    return 1 if complaints.count else 0


def _read(folder: Path, timezone: str) -> "tuple[RuleBook, Catalogue]":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415

    from ioc.model.faults import Fault  # noqa: PLC0415
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415
    from rules.book import read_book  # noqa: PLC0415
    from rules.expressions import scope_of  # noqa: PLC0415

    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Fault(f"{timezone!r} is not a time zone; expected an IANA name such as Asia/Ho_Chi_Minh") from error
    catalogue = load_catalogue()
    return read_book(folder, scope_of(catalogue, timezone)), catalogue
