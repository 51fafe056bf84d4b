"""Payload decoders: bytes to plain data, one small step each, tried in the order a codec gives."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ingest.codecs.strict_json import read_json
from ingest.codecs.watching import watched
from ioc.runtime.marked_yaml import YamlNode

Step = Callable[[Any], Any]
"""Takes the payload (bytes), or what the step before it made; raises ValueError with a sentence."""

MAX_WORD: Final = 64
"""Characters of a word such as `online`."""

_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?")


def read_text(payload: bytes | str) -> str:
    """Read UTF-8 text."""
    if isinstance(payload, str):
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"the payload is not UTF-8: {error.reason} at byte {error.start}") from error


def read_word(payload: bytes | str) -> str:
    """Read one word, white space around it removed: `ON`, `online`."""
    text = read_text(payload[: 4 * MAX_WORD + 1]).strip()
    if not 0 < len(text) <= MAX_WORD or not text.isprintable() or text[0] in '{["':
        raise ValueError(f"the payload is not a single word of at most {MAX_WORD} characters")
    return text


def read_number(payload: bytes | str) -> int | float:
    """Read one decimal number, white space around it removed."""
    text = read_text(payload[:128]).strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("the payload is not a number")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("the payload is a number that is too large")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def read_empty(payload: bytes | str) -> None:
    """Read nothing: an empty payload, by which MQTT takes a retained message away."""
    if payload:
        raise ValueError("the payload is not empty")


def read_base64(payload: bytes | str) -> bytes:
    """Read base64 with its padding."""
    try:
        return base64.b64decode(payload, validate=True)
    except ValueError as error:
        raise ValueError("the payload is not base64") from error


def read_hex(payload: bytes | str) -> bytes:
    """Read hexadecimal digits."""
    try:
        return bytes.fromhex(read_text(payload))
    except ValueError as error:
        raise ValueError("the payload is not hexadecimal") from error


def _json(payload: bytes | str) -> Any:
    return read_json(payload.encode() if isinstance(payload, str) else payload)


STEPS: Final[Mapping[str, Step]] = {
    "json": _json,
    "word": read_word,
    "number": read_number,
    "text": read_text,
    "empty": read_empty,
    "base64": read_base64,
    "hex": read_hex,
}


@watched("payload")
def compile_payload(node: YamlNode | None) -> tuple[str, Step]:
    """Compile `payload:` of a codec.

    A name is one step; a list is alternatives, tried in order; a list inside it is a chain, each step taking what
    the one before it made: `[json, [base64, json], word]`.

    Returns:
        Its description, equal for equal decoders, and the decoder.
    """
    if node is None:
        return "json", STEPS["json"]
    if not node.is_sequence():
        name = node.choice(STEPS)
        return name, STEPS[name]
    described, alternatives = (
        zip(*[_chain(each) for each in node.sequence()], strict=True) if node.sequence() else ((), ())
    )
    if not alternatives:
        raise node.wrong("at least one way to read the payload is needed, such as json")
    if len(alternatives) == 1:
        return described[0], alternatives[0]

    def first_that_fits(payload: Any) -> Any:
        reasons = []
        for read in alternatives:
            try:
                return read(payload)
            except ValueError as error:
                reasons.append(str(error))
        raise ValueError("; ".join(reasons))

    return " or ".join(described), first_that_fits


def _chain(node: YamlNode) -> tuple[str, Step]:
    if not node.is_sequence():
        name = node.choice(STEPS)
        return name, STEPS[name]
    names = [each.choice(STEPS) for each in node.sequence()]
    steps = [STEPS[name] for name in names]
    if not steps:
        raise node.wrong("a chain needs at least one step")

    def one_after_another(payload: Any) -> Any:
        for step in steps:
            payload = step(payload)
        return payload

    return " then ".join(names), one_after_another
