"""Changes: what is done with a value once it is found, until it is the quantity's."""

import base64
import math
import sys
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, Protocol

import msgspec

from ingest.codecs.casts import TYPES, as_integer, as_number, as_text
from ingest.codecs.conditions import scalar
from ingest.codecs.identifiers import NORMALISERS, hide_addresses, plain_address
from ingest.codecs.paths import Frame, Getter, plain_name
from ingest.codecs.payloads import compile_payload
from ingest.codecs.regexes import MAX_SEARCHED, compile_regex
from ingest.codecs.units import conversion, convertible
from ioc.model.instant import Instant
from ioc.model.quantities import Quantity
from ioc.runtime.marked_yaml import YamlNode

CHANGES: Final = (
    "read", "count", "join", "find", "drop", "bit", "bits", "map", "type", "range", "scale", "offset", "unit", "as",
    "hide", "prefix",
)  # fmt: skip
"""The words of a field that change its value, in the order in which they do."""

AS: Final = (*NORMALISERS, "hex", "eui", "digest", "pseudonym")
"""What `as:` may say."""

_LARGEST: Final = sys.float_info.max
_HIGHEST_BIT: Final = 63
_ADDRESS_BYTES: Final = (6, 8)

Change = Callable[[Any], Any]
Wrap = Callable[[Getter], Getter]


class Pseudonymiser(Protocol):
    """Whoever replaces the addresses of people's devices."""

    def of(self, address: str, at: Instant) -> str | None:
        """Give what stands for an address that arrived at an instant; None where nothing may."""


def compile_changes(
    parts: Mapping[str, YamlNode],
    quantity: Quantity | None,
    pseudonyms: Pseudonymiser | None,
    unit_of: Getter | None = None,
) -> Wrap | None:
    """Compile what a field's words ask for.

    Args:
        parts: the field's words; others than `CHANGES` are passed over.
        quantity: the quantity it fills, whose unit values are brought to; None where it fills none that is known.
        pseudonyms: stands in for people's addresses; None: they are dropped.
        unit_of: finds the unit of each value in its message, where `unit` does not say it.

    Returns:
        What makes a getter of the changed value from one of the raw value; None where nothing is changed.
    """
    shapes = _shapes(parts)
    arithmetic = _arithmetic(parts, quantity, fixed=unit_of is None)
    if arithmetic is not None:
        shapes.append(arithmetic)
    wraps = [_after(shapes)] if shapes else []
    if unit_of is not None:
        wraps.append(_unit_wrap(unit_of, _with_unit(parts["unit"], quantity)))
    spellings = [_spelling(node, pseudonyms) for node in _alone_or_list(parts["as"])] if "as" in parts else []
    if "hide" in parts:
        parts["hide"].choice(("addresses",))
        spellings.append(_after([_on_text(hide_addresses)]))
    if "prefix" in parts:
        prefix = parts["prefix"].text()
        spellings.append(_after([_on_text(lambda text: prefix + text)]))
    wraps += spellings
    if not wraps:
        return None
    if len(wraps) == 1:
        return wraps[0]

    def wrap(get: Getter) -> Getter:
        for each in wraps:
            get = each(get)
        return get

    return wrap


def _alone_or_list(node: YamlNode) -> list[YamlNode]:
    return node.sequence() if node.is_sequence() else [node]


def _after(changes: list[Change]) -> Wrap:
    """Put changes of the value alone behind a getter."""
    if len(changes) == 1:
        return lambda get: _changed_once(get, changes[0])
    return lambda get: _changed(get, tuple(changes))


def _changed_once(get: Getter, change: Change) -> Getter:
    field = plain_name(get)
    if field is not None:

        def changed_field(item: Any, _frame: Frame) -> Any:
            value = item.get(field) if item.__class__ is dict else None
            return None if value is None else change(value)

        return changed_field

    def changed(item: Any, frame: Frame) -> Any:
        value = get(item, frame)
        return None if value is None else change(value)

    return changed


def _changed(get: Getter, changes: tuple[Change, ...]) -> Getter:
    def changed(item: Any, frame: Frame) -> Any:
        value = get(item, frame)
        for change in changes:
            if value is None:
                return None
            value = change(value)
        return value

    return changed


def _shapes(parts: Mapping[str, YamlNode]) -> list[Change]:
    changes: list[Change] = []
    if "read" in parts:
        changes.append(compile_payload(parts["read"])[1])
    if "count" in parts and parts["count"].boolean():
        changes.append(_count)
    if "join" in parts:
        changes.append(_joiner(parts["join"].text()))
    if "find" in parts:
        changes.append(_finder(parts["find"]))
    if "drop" in parts:
        changes.append(compile_drop(parts["drop"]))
    if "bit" in parts:
        changes.append(_bit(parts["bit"]))
    if "bits" in parts:
        changes.append(_bits(parts["bits"]))
    if "map" in parts:
        changes.append(_mapper(parts["map"]))
    if "type" in parts:
        changes.append(TYPES[parts["type"].choice(TYPES)])
    if "range" in parts:
        changes.append(_range(parts["range"]))
    return changes


def _count(value: Any) -> Any:
    if not isinstance(value, (list, dict)):
        raise ValueError(f"expected an array or an object to count, got {value!r:.40}")
    return len(value)


def _joiner(separator: str) -> Change:
    def join(value: Any) -> Any:
        parts = value if isinstance(value, list) else [value]
        if parts and parts[0].__class__ is str:
            try:
                return separator.join(parts) or None
            except TypeError:
                pass  # not all of them are texts
        return separator.join([part if part.__class__ is str else as_text(part) for part in parts]) or None

    return join


def _finder(node: YamlNode) -> Change:
    regex = compile_regex(node)
    if regex.groups != 1:
        raise node.wrong(f"exactly one group in parentheses says what is taken; this has {regex.groups}")

    def find(value: Any) -> Any:
        found = regex.search(value[:MAX_SEARCHED]) if isinstance(value, str) else None
        return None if found is None else found[1]

    return find


def compile_drop(node: YamlNode) -> Change:
    """Compile values by which a device says that it does not know."""
    sentinels = [scalar(each) for each in (node.sequence() if node.is_sequence() else [node])]
    numbers = {value for value in sentinels if isinstance(value, (int, float)) and not isinstance(value, bool)}
    others = [value for value in sentinels if isinstance(value, (str, bool))]

    def drop(value: Any) -> Any:
        if value.__class__ is int or value.__class__ is float:
            return None if value in numbers else value
        return None if value in others else value

    return drop


def _mapper(node: YamlNode) -> Change:
    table = {word: scalar(value) for word, value in node.mapping().items() if word != "else"}
    otherwise = node.mapping().get("else")
    if otherwise is not None:
        other = scalar(otherwise)
        return lambda value: table.get(as_text(value), other)

    def look_up(value: Any) -> Any:
        word = as_text(value)
        if word not in table:
            raise ValueError(f"{word[:40]!r} is not one of {', '.join(table)}")
        return table[word]

    return look_up


def _bit(node: YamlNode) -> Change:
    place = _whole(node, _HIGHEST_BIT)
    return lambda value: bool(_flags(value) >> place & 1)


def _bits(node: YamlNode) -> Change:
    places = [_whole(each, _HIGHEST_BIT) for each in node.sequence()]
    if len(places) != 2 or places[0] > places[1]:
        raise node.wrong("expected the lowest and the highest bit, counted from 0, such as [4, 7]")
    low, mask = places[0], (1 << places[1] - places[0] + 1) - 1
    return lambda value: _flags(value) >> low & mask


def _whole(node: YamlNode, highest: int) -> int:
    number = node.number()
    if number != int(number) or not 0 <= number <= highest:
        raise node.wrong(f"expected a whole number from 0 to {highest}")
    return int(number)


def _flags(value: Any) -> int:
    number = as_integer(value)
    if number < 0:
        raise ValueError(f"expected a whole number from 0, got {value!r:.40}")
    return int(number)


def _range(node: YamlNode) -> Change:
    ends = [each.number() for each in node.sequence()]
    if len(ends) != 2 or ends[0] > ends[1]:
        raise node.wrong("expected the lowest and the highest value that counts, such as [-40, 85]")
    low, high = ends

    def keep(value: Any) -> Any:
        if value.__class__ is not int and value.__class__ is not float:
            raise ValueError(f"expected a number with a range, got {value!r:.40}")
        return value if low <= value <= high else None

    return keep


def _arithmetic(parts: Mapping[str, YamlNode], quantity: Quantity | None, *, fixed: bool) -> Change | None:
    scale = parts["scale"].number() if "scale" in parts else 1
    offset = parts["offset"].number() if "offset" in parts else 0
    if "unit" in parts and fixed:
        node, known = parts["unit"], _with_unit(parts["unit"], quantity)
        factors = conversion(node.text(), str(known.unit))
        if factors is None:
            raise node.wrong(_not_convertible(node.text(), known))
        scale, offset = scale * factors[0], offset * factors[0] + factors[1]
    if (scale, offset) == (1, 0):
        return None

    def calculate(value: Any) -> Any:
        if value.__class__ is not int and value.__class__ is not float:
            raise ValueError(f"expected a number to reckon with, got {value!r:.40}")
        return _reckoned(value, scale, offset)

    return calculate


def _reckoned(value: float, scale: float, offset: float) -> float:
    try:
        result = value * scale + offset
    except OverflowError:
        result = math.inf
    if not -_LARGEST <= result <= _LARGEST:
        raise ValueError(f"{value!r:.40} is too large to reckon with")
    return result


def _with_unit(node: YamlNode, quantity: Quantity | None) -> Quantity:
    if quantity is None or quantity.unit is None:
        raise node.wrong("a unit can only be converted for a quantity that has one in quantities.yaml")
    return quantity


def _not_convertible(unit: str, quantity: Quantity) -> str:
    known = ", ".join(convertible(str(quantity.unit))) or quantity.unit
    return f"{unit[:40]!r} cannot be brought to {quantity.unit}, the unit of {quantity.name}; known are: {known}"


def convert(value: Any, unit: Any, quantity: Quantity) -> Any:
    """Bring a number to its quantity's unit from the unit that its message says; None says none."""
    if unit is None or quantity.unit is None:
        return value
    word = as_text(unit)
    factors = conversion(word, quantity.unit)
    if factors is None:
        raise ValueError(_not_convertible(word, quantity))
    number = as_number(value)
    return number if factors == (1, 0) else _reckoned(number, *factors)


def _unit_wrap(unit_of: Getter, quantity: Quantity) -> Wrap:
    def wrap(get: Getter) -> Getter:
        def converted(item: Any, frame: Frame) -> Any:
            value = get(item, frame)
            return None if value is None else convert(value, unit_of(item, frame), quantity)

        return converted

    return wrap


def _spelling(node: YamlNode, pseudonyms: Pseudonymiser | None) -> Wrap:
    if node.is_mapping():
        return _after([_hex(_whole(node.mapping(("hex",), required=("hex",))["hex"], 64))])
    word = node.choice(AS)
    if word == "pseudonym":
        return _pseudonymous(pseudonyms)
    if word == "hex":
        return _after([_hex(0)])
    if word == "digest":
        return _after([_digest])
    return _after([_eui if word == "eui" else _on_text(NORMALISERS[word])])


def _pseudonymous(pseudonyms: Pseudonymiser | None) -> Wrap:
    def wrap(get: Getter) -> Getter:
        def pseudonym(item: Any, frame: Frame) -> Any:
            value = get(item, frame)
            if value is None or pseudonyms is None:
                return None
            return pseudonyms.of(plain_address(as_text(value)), frame.arrival)

        return pseudonym

    return wrap


def _digest(value: Any) -> str:
    """Give a short name to anything, the same for what is equal, in whichever order its keys came."""
    written = value if isinstance(value, bytes) else msgspec.json.encode(value, order="sorted")
    return blake2b(written, digest_size=8).hexdigest()


def _hex(digits: int) -> Change:
    def write(value: Any) -> str:
        return value.hex() if isinstance(value, bytes) else f"{_flags(value):0{digits}x}"

    return write


def _eui(value: Any) -> str:
    """Write a hardware address that came in base64, or already in hexadecimal digits, as the latter."""
    text = as_text(value)
    plain = plain_address(text)
    if plain != text or (text.isalnum() and len(text) in (12, 16) and _is_hex(text)):
        return plain
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) not in _ADDRESS_BYTES:
        raise ValueError(f"expected a hardware address in base64, got {value!r:.40}")
    return raw.hex()


def _is_hex(text: str) -> bool:
    return all(sign in "0123456789abcdefABCDEF" for sign in text)


def _on_text(change: Callable[[str], str]) -> Change:
    def apply(value: Any) -> Any:
        return change(as_text(value))

    return apply
