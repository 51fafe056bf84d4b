"""What docs/delivery.md tells people to do keeps the promise."""

import re
from collections.abc import Callable
from pathlib import Path

from mosquitto import MosquittoBroker

from ingest.mqtt.trial import MESSAGES, try_session
from ioc.runtime.broker_address import parse_address

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "delivery.md"


def test_a_mosquitto_that_is_set_as_documented_keeps_all_that_it_acknowledges(
    mosquitto: Callable[..., MosquittoBroker],
) -> None:
    block = re.search(r"```conf\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    broker = mosquitto("allow_anonymous true", base=tuple(block[1].splitlines()))
    trial = try_session(parse_address(f"mqtt://127.0.0.1:{broker.port}"), None)
    assert (trial.session_present, trial.kept, trial.published) == (True, MESSAGES, MESSAGES)
