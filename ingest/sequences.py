"""Whether a device's messages are all there: gaps in the numbers that it gives them.

A device counts its messages (`seq`) since a start that it names (`boot`). A number that is jumped over is *missing*; it
becomes a gap when it has not come within `GRACE`, because after a lost connection or a crash messages come again, and
not always in order. What is known of an asset is a line of text, so that it can be kept beside the stream.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ioc.model.gaps import Gap
from ioc.model.instant import SECOND, Duration, Instant

GRACE: Final[Duration] = 10 * SECOND
"""How long a missing message may still come; it becomes a gap after at most twice as long."""

MAX_ASSETS: Final = 100_000
"""Assets that are followed; the one that was met first is forgotten for a further one."""

MAX_BOOTS: Final = 3
"""Starts of a device that are followed, because messages from before a start may come after it."""

MAX_MISSING: Final = 100
"""Ranges of missing messages that are waited for, for each start of a device; the oldest becomes a gap at once."""

MAX_JUMP: Final = 1_000_000
"""Numbers jumped over at once beyond which a device is taken to count anew: nobody loses so many messages."""


@dataclass(slots=True)
class _Missing:
    first: int
    last: int
    noticed: Instant


@dataclass(slots=True)
class _Run:
    """One start of a device: the number that comes next, and what is missing before it."""

    boot: str
    next: int
    missing: list[_Missing] = field(default_factory=list)


class Sequences:
    """Follows the numbers of all devices. Reads no clock: every call says what time it is."""

    def __init__(self, *, grace: Duration = GRACE, max_assets: int = MAX_ASSETS) -> None:
        """Start with no devices.

        Args:
            grace: how long a missing message may still come.
            max_assets: assets that are followed.
        """
        self._grace = grace
        self._max_assets = max_assets
        self._runs: dict[str, list[_Run]] = {}
        # Assets of which something is missing, and since when; the oldest first.
        self._waiting: dict[str, Instant] = {}
        self._gaps: list[Gap] = []

    def note(self, assets: Iterable[str], boots: Iterable[str], sequences: Iterable[int], now: Instant) -> None:
        """Note messages, in the order in which they came; one that comes again changes nothing."""
        followed = self._runs
        for asset, boot, sequence in zip(assets, boots, sequences, strict=True):
            runs = followed.get(asset)
            if runs is not None:
                run = runs[0]
                if run.next == sequence and run.boot == boot:
                    run.next = sequence + 1
                    continue
            self._note(asset, boot, sequence, now)

    def due(self, now: Instant) -> list[Gap]:
        """Give the gaps that have become certain since the last call, each once."""
        while self._waiting:
            asset, since = next(iter(self._waiting.items()))
            if since + self._grace > now:
                break
            del self._waiting[asset]
            for run in self._runs.get(asset, ()):
                while run.missing and run.missing[0].noticed + self._grace <= now:
                    self._give_up(asset, run, now)
                if run.missing:
                    self._waiting[asset] = now
        gaps, self._gaps = self._gaps, []
        return gaps

    def saved(self, assets: Iterable[str]) -> dict[str, str]:
        """Write what is known of these assets; empty for one that is not followed any more."""
        texts = {}
        for asset in assets:
            runs = self._runs.get(asset, ())
            if len(runs) == 1 and not runs[0].missing:
                texts[asset] = f"{runs[0].boot}:{runs[0].next}"
            else:
                texts[asset] = "\n".join(map(_written, runs))
        return texts

    def restore(self, saved: Mapping[str, str], now: Instant) -> None:
        """Take up what an earlier process had saved; what was missing then has the whole grace again.

        Raises:
            ValueError: this is not what `saved` writes.
        """
        for asset, text in saved.items():
            runs = _read(text, now)
            if runs:
                self._runs[asset] = runs
            if any(run.missing for run in runs):
                self._waiting[asset] = now

    def _note(self, asset: str, boot: str, sequence: int, now: Instant) -> None:
        runs = self._runs.get(asset)
        if runs is None:
            self._make_room(now)
            runs = self._runs[asset] = []
        run = next((run for run in runs if run.boot == boot), None)
        if run is None:
            # What came before the first message that we see of a start, nobody can know.
            runs.insert(0, _Run(boot, sequence + 1))
            for old in runs[MAX_BOOTS:]:
                self._give_all_up(asset, old, now)
            del runs[MAX_BOOTS:]
        elif sequence < run.next:
            _fill(run.missing, sequence)
        else:
            if 0 < sequence - run.next <= MAX_JUMP:
                run.missing.append(_Missing(run.next, sequence - 1, now))
                self._waiting.setdefault(asset, now)
                if len(run.missing) > MAX_MISSING:
                    self._give_up(asset, run, now)
            run.next = sequence + 1

    def _make_room(self, now: Instant) -> None:
        if len(self._runs) >= self._max_assets:
            asset = next(iter(self._runs))
            for run in self._runs.pop(asset):
                self._give_all_up(asset, run, now)

    def _give_all_up(self, asset: str, run: _Run, now: Instant) -> None:
        while run.missing:
            self._give_up(asset, run, now)

    def _give_up(self, asset: str, run: _Run, now: Instant) -> None:
        missing = run.missing.pop(0)
        self._gaps.append(Gap(asset, run.boot, missing.first, missing.last, now))


def _fill(missing: list[_Missing], sequence: int) -> None:
    """Take one number out of what is missing; one that is not missing has come before."""
    for place, each in enumerate(missing):
        if each.first <= sequence <= each.last:
            parts = (_Missing(each.first, sequence - 1, each.noticed), _Missing(sequence + 1, each.last, each.noticed))
            missing[place : place + 1] = [part for part in parts if part.first <= part.last]
            return


def _written(run: _Run) -> str:
    """Write `boot:next`, and behind it what is missing, `:first-last,…`."""
    missing = ",".join(f"{missing.first}-{missing.last}" for missing in run.missing)
    return f"{run.boot}:{run.next}:{missing}" if missing else f"{run.boot}:{run.next}"


def _read(text: str, now: Instant) -> list[_Run]:
    runs = []
    for line in text.splitlines():
        boot, following, *rest = line.split(":")
        run = _Run(boot, int(following))
        for span in rest[0].split(",") if rest else ():
            first, _, last = span.partition("-")
            run.missing.append(_Missing(int(first), int(last), now))
        runs.append(run)
    return runs
