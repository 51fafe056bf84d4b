"""Opening the store: one URL in, every part of the store out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from ioc.model.faults import Fault
from ioc.store import keys
from ioc.store.assets import AssetRegistry
from ioc.store.cameras import Cameras
from ioc.store.checkpoints import Checkpoints
from ioc.store.connection import Connection, StoreUnavailable
from ioc.store.daily_keys import DailyKeys
from ioc.store.event_stream import EventStream
from ioc.store.gaps import Gaps
from ioc.store.health import HealthBoard
from ioc.store.inbox import MessageInbox
from ioc.store.incidents import Incidents
from ioc.store.rejected import RejectedMessages
from ioc.store.rule_versions import RuleVersions
from ioc.store.shadow_alerts import ShadowAlerts

_SCHEMES: Final = ("redis", "rediss", "unix")


@dataclass(frozen=True)
class Store:
    """Everything that is kept in Redis, by what it is.

    Attributes:
        genesis: the marker of this store's data, made when the store was first used. A store
            that has lost its data has another one, or none.
    """

    connection: Connection
    genesis: str
    events: EventStream
    checkpoints: Checkpoints
    assets: AssetRegistry
    incidents: Incidents
    rejected: RejectedMessages
    gaps: Gaps
    health: HealthBoard
    daily_keys: DailyKeys
    inbox: MessageInbox
    rule_versions: RuleVersions
    shadow_alerts: ShadowAlerts
    cameras: Cameras

    async def has_lost_its_data(self) -> bool:
        """Whether the store has come back without what it held when it was opened.

        An empty store looks like a quiet city: whoever runs for long asks this now and then, and says it loudly.
        """
        return await _genesis(self.connection) != self.genesis


@asynccontextmanager
async def open_store(url: str, *, partition: int = 0) -> AsyncIterator[Store]:
    """Connect to Redis or Valkey and give its parts; closes the connections at the end.

    Args:
        url: `redis://[user:password@]host:port[/db]`, `rediss://…` (TLS) or `unix:///path/to.sock[?db=0]`.
        partition: which partition's stream, checkpoint and asset states are meant.

    Raises:
        Fault: the URL is not one, or nothing there answers; the sentence shows no password.
    """
    label = safe_url(url)
    if urlsplit(url).scheme not in _SCHEMES:
        raise Fault(f"The store's URL {label!r} must begin with redis://, rediss:// or unix://.")
    try:
        connection = Connection.to(url, label)
    except ValueError as error:
        raise Fault(f"The store's URL {label!r} cannot be read: {error}.") from error
    try:
        yield await _assemble(connection, partition)
    finally:
        await connection.close()


async def _assemble(connection: Connection, partition: int) -> Store:
    try:
        genesis = await _genesis(connection)
    except StoreUnavailable as error:
        raise Fault(f"{error.reason} Start the store there, or give its URL.", wrong_use=False) from error
    return Store(
        connection=connection,
        genesis=genesis,
        events=EventStream(connection, partition),
        checkpoints=Checkpoints(connection, partition),
        assets=AssetRegistry(connection, partition),
        incidents=Incidents(connection),
        rejected=RejectedMessages(connection),
        gaps=Gaps(connection, partition),
        health=HealthBoard(connection),
        daily_keys=DailyKeys(connection),
        inbox=MessageInbox(connection, partition),
        rule_versions=RuleVersions(connection),
        shadow_alerts=ShadowAlerts(connection),
        cameras=Cameras(connection),
    )


async def _genesis(connection: Connection) -> str:
    """Read the marker of the store's data, setting it where there is none."""
    found = await connection.call("GET", keys.GENESIS)
    if found is None:
        await connection.call("SETNX", keys.GENESIS, uuid4().hex)
        found = await connection.call("GET", keys.GENESIS)
    return str(found, "ascii")


def safe_url(url: str) -> str:
    """Write a URL without user and password, for sentences and logs."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}" if parts.scheme else url.rpartition("@")[2]
