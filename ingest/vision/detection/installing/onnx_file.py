"""Writes ONNX files: the few parts of the format that a convolutional network needs.

ONNX is protocol buffers; field numbers and types are those of onnx.proto3, version 1.8 of the format (IR version 8),
operators of set 13. Writing them takes less than the library that would do it, which nothing else here needs.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

IR_VERSION: Final = 8
OPERATOR_SET: Final = 13

Floats = npt.NDArray[np.float32]
Attribute = float | int | str | Sequence[int]

_VARINT, _BYTES, _FLOAT = 0, 2, 5
"""Wire types of protocol buffers."""

_FLOAT_ELEMENTS: Final = 1
"""TensorProto.DataType.FLOAT."""


@dataclass(slots=True)
class OnnxGraph:
    """A graph that is being written, operator after operator, each after those that it takes from."""

    name: str
    _nodes: list[bytes] = field(default_factory=list)
    _constants: list[bytes] = field(default_factory=list)
    _inputs: list[bytes] = field(default_factory=list)
    _outputs: list[bytes] = field(default_factory=list)

    def input(self, name: str, shape: Sequence[int]) -> None:
        """Declare what the network is given."""
        self._inputs.append(_value_info(name, shape))

    def output(self, name: str, shape: Sequence[int]) -> None:
        """Declare what it gives."""
        self._outputs.append(_value_info(name, shape))

    def constant(self, name: str, values: Floats) -> str:
        """Add weights; return their name."""
        dims = b"".join(_number(1, size) for size in values.shape)
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        self._constants.append(dims + _number(2, _FLOAT_ELEMENTS) + _text(8, name) + _bytes(9, raw))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        """Add an operator; return the name of what it gives."""
        written = [_text(1, name) for name in inputs]
        written += [_text(2, output), _text(3, output), _text(4, operator)]
        written += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(b"".join(written))
        return output

    def file(self) -> bytes:
        """Give the bytes of the file; the same graph gives the same bytes."""
        graph = b"".join(
            [
                *_each(1, self._nodes),
                _text(2, self.name),
                *_each(5, self._constants),
                *_each(11, self._inputs),
                *_each(12, self._outputs),
            ]
        )
        return _number(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, OPERATOR_SET))


def _attribute(name: str, value: Attribute) -> bytes:
    head = _text(1, name)
    if isinstance(value, float):
        return head + _key(2, _FLOAT) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    if isinstance(value, str):
        return head + _text(4, value) + _number(20, 3)
    return head + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _value_info(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, size)) for size in shape)
    tensor = _number(1, _FLOAT_ELEMENTS) + _bytes(2, dims)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _each(number: int, messages: Iterable[bytes]) -> Iterable[bytes]:
    return (_bytes(number, message) for message in messages)


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def _bytes(number: int, value: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Write seven bits a byte, least first; negative numbers, which are never needed here, are refused."""
    if value < 0:
        raise ValueError(f"{value} is negative")
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
