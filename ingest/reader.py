"""The reader: a raw message to events, or to the reasons why not; it knows no clock and keeps no state that decides."""

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

from ingest.codecs.identifiers import hide_addresses
from ingest.codecs.readings import Outcome, Reading
from ingest.codecs.registry import Codecs
from ingest.codecs.times import DeviceTime, LocalTime
from ioc.model.events import FIXED_COLUMNS, AtSource, Event, RawMessage, Rejected, Value
from ioc.model.geo import valid_position
from ioc.model.instant import DAY, MINUTE, SECOND, Duration, Instant
from ioc.model.quantities import MAX_TEXT, Catalogue, Quantity, QuantityType, fit

OLDEST: Final[Duration] = DAY
"""How far behind the arrival a device's clock is believed."""

NEWEST: Final[Duration] = 5 * MINUTE
"""How far ahead of the arrival a device's clock is believed."""

REPEATED_WITHIN: Final[Duration] = 2 * SECOND
"""Equal messages without a time of their own are one event if they arrive in the same span of this length.

A broker that delivers a message again does so within moments; a sensor that reports the same again does so later.
The span is short because a wrongly dropped report is worse than a doubled one: of 1, 0, 1 the last would be lost.
"""

MAX_PAYLOAD: Final = 1_048_576
MAX_TOPIC: Final = 1_024
MAX_ASSET: Final = 128
MAX_VALUES: Final = 256
MAX_PROBLEMS: Final = 20
"""Complaints about one message that are told one by one; an array of ten thousand wrong events is one nuisance."""

START_KEPT: Final = 120
"""Bytes of a rejected message that are kept for people to look at."""

_WHOLE: Final = 2**63
_LARGEST: Final = sys.float_info.max
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Characters that show one text as another: controls, and those that turn the direction of writing."""

Fit = Callable[[Any], Value]


class Reader:
    """Reads messages with codecs, and checks what they found against the catalogue and the time of arrival."""

    def __init__(
        self,
        codecs: Codecs,
        catalogue: Catalogue,
        *,
        max_payload: int = MAX_PAYLOAD,
        timezone: str | None = None,
        windowed: bool = True,
    ) -> None:
        """Make a reader.

        Args:
            codecs: who can read what.
            catalogue: types and plausible ranges of quantities.
            max_payload: bytes of a message at most.
            timezone: IANA zone of device times that say none; None: the arrival is taken for such.
            windowed: whether a device's clock is believed only near the time of arrival.
        """
        self.codecs = codecs
        self.max_payload = max_payload
        self.windowed = windowed
        self._zone = None if timezone is None else ZoneInfo(timezone)
        self._fits: Mapping[str, Fit] = {name: _fit_known(catalogue[name]) for name in catalogue.names()}
        self._ranges = {
            name: _range(catalogue[name]) for name in catalogue.names() if catalogue[name].type is QuantityType.NUMBER
        }

    def read(self, message: RawMessage) -> tuple[list[Event], list[Rejected]]:
        """Read one message.

        Returns:
            Its events, and what of it could not be read; both empty for a message that is nothing to report.
        """
        refused = self._unfit(message)
        if refused is not None:
            return [], [_rejected(message, None, refused)]
        try:
            outcome = self.codecs.decode(message.topic, message.payload, message.received_at, retained=message.retained)
            problems, codec = outcome.problems, outcome.codec
            events = [] if codec is None else self._events(message, codec, outcome.readings, problems)
            if outcome.refused is not None:
                problems.append(outcome.refused)
            if not problems:
                return events, []
            if len(problems) > MAX_PROBLEMS:
                problems[MAX_PROBLEMS:] = [f"and {len(problems) - MAX_PROBLEMS} more such complaints"]
            return events, [_rejected(message, codec, problem, outcome) for problem in problems]
        except Exception as error:  # a mistake in a codec must cost one message, never the line
            return [], [_rejected(message, None, f"the codec failed on it: {type(error).__name__}: {error}")]

    def fit(self, name: str, value: Any) -> Value:
        """Bring a quantity's value into its type.

        Raises:
            ValueError: it cannot be; the sentence names the quantity.
        """
        known = self._fits.get(name)
        return _fit_unknown(name, value) if known is None else known(value)

    def why_nothing(self, message: RawMessage) -> str:
        """Say why a message gave neither events nor rejections."""
        return self.codecs.decode(message.topic, message.payload).ignored or "there is nothing in it to report"

    def _unfit(self, message: RawMessage) -> str | None:
        size, topic = len(message.payload), message.topic
        if size > self.max_payload:
            return f"the payload has {size} bytes; at most {self.max_payload} are read"
        if len(topic) > MAX_TOPIC:
            return f"the topic has {len(topic)} characters; at most {MAX_TOPIC} are read"
        if "+" in topic or "#" in topic:
            return "the topic holds a wildcard (+ or #), which only a subscription can"
        if not topic.isprintable() and _UNSEEN.search(topic):
            return "the topic holds characters that cannot be seen"
        return None

    def _events(self, message: RawMessage, codec: str, readings: list[Reading], problems: list[str]) -> list[Event]:
        events: list[Event] = []
        hashed: str | None = None
        fits, ranges = self._fits, self._ranges
        for index, reading in enumerate(readings):
            asset = reading.asset
            if asset is not None and not _good_asset(asset):
                problems.append(
                    f"the device's id {asset[:40]!r} is empty, too long or holds characters that cannot be seen"
                )
                continue
            values: dict[str, Value] = {}
            for name, value in reading.values.items():
                plausible = ranges.get(name)
                if plausible is not None and value.__class__ is float and plausible[0] <= value <= plausible[1]:
                    values[name] = value
                    continue
                known = fits.get(name)
                try:
                    values[name] = _fit_unknown(name, value) if known is None else known(value)
                except ValueError as error:
                    problems.append(str(error))
            if len(values) > MAX_VALUES:
                problems.append(f"one event holds {len(values)} values; at most {MAX_VALUES} are kept")
                values = dict(list(values.items())[:MAX_VALUES])
            lat, lon = reading.lat, reading.lon
            if lat is not None or lon is not None:
                lat, lon = _position(lat, lon, problems)
            zone = reading.zone
            if zone is not None and not good_text(zone):
                problems.append("the zone is too long or holds characters that cannot be seen")
                zone = None
            if not values and reading.signal is None and lat is None:
                continue
            at, source = self._time(reading.at, message.received_at)
            if reading.sequence is not None:
                event_id = f"{asset}:{reading.sequence}"
            else:
                if hashed is None:
                    timeless = reading.at is None or (len(readings) > 1 and any(each.at is None for each in readings))
                    hashed = identity(message.topic, message.payload, message.received_at if timeless else None)
                event_id = hashed if index == 0 else f"{hashed}-{index}"
            events.append(
                Event(
                    id=event_id,
                    kind=reading.kind,
                    asset=asset,
                    at=at,
                    received_at=message.received_at,
                    at_source=source,
                    codec=codec,
                    lat=lat,
                    lon=lon,
                    zone=zone,
                    signal=reading.signal,
                    values=values,
                )
            )
        return events

    def _time(self, at: DeviceTime | None, received_at: Instant) -> tuple[Instant, AtSource]:
        if isinstance(at, LocalTime):
            at = self._from_local(at)
        if at is None or (self.windowed and not received_at - OLDEST <= at <= received_at + NEWEST):
            return received_at, AtSource.ARRIVAL
        return at, AtSource.DEVICE

    def _from_local(self, local: LocalTime) -> Instant | None:
        if self._zone is None:
            return None
        seconds, micros = divmod(local.instant, SECOND)
        wall = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=self._zone)
        return max(0, int(wall.timestamp()) * SECOND + micros)


def identity(topic: str, payload: bytes, arrival: Instant | None) -> str:
    """Hash what makes a message this one and no other.

    Topic and payload say asset, time and values, byte for byte the same when a broker delivers a message again.

    Args:
        topic: where it came.
        payload: what came.
        arrival: where an event in it has no time of its own; the span of it stands for that time. Else None.
    """
    parts = [payload, topic.encode("utf-8", "surrogatepass")]
    if arrival is not None:
        parts.append(b"%d" % (arrival // REPEATED_WITHIN))
    return blake2b(b"\x1f".join(parts), digest_size=12).hexdigest()


def _position(lat: Any, lon: Any, problems: list[str]) -> tuple[float | None, float | None]:
    if valid_position(lat, lon):
        return float(lat), float(lon)
    if lat != 0 or lon != 0 or isinstance(lat, bool) or isinstance(lon, bool):
        # Zero and zero is how devices without a fix say so: no news, and no mistake.
        problems.append(f"lat {lat!r:.40}, lon {lon!r:.40} is no position: degrees from -90 to 90 and -180 to 180")
    return None, None


def _good_asset(asset: str) -> bool:
    return 0 < len(asset) <= MAX_ASSET and (asset.isprintable() or not _UNSEEN.search(asset)) and bool(asset.strip())


def good_text(text: str) -> bool:
    """Say whether a text is short enough to be kept, and shows itself as what it is."""
    return len(text) <= MAX_TEXT and (text.isprintable() or not _UNSEEN.search(text))


def _range(quantity: Quantity) -> tuple[float, float]:
    return -1.7e308 if quantity.low is None else quantity.low, 1.7e308 if quantity.high is None else quantity.high


def _fit_known(quantity: Quantity) -> Fit:
    """Make the fastest test that a value fits its quantity; what fails it is judged, and worded, by `fit`."""
    if quantity.type is QuantityType.NUMBER:
        low, high = _range(quantity)

        def number(value: Any) -> Value:
            if (value.__class__ is float or value.__class__ is int) and low <= value <= high:
                return float(value)
            return fit(quantity, value)

        return number
    if quantity.type is QuantityType.TEXT:

        def text(value: Any) -> Value:
            if value.__class__ is str and (value.isprintable() or not _UNSEEN.search(value)) and len(value) <= MAX_TEXT:
                return value
            fit(quantity, value)
            raise ValueError(f"{quantity.name} holds characters that cannot be seen")

        return text
    return lambda value: fit(quantity, value)


def _fit_unknown(name: str, value: Any) -> Value:
    if not _NAME.fullmatch(name) or name in FIXED_COLUMNS:
        raise ValueError(f"{name[:64]!r} cannot be a quantity's name: letters, digits and _, at most 64")
    kind = value.__class__
    if kind is bool or (kind is float and -_LARGEST <= value <= _LARGEST):
        return value  # type: ignore[no-any-return]
    if kind is int:
        if not -_WHOLE <= value < _WHOLE:
            raise ValueError(f"{name} is a whole number of more than 64 bits")
        return int(value)
    if kind is not str:
        raise ValueError(f"{name} must be a number, a text, true or false, not {value!r:.40}")
    if not good_text(value):
        raise ValueError(f"{name} is a text that is too long or holds characters that cannot be seen")
    return value  # type: ignore[no-any-return]


def _rejected(message: RawMessage, codec: str | None, reason: str, outcome: Outcome | None = None) -> Rejected:
    start = b"" if outcome is not None and outcome.private else message.payload[:START_KEPT]
    topic = message.topic
    if outcome is not None and outcome.secret:
        topic = topic.replace(outcome.secret, "…", 1)
    # A telephone's address must not come to rest here either.
    shown = hide_addresses(start.decode("latin-1")).encode("latin-1")
    return Rejected(topic, shown, len(message.payload), codec, reason[:500], message.received_at)
