"""Logs: a sentence and its facts, for people or as JSON, without secrets.

Everything goes through the standard library, so that what other packages log takes the same way out.
"""

import json
import logging
import sys
from typing import Any, Final, Literal, TextIO

from ioc.model.instant import to_iso
from ioc.runtime import clock
from ioc.runtime.redaction import redact

_FACTS: Final = "ioc_facts"


class Log:
    """Writes what one part of the program has to say."""

    def __init__(self, name: str) -> None:
        """Take the name of the part: such as `ingest`."""
        self._logger = logging.getLogger(name)

    def debug(self, sentence: str, **facts: Any) -> None:
        """Say what helps to find a mistake."""
        self._logger.debug(sentence, extra={_FACTS: facts})

    def info(self, sentence: str, **facts: Any) -> None:
        """Say what happened."""
        self._logger.info(sentence, extra={_FACTS: facts})

    def warning(self, sentence: str, **facts: Any) -> None:
        """Say what somebody should know of."""
        self._logger.warning(sentence, extra={_FACTS: facts})

    def error(self, sentence: str, **facts: Any) -> None:
        """Say what somebody must mend."""
        self._logger.error(sentence, extra={_FACTS: facts})

    def exception(self, sentence: str, **facts: Any) -> None:
        """Say what nobody expected, with the traceback of the exception being handled."""
        self._logger.error(sentence, extra={_FACTS: facts}, exc_info=True)  # noqa: LOG014 - called from handlers


class _ForPeople(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f"  {name}={value}" for name, value in _facts(record).items())
        level = "" if record.levelno == logging.INFO else f"{record.levelname}: "
        line = f"{to_iso(clock.now())} {record.name}  {level}{record.getMessage()}{facts}"
        return redact(line + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""))


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": to_iso(clock.now()),
            "level": record.levelname.lower(),
            "process": record.name,
            "message": redact(record.getMessage()),
            **{name: redact(value) if isinstance(value, str) else value for name, value in _facts(record).items()},
        }
        if record.exc_info:
            entry["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure(
    level: Literal["debug", "info", "warning", "error"], form: Literal["console", "json"], stream: TextIO | None = None
) -> None:
    """Send everything that is logged from `level` on to one stream (standard error where none is given)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_AsJson() if form == "json" else _ForPeople())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = getattr(record, _FACTS, {})
    return facts
