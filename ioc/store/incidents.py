"""Incidents in Redis: the machine raises and clears them, people work on them, and every change is told once.

Machine and people write different fields of an incident's hash, each change in one script, so that
neither can undo the other. What the machine computes twice is written once.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal
from uuid import uuid4

from ioc.model.alerts import Severity
from ioc.model.identity import digest
from ioc.model.incidents import Condition, Incident, TimelineEntry, WorkState
from ioc.model.instant import DAY, HOUR, Instant, to_iso
from ioc.store import keys
from ioc.store.connection import Argument, Connection
from ioc.store.incident_fields import FULL, LEAN, MEMBER, entry_text, read_incident, read_member
from ioc.store.incident_writes import KEPT_CLOSED_S, LIMITS, ClearedAlert, Writes, calls_of, hour_name, script

__all__ = ["KEPT_CLOSED_S", "ClearedAlert", "Incidents", "Refused", "UnknownIncident", "Writes"]

Command = Literal["acknowledge", "comment", "resolve"]

_COMMAND: Final = script("command")

SHOWN_OF_ONE: Final = 100
"""Alerts of one incident, and incidents that it speaks for, that are shown with it; all of them are counted."""

_CHUNK: Final = 256
# What names no incident, and above all not some other key of the store.
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DONE: Final[Mapping[Command, str]] = {"acknowledge": "acknowledged", "comment": "commented", "resolve": "resolved"}


class UnknownIncident(LookupError):
    """There is no incident of this id, or it was closed too long ago."""


class Refused(Exception):
    """A command that makes no sense for the incident as it stands.

    Attributes:
        reason: one sentence for the person who asked.
        code: the same for programs: `already_acknowledged`, `already_resolved` or `key_reused`.
    """

    def __init__(self, reason: str, *, code: str) -> None:
        """Take the sentence and its code."""
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Incidents:
    """The incidents of a city; every method raises `StoreUnavailable` when the store is away."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def apply(
        self,
        opened: Sequence[Incident],
        cleared: Sequence[ClearedAlert],
        *,
        rule_versions: Mapping[str, str] | None = None,
    ) -> int:
        """Write what the machine found; raising or clearing twice changes nothing.

        Args:
            opened: new incidents; their `revision` and people's fields are not looked at.
            cleared: what stopped to hold; written after `opened`, so one call may hold both of a pair.
            rule_versions: rule name to the hash of the rule that raised the alert.

        Returns:
            How many of them were real changes.
        """
        return await self.write(Writes(opened=tuple(opened), cleared=tuple(cleared)), rule_versions=rule_versions)

    async def write(self, writes: Writes, *, rule_versions: Mapping[str, str] | None = None) -> int:
        """Write what became of incidents; writing any of it twice changes nothing.

        Args:
            writes: see `Writes`.
            rule_versions: rule name to the hash of the rule that raised the alert.

        Returns:
            How many incidents and alerts it changed.
        """
        changes = 0
        for script_, calls in calls_of(writes, rule_versions or {}, LIMITS):
            for start in range(0, len(calls), _CHUNK):
                answers = await self._connection.run_many(script_, calls[start : start + _CHUNK])
                changes += sum(answer for answer in answers if answer is not None)
        return changes

    async def raised_by_rule(self, since: Instant) -> dict[str, int]:
        """Count the alerts that each rule has raised in the hours from the one that `since` lies in.

        By the stream's clock; of the latest week.
        """
        known = self._connection
        first = since // HOUR * HOUR
        found: dict[str, int] = {}
        latest = await known.call("GET", keys.RAISED_LATEST)
        if latest is None:
            return {}
        hours = [hour_name(hour) for hour in range(max(first, int(latest) - 8 * DAY), int(latest) + 1, HOUR)]
        for fields in await known.call_many([["HGETALL", keys.raised(hour)] for hour in hours]):
            for rule, count in fields.items():
                name = str(rule, "utf-8")
                found[name] = found.get(name, 0) + int(count)
        return found

    async def command(
        self,
        incident_id: str,
        what: Command,
        *,
        who: str,
        now: Instant,
        text: str | None = None,
        idempotency_key: str | None = None,
    ) -> Incident:
        """Carry out what a person wants done, once for each idempotency key.

        Args:
            incident_id: the incident it is about.
            what: acknowledge (new → acknowledged, and it is theirs), comment, or resolve.
            who: the operator's name.
            now: when they asked.
            text: their words, for the timeline.
            idempotency_key: the same key again, within 24 hours, does nothing and is answered alike.

        Returns:
            The incident as it now stands, with evidence and timeline.

        Raises:
            UnknownIncident: there is no such incident.
            Refused: the incident's state forbids it, or the key was used for another command.
        """
        if not _ID.fullmatch(incident_id):
            raise UnknownIncident(incident_id)
        # A key of our own where the caller has none: the connection may ask twice when it breaks.
        idempotency_key = idempotency_key or uuid4().hex
        entry = TimelineEntry(at=now, who=who, what=_DONE[what], text=text)
        names = [
            keys.incident(incident_id),
            keys.incident_timeline(incident_id),
            keys.INCIDENTS_OPEN,
            keys.INCIDENTS_RECENT,
            keys.INCIDENTS_LOG,
            keys.command(idempotency_key),
        ]
        fingerprint = digest(incident_id, what, who, text or "")
        arguments: list[Argument] = [incident_id, to_iso(now), now, entry_text(entry), what, who, fingerprint, *LIMITS]
        answer = await self._connection.run(_COMMAND, names, arguments)
        outcome, state, assignee = (str(word, "utf-8") for word in answer)
        if outcome == "refused":
            raise _refusal(what, WorkState(state), assignee)
        if outcome == "reused":
            raise Refused("this idempotency key was already used for another command", code="key_reused")
        incident = await self.get(incident_id)
        if outcome == "unknown" or incident is None:
            raise UnknownIncident(incident_id)
        return incident

    async def get(self, incident_id: str) -> Incident | None:
        """Look one incident up, with evidence, numbers and timeline; None where there is none."""
        if not _ID.fullmatch(incident_id):
            return None
        values, timeline, alerts, smaller = await self._connection.call_many(
            [
                ["HMGET", keys.incident(incident_id), *FULL],
                ["LRANGE", keys.incident_timeline(incident_id), 0, -1],
                ["LRANGE", keys.incident_alerts(incident_id), -SHOWN_OF_ONE, -1],
                ["ZRANGE", keys.incident_speaks_for(incident_id), 0, SHOWN_OF_ONE - 1],
            ],
            atomic=True,
        )
        incident = read_incident(FULL, values, timeline)
        if incident is None or not (alerts or smaller):
            return incident
        names = [*incident.alerts, *(str(name, "utf-8") for name in alerts)] if alerts else []
        rows = await self._connection.call_many([["HMGET", keys.alert(name), *MEMBER] for name in names])
        members = (read_member(name, row) for name, row in zip(names, rows, strict=True))
        return replace(
            incident,
            members=tuple(member for member in members if member is not None),
            speaks_for=tuple(str(name, "utf-8") for name in smaller),
        )

    async def find(
        self,
        *,
        condition: Condition | None = None,
        work_state: WorkState | None = None,
        severity: Severity | None = None,
        area: str | Collection[str] | None = None,
        limit: int = 1000,
    ) -> list[Incident]:
        """Find open and recently closed incidents, the open ones first, latest raised first.

        Args:
            condition: only those that hold, or only those that do not.
            work_state: only those where people are that far.
            severity: only those this bad.
            area: only those in this area, or in one of these.
            limit: how many at most.

        Returns:
            Incidents without evidence, numbers and timeline.
        """
        areas = {area} if isinstance(area, str) else None if area is None else set(area)
        found: list[Incident] = []
        for index in (keys.INCIDENTS_OPEN, keys.INCIDENTS_RECENT):
            start = 0
            while len(found) < limit:
                names = await self._connection.call("ZRANGE", index, start, start + _CHUNK - 1, "REV")
                found += [
                    incident
                    for incident in await self._load(names)
                    if (condition is None or incident.condition == condition)
                    and (work_state is None or incident.work_state == work_state)
                    and (severity is None or incident.severity == severity)
                    and (areas is None or incident.area in areas)
                ]
                start += _CHUNK
                if len(names) < _CHUNK:
                    break
        # One that closes between the two reads is in both.
        return list({incident.id: incident for incident in found}.values())[:limit]

    async def snapshot(self, *, closed_since: Instant = 0) -> tuple[str, list[Incident]]:
        """Read what operators see, and a position in the log from which `follow` goes on without a gap.

        The position is read first: a change made meanwhile is in the list and comes once more, with the
        same revision.

        Args:
            closed_since: incidents closed before this instant are left out.

        Returns:
            The position, and incidents without evidence, numbers and timeline.
        """
        position = await self.last_position()
        # Open ones first: what closes between the two questions is then in both, not in neither.
        open_ids = await self._connection.call("ZRANGE", keys.INCIDENTS_OPEN, 0, -1)
        recent = await self._connection.call("ZRANGE", keys.INCIDENTS_RECENT, closed_since, "+inf", "BYSCORE")
        names = list(dict.fromkeys([*open_ids, *recent]))
        incidents: list[Incident] = []
        for start in range(0, len(names), _CHUNK):
            incidents += await self._load(names[start : start + _CHUNK])
        return position, incidents

    async def follow(self, after: str, *, limit: int = 256, wait: float = 0.0) -> list[tuple[str, Incident]]:
        """Read the changes after a position in the log, in order.

        Args:
            after: position of the last change that the caller knows.
            limit: how many at most.
            wait: seconds to wait for news; keep it below the client's socket timeout.

        Returns:
            For each change its position and the incident as it *now* stands, without evidence, numbers
            and timeline; so an incident that changed twice may come twice with the same revision.
            Changes of incidents that are no longer kept are passed over.
        """
        command: list[Argument] = ["XREAD", "COUNT", limit]
        if wait > 0:
            command += ["BLOCK", max(1, math.ceil(wait * 1_000))]
        while True:
            answer = await self._connection.call(*command, "STREAMS", keys.INCIDENTS_LOG, after)
            if not answer:
                return []
            changed = [(str(position, "ascii"), fields[b"incident"]) for position, fields in answer[0][1]]
            # In order, so that whoever takes them one after the other sees each incident's changes in theirs.
            known = {incident.id: incident for incident in await self._load(dict.fromkeys(name for _, name in changed))}
            news = [(position, known[str(name, "utf-8")]) for position, name in changed if str(name, "utf-8") in known]
            if news:
                return news
            after = changed[-1][0]

    async def last_position(self) -> str:
        """Name the position of the latest change; "0-0" where there is none yet."""
        latest = await self._connection.call("XREVRANGE", keys.INCIDENTS_LOG, "+", "-", "COUNT", 1)
        return str(latest[0][0], "ascii") if latest else "0-0"

    async def alert_ids(self, incident_id: str) -> list[str]:
        """Name all the alerts that have joined an incident and are kept one by one, in order."""
        names = await self._connection.call("LRANGE", keys.incident_alerts(incident_id), 0, -1)
        return [str(name, "utf-8") for name in names]

    async def alert(self, alert_id: str) -> dict[str, str]:
        """Read an alert as it is kept: rule, key, state, raised_at, cleared_at, incident; empty where unknown."""
        fields = await self._connection.call("HGETALL", keys.alert(alert_id))
        return {str(name, "utf-8"): str(value, "utf-8") for name, value in fields.items()}

    async def _load(self, names: Iterable[bytes]) -> list[Incident]:
        rows = await self._connection.call_many([["HMGET", keys.incident(str(name, "utf-8")), *LEAN] for name in names])
        incidents = (read_incident(LEAN, row, ()) for row in rows)
        return [incident for incident in incidents if incident is not None]


def _refusal(what: Command, state: WorkState, assignee: str) -> Refused:
    if state in (WorkState.RESOLVED, WorkState.CLOSED):
        code = "already_resolved"
        reason = f"the incident is already {state}; it can be commented on, not {_DONE[what]}"
    else:
        code = "already_acknowledged"
        reason = f"{assignee or 'somebody'} has already acknowledged the incident"
    return Refused(reason, code=code)
