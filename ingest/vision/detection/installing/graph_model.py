"""Reads graph models of TensorFlow.js: a JSON file of operators, and a file of weights."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32] | npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a graph.

    Attributes:
        inputs: names of the operators that it takes from.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def integers(self, attribute: str) -> list[int]:
        """Read a list of integers."""
        return [int(each) for each in self.attributes[attribute]["list"].get("i", ())]

    def real(self, attribute: str) -> float:
        """Read a number."""
        return float(self.attributes[attribute]["f"])

    def text(self, attribute: str) -> str:
        """Read a text."""
        return base64.b64decode(self.attributes[attribute]["s"]).decode()

    def flag(self, attribute: str) -> bool:
        """Read a truth value."""
        return bool(self.attributes[attribute].get("b", False))


@dataclass(frozen=True, slots=True)
class GraphModel:
    """A graph and its weights.

    Attributes:
        operators: by name, in the file's order.
        weights: by the name of the operator `Const` that stands for them.
    """

    operators: Mapping[str, Operator]
    weights: Mapping[str, Weights]


def read_graph_model(described: bytes, weights: bytes) -> GraphModel:
    """Read a model of one file of weights.

    Args:
        described: the JSON file.
        weights: the file beside it; numbers of 16 bits are widened.

    Raises:
        ValueError: it is not such a model, or holds weights in a form that is not read here.
    """
    model = json.loads(described)
    if model.get("format") != "graph-model" or len(model.get("weightsManifest", ())) != 1:
        raise ValueError("not a graph model of TensorFlow.js with one group of weights")
    operators = {
        node["name"]: Operator(node["name"], node["op"], tuple(node.get("input", ())), node.get("attr", {}))
        for node in model["modelTopology"]["node"]
    }
    return GraphModel(operators, _weights(model["weightsManifest"][0]["weights"], weights))


def _weights(entries: list[dict[str, Any]], data: bytes) -> dict[str, Weights]:
    read: dict[str, Weights] = {}
    offset = 0
    for entry in entries:
        quantization = entry.get("quantization", {"dtype": entry["dtype"]})
        if entry["dtype"] not in {"float32", "int32"} or "scale" in quantization:
            raise ValueError(f"weights {entry['name']!r} are of a form that is not read here: {quantization}")
        stored = np.dtype(quantization["dtype"]).newbyteorder("<")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        flat = np.frombuffer(data, stored, count, offset)
        read[entry["name"]] = flat.astype(entry["dtype"]).reshape(entry["shape"])
        offset += flat.nbytes
    if offset != len(data):
        raise ValueError(f"{len(data)} bytes of weights, of which {offset} are described")
    return read
