"""The kill matrix: strikes a running line again and again, and counts every event afterwards."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from kill_matrix.faults import Blow, Fault
from kill_matrix.processes import PATIENCE_S, Line, MustEnd, wait_until
from kill_matrix.publisher import devices_publishing, event_id

DETECTED_WITHIN_S: Final = 10.0
"""Seconds in which a dead connection must be noticed."""

GROWTH_MB: Final = 50.0
"""Megabytes that ingest may hold more than at rest."""

BETWEEN: Final = 300
"""Events that must have been stored between two blows, so that each strikes a line that works."""

WARM_UP: Final = 5_000
"""Events after which ingest's memory at rest is taken."""

SLOWEST: Final = 100
"""Events a second, below which a line counts as one that stands still."""

QUIET_S: Final = 1.0
"""Seconds without a further event, after which a broker that has forgotten some is not waited for any longer."""


@dataclass(frozen=True)
class Cell:
    """What came of one fault on one line.

    Attributes:
        times: how often it struck.
        published: events that the broker acknowledged to the devices.
        acknowledged: events that ingest acknowledged to the broker.
        stored: events in the stream, each once.
        lost: events that ingest had acknowledged, or that the broker must have kept, and that are not in the stream.
        forgotten: events that the broker acknowledged and could not keep.
        doubled: events that are in the stream once too often.
        growth_mb: what ingest held more than at rest, at most.
        noticed_s: the longest that a dead connection went unnoticed; None where that was not the matter.
        away_s: the longest from a blow until events were stored again and ingest said that all is well.
        seconds: how long it all took.
    """

    broker: str
    adapter: str
    fault: str
    times: int
    published: int
    acknowledged: int
    stored: int
    lost: int
    forgotten: int
    doubled: int
    growth_mb: float
    noticed_s: float | None
    away_s: float
    seconds: float

    @property
    def failures(self) -> list[str]:
        """What breaks the promise, in words."""
        found = []
        if self.lost:
            found.append(f"{self.lost} lost")
        if self.doubled:
            found.append(f"{self.doubled} doubled")
        if self.growth_mb > GROWTH_MB:
            found.append(f"ingest grew by {self.growth_mb:.0f} MB, not at most {GROWTH_MB:.0f}")
        if self.noticed_s is not None and self.noticed_s > DETECTED_WITHIN_S:
            found.append(f"the dead connection was noticed after {self.noticed_s:.1f} s, not {DETECTED_WITHIN_S:.0f}")
        return found

    def to_json(self) -> dict[str, Any]:
        """Write it for NDJSON."""
        return {**asdict(self), "failures": self.failures}


def warm_up(line: Line, rate: float = 5_000) -> None:
    """Let some events through, and note what ingest holds at rest."""
    with devices_publishing(line.publish_port, boot="warm", rate=rate) as devices:
        wait_until(lambda: line.ledger.read_on() and line.ledger.stored("warm") >= WARM_UP, "the first events")
        published = devices.finish(PATIENCE_S)
    wait_until(
        lambda: line.ledger.read_on() and line.ledger.stored("warm") == published, "the rest of the first events"
    )
    line.rested = line.memory.now()


def run_cell(
    line: Line, fault: Fault, *, adapter: str, times: int, rate: float, hold: float, at_least: int = 0
) -> Iterator[Cell | str]:
    """Strike a line, yielding a word after each blow and the cell at the end.

    Args:
        line: warmed up.
        fault: what befalls it.
        adapter: which of ingest's adapters is at work, for the table.
        times: how often.
        rate: events a second.
        hold: seconds that a process stands still or is away.
        at_least: events that go through in all, however few the blows need.

    Raises:
        MustEnd: the line did not come back.
    """
    boot = fault.name.translate(str.maketrans(" :,", "---")) + f"-{time.monotonic_ns()}"
    boot = boot[-40:]
    ledger, began = line.ledger, time.monotonic()
    line.memory.highest(afresh=True)
    noticed: list[float] = []
    away = 0.0
    with devices_publishing(line.publish_port, boot=boot, rate=rate) as devices:
        _await_events(line, boot, BETWEEN)
        for time_ in range(1, times + 1):
            struck = time.monotonic()
            seen = fault.strike(Blow(line, devices, hold, rate))
            if seen is not None:
                noticed.append(seen)
            _await_events(line, boot, 1)
            wait_until(line.ledger.is_well, "ingest's word that all is well")
            away = max(away, time.monotonic() - struck)
            _await_events(line, boot, BETWEEN)
            if fault.piles_up:
                _await_events(line, boot, devices.acknowledged - ledger.stored(boot))
            yield f"{line.name}, {adapter}: {fault.name} {time_} of {times}, {ledger.stored(boot):,} events stored"
        _await_events(line, boot, at_least - ledger.stored(boot))
        published = devices.finish(PATIENCE_S)
    ids = [event_id(boot, number, devices.devices) for number in range(published)]
    _await_the_rest(line, boot, published, patient=line.name not in fault.forgetful)
    acknowledged = {each for each in line.wire.acknowledged.copy() if each.split(":", 2)[1] == boot}
    # In this order: what is acknowledged meanwhile is stored before.
    ledger.read_on()
    missing = ledger.missing(boot, ids)
    lost = acknowledged.intersection(missing) if line.name in fault.forgetful else set(missing)
    yield Cell(
        broker=line.name,
        adapter=adapter,
        fault=fault.name,
        times=times,
        published=published,
        acknowledged=len(acknowledged),
        stored=ledger.stored(boot),
        lost=len(lost),
        forgotten=len(missing) - len(lost),
        doubled=ledger.doubled(boot),
        growth_mb=round((line.memory.highest() - line.rested) / 1e6, 1),
        noticed_s=round(max(noticed), 1) if noticed else None,
        away_s=round(away, 1),
        seconds=round(time.monotonic() - began, 1),
    )


def nothing_comes_again(line: Line) -> None:
    """Start ingest anew, so that whatever it failed to acknowledge comes again, and count once more.

    Raises:
        MustEnd: something is in the stream twice.
    """
    line.ingest.restart()
    time.sleep(QUIET_S)
    line.ledger.read_on()
    if doubled := line.ledger.doubled():
        raise MustEnd(f"{doubled} events of all cells are in the stream once too often")


def _await_events(line: Line, boot: str, count: int) -> float:
    """Wait until so many more events are stored than now; says how long it took."""
    line.ledger.read_on()
    wanted = line.ledger.stored(boot) + count

    def came() -> bool:
        return line.ledger.read_on() and line.ledger.stored(boot) >= wanted

    return wait_until(came, "further events", PATIENCE_S + count / SLOWEST)


def _await_the_rest(line: Line, boot: str, published: int, *, patient: bool) -> None:
    """Wait until everything is stored; with a forgetful broker, until nothing more comes."""
    before, since = -1, time.monotonic()
    while line.ledger.stored(boot) < published:
        line.ledger.read_on()
        stored, now = line.ledger.stored(boot), time.monotonic()
        if stored != before:
            before, since = stored, now
        if now - since > (PATIENCE_S if patient else 3 * QUIET_S):
            return
        time.sleep(0.05)
    # What comes again, and would be doubled, comes at once.
    time.sleep(QUIET_S / 4)
    line.ledger.read_on()


_COLUMNS: Final = (
    ("broker", "broker", 9),
    ("adapter", "adapter", 8),
    ("fault", "fault", 26),
    ("times", "times", 5),
    ("published", "published", 9),
    ("acknowledged", "acked", 9),
    ("stored", "stored", 9),
    ("lost", "lost", 5),
    ("doubled", "doubled", 7),
    ("forgotten", "forgotten by the broker", 9),
    ("growth_mb", "MB more", 7),
    ("noticed_s", "noticed s", 9),
    ("away_s", "away s", 6),
)


def drawn(cells: Iterable[Cell]) -> Iterator[str]:
    """Draw the matrix as a table, its totals below."""
    cells = list(cells)
    yield "the kill matrix: every event that the broker or ingest acknowledged is in the stream exactly once"
    yield "  ".join(
        f"{title[:width]:<{width}}" if width > 7 and number < 3 else f"{title[:width]:>{width}}"
        for number, (_, title, width) in enumerate(_COLUMNS)
    )
    for cell in cells:
        yield "  ".join(
            _shown(getattr(cell, name), width, left=number < 3) for number, (name, _, width) in enumerate(_COLUMNS)
        ) + (f"  {'; '.join(cell.failures)}" if cell.failures else "")
    yield (
        f"{len(cells)} cells, {sum(cell.times for cell in cells)} blows, {sum(cell.published for cell in cells):,} events:"
        f" {sum(cell.lost for cell in cells)} lost, {sum(cell.doubled for cell in cells)} doubled;"
        f" ingest grew by {max((cell.growth_mb for cell in cells), default=0):.0f} MB at most;"
        f" a dead connection was noticed after {max((cell.noticed_s or 0 for cell in cells), default=0):.1f} s at most"
    )


def _shown(value: object, width: int, *, left: bool) -> str:
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return f"{text:<{width}}" if left else f"{text:>{width}}"
