"""What every test may ask for: shared material, free ports, a real broker and a real store."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import mosquitto as mosquitto_tool
import pytest
from mosquitto import SOUND, MosquittoBroker

from ioc.runtime import embedded
from ioc.runtime.embedded import BrokerPorts

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


CAPTURE_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_TABLES = pytest.StashKey[dict[str, list[str]]]()


def unavailable(reason: str) -> None:
    """Skip the test for want of something outside the project; where everything must run, fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def show_table(request: pytest.FixtureRequest) -> Callable[[str, Sequence[str]], None]:
    """A function that shows a table of figures at the end of the run, and leaves it for `make test` to print.

    It takes the table's name, one word, and its lines, the first of which says what it is.
    """

    def show(name: str, lines: Sequence[str]) -> None:
        request.config.stash.setdefault(_TABLES, {})[name] = list(lines)
        folder = ROOT / "artifacts" / "results"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    return show


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for lines in config.stash.get(_TABLES, {}).values():
        terminalreporter.write_line("")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def opencv_opens_files() -> Iterator[None]:
    """After a test that opened a camera, OpenCV opens clips again: cameras forbid it for their whole process."""
    before = os.environ.get(CAPTURE_OPTIONS)
    yield
    if before is None:
        os.environ.pop(CAPTURE_OPTIONS, None)
    else:
        os.environ[CAPTURE_OPTIONS] = before


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material that lies beside the project and is read in place; IOC_SHARED says where else it is."""
    folder = Path(os.environ.get("IOC_SHARED", SHARED))
    if not folder.is_dir():
        unavailable(f"the shared material is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that finds a loopback port nobody listens on; each call gives another one."""
    given: set[int] = set()

    def find() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in given:
                given.add(port)
                return port

    return find


@pytest.fixture(scope="session")
def store_process(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[int]:
    """The port of one real store for the whole session; tests ask for `embedded_store`."""
    folder = tmp_path_factory.mktemp("store")
    command = embedded.store(folder, port=free_port(), log=folder / "store.log")
    with embedded.running(command):
        yield command.ports[0]


@pytest.fixture
def embedded_store(store_process: int) -> str:
    """The URL of a real, empty store."""
    with socket.create_connection(("127.0.0.1", store_process), 5) as connection:
        connection.sendall(b"FLUSHALL\r\nSCRIPT FLUSH\r\n")
        answer = b""
        while answer.count(b"\r\n") < 2:
            answer += connection.recv(64)
    assert answer == b"+OK\r\n+OK\r\n"
    return f"redis://127.0.0.1:{store_process}"


@pytest.fixture
def embedded_broker(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[BrokerPorts]:
    """The ports of a real broker of the test's own, with nothing retained and no sessions."""
    ports = BrokerPorts(free_port(), free_port())
    command = embedded.broker(tmp_path / "broker", port=ports.v3, port_v5=ports.v5, log=tmp_path / "broker.log")
    with embedded.running(command):
        yield ports


@pytest.fixture
def mosquitto(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., MosquittoBroker]]:
    """A function that starts a Mosquitto; `lines` stand in its configuration besides those of a sound one."""
    program = mosquitto_tool.find()
    if program is None:
        unavailable("no Mosquitto on this machine; Debian has it as 'mosquitto'")
        raise AssertionError
    started: list[MosquittoBroker] = []

    def start(*lines: str, base: tuple[str, ...] = SOUND, port: int | None = None) -> MosquittoBroker:
        folder = tmp_path / f"mosquitto-{len(started)}"
        broker = MosquittoBroker(program, folder, port or free_port(), (*base, *lines))
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.kill()
