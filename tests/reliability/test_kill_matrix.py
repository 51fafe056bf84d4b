"""The kill matrix in two minutes, against real processes; `make soak` is its long form."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from kill_matrix.faults import FAULTS, Fault
from kill_matrix.matrix import Cell, drawn, nothing_comes_again, run_cell, warm_up
from kill_matrix.processes import Line, find_mosquitto, running_line

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]

RATE = 1_000
HOLD_S = 1.0

BOTH_WAYS_IN = ("ingest: SIGKILL", "broker: restart", "half-open connection")
"""What is tried with the second adapter as well; nothing else depends on it."""

LINES = {("mosquitto", "fast"): FAULTS, ("embedded", "fast"): FAULTS} | {
    ("mosquitto", "aiomqtt"): [fault for fault in FAULTS if fault.name in BOTH_WAYS_IN]
}


@pytest.fixture(scope="module")
def cells(show_table: Callable[[str, Sequence[str]], None]) -> Iterator[list[Cell]]:
    """What came of each cell; shown at the end."""
    found: list[Cell] = []
    yield found
    show_table("kill-matrix", list(drawn(found)))


@pytest.fixture(scope="module")
def line(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[Line]:
    """A running, warm line with one of the brokers and one of the adapters."""
    broker, adapter = request.param
    if broker == "mosquitto" and find_mosquitto() is None:
        pytest.skip("no Mosquitto on this machine; Debian has it as 'mosquitto'")
    folder = tmp_path_factory.mktemp("line")
    with running_line(folder, free_port, broker=broker, settings={"IOC_INGEST_MQTT_ADAPTER": adapter}) as running:
        warm_up(running)
        yield running
        nothing_comes_again(running)


def _cells() -> list[object]:
    return [
        pytest.param((broker, adapter), fault, id=f"{broker}-{adapter}-{fault.name}")
        for (broker, adapter), faults in LINES.items()
        for fault in faults
    ]


@pytest.mark.parametrize(("line", "fault"), _cells(), indirect=["line"], scope="module")
def test_every_acknowledged_event_is_in_the_stream_exactly_once(
    line: Line, fault: Fault, cells: list[Cell], request: pytest.FixtureRequest
) -> None:
    adapter = request.node.callspec.params["line"][1]
    times = 1 if fault.is_slow else 2
    *_, cell = run_cell(line, fault, adapter=adapter, times=times, rate=RATE, hold=HOLD_S)
    assert isinstance(cell, Cell)
    cells.append(cell)
    assert cell.failures == [], _log(line.ingest.command.log)


def _log(log: Path | None) -> str:
    return "" if log is None else log.read_text(errors="replace")[-2_000:]
