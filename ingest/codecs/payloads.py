"""Payload decoders: bytes to plain data, one small step each, tried in the order a codec gives."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ingest.codecs import splitting
from ingest.codecs.paths import Frame, compile_path
from ingest.codecs.regexes import compile_regex
from ingest.codecs.strict_json import read_json
from ingest.codecs.watching import watched
from ingest.codecs.xml_tree import read_xml
from ioc.runtime.marked_yaml import YamlNode

Step = Callable[[Any], Any]
"""Takes the payload (bytes), or what the step before it made; raises ValueError with a sentence."""

MAX_WORD: Final = 64
"""Characters of a word such as `online`."""

_SHORT: Final = 15
"""Digits of a number that is a whole one without a doubt."""

_WEB_BASE64: Final = bytes.maketrans(b"-_", b"+/")

_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?")


def read_text(payload: Any) -> str:
    """Read UTF-8 text."""
    if payload.__class__ is str:
        return payload
    try:
        return _bytes(payload).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"the payload is not UTF-8: {error.reason} at byte {error.start}") from error


def read_word(payload: Any) -> str:
    """Read one word, white space around it removed: `ON`, `online`."""
    text = read_text(_start(payload, 4 * MAX_WORD + 1)).strip()
    if not 0 < len(text) <= MAX_WORD or not text.isprintable() or text[0] in '{["':
        raise ValueError(f"the payload is not a single word of at most {MAX_WORD} characters")
    return text


def read_number(payload: Any) -> int | float:
    """Read one decimal number, white space around it removed."""
    if payload.__class__ is bytes and len(payload) <= _SHORT and payload.isdigit():
        return int(payload)
    text = read_text(_start(payload, 128)).strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("the payload is not a number")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("the payload is a number that is too large")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def read_empty(payload: Any) -> None:
    """Read nothing: an empty payload, by which MQTT takes a retained message away."""
    if len(_bytes_or_text(payload)):
        raise ValueError("the payload is not empty")


def read_base64(payload: Any) -> bytes:
    """Read base64 with its padding, of the usual alphabet or of that for addresses in the web."""
    text = _bytes_or_text(payload)
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        return base64.b64decode(raw.strip().translate(_WEB_BASE64), validate=True)
    except ValueError as error:
        raise ValueError("the payload is not base64") from error


def read_hex(payload: Any) -> bytes:
    """Read hexadecimal digits."""
    try:
        return bytes.fromhex(read_text(payload).removeprefix("0x"))
    except ValueError as error:
        raise ValueError("the payload is not hexadecimal") from error


def _json(payload: Any) -> Any:
    if payload.__class__ is bytes:
        return read_json(payload)
    if payload.__class__ is str:
        # A lone surrogate is refused there, with its own sentence.
        payload = payload.encode("utf-8", "surrogatepass")
    return read_json(_bytes(payload))


def _xml(payload: Any) -> Any:
    return read_xml(_bytes_or_text(payload))


def _bytes(payload: Any) -> bytes:
    if payload.__class__ is not bytes:
        raise ValueError(f"expected bytes or a text to read, got {payload!r:.40}")
    return payload


def _bytes_or_text(payload: Any) -> bytes | str:
    return payload if payload.__class__ is str else _bytes(payload)


def _start(payload: Any, length: int) -> bytes | str:
    return _bytes_or_text(payload)[:length]


STEPS: Final[Mapping[str, Step]] = {
    "bytes": _bytes,
    "json": _json,
    "word": read_word,
    "number": read_number,
    "text": read_text,
    "empty": read_empty,
    "base64": read_base64,
    "hex": read_hex,
    "lines": lambda payload: splitting.lines(read_text(payload)),
    "ndjson": lambda payload: splitting.json_lines(read_text(payload)),
    "xml": _xml,
}
"""The steps that need no more than their name."""


def _split(node: YamlNode) -> Step:
    separator = _separator(node)
    return lambda payload: splitting.split(read_text(payload), separator)


def _pairs(node: YamlNode) -> Step:
    parts = node.mapping(("between", "equals"), required=("between", "equals"))
    between, equals = _separator(parts["between"]), _separator(parts["equals"])
    return lambda payload: splitting.pairs(read_text(payload), between, equals)


def _pairwise(node: YamlNode) -> Step:
    separator = _separator(node)
    return lambda payload: splitting.pairwise(read_text(payload), separator)


def _find(node: YamlNode) -> Step:
    regex = compile_regex(node)
    if not regex.groupindex:
        raise node.wrong("at least one named group says what is taken, such as (?P<level>[0-9.]+)")
    return lambda payload: splitting.find(read_text(payload), regex)


def _path(node: YamlNode) -> Step:
    get = compile_path(node)
    nothing: dict[str, str] = {}

    def take(payload: Any) -> Any:
        value = get(payload, Frame(payload, payload, nothing))
        if value is None:
            raise ValueError(f"there is nothing at {node.text()}")
        return value

    return take


def _separator(node: YamlNode) -> str:
    text = node.text()
    if not text:
        raise node.wrong('a separator is needed, such as ","')
    return text


MADE_STEPS: Final[Mapping[str, Callable[[YamlNode], Step]]] = {
    "split": _split,
    "pairs": _pairs,
    "pairwise": _pairwise,
    "find": _find,
    "path": _path,
}
"""The steps that say more: `{split: ","}`."""


@watched("payload")
def compile_payload(node: YamlNode | None) -> tuple[str, Step]:
    """Compile `payload:` of a codec, or `read:` of a field.

    A name is one step, and so is a mapping such as `{split: ","}`; a list is alternatives, tried in order; a list
    inside it is a chain, each step taking what the one before it made: `[json, [base64, json], word]`.

    Returns:
        Its description, equal for equal decoders, and the decoder.
    """
    if node is None:
        return "json", STEPS["json"]
    if not node.is_sequence():
        return _step(node)
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
        return _step(node)
    compiled = [_step(each) for each in node.sequence()]
    steps = [step for _, step in compiled]
    if not steps:
        raise node.wrong("a chain needs at least one step")

    def one_after_another(payload: Any) -> Any:
        for step in steps:
            payload = step(payload)
        return payload

    return " then ".join(described for described, _ in compiled), one_after_another


def _step(node: YamlNode) -> tuple[str, Step]:
    if not node.is_mapping():
        name = node.text()
        if name in MADE_STEPS:
            raise node.wrong(f"{name!r} needs to say more, such as {{{name}: …}}")
        name = node.choice(STEPS)
        return name, STEPS[name]
    parts = node.mapping(MADE_STEPS)
    if len(parts) != 1:
        raise node.wrong(f"expected one of: {', '.join(MADE_STEPS)}")
    ((name, part),) = parts.items()
    return f"{name} {part.plain()!r}", MADE_STEPS[name](part)
