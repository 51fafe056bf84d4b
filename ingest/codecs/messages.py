"""Messages of a codec, compiled: which topics and payloads are meant, and what is made of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ingest.codecs.coded import CODE, Code
from ingest.codecs.conditions import Holds, compile_when
from ingest.codecs.events import FIELDS, Produce, compile_event, compile_parts, compile_production
from ingest.codecs.fields import Scope, compile_reading
from ingest.codecs.identifiers import quantity_name
from ingest.codecs.paths import Frame, Getter
from ingest.codecs.payloads import Step, compile_payload
from ingest.codecs.readings import Reading
from ingest.codecs.regexes import compile_regex
from ingest.codecs.stripping import compile_strip
from ingest.codecs.topics import Captures, Claim, TopicPattern, compile_topic
from ingest.codecs.watching import watched_message
from ioc.model.instant import DAY, HOUR, MINUTE, SECOND, Duration, Instant
from ioc.runtime.marked_yaml import YamlNode

_KEYS: Final = (
    "name", "topics", "except", "where", "priority", "payload", "from", "when", "events", "code", "ignore", "refuse",
    "retained", "strip", "counters", "intervals",
    *FIELDS,
)  # fmt: skip
_ANYWHERE: Final = re.compile(r"#|\{[a-z_]+\+\}")
_SPANS: Final = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(s|min|h|d)")
_VERDICTS: Final = ("ignore", "refuse", "code")
_RETAINED: Final[Mapping[str, bool | None]] = {"use": None, "ignore": False, "only": True}


@dataclass(frozen=True, slots=True)
class Message:
    """One sort of message that a codec knows.

    Attributes:
        codec, name: whose it is, and what it is called in complaints.
        reads: the payload decoder's description; equal ones need not run twice.
        decode: the payload decoder.
        start: leads to the part of the payload that fields start from; None for the whole.
        holds: the test on the shape of the whole payload; None for any.
        wants: what such a message is, in words.
        produces: the events' descriptions.
        code: reads the message instead, where YAML cannot say it.
        ignore: why such a message is nothing to report.
        refuse: why such a message cannot be read.
        special: `ignore`, `refuse` or `retained` has something to say; most messages need not be asked.
        retained: True where only what the broker had kept from before is read, False where that is not; None for both.
        private: something is stripped from the payload before it is read.
        counters: quantities that only grow, or that grow until they begin anew.
        intervals: how often a quantity is reported, or what span it sums up.
        anywhere: it was found on any topic, by `#` or `{topic+}`, and goes by what is in it: the topic is not its own.
    """

    codec: str
    name: str
    reads: str
    decode: Step
    start: Getter | None
    holds: Holds | None
    wants: str
    produces: tuple[Produce, ...]
    code: Code | None
    ignore: str | None
    refuse: str | None
    anywhere: bool = False
    special: bool = False
    retained: bool | None = None
    private: bool = False
    counters: tuple[str, ...] = ()
    intervals: Mapping[str, Duration] = field(default_factory=dict)

    def read(self, value: Any, captures: Captures, problems: list[str], arrival: Instant) -> list[Reading] | None:
        """Make readings of a decoded payload; None where its shape is not what is meant.

        Raises:
            ValueError: the message cannot be read; the sentence says why.
        """
        if self.code is not None and self.holds is None and self.start is None:
            return self.code(value, captures, problems, arrival)
        frame = Frame(value, value, captures, None, (), problems, arrival)
        if self.holds is not None and not self.holds(value, frame):
            return None
        item = value
        if self.start is not None:
            item = frame.base = self.start(value, frame)
        if self.code is not None:
            return self.code(item, captures, problems, arrival)
        if self.refuse is not None:
            raise ValueError(self.refuse)
        readings: list[Reading] = []
        for produce in self.produces:
            produce(item, frame, readings)
        return readings


@watched_message
def compile_message(
    node: YamlNode, codec: str, kind: YamlNode | None, rank: tuple[int, ...], scope: Scope
) -> list[Claim[Message]]:
    """Compile one entry of `messages:` to its claims on topics.

    Args:
        node: the entry.
        codec: the codec's name.
        kind: the codec's own `kind`, for events that name none.
        rank: where it stands among codecs and messages; its priority goes before it.
        scope: what every codec may speak of; captures are added.
    """
    nodes = node.mapping(_KEYS, required=("name", "topics"))
    verdicts = [key for key in _VERDICTS if key in nodes]
    if len(verdicts) > 1:
        raise nodes[verdicts[1]].wrong(f"{verdicts[0]!r} stands here already; only one of them can")
    if "code" in nodes and "events" in nodes:
        raise nodes["events"].wrong("'events' has no meaning beside 'code', which reads the message alone")
    patterns = _topics(nodes["topics"])
    scope = replace(scope, captures=frozenset.intersection(*(frozenset(pattern.names) for pattern in patterns)))
    excluded = tuple(_topics(nodes["except"])) if "except" in nodes else ()
    allowed = _where(nodes["where"], scope) if "where" in nodes else {}
    priority = int(nodes["priority"].number()) if "priority" in nodes else 0
    reads, decode = compile_payload(nodes.get("payload"))
    if "strip" in nodes:
        reads, decode = _stripped(nodes["strip"], reads, decode)
    wants, holds = compile_when(nodes["when"]) if "when" in nodes else ("it holds what is asked for", None)
    message = Message(
        codec=codec,
        name=nodes["name"].text(),
        reads=reads,
        decode=decode,
        start=_start(nodes["from"]) if "from" in nodes else None,
        holds=holds,
        wants=wants,
        produces=() if verdicts else _produces(node, nodes, kind, scope),
        code=CODE[nodes["code"].choice(CODE)](scope.memory) if "code" in nodes else None,
        ignore=nodes["ignore"].text() if "ignore" in nodes else None,
        refuse=nodes["refuse"].text() if "refuse" in nodes else None,
        retained=_RETAINED[nodes["retained"].choice(_RETAINED)] if "retained" in nodes else None,
        special=any(key in nodes for key in ("ignore", "refuse", "retained")),
        private="strip" in nodes,
        counters=tuple(_quantity(each) for each in nodes["counters"].sequence()) if "counters" in nodes else (),
        intervals=_intervals(nodes["intervals"]) if "intervals" in nodes else {},
    )
    placed = replace(message, anywhere=True)
    return [
        Claim(pattern, placed if _ANYWHERE.fullmatch(pattern.text) else message, excluded, allowed, (-priority, *rank))
        for pattern in patterns
    ]


def _topics(node: YamlNode) -> list[TopicPattern]:
    nodes = node.sequence() if node.is_sequence() else [node]
    if not nodes:
        raise node.wrong("at least one topic is needed, such as sensors/{device}/state")
    return [compile_topic(each) for each in nodes]


def _where(node: YamlNode, scope: Scope) -> Mapping[str, re.Pattern[str]]:
    return {name: compile_regex(regex) for name, regex in node.mapping(scope.captures).items()}


def _stripped(node: YamlNode, reads: str, decode: Step) -> tuple[str, Step]:
    strip = compile_strip(node)

    def decode_and_strip(payload: Any) -> Any:
        value = decode(payload)
        strip(value)
        return value

    return f"{reads} without {node.plain()}", decode_and_strip


def _quantity(node: YamlNode) -> str:
    name = node.text()
    if name != quantity_name(name):
        raise node.wrong(f"{name!r} cannot be a quantity's name; {quantity_name(name)!r} could")
    return name


def _intervals(node: YamlNode) -> dict[str, Duration]:
    keys = node.keys() if node.is_mapping() else {}
    return {_quantity(keys[name]): _duration(span) for name, span in node.mapping().items()}


def _duration(node: YamlNode) -> Duration:
    found = _DURATION.fullmatch(node.text())
    if found is None:
        raise node.wrong(f"{node.text()!r} is no span of time; expected a number with s, min, h or d, such as 15 min")
    return round(float(found[1]) * _SPANS[found[2]])


def _start(node: YamlNode) -> Getter:
    if not node.is_sequence():
        return compile_reading(node)
    getters = [compile_reading(each) for each in node.sequence()]
    return lambda item, frame: next((v for get in getters if (v := get(item, frame)) is not None), None)


def _produces(
    node: YamlNode, nodes: Mapping[str, YamlNode], kind: YamlNode | None, scope: Scope
) -> tuple[Produce, ...]:
    fields = {key: each for key, each in nodes.items() if key in FIELDS}
    if kind is not None:
        fields.setdefault("kind", kind)
    parts = compile_parts(fields, scope)
    if "events" not in nodes:
        return (compile_production(parts, None, None, node),)
    if "rest" in nodes:
        raise nodes["rest"].wrong("beside 'events', 'rest' belongs into one of them")
    events = nodes["events"].sequence()
    if not events:
        raise nodes["events"].wrong("at least one event is needed; a message that reports nothing says 'ignore: why'")
    return tuple(compile_event(event, parts, scope) for event in events)
