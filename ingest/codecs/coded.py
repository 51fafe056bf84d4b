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

CODE: Final[Mapping[str, Callable[[Memory], Code]]] = {
    "aws-shadow": lambda memory: read_shadow,  # noqa: ARG005 - it remembers nothing
    "cap": lambda memory: read_cap,  # noqa: ARG005 - it remembers nothing
    "home-assistant-config": lambda memory: Discovery(memory).read_config,
    "home-assistant-state": lambda memory: Discovery(memory).read_state,
    "lwm2m": lambda memory: read_lwm2m,  # noqa: ARG005 - it remembers nothing
    "milesight": lambda memory: read_uplink,  # noqa: ARG005 - it remembers nothing
    "milesight-decoded": lambda memory: read_decoded,  # noqa: ARG005 - it remembers nothing
    "ngsi": lambda memory: read_ngsi,  # noqa: ARG005 - it remembers nothing
    "own-events": lambda memory: read_own,  # noqa: ARG005 - it remembers nothing
    "senml": lambda memory: read_senml,  # noqa: ARG005 - it remembers nothing
    "sparkplug": lambda memory: Sparkplug(memory).read,
    "sparkplug-state": lambda memory: read_state,  # noqa: ARG005 - it remembers nothing
}
"""Makes a reader for each message that names one; those of one loading share what they remember, by its class."""
