"""Readers in code: what `code:` in a codec may name, because YAML cannot say it, or not fast enough."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ingest.codecs.aws_shadow import read_shadow
from ingest.codecs.cap import read_cap
from ingest.codecs.home_assistant import Discovery
from ingest.codecs.lwm2m import read_lwm2m
from ingest.codecs.memory import Memory
from ingest.codecs.milesight import read_decoded, read_uplink
from ingest.codecs.ngsi import read_ngsi
from ingest.codecs.own import read_own
from ingest.codecs.readings import Reading
from ingest.codecs.senml import read_senml
from ingest.codecs.sparkplug import Sparkplug, read_state
from ingest.codecs.topics import Captures
from ioc.model.instant import Instant

Code = Callable[[Any, Captures, list[str], Instant], list[Reading] | None]
"""Takes what the payload's decoder made, the topic's captures, the list for problems and the time of arrival.

It returns readings, or None where the message is not what is meant, and raises ValueError with a sentence where it is,
but cannot be read at all.
"""


def _remembering_nothing(code: Code) -> Callable[[Memory], Code]:
    return lambda _memory: code


CODE: Final[Mapping[str, Callable[[Memory], Code]]] = {
    "aws-shadow": _remembering_nothing(read_shadow),
    "cap": _remembering_nothing(read_cap),
    "home-assistant-config": lambda memory: Discovery(memory).read_config,
    "home-assistant-state": lambda memory: Discovery(memory).read_state,
    "lwm2m": _remembering_nothing(read_lwm2m),
    "milesight": _remembering_nothing(read_uplink),
    "milesight-decoded": _remembering_nothing(read_decoded),
    "ngsi": _remembering_nothing(read_ngsi),
    "own-events": _remembering_nothing(read_own),
    "senml": _remembering_nothing(read_senml),
    "sparkplug": lambda memory: Sparkplug(memory).read,
    "sparkplug-state": _remembering_nothing(read_state),
}
"""Makes a reader for each message that names one; those of one loading share what they remember, by its class."""
