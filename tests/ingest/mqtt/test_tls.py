"""Encrypted connections to a real Mosquitto: whom we trust, and who we are."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest
from mosquitto import SOUND, MosquittoBroker

from ingest.mqtt import MqttSource, aiomqtt_line, open_mqtt
from ingest.settings import IngestSettings
from ioc.model.faults import Fault

Mosquitto = Callable[..., MosquittoBroker]
ADAPTERS = [("fast", 5), ("aiomqtt", 5), ("aiomqtt", 3)]
UNTRUSTED = "certificate verify failed"


# paho leaves a socket to the collector whose encryption could not begin.
leaves_sockets = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass(frozen=True)
class Papers:
    """Where certificates and keys lie."""

    folder: Path

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Two authorities; a broker for localhost and an ingest signed by the first; a key with a password."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    made = Papers(tmp_path_factory.mktemp("papers"))

    def openssl(*arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=20)

    def request(name: str, *more: object) -> None:
        subject = ("-subj", f"/CN={name}", "-keyout", made.key(name), "-nodes", "-newkey", "ec")
        openssl("req", "-pkeyopt", "ec_paramgen_curve:prime256v1", *subject, *more)

    def sign(name: str, extension: str) -> None:
        request(name, "-out", made.folder / "request")
        (made.folder / "extension").write_text(extension)
        by = ("-CA", made.certificate("city"), "-CAkey", made.key("city"), "-CAcreateserial", "-days", "2")
        what = ("-in", made.folder / "request", "-out", made.certificate(name), "-extfile", made.folder / "extension")
        openssl("x509", "-req", *what, *by)

    for authority in ("city", "stranger"):
        usage = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        request(authority, "-x509", "-days", "2", "-out", made.certificate(authority), *usage)
    sign("broker", "subjectAltName=DNS:localhost")
    sign("ingest", "extendedKeyUsage=clientAuth")
    openssl("ec", "-in", made.key("ingest"), "-aes256", "-passout", "pass:secret", "-out", made.key("locked"))
    return made


@pytest.fixture
def start(mosquitto: Mosquitto, papers: Papers) -> Mosquitto:
    """Start a Mosquitto whose only listener is encrypted."""

    def go(*lines: str) -> MosquittoBroker:
        files = (f"certfile {papers.certificate('broker')}", f"keyfile {papers.key('broker')}")
        return mosquitto(*files, *lines, base=tuple(line for line in SOUND if "anonymous" not in line))

    return go


@pytest.fixture(params=ADAPTERS, ids=lambda param: f"{param[0]}-mqtt{param[1]}")
def settings(request: pytest.FixtureRequest, papers: Papers) -> IngestSettings:
    adapter, protocol = request.param
    return IngestSettings(mqtt_adapter=adapter, mqtt_protocol=protocol, mqtt_ca=papers.certificate("city"))


def to(settings: IngestSettings, broker: MosquittoBroker, *, host: str = "localhost", user: str = "") -> IngestSettings:
    return settings.model_copy(update={"mqtt_url": f"mqtts://{user}{host}:{broker.port}"})


async def run(*command: object, given: bytes = b"") -> None:
    await asyncio.to_thread(
        subprocess.run, [str(part) for part in command], input=given, check=True, capture_output=True, timeout=20
    )


async def carries_messages(source: MqttSource, broker: MosquittoBroker, settings: IngestSettings) -> None:
    await says(source, lambda problem: problem is None)
    context = aiomqtt.TLSParameters(
        ca_certs=str(settings.mqtt_ca),
        certfile=str(settings.mqtt_certificate) if settings.mqtt_certificate else None,
        keyfile=str(settings.mqtt_key) if settings.mqtt_key else None,
    )
    who = {"username": "ioc", "password": "p@ss/word"}
    async with aiomqtt.Client("localhost", broker.port, tls_params=context, **who) as device:  # type: ignore[arg-type]
        for number in range(3):
            await device.publish("a", b"x" * 100_000 + b"%d" % number, qos=1)
    sizes: list[int] = []
    while len(sizes) < 3:
        batch = await source.receive(9, wait=5, linger=0)
        source.acknowledge(batch)
        sizes += map(len, batch.payloads)
    assert sizes == [100_001] * 3


async def says(source: MqttSource, what: Callable[[str | None], bool]) -> str:
    async with asyncio.timeout(20):
        while not what(source.problem):  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)
    return str(source.problem)


async def test_user_and_password_let_us_in_over_an_encrypted_connection(
    start: Mosquitto, settings: IngestSettings, tmp_path: Path
) -> None:
    passwords = tmp_path / "passwords"
    await run("mosquitto_passwd", "-b", "-c", passwords, "ioc", "p@ss/word")
    broker = start("allow_anonymous false", f"password_file {passwords}")
    async with open_mqtt(to(settings, broker, user="ioc:p%40ss%2Fword@")) as source:
        await carries_messages(source, broker, settings)
    async with open_mqtt(to(settings, broker, user="ioc:hunter2@")) as source:
        problem = await says(source, lambda problem: "refuses us" in str(problem))
    assert "hunter2" not in problem


@leaves_sockets
async def test_a_certificate_of_our_own_lets_us_in_and_the_lack_of_one_does_not(
    start: Mosquitto, settings: IngestSettings, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # aiomqtt waits for an answer even where the connection has ended meanwhile.
    monkeypatch.setattr(aiomqtt_line, "HANDSHAKE_S", 4.0)
    broker = start("allow_anonymous true", f"cafile {papers.certificate('city')}", "require_certificate true")
    ours = {"mqtt_certificate": papers.certificate("ingest"), "mqtt_key": papers.key("ingest")}
    proved = to(settings, broker).model_copy(update=ours)
    async with open_mqtt(proved) as source:
        await carries_messages(source, broker, proved)
    async with open_mqtt(to(settings, broker)) as source:
        await says(source, lambda problem: "Not yet connected" not in str(problem))
        assert source.problem is not None


@leaves_sockets
async def test_a_broker_that_an_unknown_authority_vouches_for_is_not_trusted(
    start: Mosquitto, settings: IngestSettings, papers: Papers
) -> None:
    broker = start("allow_anonymous true")
    strange = to(settings, broker).model_copy(update={"mqtt_ca": papers.certificate("stranger")})
    async with open_mqtt(strange) as source:
        await says(source, lambda problem: "unable to get local issuer" in str(problem) or UNTRUSTED in str(problem))


@leaves_sockets
async def test_a_broker_with_another_name_is_not_trusted(start: Mosquitto, settings: IngestSettings) -> None:
    broker = start("allow_anonymous true")
    async with open_mqtt(to(settings, broker, host="127.0.0.1")) as source:
        await says(source, lambda problem: "127.0.0.1" in str(problem) and "not valid for" in str(problem))


async def test_a_full_inbox_pauses_an_encrypted_connection_and_loses_nothing(
    start: Mosquitto, settings: IngestSettings, papers: Papers
) -> None:
    broker = start("allow_anonymous true")
    small = to(settings, broker).model_copy(update={"queue_limit": 50})
    async with open_mqtt(small) as source:
        await says(source, lambda problem: problem is None)
        publisher = ["mosquitto_pub", "-h", "localhost", "-p", broker.port, "-t", "a", "-q", "1", "-l"]
        lines = b"".join(b"%d\n" % number for number in range(1_000))
        await run(*publisher, "--cafile", papers.certificate("city"), given=lines)
        got: list[int] = []
        while len(got) < 1_000:
            assert source.backlog <= 50
            batch = await source.receive(20, wait=5, linger=0)
            source.acknowledge(batch)
            got += map(int, batch.payloads)
    assert got == list(range(1_000))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"mqtt_ca": "nowhere"}, "mqtt_ca .*nowhere cannot be used: No such file"),
        ({"mqtt_ca": "ingest.key"}, "mqtt_ca .*ingest.key cannot be used: .*give a file of PEM certificates"),
        ({"mqtt_certificate": "ingest.pem", "mqtt_key": "broker.key"}, "give PEM files that belong together"),
        ({"mqtt_certificate": "ingest.pem", "mqtt_key": "locked.key"}, "the key without a password"),
        ({"mqtt_key": "ingest.key"}, "mqtt_key is set without mqtt_certificate"),
    ],
    ids=str,
)
async def test_a_file_that_cannot_be_used_is_a_fault(papers: Papers, files: dict[str, str], words: str) -> None:
    paths = {name: papers.folder / file for name, file in files.items()}
    with pytest.raises(Fault, match=words):
        async with open_mqtt(IngestSettings(mqtt_url="mqtts://localhost", **paths)):  # type: ignore[arg-type]
            pass


async def test_a_certificate_without_encryption_is_a_fault(papers: Papers) -> None:
    settings = IngestSettings(mqtt_url="mqtt://localhost", mqtt_ca=papers.certificate("city"))
    with pytest.raises(Fault, match="write mqtts://"):
        async with open_mqtt(settings):
            pass
