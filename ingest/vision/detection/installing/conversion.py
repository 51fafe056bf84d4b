"""Converts a convolutional network of TensorFlow.js to ONNX.

TensorFlow keeps channels last in its convolutions, ONNX first; a network that came to TensorFlow from ONNX is therefore
full of transpositions. None is written: with every value stands which way round TensorFlow has it, and a transposition
only turns that. Paddings that stand before a convolution or a pooling become part of it, and so do biases after one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ingest.vision.detection.installing.graph_model import GraphModel, Operator, Weights
from ingest.vision.detection.installing.onnx_file import OnnxGraph

Order = tuple[int, int, int, int]

CHANNELS_FIRST: Final[Order] = (0, 1, 2, 3)
CHANNELS_LAST: Final[Order] = (0, 2, 3, 1)


@dataclass(frozen=True, slots=True)
class _Value:
    """What an operator gives.

    Attributes:
        name: in the ONNX graph, channels first.
        order: which of its dimensions TensorFlow has where.
        shape: channels first.
        padding: zeros (before a pooling: nothing) around it that are still to be written, as ONNX has them: top, left,
            bottom, right.
    """

    name: str
    order: Order
    shape: tuple[int, ...]
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)

    def turned(self, permutation: Sequence[int]) -> "_Value":
        a, b, c, d = (self.order[each] for each in permutation)
        return _Value(self.name, (a, b, c, d), self.shape, self.padding)


def converted(model: GraphModel, outputs: Sequence[str], name: str) -> bytes:
    """Convert what leads to the named operators.

    Args:
        model: with one input, channels first.
        outputs: operators whose values the network is to give, channels first; the file calls them `output_0` and on.
        name: what the network is to be called.

    Returns:
        An ONNX file; its input is called `input`.

    Raises:
        ValueError: there is an operator, or a form of one, that is not converted here.
    """
    return _Conversion(model, outputs, name).file()


class _Conversion:
    def __init__(self, model: GraphModel, outputs: Sequence[str], name: str) -> None:
        self._model = model
        self._outputs = outputs
        self._graph = OnnxGraph(name)
        self._values: dict[str, _Value] = {}
        self._count = 0
        order = self._needed()
        self._takers = Counter(source for each in order for source in each.inputs)
        self._order = order

    def file(self) -> bytes:
        for operator in self._order:
            if operator.kind != "Const":
                self._values[operator.name] = self._convert(operator)
        for number, source in enumerate(self._outputs):
            value = self._plain(source)
            if value.order != CHANNELS_FIRST:
                raise ValueError(f"{source!r} does not give channels first")
            self._graph.node("Identity", [value.name], f"output_{number}")
            self._graph.output(f"output_{number}", value.shape)
        return self._graph.file()

    def _needed(self) -> list[Operator]:
        """List the operators that lead to the outputs, each after those that it takes from."""
        done: dict[str, Operator] = {}
        waiting = [(name, False) for name in reversed(self._outputs)]
        while waiting:
            name, sources_done = waiting.pop()
            operator = self._model.operators[name]
            if sources_done:
                done.setdefault(name, operator)
            elif name not in done:
                waiting.append((name, True))
                waiting += [(source, False) for source in reversed(operator.inputs)]
        return list(done.values())

    def _convert(self, operator: Operator) -> _Value:
        match operator.kind:
            case "Placeholder":
                shape = tuple(int(each["size"]) for each in operator.attributes["shape"]["shape"]["dim"])
                self._graph.input("input", shape)
                return _Value("input", CHANNELS_FIRST, shape)
            case "Transpose":
                return self._values[operator.inputs[0]].turned(self._whole(operator.inputs[1]))
            case "Pad" | "PadV2":
                return self._padded(operator)
            case "Conv2D":
                return self._convolution(operator)
            case "Add" | "AddV2":
                return self._sum(operator)
            case "LeakyRelu":
                value = self._plain(operator.inputs[0])
                return self._one("LeakyRelu", value, value.shape, alpha=operator.real("alpha"))
            case "MaxPool":
                return self._pooling(operator)
            case "ConcatV2":
                return self._joined(operator)
            case "ResizeBilinear":
                return self._resized(operator)
        raise ValueError(f"{operator.name!r}: operators {operator.kind!r} are not converted")

    def _padded(self, operator: Operator) -> _Value:
        value = self._plain(operator.inputs[0])
        around = self._constant(operator.inputs[1])
        first: dict[int, tuple[int, int]] = {value.order[n]: (int(a), int(b)) for n, (a, b) in enumerate(around)}
        if first[0] != (0, 0) or first[1] != (0, 0):
            raise ValueError(f"{operator.name!r} pads more than height and width")
        with_what = float(self._constant(operator.inputs[2])) if operator.kind == "PadV2" else 0.0
        if with_what not in {0.0, -np.inf}:
            raise ValueError(f"{operator.name!r} pads with {with_what}")
        (top, bottom), (left, right) = first[2], first[3]
        return _Value(value.name, value.order, value.shape, (top, left, bottom, right))

    def _convolution(self, operator: Operator) -> _Value:
        value = self._channels_last(operator)
        if any(each != 1 for each in operator.integers("dilations")):
            raise ValueError(f"{operator.name!r} is dilated")
        kernel = self._constant(operator.inputs[1]).astype(np.float32)
        height, width, _, channels = kernel.shape
        # TensorFlow: height, width, in, out; ONNX: out, in, height, width.
        weights = self._graph.constant(self._name("weights"), kernel.transpose(3, 2, 0, 1))
        inputs = [value.name, weights]
        bias = self._bias(operator)
        if bias is not None:
            inputs.append(self._graph.constant(self._name("bias"), bias))
        _, rows, columns, _ = operator.integers("strides")
        shape = _slid(value, channels, (height, width), (rows, columns))
        name = self._graph.node(
            "Conv",
            inputs,
            self._name("convolution"),
            kernel_shape=(height, width),
            strides=(rows, columns),
            pads=value.padding,
        )
        return _Value(name, CHANNELS_LAST, shape)

    def _bias(self, operator: Operator) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
        """Find what is added to each channel right after a convolution."""
        takers = [each for each in self._order if operator.name in each.inputs]
        if len(takers) != 1 or takers[0].kind not in {"Add", "AddV2"}:
            return None
        other = next(each for each in takers[0].inputs if each != operator.name)
        weights = self._model.weights.get(other)
        return weights.astype(np.float32) if weights is not None and weights.ndim == 1 else None

    def _sum(self, operator: Operator) -> _Value:
        constants = [each for each in operator.inputs if each in self._model.weights]
        if constants:
            source = next(each for each in operator.inputs if each not in constants)
            before = self._model.operators[source]
            if before.kind != "Conv2D" or self._bias(before) is None:
                raise ValueError(f"{operator.name!r} adds a constant to something else than a convolution")
            return self._plain(source)
        one, other = (self._plain(each) for each in operator.inputs)
        if one.order != other.order or one.shape != other.shape:
            raise ValueError(f"{operator.name!r} adds {one.shape} and {other.shape}")
        name = self._graph.node("Add", [one.name, other.name], self._name("sum"))
        return _Value(name, one.order, one.shape)

    def _pooling(self, operator: Operator) -> _Value:
        value = self._channels_last(operator)
        _, height, width, _ = operator.integers("ksize")
        _, rows, columns, _ = operator.integers("strides")
        shape = _slid(value, value.shape[1], (height, width), (rows, columns))
        return self._one(
            "MaxPool", value, shape, kernel_shape=(height, width), strides=(rows, columns), pads=value.padding
        )

    def _joined(self, operator: Operator) -> _Value:
        *sources, axis_name = operator.inputs
        values = [self._plain(each) for each in sources]
        if len({value.order for value in values}) != 1:
            raise ValueError(f"{operator.name!r} joins values of different orders")
        axis = values[0].order[int(self._constant(axis_name))]
        sizes = list(values[0].shape)
        sizes[axis] = sum(value.shape[axis] for value in values)
        name = self._graph.node("Concat", [value.name for value in values], self._name("joined"), axis=axis)
        return _Value(name, values[0].order, tuple(sizes))

    def _resized(self, operator: Operator) -> _Value:
        value = self._channels_last(operator)
        if operator.flag("align_corners") or not operator.flag("half_pixel_centers"):
            raise ValueError(f"{operator.name!r} is resized in a way that is not converted")
        height, width = self._whole(operator.inputs[1])
        shape = (*value.shape[:2], height, width)
        scales = np.array([new / old for new, old in zip(shape, value.shape, strict=True)], np.float32)
        name = self._graph.node(
            "Resize",
            [value.name, "", self._graph.constant(self._name("scales"), scales)],
            self._name("resized"),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
        return _Value(name, value.order, shape)

    def _one(
        self, kind: str, value: _Value, shape: tuple[int, ...], **attributes: float | str | Sequence[int]
    ) -> _Value:
        name = self._graph.node(kind, [value.name], self._name(kind.lower()), **attributes)
        return _Value(name, value.order, shape)

    def _channels_last(self, operator: Operator) -> _Value:
        value = self._values[operator.inputs[0]]
        padding = operator.text("padding") if "padding" in operator.attributes else "VALID"
        if value.order != CHANNELS_LAST or padding != "VALID":
            raise ValueError(f"{operator.name!r}: channels last and explicit padding are expected")
        return value

    def _plain(self, name: str) -> _Value:
        """Give a value of which no padding is left to be written."""
        value = self._values[name]
        if any(value.padding):
            raise ValueError(f"{name!r} is padded before something else than a convolution or a pooling")
        return value

    def _whole(self, name: str) -> list[int]:
        return [int(each) for each in self._constant(name)]

    def _constant(self, name: str) -> Weights:
        return self._model.weights[name]

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"


def _slid(value: _Value, channels: int, kernel: tuple[int, int], strides: tuple[int, int]) -> tuple[int, ...]:
    """Compute the shape of what a window gives that is moved over a padded value."""
    top, left, bottom, right = value.padding
    height = (value.shape[2] + top + bottom - kernel[0]) // strides[0] + 1
    width = (value.shape[3] + left + right - kernel[1]) // strides[1] + 1
    return (1, channels, height, width)
