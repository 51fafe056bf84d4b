"""Numbers, durations and times as people read them, in both languages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from ioc.model.instant import DAY, HOUR, MINUTE, SECOND, Duration, Instant

Text = Mapping[str, str]
"""A sentence by language, `vi` and `en`."""

LANGUAGES: Final = ("vi", "en")
_HOUR: Final = {"vi": "giờ", "en": "h"}
_DAY: Final = {"vi": "ngày", "en": "d"}
_MINUTE: Final = {"vi": "phút", "en": "min"}
_SECOND: Final = {"vi": "giây", "en": "s"}


def say(vi: str, en: str, **parts: object) -> dict[str, str]:
    """Fill a sentence in both languages; numbers, lengths of time and texts by language are written as each does."""
    return {
        language: sentence.format(**{name: _shown(part, language) for name, part in parts.items()})
        for language, sentence in (("vi", vi), ("en", en))
    }


class Lasting(int):
    """A length of time, µs, that `say` writes in words."""


def _shown(part: object, language: str) -> str:
    if isinstance(part, Lasting):
        return lasting(int(part), language)
    if isinstance(part, float):
        return number(part, language)
    if isinstance(part, Mapping):
        return str(part[language])
    return str(part)


def number(value: float, language: str) -> str:
    """Write a number with the digits that mean something, and the language's decimal mark."""
    size = abs(value)
    text = f"{value:,.0f}".replace(",", "") if size >= 1_000 else f"{value:.4g}"
    return text.replace(".", ",") if language == "vi" else text


def lasting(duration: Duration, language: str) -> str:
    """Write a length of time: `41 s`, `6 min`, `2 h 5 min`."""
    if duration < 2 * MINUTE or (duration < 10 * MINUTE and duration % MINUTE):
        return f"{number(round(duration / SECOND, 1), language)} {_SECOND[language]}"
    if duration < HOUR:
        return f"{duration // MINUTE} {_MINUTE[language]}"
    if duration < DAY:
        minutes = duration % HOUR // MINUTE
        hours = f"{duration // HOUR} {_HOUR[language]}"
        return f"{hours} {minutes} {_MINUTE[language]}" if minutes else hours
    hours_left = duration % DAY // HOUR
    days = f"{duration // DAY} {_DAY[language]}"
    return f"{days} {hours_left} {_HOUR[language]}" if hours_left else days


def when(moment: Instant, timezone: str, near: Instant | None = None) -> str:
    """Write a time of day in the city's zone, with its date where that is another one than that of `near`."""
    local = _local(moment, timezone)
    if near is not None and _local(near, timezone).date() == local.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _local(moment: Instant, timezone: str) -> datetime:
    return datetime.fromtimestamp(moment // SECOND, UTC).astimezone(ZoneInfo(timezone))
