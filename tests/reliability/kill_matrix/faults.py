"""What befalls the line: each fault strikes, lasts and is over, and says what it saw."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kill_matrix.processes import Line, wait_until
from kill_matrix.publisher import Devices

NOTICED_S: Final = 30.0
"""Seconds after which a dead connection that ingest has not noticed is given up on; 10 are promised."""


FLOOD_RATE: Final = 20_000
"""Events a second that pile up while ingest is away."""


@dataclass(frozen=True)
class Blow:
    """What the matrix may know when it strikes.

    Attributes:
        hold: seconds that a process stands still or is away.
        rate: events a second, before and after.
    """

    line: Line
    devices: Devices
    hold: float
    rate: float


Strike = Callable[[Blow], float | None]
"""Strikes and heals; gives the seconds until ingest noticed, where that is what is measured."""


def _kill_ingest(blow: Blow) -> None:
    blow.line.ingest.kill()
    blow.line.ingest.start()


def _pause_ingest(blow: Blow) -> None:
    blow.line.ingest.pause()
    time.sleep(blow.hold)
    blow.line.ingest.resume()


def _kill_store(blow: Blow) -> None:
    blow.line.store.kill()
    time.sleep(blow.hold / 4)
    blow.line.store.start()


def _pause_store(blow: Blow) -> None:
    blow.line.store.pause()
    time.sleep(blow.hold)
    blow.line.store.resume()


def _restart_broker(blow: Blow) -> None:
    blow.line.broker.restart()


def _kill_broker(blow: Blow) -> None:
    blow.line.broker.kill()
    blow.line.broker.start()


def _half_open(blow: Blow) -> float:
    line = blow.line
    if line.cable is not None:
        line.cable.pull()
    else:
        line.wire.go_dead()
    noticed = wait_until(lambda: not line.ledger.is_well(), "word of the dead connection", NOTICED_S)
    if line.cable is not None:
        line.cable.plug_in()
    else:
        line.wire.revive()
    return noticed


def _burst(blow: Blow) -> None:
    blow.devices.set_rate(10 * blow.rate)
    time.sleep(blow.hold)
    blow.devices.set_rate(blow.rate)


def _flood(blow: Blow) -> None:
    """Let much pile up in the broker, then let it come while the store stands still."""
    line = blow.line
    line.ingest.kill()
    blow.devices.set_rate(FLOOD_RATE)
    time.sleep(4 * blow.hold)
    blow.devices.set_rate(blow.rate)
    line.ingest.start()
    line.store.pause()
    time.sleep(2 * blow.hold)
    line.store.resume()


@dataclass(frozen=True)
class Fault:
    """One kind of misfortune.

    Attributes:
        forgetful: brokers that cannot keep what they have taken through this fault, and why; what they lose is
            counted, and is not ingest's doing.
        is_slow: whether one blow takes many seconds.
        piles_up: whether what piled up must be worked off before the next blow; else it would only grow, until a
            broker that writes all of it to disk every second answers nobody.
    """

    name: str
    strike: Strike
    forgetful: Mapping[str, str] = field(default_factory=dict)
    is_slow: bool = False
    piles_up: bool = False


_NOT_WRITTEN: Final = "a broker that is killed loses what it has not written down yet"
_NO_DISK: Final = "the embedded broker keeps sessions in memory only"

FAULTS: Final = (
    Fault("ingest: SIGKILL", _kill_ingest),
    Fault("ingest: SIGSTOP, SIGCONT", _pause_ingest),
    Fault("store: SIGKILL", _kill_store),
    Fault("store: SIGSTOP, SIGCONT", _pause_store),
    Fault("broker: restart", _restart_broker, {"embedded": _NO_DISK}),
    Fault("broker: SIGKILL", _kill_broker, {"embedded": _NO_DISK, "mosquitto": _NOT_WRITTEN}),
    Fault("half-open connection", _half_open, is_slow=True),
    Fault("10x burst", _burst, piles_up=True),
    Fault("flood of a resumed session", _flood, is_slow=True, piles_up=True),
)
