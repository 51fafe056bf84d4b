"""Which version of each rule holds, and every version before: whoever said it, by file or by page, the last wins."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ioc.model.instant import Instant
from ioc.model.rule_versions import RuleVersion, VersionSource
from ioc.store import keys
from ioc.store.connection import Connection, Script

KEPT: Final = 200
"""Versions of a rule that are kept; the oldest go first."""

_PUBLISH: Final = Script.from_file("publish_rule")
_ANY: Final = "*"
_UNCHANGED: Final = "-"


class PublishedMeanwhile(Exception):
    """Another version holds than the one that was expected: somebody has published meanwhile.

    Attributes:
        holds: the version that holds; empty where none does.
    """

    def __init__(self, rule: str, holds: str) -> None:
        """Take the rule and the version that holds."""
        super().__init__(f"of the rule {rule!r}, {holds or 'no version'} holds by now; look at it and publish again")
        self.holds = holds


class RuleVersions:
    """The versions of all rules.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def revision(self) -> int:
        """Number the last change; another number means that something has changed."""
        answer = await self._connection.call("GET", keys.RULES_REVISION)
        return int(answer or 0)

    async def current(self) -> dict[str, RuleVersion]:
        """Give the version of each rule that holds."""
        return await self._versions(keys.RULES_CURRENT)

    async def shadows(self) -> dict[str, RuleVersion]:
        """Give the versions that run as shadows, by rule."""
        return await self._versions(keys.RULES_SHADOWS)

    async def files(self) -> dict[str, str]:
        """Give the version that the files last said of each rule."""
        answer = await self._connection.call("HGETALL", keys.RULES_FILES)
        return {str(rule, "utf-8"): str(version, "ascii") for rule, version in answer.items()}

    async def history(self, rule: str) -> list[RuleVersion]:
        """Give all versions of a rule that are kept, newest first."""
        return [_read(text) for text in await self._connection.call("LRANGE", keys.rule_versions(rule), 0, -1)]

    async def publish(self, version: RuleVersion, expected: str | None = None) -> None:
        """Let a version hold from now on, or run as a shadow where it says so.

        Args:
            version: what is said; one with `shadow` leaves alone what holds, one without ends the rule's shadow.
            expected: the version that holds as far as the author knows, empty for none; None: whichever.

        Raises:
            PublishedMeanwhile: another version holds.
        """
        what = "shadow" if version.shadow else "hold"
        await self._publish(what, version, _ANY if expected is None else expected, _UNCHANGED)

    async def remove(self, rule: str, *, author: str, note: str, now: Instant) -> None:
        """Let a rule hold no more; its versions are kept."""
        gone = RuleVersion(rule, "", "", now, VersionSource.REMOVED, author, note)
        await self._publish("remove", gone, _ANY, _UNCHANGED)

    async def end_shadow(self, rule: str, *, author: str, now: Instant) -> None:
        """Let a rule's shadow run no more."""
        await self._publish(
            "end_shadow", RuleVersion(rule, "", "", now, VersionSource.REMOVED, author), _ANY, _UNCHANGED
        )

    async def take_files(self, said: Mapping[str, tuple[str, str]], *, now: Instant) -> None:
        """Take up what the files say: a rule that they say otherwise than before holds as they say.

        Args:
            said: of each rule in the files, its version and its text.
            now: when they were read.
        """
        before = await self.files()
        for rule, (version, text) in said.items():
            if before.get(rule) != version:
                await self._publish("hold", RuleVersion(rule, version, text, now, VersionSource.FILE), _ANY, version)
        for rule in before.keys() - said.keys():
            await self._publish("remove", RuleVersion(rule, "", "", now, VersionSource.REMOVED), _ANY, "")

    async def _publish(self, what: str, version: RuleVersion, expected: str, files: str) -> None:
        names = [
            keys.RULES_CURRENT,
            keys.RULES_SHADOWS,
            keys.rule_versions(version.rule),
            keys.RULES_REVISION,
            keys.RULES_FILES,
        ]
        written = msgspec.json.encode(version)
        done, holds = await self._connection.run(_PUBLISH, names, [version.rule, what, expected, written, KEPT, files])
        if not done:
            raise PublishedMeanwhile(version.rule, str(holds, "ascii"))

    async def _versions(self, key: str) -> dict[str, RuleVersion]:
        answer = await self._connection.call("HGETALL", key)
        return {str(rule, "utf-8"): _read(text) for rule, text in answer.items()}


def _read(text: bytes) -> RuleVersion:
    return msgspec.json.decode(text, type=RuleVersion)
