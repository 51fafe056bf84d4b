"""What cameras counted, by quarter hour: made from their events, and kept for some weeks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from ioc.model.instant import DAY, MINUTE, SECOND, Duration, Instant
from ioc.model.kinds import Value
from ioc.store import keys
from ioc.store.connection import Argument, Connection, Script

QUARTER: Final[Duration] = 15 * MINUTE
"""What is counted together. Time zones are a whole number of these away from UTC, so that days come out right."""

KEPT: Final = timedelta(days=35)
"""How long counts are kept."""

MOST_TRACKS: Final = 4_096
"""Tracks whose zones a tally remembers; the oldest is forgotten, and would be counted again in its zone."""

MOST_NUMBERS: Final = 50_000
"""Numbers that a tally holds while the store is away; beyond it those of the oldest quarter hours go."""

_COUNT: Final = Script.from_file("count_camera")


class Counted(StrEnum):
    """What a number counts."""

    SEEN = "seen"
    """Objects that came into the picture."""
    ENTERED = "entered"
    """Objects that came into a zone."""
    IN = "in"
    """Objects that crossed a line inwards."""
    OUT = "out"
    """Objects that crossed a line outwards."""
    FORBIDDEN = "forbidden"
    """Objects that crossed a line the way that nobody is to take; they are among the two above."""
    MOST = "most"
    """The most objects at once, in a zone or in the whole picture; the largest counts."""


class CountOf(NamedTuple):
    """What is counted where.

    Attributes:
        name: the zone or line; empty for the whole picture.
        label: what the objects are; `person`, `vehicle` or `all` for `most`.
    """

    what: Counted
    name: str
    label: str


class Count(NamedTuple):
    """A number of one quarter hour of one camera.

    Attributes:
        start: when the quarter hour begins.
        number: what is to be added; for `most` the largest so far.
    """

    camera: str
    start: Instant
    of: CountOf
    number: int


@dataclass(slots=True)
class Tally:
    """Counts what cameras' events tell until somebody takes the numbers away.

    Attributes:
        lost: numbers that went because there were too many.
    """

    lost: int = 0
    _numbers: dict[tuple[str, Instant, CountOf], int] = field(default_factory=dict)
    # Insertion order is age: the zones that a track was in, by camera and track.
    _zones: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def see(self, camera: str, at: Instant, values: Mapping[str, Value], zone: str | None = None) -> None:
        """Take in an event.

        Args:
            camera: whose it is.
            at: µs since 1970: when what it tells happened.
            values: its quantities, as cameras tell them: objects seen, crossings, counts; others are passed over.
            zone: the zone that it concerns.
        """
        start = at - at % QUARTER
        label = str(values.get("label") or "")
        match values.get("event"):
            case None if label:
                self._object(camera, start, label, values)
            case "crossing" if values.get("direction") in (Counted.IN, Counted.OUT):
                line = str(values.get("line") or "")
                self._add(camera, start, CountOf(Counted(str(values["direction"])), line, label))
                if values.get("forbidden"):
                    self._add(camera, start, CountOf(Counted.FORBIDDEN, line, label))
            case "count":
                for whose, quantity in _AT_ONCE:
                    number = values.get(quantity)
                    if isinstance(number, (int, float)):
                        place = (camera, start, CountOf(Counted.MOST, zone or "", whose))
                        self._numbers[place] = max(self._numbers.get(place, 0), round(number))
            case _:
                pass

    def take(self) -> list[Count]:
        """Give what was counted since the last call, and forget it."""
        taken = [Count(*place, number) for place, number in self._numbers.items()]
        self._numbers.clear()
        return taken

    def give_back(self, counts: Iterable[Count]) -> None:
        """Take in again what was taken and could not be written."""
        for count in counts:
            place = (count.camera, count.start, count.of)
            known = self._numbers.get(place, 0)
            most = count.of.what is Counted.MOST
            self._numbers[place] = max(known, count.number) if most else known + count.number
        too_many = len(self._numbers) - MOST_NUMBERS
        if too_many > 0:
            for place in sorted(self._numbers, key=lambda place: place[1])[:too_many]:
                del self._numbers[place]
            self.lost += too_many

    def _object(self, camera: str, start: Instant, label: str, values: Mapping[str, Value]) -> None:
        phase = values.get("phase")
        if phase == "new":
            self._add(camera, start, CountOf(Counted.SEEN, "", label))
        track = (camera, str(values.get("track") or values.get("event_key") or ""))
        if phase == "end":
            self._zones.pop(track, None)
            return
        known = self._zones.pop(track, set())
        for zone in str(values.get("zones") or "").split(","):
            if zone and zone not in known:
                known.add(zone)
                self._add(camera, start, CountOf(Counted.ENTERED, zone, label))
        self._zones[track] = known
        while len(self._zones) > MOST_TRACKS:
            del self._zones[next(iter(self._zones))]

    def _add(self, camera: str, start: Instant, of: CountOf) -> None:
        place = (camera, start, of)
        self._numbers[place] = self._numbers.get(place, 0) + 1


_AT_ONCE: Final = (("person", "count_person"), ("vehicle", "count_vehicle"), ("all", "count_all"))


async def write_counts(connection: Connection, counts: Iterable[Count]) -> None:
    """Add counts to those that are kept."""
    by_day: dict[str, list[Argument]] = {}
    for count in counts:
        day = by_day.setdefault(_key(count.camera, count.start), [int(KEPT.total_seconds())])
        day += ["most" if count.of.what is Counted.MOST else "add", _field(count.start, count.of), count.number]
    await connection.run_many(_COUNT, [([key], arguments) for key, arguments in by_day.items()])


async def read_counts(connection: Connection, camera: str, since: Instant, until: Instant) -> list[Count]:
    """Read the counts of the quarter hours that begin within a time, the earliest first."""
    first = since - since % QUARTER
    days = dict.fromkeys(_key(camera, start) for start in (*range(first, until, DAY), until - 1))
    answers = await connection.call_many([["HGETALL", key] for key in days])
    found = [
        Count(camera, start, of, int(number))
        for answer in answers
        for name, number in answer.items()
        for start, of in (_read_field(name),)
        if since <= start < until
    ]
    return sorted(found, key=lambda count: (count.start, count.of))


def _key(camera: str, start: Instant) -> str:
    return keys.camera_counts(camera, datetime.fromtimestamp(start // SECOND, UTC).date().isoformat())


def _field(start: Instant, of: CountOf) -> bytes:
    return msgspec.json.encode((start // QUARTER, *of))


def _read_field(name: bytes) -> tuple[Instant, CountOf]:
    quarter, what, place, label = msgspec.json.decode(name, type=tuple[int, Counted, str, str])
    return quarter * QUARTER, CountOf(what, place, label)
