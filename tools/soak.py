"""The kill matrix in its long form: a million events, twenty blows of each kind, on both brokers; exit 1 on any loss.

Progress goes to the terminal, the table at the end as well; `artifacts/results/soak.ndjson` has a line for each cell.
`soak.py --blows 3 --rate 500 --broker mosquitto --fault SIGKILL` is a shorter one.
"""

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reliability"))

from kill_matrix.faults import FAULTS  # noqa: E402 - the path is set above
from kill_matrix.matrix import Cell, drawn, nothing_comes_again, run_cell, warm_up  # noqa: E402
from kill_matrix.processes import MustEnd, find_mosquitto, running_line  # noqa: E402

EVENTS = 1_000_000
BLOWS = 20
RATE = 1_500
HOLD_S = 2.0


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    """Tell the terminal; on one line for ever where it is one."""
    ending = "\033[K\r" if sys.stderr.isatty() else "\n"
    sys.stderr.write(text + ending)
    sys.stderr.flush()


def soak(asked: argparse.Namespace) -> Iterator[Cell]:
    """Run every cell that was asked for.

    Raises:
        MustEnd: a line did not come back, or something came again.
    """
    faults = [fault for fault in FAULTS if asked.fault.lower() in fault.name.lower()]
    lines = [(broker, adapter) for broker in asked.broker for adapter in asked.adapter]
    share = -(-asked.events // max(1, len(lines) * len(faults)))
    for broker, adapter in lines:
        with tempfile.TemporaryDirectory(prefix="ioc-soak-") as name:
            folder = Path(name)
            settings = {"IOC_INGEST_MQTT_ADAPTER": adapter}
            with running_line(folder, free_port, broker=broker, settings=settings) as line:
                warm_up(line)
                for fault in faults:
                    how = {"times": asked.blows, "rate": asked.rate, "hold": asked.hold, "at_least": share}
                    yield from _told(run_cell(line, fault, adapter=adapter, **how))
                nothing_comes_again(line)


def _told(said: Iterator[Cell | str]) -> Iterator[Cell]:
    """Say what is said on the way, and give the cell."""
    for word in said:
        if isinstance(word, str):
            say(word)
        else:
            yield word


def main() -> int:
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    brokers = ["embedded"] if find_mosquitto() is None else ["mosquitto", "embedded"]
    parser.add_argument("--broker", action="append", choices=["mosquitto", "embedded"], help="both where not said")
    parser.add_argument("--adapter", action="append", choices=["fast", "aiomqtt"], help="fast where not said")
    parser.add_argument("--fault", default="", help="only those whose name holds this")
    parser.add_argument("--blows", type=int, default=BLOWS, help="of each kind")
    parser.add_argument("--events", type=int, default=EVENTS, help="in all, at least")
    parser.add_argument("--rate", type=float, default=RATE, help="events a second")
    parser.add_argument("--hold", type=float, default=HOLD_S, help="seconds that a process stands still")
    asked = parser.parse_args()
    asked.broker = asked.broker or brokers
    asked.adapter = asked.adapter or ["fast"]
    results = ROOT / "artifacts" / "results" / "soak.ndjson"
    results.parent.mkdir(parents=True, exist_ok=True)
    cells: list[Cell] = []
    broken: list[str] = []
    began = time.monotonic()
    with results.open("w", encoding="utf-8") as file:
        try:
            for cell in soak(asked):
                cells.append(cell)
                _write(file, cell.to_json())
        except MustEnd as problem:
            broken.append(str(problem))
    sys.stdout.write("\n" + "\n".join(drawn(cells)) + f"\n{(time.monotonic() - began) / 60:.1f} minutes\n")
    if brokers == ["embedded"]:
        sys.stdout.write("there is no Mosquitto on this machine: only the embedded broker was tried\n")
    broken += [f"{cell.broker}, {cell.fault}: {failure}" for cell in cells for failure in cell.failures]
    sys.stdout.write("".join(f"BROKEN: {each}\n" for each in broken))
    return 1 if broken else 0


def _write(file: Any, fields: dict[str, Any]) -> None:
    file.write(json.dumps(fields) + "\n")
    file.flush()


if __name__ == "__main__":
    sys.exit(main())
