"""Versions of rules: what a rule said, who said so, when, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ioc.model.instant import Instant, whole_milliseconds


class VersionSource(StrEnum):
    """Where a version comes from."""

    FILE = "file"
    PAGE = "page"
    RESTORED = "restored"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule as it was said once.

    Attributes:
        version: the hash of all that the rule says.
        text: its YAML, a list of one rule; empty where it was removed.
        author: who; empty where a file says so.
        note: why; an author's words, text, never HTML.
        shadow: whether it was said to run as a shadow, beside the version that opens incidents.
    """

    rule: str
    version: str
    text: str
    at: Instant
    source: VersionSource
    author: str = ""
    note: str = ""
    shadow: bool = False

    def to_json(self) -> dict[str, Any]:
        """Write it as HTTP shows it; times are epoch milliseconds."""
        return {
            "rule": self.rule,
            "version": self.version,
            "text": self.text,
            "at": whole_milliseconds(self.at),
            "source": str(self.source),
            "author": self.author,
            "note": self.note,
            "shadow": self.shadow,
        }
