"""`ioc rules explain` and `ioc rules from-incident`: why a rule fired or did not, and a test out of what happened."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ioc.cli.config import ConfigOption
from ioc.cli.rules_common import (
    DEFAULT_TIMEZONE,
    CityOption,
    EventsOption,
    RulesOption,
    TimezoneOption,
    folder_of,
    moment,
    read_book_of,
    rule_named,
)
from ioc.model.faults import Fault

if TYPE_CHECKING:
    from ioc.model.incidents import Incident
    from ioc.model.quantities import Catalogue
    from ioc.store.opening import Store
    from rules.bench.explaining import Explanation
    from rules.bench.past import Wanted
    from rules.book import RuleBook
    from rules.expressions import Scope

LanguageOption = Annotated[Literal["en", "vi"], typer.Option("--lang", help="Language of the sentences.")]


def explain(
    *,
    alert: Annotated[str | None, typer.Option(help="An alert or an incident: why it began.")] = None,
    rule: Annotated[str | None, typer.Option(help="A rule: why it held, or did not, for --key at --at.")] = None,
    key: Annotated[str | None, typer.Option(help="What the rule holds for: an asset, a zone, first|second.")] = None,
    at: Annotated[
        str | None, typer.Option(help="The time in question: 5min (ago), or ISO 8601; now by default.")
    ] = None,
    rules: RulesOption = None,
    events: EventsOption = None,
    language: LanguageOption = "en",
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="For people, or JSON.")] = "text",
    timezone: TimezoneOption = DEFAULT_TIMEZONE,
    city: CityOption = None,
    config: ConfigOption = None,
) -> int:
    """Say why a rule fired, or which of its conditions did not hold and how near each came.

    The rule is the one in force, or that of --rules. The events come from the history and the stream, or from a file
    with --events. Exit 0 where the rule held at that time, 1 where it did not.
    """
    from ioc.runtime import clock  # noqa: PLC0415 - the help does not need them
    from rules.bench.explaining import Asked, needs, standing_of  # noqa: PLC0415
    from rules.bench.explaining import explain as explained  # noqa: PLC0415

    if (alert is None) == (rule is None):
        raise Fault("give either --alert ID, or --rule with --key and --at")
    now = clock.now()

    async def ask(store: "Store | None") -> "Explanation":
        folder = folder_of(rules, config)
        if store is None or rules is not None or city is not None:
            book, scope, catalogue = read_book_of(folder, timezone, city)
        else:
            book, scope, catalogue = await _in_force(store, folder, timezone)
        name, its_key, its_time = rule, key, now if at is None else moment(at, now)
        if alert is not None:
            name, its_key, its_time = await _alert_named(store, alert)
        asked_rule = rule_named(book, str(name))
        incidents: Sequence[Incident] = [] if store is None else await store.incidents.find()
        registry = {} if store is None else await store.assets.load()
        asked = Asked(asked_rule, its_time, its_key, None, standing_of(incidents, asked_rule.name, its_key))
        batches = await _batches(store, events, needs(asked_rule, its_time, book), config)
        return explained(asked, batches, in_force=book, scope=scope, catalogue=catalogue, registry=registry)

    answer = asyncio.run(_with_store(ask, config, needed=alert is not None, wanted=events is None))
    if output == "json":
        sys.stdout.write(json.dumps(answer.to_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        _write(answer, language, timezone)
    return 0 if answer.fired else 1


def from_incident(
    incident: Annotated[str, typer.Argument(help="The incident's id, or that of an alert.")],
    *,
    must_not: Annotated[
        bool, typer.Option("--must-not", help="It was a false alarm: the test says that the rule must not fire.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The file to write, or - for standard output; beside the rules by default.")
    ] = None,
    rules: RulesOption = None,
    timezone: TimezoneOption = DEFAULT_TIMEZONE,
    city: CityOption = None,
    config: ConfigOption = None,
) -> int:
    """Write a timeline test out of what really happened: with these events, the rule must fire.

    A test that it must fire passes `ioc rules test` at once, as long as the rule still is what it was; one that it
    must not (--must-not) passes once the rule has been changed.
    """
    from rules.bench.from_incident import Happened, from_evidence, needed, write_timeline  # noqa: PLC0415
    from rules.book import TIMELINE_SUFFIX  # noqa: PLC0415

    folder = folder_of(rules, config)
    book, _, catalogue = read_book_of(folder, timezone, city)

    async def write(store: "Store | None") -> tuple[str, tuple[str, ...]]:
        assert store is not None  # noqa: S101 - it was asked for as needed
        name, its_key, raised_at = await _alert_named(store, incident)
        rule = rule_named(book, name)
        known = await store.incidents.get(incident)
        cleared_at = None if known is None or known.raised_at != raised_at else known.cleared_at
        asset = known.assets[0] if known is not None and known.assets else None
        registered = None if asset is None else (await store.assets.load()).get(asset)
        shown = its_key if registered is None else registered.name
        happened = Happened(name, its_key, raised_at, cleared_at, shown, incident)
        batches = await _batches(store, None, needed(rule, happened), config)
        if not batches and known is not None and known.evidence:
            sys.stderr.write("ioc: neither history nor stream reaches back so far; only its evidence is left\n")
            batches = [from_evidence(known.evidence, catalogue)]
        return write_timeline(happened, batches, book, catalogue, timezone=timezone, must_fire=not must_not)

    text, complaints = asyncio.run(_with_store(write, config, needed=True))
    path = out if out is not None else folder / f"incident-{incident}{TIMELINE_SUFFIX}"
    if str(path) == "-":
        sys.stdout.write(text)
    else:
        if path.exists():
            raise Fault(f"{path} is there already; name another file with --out")
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path} is written\n")
    for complaint in complaints:
        sys.stderr.write(f"ioc: with the rules as they are now: {complaint}\n")
    return 1 if complaints and not must_not else 0


async def _with_store(work: Any, config: Path | None, *, needed: bool, wanted: bool = True) -> Any:
    """Do something with the configured store, or without it where it is not needed and does not answer."""
    from ioc.config import load  # noqa: PLC0415 - the help does not need them
    from ioc.store.connection import StoreUnavailable  # noqa: PLC0415
    from ioc.store.opening import open_store  # noqa: PLC0415

    if not (needed or wanted):
        return await work(None)
    url = load(config, os.environ).configuration.redis_url
    try:
        async with open_store(url) as store:
            return await work(store)
    except StoreUnavailable as away:
        raise Fault(f"{away.reason} Try again.", wrong_use=False) from away
    except Fault as fault:
        if needed or not fault.wrong_use:
            raise
        return await work(None)


async def _in_force(store: "Store", folder: Path, timezone: str) -> "tuple[RuleBook, Scope, Catalogue]":
    """Read the rules that run, as they were last published or saved, by the zone and the areas of the city."""
    from ioc.assembly.rules_knowledge import Knowledge  # noqa: PLC0415 - the help does not need them
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415

    catalogue = load_catalogue()
    known = Knowledge(store, catalogue, folder, timezone)
    await known.refresh()
    return known.book((await known.current()).values()), known.scope, catalogue


async def _alert_named(store: "Store | None", name: str) -> tuple[str, str, int]:
    """Find an alert, or the first one of an incident: its rule, its key, and when it began."""
    assert store is not None  # noqa: S101 - it was asked for as needed
    incident = await store.incidents.get(name)
    if incident is not None:
        return incident.rule, incident.key, incident.raised_at
    fields = await store.incidents.alert(name)
    if not fields:
        raise Fault(f"there is no alert and no incident {name!r}")
    return fields["rule"], fields["key"], int(fields["raised_at"])


async def _batches(store: "Store | None", events: Path | None, wanted: "Wanted", config: Path | None) -> list[Any]:
    from ioc.assembly.past_events import events_around  # noqa: PLC0415 - the help does not need them
    from ioc.config import load  # noqa: PLC0415
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415
    from ioc.store.event_files import read_events  # noqa: PLC0415
    from ioc.store.history import History  # noqa: PLC0415

    if events is not None:
        import polars as pl  # noqa: PLC0415

        received = pl.col("received_at").cast(pl.Int64)
        within = (received >= wanted.since) & (received < wanted.until)
        found = [batch.filter(within) for batch in read_events(events, load_catalogue(), wanted.columns)]
        return [batch for batch in found if batch.height]
    folder = load(config, os.environ).configuration.history_folder
    return await events_around(store, History(folder), wanted)


def _write(answer: "Explanation", language: str, timezone: str) -> None:
    from rules.bench.explaining.words import when  # noqa: PLC0415 - the help does not need it

    words = {"en": ("yes", "NO", "?"), "vi": ("có", "KHÔNG", "?")}[language]
    sys.stdout.write(f"{answer.sentence[language]}\n")
    if answer.conditions:
        width = max(len(one.text) for one in answer.conditions)
        mark_width = max(map(len, words))
        sys.stdout.write("\n")
        for one in answer.conditions:
            mark = words[2] if one.holds is None else words[0] if one.holds else words[1]
            sys.stdout.write(f"  {mark:<{mark_width}}  {one.text:<{width}}  {one.sentence[language]}\n")
    if answer.events:
        sys.stdout.write("\n")
        for row in answer.events:
            shown = {name: value for name, value in row.items() if value is not None}
            quantities = [f"{name} {_plain(value)}" for name, value in shown.items() if name not in _NOT_SHOWN]
            asset = shown.get("asset", "–")
            sys.stdout.write(f"  {when(row['at'], timezone, answer.at)}  {asset}  {', '.join(quantities)}\n")
    if answer.near and answer.key is None:
        sys.stdout.write("\n  " + "\n  ".join(answer.near) + "\n")


_NOT_SHOWN = frozenset(("id", "kind", "asset", "at", "received_at", "at_source", "lat", "lon", "codec"))


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
