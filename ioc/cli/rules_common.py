"""What the commands of `ioc rules` share: reading rules, choosing the past, and writing what was found."""

import os
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ioc.model.faults import Fault

if TYPE_CHECKING:
    import polars as pl

    from ioc.model.assets import Asset
    from ioc.model.quantities import Catalogue
    from ioc.store.event_files import Complaints
    from rules.book import RuleBook
    from rules.expressions import Scope
    from rules.rule import Rule

DEFAULT_TIMEZONE: Final = "Asia/Ho_Chi_Minh"

TimezoneOption = Annotated[str, typer.Option(help="Zone that hour(at) and weekday(at) go by, an IANA name.")]
CityOption = Annotated[
    Path | None,
    typer.Option("--city", help="City file: its areas are those of inside('…'), and its zone is taken for --timezone."),
]
FolderArgument = Annotated[Path, typer.Argument(help="Folder of the rule book, YAML files.")]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="Folder of the rule book; the configured one where not given.")
]
EventsOption = Annotated[Path | None, typer.Option(help="Events: Event JSON as NDJSON, or Parquet.")]
SinceOption = Annotated[
    str | None, typer.Option(help="Take the events from the history, since such a time: 30d, 12h, or ISO 8601.")
]
UntilOption = Annotated[str | None, typer.Option(help="Until when, likewise; until now where not given.")]

_AGO: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*(?:ago)?\s*")


@dataclass(slots=True)
class Events:
    """Events of the past, from a file or from the history.

    Attributes:
        first, last: when the first and the last of them arrived, µs, as far as they have been read.
        count: how many have been read.
        span: what was asked for, µs; None for a file, which is read from beginning to end.
        registry: the city's assets, where the history was asked and the store answers.
    """

    file: Path | None
    folder: Path | None
    span: tuple[int, int] | None
    catalogue: "Catalogue"
    complaints: "Complaints"
    registry: "dict[str, Asset]" = field(default_factory=dict)
    first: int | None = None
    last: int | None = None
    count: int = 0

    def batches(
        self, columns: Collection[str], kinds: Collection[str] | None, before: int = 0
    ) -> "Iterator[pl.DataFrame]":
        """Read them, showing how far it has come.

        Args:
            columns: besides the times.
            kinds: of the history only these kinds; None for all.
            before: µs to read before the time that was asked for, where that is known.
        """
        from ioc.cli.progress import progress_bar  # noqa: PLC0415 - the help does not need them
        from ioc.store.event_files import read_events  # noqa: PLC0415
        from ioc.store.history import History  # noqa: PLC0415

        with progress_bar("reading events") as progress:
            if self.file is not None:
                found = read_events(self.file, self.catalogue, columns, self.complaints, progress)
            else:
                assert self.folder is not None  # noqa: S101 - one of both is given
                assert self.span is not None  # noqa: S101
                found = History(self.folder).batches(
                    max(0, self.span[0] - before), self.span[1], columns, kinds,
                    progress=progress, complaints=self.complaints,
                )  # fmt: skip
            for batch in found:
                received = batch["received_at"].to_physical()
                least, greatest = received.min(), received.max()
                if isinstance(least, int) and isinstance(greatest, int):
                    self.first = least if self.first is None else min(self.first, least)
                    self.last = greatest if self.last is None else max(self.last, greatest)
                self.count += batch.height
                yield batch

    @property
    def time(self) -> tuple[int, int]:
        """The time that they are of, µs: what was asked for, else from the first to the last."""
        if self.span is not None:
            return self.span
        return (self.first or 0, (self.last or 0) + 1)

    @property
    def name(self) -> str:
        """What they are called in a sentence."""
        return "the history" if self.file is None else self.file.name


def open_events(file: Path | None, since: str | None, until: str | None, config: Path | None) -> Events:
    """Choose where events come from.

    Raises:
        Fault: both a file and a time are given, or neither; or there is no history of that time.
    """
    from ioc.runtime import clock  # noqa: PLC0415 - the help does not need them
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415
    from ioc.store.event_files import Complaints  # noqa: PLC0415

    if (file is None) == (since is None):
        raise Fault("give either --events FILE or --since such as 30d: the events of a file, or of the history")
    if file is not None:
        if until is not None:
            raise Fault("--until goes with --since; a file is read from beginning to end")
        return Events(file, None, None, load_catalogue(), Complaints())
    from ioc.config import load  # noqa: PLC0415
    from ioc.store.history import History  # noqa: PLC0415

    now = clock.now()
    span = (moment(str(since), now), now if until is None else moment(until, now))
    if span[1] <= span[0]:
        raise Fault("--until is not later than --since")
    configuration = load(config, os.environ).configuration
    folder = configuration.history_folder
    if not History(folder).info().events:
        raise Fault(f"{folder} holds no history yet; it is written while `ioc run rules` or `ioc demo` runs")
    return Events(None, folder, span, load_catalogue(), Complaints(), registry_of(configuration.redis_url))


def registry_of(url: str) -> "dict[str, Asset]":
    """Read the city's assets; none, and a word of it, where the store does not answer."""
    import asyncio  # noqa: PLC0415 - the help does not need them

    from ioc.store.connection import StoreUnavailable  # noqa: PLC0415
    from ioc.store.opening import open_store  # noqa: PLC0415

    async def read() -> "dict[str, Asset]":
        async with open_store(url) as store:
            return await store.assets.load()

    try:
        return asyncio.run(read())
    except (Fault, StoreUnavailable):
        sys.stderr.write("ioc: the store does not answer; sites, areas and registered assets are not known\n")
        return {}


def moment(text: str, now: int) -> int:
    """Read a time: so long ago, `30d`, `12h`, `5 min ago`, or ISO 8601.

    Raises:
        Fault: it is neither.
    """
    from ioc.model.instant import DAY, HOUR, MINUTE, SECOND, from_iso  # noqa: PLC0415

    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - round(float(ago[1]) * {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}[ago[2]])
    try:
        return from_iso(text)[0]
    except ValueError as error:
        raise Fault(f"{text!r} is not a time; expected 30d, 12h, 5min, or such as 2026-11-22T08:00:00+07:00") from error


def read_book_of(folder: Path, timezone: str, city: Path | None = None) -> "tuple[RuleBook, Scope, Catalogue]":
    """Read a rule book.

    Args:
        folder: where it lies.
        timezone: IANA name of the zone whose hours are meant, where no city says another.
        city: a city file, whose areas and zone rules may speak of.

    Raises:
        Fault: there is no such zone, the city cannot be read, or the book has mistakes.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - the help does not need them

    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415
    from rules.book import read_book  # noqa: PLC0415
    from rules.expressions import scope_of  # noqa: PLC0415

    if city is not None:
        from ioc.store.city_file import load_city  # noqa: PLC0415

        known = load_city(city)
        catalogue = load_catalogue()
        scope = scope_of(catalogue, known.timezone, known.areas)
        return read_book(folder, scope), scope, catalogue
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Fault(f"{timezone!r} is not a time zone; expected an IANA name such as Asia/Ho_Chi_Minh") from error
    catalogue = load_catalogue()
    scope = scope_of(catalogue, timezone)
    return read_book(folder, scope), scope, catalogue


def folder_of(rules: Path | None, config: Path | None) -> Path:
    """Give the folder of the rule book: the given one, or the configured one."""
    if rules is not None:
        return rules
    from ioc.config import load  # noqa: PLC0415 - the help does not need it

    return load(config, os.environ).configuration.rules.rules_dir


def rule_named(book: "RuleBook", name: str) -> "Rule":
    """Find a rule.

    Raises:
        Fault: there is none of that name.
    """
    from ioc.runtime.marked_yaml import expected  # noqa: PLC0415 - the help does not need it

    found = next((rule for rule in book.rules if rule.name == name), None)
    if found is None:
        raise Fault(f"there is no rule {name!r}; {expected(name, [rule.name for rule in book.rules])}")
    return found


def with_settings(book: "RuleBook", settings: Sequence[str], scope: "Scope") -> "RuleBook":
    """Change values of rules, such as `air-hazard.for=120s`.

    Raises:
        Fault: a setting cannot be read, or makes a rule that cannot be.
    """
    from rules.bench.numbers import with_setting  # noqa: PLC0415 - the help does not need them
    from rules.book import assembled, read_rules_text  # noqa: PLC0415

    rules = {rule.name: rule for rule in book.rules}
    for setting in settings:
        place, is_set, value = setting.partition("=")
        # A rule's name may have dots in it too.
        name = max((name for name in rules if place.startswith(f"{name}.")), key=len, default=None)
        if not is_set or not value.strip() or name is None:
            raise Fault(f"--set {setting!r} cannot be read; expected RULE.PLACE=VALUE, such as air-hazard.for=120s")
        text = with_setting(rules[name].text, name, place.removeprefix(f"{name}."), value.strip())
        (rule,) = read_rules_text(text, scope, f"{name} with {place.removeprefix(f'{name}.')} = {value.strip()}")
        rules[name] = replace(rule, where_from=rules[name].where_from)
    return assembled([rules[rule.name] for rule in book.rules])


@contextmanager
def complaining(events: Events) -> Iterator[None]:
    """Say at the end what could not be read."""
    yield
    for complaint in events.complaints.first:
        sys.stderr.write(f"ioc: {complaint}\n")
    count = events.complaints.count
    if count:
        what = "value or line" if count == 1 else "values or lines"
        sys.stderr.write(f"ioc: {count} {what} of {events.name} could not be read\n")


def write_table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, left: int = 1) -> None:
    """Write a table, plain enough to be read by a person and by `awk`.

    Args:
        headings: of the columns.
        rows: their values.
        left: how many columns are aligned to the left.
    """
    lines = [[str(value) for value in row] for row in (headings, *rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headings))]
    for line in lines:
        cells = [
            value.ljust(width) if index < left else value.rjust(width)
            for index, (value, width) in enumerate(zip(line, widths, strict=True))
        ]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
