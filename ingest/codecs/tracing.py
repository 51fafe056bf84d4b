"""Tracing: what every step of a codec made of a message, and where none took it, which came nearest and why not."""

import base64
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final, Protocol

from ingest.codecs.changes import Pseudonymiser
from ingest.codecs.memory import Memory
from ingest.codecs.messages import Message
from ingest.codecs.nearest import distance, is_any
from ingest.codecs.readings import Outcome
from ingest.codecs.registry import NOT_RETAINED, RETAINED, SHIPPED, Codecs, compile_codec, load_codecs
from ingest.codecs.topics import Claim
from ingest.codecs.watching import Recording, Step, recording, watching
from ioc.model.event_json import event_to_json, rejected_to_json
from ioc.model.events import Event, RawMessage, Rejected
from ioc.model.faults import Fault
from ioc.model.instant import SECOND, Instant
from ioc.model.quantities import Catalogue
from ioc.runtime.marked_yaml import YamlNode, read_marked

NEAREST: Final = 3
"""Codecs that are named where none took the message."""

MAX_FIELDS: Final = 500
"""Fields that are told one by one; of an array of thousands, the first items say enough."""

MAX_SHOWN: Final = 2_000
"""Characters of a payload, or of one value, that are shown."""

_MAX_PARTS: Final = 20
_MAX_DEPTH: Final = 6
_FURTHEST: Final = 3.0
_LIKE: Final = 0.6

WatchedClaim = tuple[Claim[Message], YamlNode]


class Reads(Protocol):
    """Whoever turns readings into events: the reader of ingest."""

    def read(self, message: RawMessage) -> tuple[list[Event], list[Rejected]]:
        """Read one message."""


class ThrowawayPseudonyms:
    """Stands in for people's addresses where nothing is kept: with a key of its own that nobody else has."""

    def __init__(self) -> None:
        """Make the key."""
        self._key = token_bytes(16)

    def of(self, address: str, at: Instant) -> str | None:  # noqa: ARG002 - the signature is the port's
        """Give the pseudonym of an address."""
        return blake2b(address.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class WatchedCodecs:
    """Codecs whose steps can be looked at.

    Attributes:
        codecs: what decodes.
        claims: every message's claims on topics with its place, in the order in which they are tried.
    """

    codecs: Codecs
    claims: tuple[WatchedClaim, ...]

    def with_codec(
        self,
        text: str,
        catalogue: Catalogue,
        source: str = "codec.yaml",
        pseudonyms: Pseudonymiser | None = None,
    ) -> "WatchedCodecs":
        """Add one codec from its text, before all others; it replaces one of the same name.

        Raises:
            Misplaced: a mistake in it, with line and column.
        """
        document = read_marked(text, source)
        if document is None:
            raise Fault(f"{source} is empty; expected a codec")
        with watching() as book:
            for _ in compile_codec(document, -1, catalogue, pseudonyms, self.codecs.memory):
                pass
        name = document.mapping()["codec"].text()
        others = [claim for claim in self.claims if claim[0].target.codec != name]
        names = [name, *(each for each in self.codecs.names if each != name)]
        return _in_order([*book.claims, *others], names, self.codecs.memory)


def load_watched(
    user_dir: Path | None,
    catalogue: Catalogue,
    shipped: Path | None = SHIPPED,
    pseudonyms: Pseudonymiser | None = None,
) -> WatchedCodecs:
    """Load all codecs so that they can be watched; see `load_codecs`.

    Raises:
        Misplaced: a mistake in a codec, with file, line and column.
        Fault: the user's folder is not there.
    """
    with watching() as book:
        codecs = load_codecs(shipped, user_dir, catalogue=catalogue, pseudonyms=pseudonyms)
    return _in_order(book.claims, list(codecs.names), codecs.memory)


NO_CODECS: Final = WatchedCodecs(Codecs((), ()), ())


def trace(codecs: WatchedCodecs, message: RawMessage, reader: Reads) -> dict[str, Any]:
    """Read a message and tell how: plain data, ready to be written as JSON.

    Args:
        codecs: what reads; `reader` must read with the same (`codecs.codecs`).
        message: what came.
        reader: makes events of what the codecs found.

    Returns:
        `verdict` (`read`, `ignored`, `refused`, `unknown`), `codec`, `message` and `reason`; `tried`, the claims that
        the topic meets in their order, up to the one that took it, with payload, conditions, fan-out and fields, and
        with what it says of quantities (`counters`, and `intervals` in seconds);
        `nearest`, where none took it; `events` and `rejected`.
    """
    memory = codecs.codecs.memory
    with memory.forgetting():
        outcome = _decode(codecs.codecs, message)
    tried: list[dict[str, Any]] = []
    taken: dict[str, Any] | None = None
    for claim, node in codecs.claims:
        captures = claim.match(message.topic)
        if captures is None or taken is not None:
            continue
        with memory.forgetting():
            attempt = _attempt(claim, node, captures, message)
        tried.append(attempt)
        if attempt["verdict"] == "taken":
            taken = attempt
    events, rejected = reader.read(message)
    return {
        "topic": _text(message.topic),
        "payload": _payload(message.payload),
        "verdict": _verdict(outcome),
        "codec": outcome.codec,
        "message": None if taken is None else taken["message"],
        "reason": outcome.refused or outcome.ignored,
        "tried": tried,
        "nearest": [] if taken is not None else _nearest(codecs, message.topic, tried),
        "events": [event_to_json(event) for event in events],
        "rejected": [rejected_to_json(each) for each in rejected],
    }


def _in_order(claims: list[WatchedClaim], names: list[str], memory: Memory) -> WatchedCodecs:
    claims = sorted(claims, key=lambda each: each[0].rank)
    return WatchedCodecs(Codecs([claim for claim, _ in claims], names, memory), tuple(claims))


def _decode(codecs: Codecs, message: RawMessage) -> Outcome:
    return codecs.decode(message.topic, message.payload, message.received_at, retained=message.retained)


def _verdict(outcome: Outcome) -> str:
    if outcome.codec is None:
        return "unknown"
    return "refused" if outcome.refused is not None else "ignored" if outcome.ignored is not None else "read"


def _attempt(claim: Claim[Message], node: YamlNode, captures: Mapping[str, str], message: RawMessage) -> dict[str, Any]:
    """Decode with this claim alone, and note every step of it."""
    target = claim.target
    with recording() as record:
        outcome = _decode(Codecs([claim], [target.codec]), message)
    labels = dict(_labels(node, ""))
    payload = next((step for step in record.steps if step.what == "payload"), None)
    shape = next((step for step in record.steps if step.what == "when" and _label(step, labels) == "when"), None)
    code = next((step for step in record.steps if step.what == "code"), None)
    if payload is not None and payload.error is not None:
        verdict, reason = "payload", payload.error
    elif shape is not None and not shape.found:
        verdict, reason = "shape", f"not so: {'; '.join(_failed(shape))}"
    elif outcome.ignored in (RETAINED, NOT_RETAINED):
        verdict, reason = "retained", outcome.ignored
    elif outcome.codec is None or (code is not None and code.found is None and code.error is None):
        verdict, reason = "shape", "the reader in code finds that it is not what is meant" if code else "not meant"
    else:
        verdict, reason = "taken", outcome.refused or outcome.ignored or ""
    fields = list(_fields(record, labels))
    return {
        "codec": target.codec,
        "message": target.name,
        "place": _place(node),
        "topic": claim.pattern.text,
        "anywhere": is_any(claim.pattern.text),
        "captures": dict(captures),
        "verdict": verdict,
        "reason": reason or None,
        "payload": None
        if payload is None
        else {
            "decoder": payload.said,
            "error": payload.error,
            "gave": None if payload.error else _shown(payload.found),
        },
        "when": [] if shape is None else list(_conditions(shape)),
        "each": [
            {"name": _label(step, labels), "place": _place(step.node), "items": step.found}
            for step in record.steps
            if step.what == "each"
        ],
        "fields": fields[:MAX_FIELDS],
        "fields_left_out": max(0, len(fields) - MAX_FIELDS) + record.missing,
        "counters": list(target.counters),
        "intervals": {name: span // SECOND for name, span in target.intervals.items()},
        "problems": [_text(problem) for problem in outcome.problems[:MAX_FIELDS]],
    }


def _fields(record: Recording, labels: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """Tell what each field found and became; those of a fan-out name the item that they are of."""
    item: Any = None
    for step in record.steps:
        label = _label(step, labels)
        if step.what == "item":
            item = step.found
        elif step.what in ("field", "rest") or (step.what == "path" and label == "from"):
            paths = list(_paths(step))
            yield {
                "name": label or step.what,
                "item": _shown(item),
                "place": _place(step.node),
                "found": [{"path": path.node.text(), "value": _shown(path.found)} for path in paths if path.node],
                "became": _shown(step.found),
                "error": step.error,
            }
        elif step.what == "when" and label != "when":
            yield {
                "name": label,
                "item": _shown(item),
                "place": _place(step.node),
                "found": [{"path": each["says"], "value": each["holds"]} for each in _conditions(step)],
                "became": bool(step.found),
                "error": None,
            }


def _paths(step: Step) -> Iterator[Step]:
    """Give the paths that were followed for a step, in their order."""
    if step.what == "path":
        yield step
    for inner in step.inner:
        if inner.what != "when":
            yield from _paths(inner)


def _conditions(step: Step) -> Iterator[dict[str, Any]]:
    for inner in step.inner:
        if inner.what == "condition":
            paths = list(_paths(inner))
            yield {
                "says": inner.said,
                "holds": bool(inner.found),
                "found": _shown(paths[0].found) if paths else None,
            }
        elif inner.found or not step.found:
            # Where one of several did hold, those that did not are no news.
            yield from _conditions(inner)


def _failed(step: Step) -> Iterator[str]:
    """Say which conditions did not hold, and what was there instead."""
    for each in _conditions(step):
        if not each["holds"]:
            yield f"{each['says']} (it is {'not there' if each['found'] is None else repr(each['found'])})"


def _nearest(codecs: WatchedCodecs, topic: str, tried: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rank the codecs that did not take a message: first those that the topic meets, then by their topics."""
    found: list[tuple[tuple[float, float, int], dict[str, Any]]] = []
    for number, attempt in enumerate(tried):
        if attempt["anywhere"]:
            # It looks at the payload alone, on every topic there is; that it said no is no news.
            continue
        wrong = sum(not each["holds"] for each in attempt["when"])
        held = sum(each["holds"] for each in attempt["when"])
        entry = {key: attempt[key] for key in ("codec", "message", "place", "topic")}
        reasons = [attempt["reason"]] if attempt["reason"] else []
        found.append(((0.0, float(wrong - held), number), {**entry, "distance": 0.0, "reasons": reasons}))
    for number, (claim, node) in enumerate(codecs.claims):
        if is_any(claim.pattern.text) or claim.match(topic) is not None:
            continue
        gap = distance(claim.pattern.text, topic)
        reasons = list(gap.reasons) or list(_denied(claim, topic))
        # What agrees in nothing is not near, however short it is.
        if gap.cost > _FURTHEST or not reasons or (gap.matched == 0 and gap.cost > _LIKE):
            continue
        entry = {
            "codec": claim.target.codec,
            "message": claim.target.name,
            "place": _place(node),
            "topic": claim.pattern.text,
            "distance": round(gap.cost, 2),
            "reasons": reasons,
        }
        found.append(((0.5 + gap.cost, -float(gap.matched), number), entry))
    found.sort(key=lambda each: each[0])
    return [entry for _, entry in found[:NEAREST]]


def _denied(claim: Claim[Message], topic: str) -> Iterator[str]:
    """Say why a claim does not want a topic that its pattern meets."""
    captures = claim.pattern.match(topic)
    if captures is None:
        yield f"{topic!r} does not meet {claim.pattern.text!r}"
        return
    for pattern in claim.excluded:
        if pattern.match(topic) is not None:
            yield f"the topic is excepted by {pattern.text!r}"
    for name, regex in claim.allowed.items():
        if not regex.fullmatch(captures[name]):
            yield f"{{{name}}} is {captures[name]!r}, which does not match {regex.pattern!r}"


def _labels(node: YamlNode, path: str) -> Iterator[tuple[int, str]]:
    """Name every node of a message by the way to it: `events[0].values.temp_c`."""
    yield id(node.node), path
    if node.is_mapping():
        keys = node.keys()
        for name, value in node.mapping().items():
            here = f"{path}.{name}" if path else name
            yield id(keys[name].node), here
            yield from _labels(value, here)
    elif node.is_sequence():
        for number, value in enumerate(node.sequence()):
            yield from _labels(value, f"{path}[{number}]")


def _label(step: Step, labels: Mapping[int, str]) -> str:
    found = "" if step.node is None else labels.get(id(step.node.node), "kind" if step.what == "field" else "")
    # `at: {path: …}` is the field `at`.
    return found.removesuffix(".path") if step.what == "field" else found


def _place(node: YamlNode | None) -> str | None:
    if node is None:
        return None
    # Where the program is installed is of no use to whoever reads this.
    source = node.source.removeprefix(f"{SHIPPED}{os.sep}")
    return f"{source}:{node.line}:{node.column}"


def _payload(payload: bytes) -> dict[str, Any]:
    try:
        text: str | None = payload.decode()
    except UnicodeDecodeError:
        text = None
    return {
        "size": len(payload),
        "text": None if text is None else _text(text[:MAX_SHOWN]),
        "hex": None if text is not None else payload[:MAX_SHOWN].hex(" "),
    }


def _shown(value: Any, depth: int = 0) -> Any:
    """Give a value as JSON can hold it, cut where it is long or deep."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else str(value)[:MAX_SHOWN]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return _text(value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…")
    if isinstance(value, bytes):
        return f"{len(value)} bytes, base64: {base64.b64encode(value[:64]).decode()}"
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        shown = {_text(str(key)): _shown(part, depth + 1) for key, part in list(value.items())[:_MAX_PARTS]}
        return shown if len(value) <= _MAX_PARTS else {**shown, "…": f"{len(value) - _MAX_PARTS} more"}
    if isinstance(value, (list, tuple)):
        parts = [_shown(part, depth + 1) for part in value[:_MAX_PARTS]]
        return parts if len(value) <= _MAX_PARTS else [*parts, f"… {len(value) - _MAX_PARTS} more"]
    return _text(str(value)[:MAX_SHOWN])


def _text(text: str) -> str:
    """Give a text that UTF-8 can hold: a topic or a payload may have lone surrogates in it."""
    return text.encode("utf-8", "backslashreplace").decode()
