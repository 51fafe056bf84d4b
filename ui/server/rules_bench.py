"""What the page asks of rules: what they would have done, why not, and which hold. Who starts the server answers."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ioc.model.instant import Instant

Answer = dict[str, Any]
"""Plain data, ready to be written as JSON, times in epoch milliseconds; its form is in `ui.server.rules_schemas`."""


@dataclass(frozen=True)
class Draft:
    """A rule that somebody wants in force.

    Attributes:
        text: the rule as YAML.
        author: who publishes it.
        note: why, in the author's words.
        shadow: whether it is to run beside what is in force, seen by authors only.
        expected: the version that the author started from; None for a new rule.
    """

    text: str
    author: str
    note: str
    shadow: bool
    expected: str | None


@dataclass(frozen=True)
class WhyQuestion:
    """Why did a rule fire here, or why did it not?

    Attributes:
        text: the rule as YAML; None where `name` says which of those in force is meant.
        name: a rule in force; None where `text` is given.
        key: what the rule holds for; None where the place says it, or nothing does.
        lat: WGS 84 degrees, with `lon`; None where the key says it.
        lon: WGS 84 degrees.
        at: the time in question.
    """

    text: str | None
    name: str | None
    key: str | None
    lat: float | None
    lon: float | None
    at: Instant


class UnknownRule(Exception):
    """There is no such rule, or no such version of it; the message is the name or the version."""


class OtherVersion(Exception):
    """Another version was published meanwhile.

    Attributes:
        version: the one in force; None where there is none any more.
        author: who published it, where that is known.
    """

    def __init__(self, version: str | None, author: str | None = None) -> None:
        """Take what is in force."""
        super().__init__(version)
        self.version = version
        self.author = author


class NotPublishable(Exception):
    """The rule cannot be read, or fails its own timelines.

    Attributes:
        mistakes: `{line, column, sentence}` of each.
        timelines: `{name, complaints}` of each that fails.
    """

    def __init__(self, *, mistakes: Sequence[Answer] = (), timelines: Sequence[Answer] = ()) -> None:
        """Take one or the other."""
        super().__init__("mistakes" if mistakes else "timelines")
        self.mistakes = tuple(mistakes)
        self.timelines = tuple(timelines)


class RulesBench(Protocol):
    """Answers what authors of rules ask.

    Several calls may be under way at once. Every method raises `ioc.model.faults.Fault` for what a person must mend
    and nothing else describes, such as a history that cannot be read; the sentence is shown as it is.
    """

    async def rules(self) -> Answer:
        """List the rules in force, those that cannot be read, and what history there is."""
        ...

    async def words(self) -> Answer:
        """Name what may stand in a rule, for completion."""
        ...

    async def rule(self, name: str) -> Answer:
        """Show one rule with its text and its timelines.

        Raises:
            UnknownRule: there is none of that name.
        """
        ...

    async def check(self, text: str) -> Answer:
        """Read a rule, and say what is wrong with it and where its numbers stand."""
        ...

    def what_if(self, text: str, since: Instant, until: Instant) -> AsyncGenerator[Answer, None]:
        """Run a rule over history, beside the one of its name that is in force.

        An asynchronous generator: first any number of `{"progress": 0..1, "doing": {vi, en}}`, at most ten a second,
        then one `{"result": …}`, or one `{"problem": {"what", "where", "expected", "mistakes": […]}}`. Whoever asks
        closes it (`aclose`) or is cancelled when the answer is no longer wanted: the work is then to be given up at
        once.

        Args:
            text: the rule as YAML.
            since: from when on alerts count.
            until: up to when; later than `since`.
        """
        ...

    async def why(self, question: WhyQuestion) -> Answer:
        """Say which conditions held at a time, and how near the others came.

        Raises:
            UnknownRule: there is none of that name.
            NotPublishable: the rule's text cannot be read.
        """
        ...

    async def publish(self, draft: Draft) -> Answer:
        """Put a rule in force: `{"name", "version"}`.

        Raises:
            NotPublishable: it cannot be read, or fails its own timelines.
            OtherVersion: `draft.expected` is not the version in force.
        """
        ...

    async def versions(self, name: str) -> Answer:
        """List the versions of a rule, newest first, each with the difference to the one before.

        Raises:
            UnknownRule: there never was one of that name.
        """
        ...

    async def restore(self, name: str, version: str, *, author: str, note: str) -> Answer:
        """Put an earlier version in force again, as a new one of the same text: `{"name", "version"}`.

        Raises:
            UnknownRule: there is no such rule or version.
            NotPublishable: the text can no longer be read.
        """
        ...

    async def stop_shadow(self, name: str, *, author: str) -> Answer:
        """End the shadow of a rule: `{"name", "version"}` of what stays in force, version null where nothing does.

        Raises:
            UnknownRule: no such rule runs as a shadow.
        """
        ...

    async def shadow_alerts(self) -> Answer:
        """List the latest alerts of shadow rules, newest first."""
        ...
