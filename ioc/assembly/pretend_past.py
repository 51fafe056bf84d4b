"""Writes a past for a pretended city into its history, behind everything else: so that authors of rules have a month.

`python -P -m ioc.assembly.pretend_past FOLDER KEEP_DAYS KEEP_GB` goes from the beginning of what was archived back in
time, hour by hour, and ends when it has gone far enough. Ended before, it goes on from there when it is started again:
what is written says by its name which hour it is. Nothing of it goes over the stream, so no rule raises anything by it.
"""

import asyncio
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ioc.assembly import SIMULATORS
from ioc.assembly.handover import Handover
from ioc.model.instant import DAY, EARLIEST, HOUR, MILLISECOND, MINUTE, Duration, Instant
from ioc.runtime import clock, logging
from ioc.runtime.logging import Log

if TYPE_CHECKING:
    from simulators.past import Past

NICENESS: Final = 19

WAIT_S: Final = 3.0
"""Seconds after its start before it does anything: who starts a demo wants to see the map first."""

SPAN: Final[Duration] = 30 * DAY
"""How far back the past goes."""

SHARE: Final = 0.5
"""The part of what the history may take on the disk that a pretended past fills at most."""

SOON: Final[Duration] = DAY
"""What is written without a pause."""

PAUSE_S: Final = 0.1
"""Seconds between two hours further back: the store waits for the same disk."""

EVERY: Final[Duration] = MINUTE
"""Time between two reports of a sensor in the last day; in a living city it is half of that."""

EVERY_BEFORE: Final[Duration] = 2 * MINUTE
"""The same before that: a month shall be read in a second, and take no more of the disk than needed."""

log = Log("past")


def hours_back(until: Instant, since: Instant) -> list[tuple[Instant, Instant]]:
    """Cut a time into whole hours and what is left of one at its end, the latest first."""
    spans = []
    while until > since:
        start = max(since, (until - 1) // HOUR * HOUR)
        spans.append((start, until))
        until = start
    return spans


def write_past(
    folder: Path,
    past: "Past",
    *,
    until: Instant,
    not_before: Instant = EARLIEST,
    most_bytes: float = math.inf,
    pause_s: float = PAUSE_S,
) -> int:
    """Write what is missing of a past, from the latest hour back.

    Args:
        folder: of the history.
        past: what there is to tell.
        until: where the past ends if nothing is in the history yet; else it ends where the oldest file begins.
        not_before: how far back it goes at most, where that is less than `SPAN`.
        most_bytes: how large the history may become by it, about.
        pause_s: seconds to rest after each hour, but for the last day.

    Returns:
        How many events were written.

    Raises:
        OSError: the folder cannot be written, or the disk is nearly full.
    """
    from ioc.store.history.layout import Writer, list_files, remove_unfinished  # noqa: PLC0415 - slow to import
    from ioc.store.history.writing import require_room, sole_writer, write_events  # noqa: PLC0415

    written = 0
    with sole_writer(folder, Writer.PRETEND) as sole:
        if not sole:
            return 0
        remove_unfinished(folder, Writer.PRETEND)
        files = list_files(folder)
        end = max((file.until + MILLISECOND for file in files if file.pretended), default=until)
        reached = min([until, *(file.since for file in files)])
        size = sum(file.path.stat().st_size for file in files if file.path.exists())
        for start, stop in hours_back(reached // MILLISECOND * MILLISECOND, max(end - SPAN, not_before)):
            if size > most_bytes:
                break
            require_room(folder)
            frame = past.events(start, stop, EVERY if stop > end - SOON else EVERY_BEFORE)
            if frame.height:
                first, last = (start // MILLISECOND, 0), (stop // MILLISECOND - 1, 0)
                file = write_events(folder, frame, first, last, Writer.PRETEND, pretended=True)
                written += frame.height
                size += file.path.stat().st_size
            if stop <= end - SOON:
                time.sleep(pause_s)
    return written


async def _oldest(redis_url: str) -> Instant | None:
    """Say when the oldest entry came that the stream still has, and the history may get; None where there is none."""
    from ioc.assembly.process import patient_store  # noqa: PLC0415
    from ioc.store.event_stream import BEGINNING  # noqa: PLC0415
    from ioc.store.history.layout import position_of  # noqa: PLC0415

    async with patient_store(redis_url, asyncio.Event()) as store:
        entries = [] if store is None else await store.events.read_encoded(BEGINNING, limit=1)
    return position_of(entries[0].position)[0] * MILLISECOND if entries else None


def main(folder: str, keep_days: str, keep_gb: str) -> int:
    """Write the past of the city that the simulators play; return the exit status."""
    with suppress(OSError):
        os.nice(NICENESS)
    time.sleep(WAIT_S)
    handover = Handover.received(os.environ)
    logging.configure(handover.log_level, handover.log_format)
    from simulators.fleet import build  # noqa: PLC0415
    from simulators.past import Past, slow  # noqa: PLC0415
    from simulators.player import scenario_for  # noqa: PLC0415

    settings = handover.settings_of(SIMULATORS)
    now = clock.now()
    oldest = asyncio.run(_oldest(handover.redis_url))
    fleet = build(Path(settings.city), settings.seed)
    scenario = scenario_for(settings, fleet)
    past = Past(fleet, seed=settings.seed, scenario=None if scenario is None else slow(scenario))
    begun = time.monotonic()
    try:
        events = write_past(
            Path(folder),
            past,
            until=now - MINUTE if oldest is None else oldest,
            not_before=now - round(float(keep_days) * DAY),
            most_bytes=float(keep_gb) * SHARE * 1e9,
        )
    except OSError as error:
        # Without a past the demo is poorer, and works.
        log.warning("the city's past cannot be written", why=str(error))
        return 0
    log.info("the city has a past", events=events, seconds=round(time.monotonic() - begun, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
