"""What the server knows of the city: assets, their last states, incidents, and which of these have changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from ioc.model.alerts import Severity
from ioc.model.assets import Asset, asset_to_json
from ioc.model.city import City
from ioc.model.incidents import Condition, Incident, WorkState, incident_to_json
from ioc.model.instant import HOUR, Duration, Instant
from ioc.store.event_stream import Entry
from ioc.store.last_states import LastStates

CLOSED_SHOWN: Final[Duration] = HOUR
"""How long a closed incident stays in lists and snapshots; by its id it is found for longer."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed since the last question.

    Attributes:
        incidents: the changed ones as JSON, in the order of the changes.
        assets: ids.
    """

    incidents: tuple[bytes, ...]
    assets: tuple[str, ...]


@dataclass
class World:
    """A view in memory, fed by `ui.server.feed`; everything in it is read and changed without waiting.

    Each asset and incident is written as JSON once after each of its changes, whoever asks.

    Attributes:
        position: place in the log of incident changes up to which it is complete.
        clock: the stream's clock, as the newest entry says it; None before the first.
        city: None where nobody has said which city this is.
    """

    position: str = "0-0"
    clock: Instant | None = None
    city: City | None = None
    assets: dict[str, Asset] = field(default_factory=dict)
    states: LastStates = field(default_factory=LastStates)
    incidents: dict[str, Incident] = field(default_factory=dict)
    _asset_json: dict[str, bytes] = field(default_factory=dict)
    _incident_json: dict[str, bytes] = field(default_factory=dict)
    _changed_assets: dict[str, None] = field(default_factory=dict)
    _changed_incidents: list[bytes] = field(default_factory=list)

    def take_entry(self, entry: Entry) -> None:
        """Take in an entry of the event stream."""
        self.clock = entry.clock if self.clock is None else max(self.clock, entry.clock)
        self._mark(self.states.update(entry.batch))

    def take_incident(self, incident: Incident, position: str | None = None) -> bool:
        """Take in an incident as it now stands; False where that, or something newer, was known.

        Args:
            incident: without evidence and timeline, or with them: they are not kept here.
            position: where the log says so, if that is where it comes from.
        """
        if position is not None:
            self.position = position
        known = self.incidents.get(incident.id)
        if known is not None and known.revision >= incident.revision:
            return False
        self.incidents[incident.id] = replace(incident, evidence=(), numbers={}, timeline=(), speaks_for=(), members=())
        written = self._incident_json[incident.id] = _encode(incident_to_json(incident, full=False))
        self._changed_incidents.append(written)
        return True

    def replace_assets(self, assets: Mapping[str, Asset], city: City | None) -> bool:
        """Take in the registry anew; False where an asset has gone, which no delta can say."""
        before, self.assets, self.city = self.assets, dict(assets), city
        self._mark(asset_id for asset_id, asset in assets.items() if before.get(asset_id) != asset)
        gone = before.keys() - assets.keys()
        for asset_id in gone:
            self._asset_json.pop(asset_id, None)
        return not gone

    def replace_states(self, states: LastStates) -> None:
        """Take in the last known states anew."""
        self.states = states
        self._mark(state.id for state in states.all())

    def replace_incidents(self, position: str, incidents: Iterable[Incident]) -> bool:
        """Take in a snapshot; False where an open incident has gone, or its past has, which no delta can say."""
        found = {incident.id: incident for incident in incidents}
        consistent = all(
            incident.id in found and incident.revision <= found[incident.id].revision
            for incident in self.incidents.values()
            if incident.is_open
        )
        for known in list(self.incidents.values()):
            newer = found.get(known.id)
            if newer is None or newer.revision < known.revision:
                self._forget(known.id)
        for incident in found.values():
            self.take_incident(incident)
        self.position = position
        return consistent

    def forget_closed(self, before: Instant) -> None:
        """Let go of incidents that were closed before an instant."""
        for incident in list(self.incidents.values()):
            if not incident.is_open and incident.updated_at < before:
                self._forget(incident.id)

    def take_changes(self) -> Changes:
        """Give what has changed since the last call, and forget it."""
        changes = Changes(tuple(self._changed_incidents), tuple(self._changed_assets))
        self._changed_incidents.clear()
        self._changed_assets.clear()
        return changes

    @property
    def incident_changed(self) -> bool:
        """Whether an incident is among the changes."""
        return bool(self._changed_incidents)

    def asset_json(self, asset_id: str) -> bytes | None:
        """Write an asset; None where nothing is known of it."""
        written = self._asset_json.get(asset_id)
        if written is None:
            asset, state = self.assets.get(asset_id), self.states.get(asset_id)
            if asset is None and state is None:
                return None
            written = self._asset_json[asset_id] = _encode(asset_to_json(asset, state))
        return written

    def asset(self, asset_id: str) -> dict[str, Any] | None:
        """Describe an asset; None where nothing is known of it."""
        asset, state = self.assets.get(asset_id), self.states.get(asset_id)
        return None if asset is None and state is None else asset_to_json(asset, state)

    def asset_ids(self) -> list[str]:
        """Name every asset: the registered ones, then those that only spoke."""
        return [*self.assets, *(state.id for state in self.states.all() if state.id not in self.assets)]

    def assets_json(self, asset_ids: Iterable[str]) -> bytes:
        """Write assets as a JSON array; the unknown ones are left out."""
        return array(written for asset_id in asset_ids if (written := self.asset_json(asset_id)) is not None)

    def incidents_json(self) -> bytes:
        """Write all incidents as a JSON array."""
        return array(self._incident_json.values())

    def find(
        self,
        *,
        condition: Condition | None = None,
        work_state: WorkState | None = None,
        severity: Severity | None = None,
        areas: frozenset[str] | None = None,
        under: str | None = None,
    ) -> list[bytes]:
        """Find incidents, the latest raised first, as JSON: those that stand by themselves, or under a larger one."""
        found = [
            incident
            for incident in self.incidents.values()
            if incident.inhibited_by == under
            and (condition is None or incident.condition is condition)
            and (work_state is None or incident.work_state is work_state)
            and (severity is None or incident.severity is severity)
            and (areas is None or incident.area in areas)
        ]
        found.sort(key=lambda incident: (-incident.raised_at, incident.id))
        return [self._incident_json[incident.id] for incident in found]

    def areas_within(self, area: str) -> frozenset[str] | None:
        """Name an area and all that lie in it; None where the city has no such area."""
        if self.city is None:
            return frozenset((area,))
        if all(area != known.id for known in self.city.areas):
            return None
        within = {area}
        # Larger areas stand before smaller ones.
        for known in self.city.areas:
            if known.parent in within:
                within.add(known.id)
        return frozenset(within)

    def _forget(self, incident_id: str) -> None:
        del self.incidents[incident_id]
        del self._incident_json[incident_id]

    def _mark(self, asset_ids: Iterable[str]) -> None:
        for asset_id in asset_ids:
            self._changed_assets[asset_id] = None
            self._asset_json.pop(asset_id, None)


def array(items: Iterable[bytes]) -> bytes:
    """Join written values to a JSON array."""
    return b"[" + b",".join(items) + b"]"
