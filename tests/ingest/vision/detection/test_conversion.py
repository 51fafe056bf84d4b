import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ingest.vision.detection.installing.conversion import converted
from ingest.vision.detection.installing.graph_model import read_graph_model
from ingest.vision.detection.installing.onnx_file import OnnxGraph

TO_LAST, TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
EDGES = [[0, 0], [0, 0], [1, 1], [1, 1]]


class Written:
    """Writes a graph model as TensorFlow.js has it."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.data = b""

    def node(self, name: str, kind: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append({"name": name, "op": kind, "input": list(inputs), "attr": attributes})
        return name

    def constant(self, name: str, values: Any, stored: str | None = None) -> str:
        values = np.asarray(values)
        kind = "int32" if values.dtype.kind == "i" else "float32"
        entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": kind}
        if stored is not None:
            entry["quantization"] = {"dtype": stored}
        self.entries.append(entry)
        self.data += values.astype(stored or kind).tobytes()
        return self.node(name, "Const")

    def turned(self, name: str, source: str, way: list[int]) -> str:
        return self.node(name, "Transpose", source, self.constant(f"{name}/perm", np.array(way, np.int32)))

    def file(self) -> bytes:
        manifest = [{"paths": ["weights.bin"], "weights": self.entries}]
        topology = {"node": self.nodes}
        model = {"format": "graph-model", "modelTopology": topology, "weightsManifest": manifest}
        return json.dumps(model).encode()


def integers(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(each) for each in values]}}


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


SLIDING = {"padding": text("VALID"), "dilations": integers(1, 1, 1, 1)}


def network() -> tuple[Written, np.ndarray, np.ndarray]:
    """Draw a network with one of each operator, as a converter from ONNX to TensorFlow leaves it."""
    rng = np.random.default_rng(3)
    # Half precision holds these exactly.
    kernel = (rng.integers(-8, 8, (3, 3, 2, 4)) / 8).astype(np.float32)
    bias = (rng.integers(-8, 8, 4) / 8).astype(np.float32)
    w = Written()
    shape = {"shape": {"dim": [{"size": str(each)} for each in (1, 2, 8, 8)]}}
    w.node("in", "Placeholder", shape=shape)
    w.node("pad", "Pad", "in", w.constant("around", np.array(EDGES, np.int32)))
    w.turned("last", "pad", TO_LAST)
    strides = integers(1, 2, 2, 1)
    w.node("conv", "Conv2D", "last", w.constant("kernel", kernel, "float16"), strides=strides, **SLIDING)
    w.node("biased", "Add", "conv", w.constant("bias", bias, "float16"))
    w.turned("first", "biased", TO_FIRST)
    w.node("leaky", "LeakyRelu", "first", alpha={"f": 0.25})
    nothing = w.constant("nothing", np.array(-np.inf, np.float32))
    w.node("padded", "PadV2", "leaky", w.constant("around2", np.array(EDGES, np.int32)), nothing)
    w.turned("last2", "padded", TO_LAST)
    w.node("pool", "MaxPool", "last2", ksize=integers(1, 3, 3, 1), strides=strides, padding=text("VALID"))
    w.node("grown", "ResizeBilinear", "pool", w.constant("size", np.array([4, 4], np.int32)),
           align_corners={"b": False}, half_pixel_centers={"b": True})  # fmt: skip
    w.turned("first2", "grown", TO_FIRST)
    w.node("sum", "AddV2", "leaky", "first2")
    w.node("joined", "ConcatV2", "sum", "leaky", w.constant("axis", np.array(1, np.int32)))
    return w, kernel, bias


def expected(picture: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Compute what the network gives, plainly."""
    padded = np.pad(picture[0], ((0, 0), (1, 1), (1, 1)))
    leaky = np.empty((4, 4, 4), np.float32)
    for row in range(4):
        for column in range(4):
            window = padded[:, row * 2 : row * 2 + 3, column * 2 : column * 2 + 3]
            leaky[:, row, column] = np.einsum("chw,hwco->o", window, kernel) + bias
    leaky = np.where(leaky > 0, leaky, leaky * 0.25)
    edged = np.pad(leaky, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    pooled = np.array(
        [
            [edged[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3].max((1, 2)) for column in (0, 1)]
            for row in (0, 1)
        ]
    ).transpose(2, 0, 1)
    # Twice as large, half pixels: each place lies a quarter between two values, and beyond the outer ones is no more.
    along = np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    grown = np.einsum("ra,cb,oab->orc", along, along, pooled)
    return np.concatenate([leaky + grown, leaky])


def test_a_converted_network_computes_the_same(tmp_path: Path):
    written, kernel, bias = network()
    content = converted(read_graph_model(written.file(), written.data), ["joined"], "drawn")
    path = tmp_path / "drawn.onnx"
    path.write_bytes(content)
    net = cv2.dnn.readNetFromONNX(str(path))
    picture = np.random.default_rng(5).normal(size=(1, 2, 8, 8)).astype(np.float32)
    net.setInput(picture)
    (given,) = net.forward(["output_0"])
    assert np.allclose(given[0], expected(picture, kernel, bias), atol=1e-4)


def test_the_same_network_gives_the_same_bytes():
    model = read_graph_model(network()[0].file(), network()[0].data)
    assert converted(model, ["joined"], "drawn") == converted(model, ["joined"], "drawn")


def test_transpositions_are_not_written():
    written, _, _ = network()
    content = converted(read_graph_model(written.file(), written.data), ["joined"], "drawn")
    assert b"Transpose" not in content
    assert b"Pad" not in content


@pytest.mark.parametrize(
    ("kind", "inputs"), [("Softmax", ["first"]), ("AddV2", ["first", "bias"]), ("LeakyRelu", ["pad"])]
)
def test_what_cannot_be_converted_is_refused(kind: str, inputs: list[str]):
    written, _, _ = network()
    written.node("strange", kind, *inputs, alpha={"f": 0.1})
    with pytest.raises(ValueError, match=r"strange|padded"):
        converted(read_graph_model(written.file(), written.data), ["strange"], "drawn")


def test_channels_last_are_no_output():
    written, _, _ = network()
    with pytest.raises(ValueError, match="channels first"):
        converted(read_graph_model(written.file(), written.data), ["grown"], "drawn")


def test_weights_that_are_not_all_there_are_refused():
    written, _, _ = network()
    with pytest.raises(ValueError):
        read_graph_model(written.file(), written.data[:-2])
    with pytest.raises(ValueError, match="of which"):
        read_graph_model(written.file(), written.data + b"\0")


def test_quantized_weights_are_refused():
    written, _, _ = network()
    written.entries[-1]["quantization"] = {"dtype": "uint8", "scale": 0.1, "min": 0}
    with pytest.raises(ValueError, match="form"):
        read_graph_model(written.file(), written.data)


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="graph model"):
        read_graph_model(b'{"format": "layers-model"}', b"")


def test_numbers_are_written_seven_bits_a_byte():
    graph = OnnxGraph("n")
    graph.node("Concat", ["a"], "b", axis=300)
    # Attribute: name, then field 3 (`i`) with 300 as a varint.
    assert b"\n\x04axis\x18\xac\x02" in graph.file()
    with pytest.raises(ValueError, match="negative"):
        graph.node("Concat", ["a"], "c", axis=-1)
