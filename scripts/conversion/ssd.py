"""SSD-MobileNetV2 of TensorFlow's detection model zoo (2018_03_29, 300 x 300) as an ONNX graph.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2; Liu et al., "SSD", 2016. Batch
normalisation is folded into the convolutions; of the 91 outputs a box the 80 that COCO names are kept.
"""

from pathlib import Path
from typing import Final

import numpy as np
import onnx

from scripts.conversion.frozen_graph import read_constants
from scripts.conversion.graph import Floats, Graph

__all__ = ["build_ssd"]

SIDE: Final = 300
EPSILON: Final = 1e-3
# stride of each inverted residual block; expansions and channels are the weights'
BLOCK_STRIDES: Final = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)
EXTRAS: Final = ((2, 256, 512), (3, 128, 256), (4, 128, 256), (5, 64, 128))
ANCHORS: Final = (3, 6, 6, 6, 6, 6)
# COCO's ids that have no class
UNUSED: Final = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
PREFIX: Final = "FeatureExtractor/MobilenetV2/"


def build_ssd(weights: Path) -> onnx.ModelProto:
    """From `image` (1 x 300 x 300 x 3, RGB / 127.5 - 1) to `offsets` (1 x 1917 x 1 x 4) and `logits` (1 x 1917 x 80).

    Raises `ValueError` or `KeyError` for a file that is not this network's.
    """
    return _Builder(read_constants(weights)).build()


class _Builder:
    def __init__(self, weights: dict[str, Floats]) -> None:
        self._weights = weights
        self._graph = Graph()
        self._side = SIDE
        self._offsets: list[str] = []
        self._logits: list[str] = []

    def build(self) -> onnx.ModelProto:
        graph = self._graph
        for name, limit in (("zero", 0.0), ("six", 6.0)):
            graph.tensor(name, np.array(limit, np.float32))
        value = graph.node("Transpose", ["image"], perm=[0, 3, 1, 2])
        value = self._layer(value, "Conv", stride=2)
        for number, stride in enumerate(BLOCK_STRIDES):
            value = self._block(value, number, stride)
        value = self._layer(value, "Conv_1")
        self._predict(value, 1)
        for number, middle, channels in EXTRAS:
            value = self._layer(value, f"layer_19_1_Conv2d_{number}_1x1_{middle}")
            name = f"layer_19_2_Conv2d_{number}_3x3_s2_{channels}"
            value = self._layer(value, f"{name}_depthwise", stride=2, depthwise=True)
            value = self._layer(value, name)
            self._predict(value, number)
        graph.node("Concat", self._offsets, output="offsets", axis=1)
        graph.node("Concat", self._logits, output="logits", axis=1)
        shapes = {"offsets": (1, 1917, 1, 4), "logits": (1, 1917, 80)}
        return graph.model("ssd_mobilenet_v2", {"image": (1, SIDE, SIDE, 3)}, shapes)

    def _block(self, value: str, number: int, stride: int) -> str:
        name, entry = f"expanded_conv_{number}" if number else "expanded_conv", value
        if number:
            value = self._layer(value, f"{name}/expand")
        if number == 13:
            self._predict(value, 0)  # before its stride: the finest grid
        value = self._layer(value, f"{name}/depthwise", stride=stride, depthwise=True)
        value = self._layer(value, f"{name}/project", clip=False)
        channels = [self._weights[f"{PREFIX}{name}/{part}"].shape for part in ("project/weights",)]
        same = number and stride == 1 and self._weights[f"{PREFIX}{name}/expand/weights"].shape[2] == channels[0][3]
        return self._graph.node("Add", [value, entry]) if same else value

    def _layer(self, value: str, name: str, *, stride: int = 1, depthwise: bool = False, clip: bool = True) -> str:
        kernel, bias = self._folded(name, depthwise=depthwise)
        pads = self._pads(kernel.shape[2], stride)
        group = kernel.shape[0] if depthwise else 1
        value = self._graph.convolution(value, name, kernel, bias, stride=stride, pads=pads, group=group)
        return self._graph.node("Clip", [value, "zero", "six"]) if clip else value

    def _pads(self, size: int, stride: int) -> tuple[int, int, int, int]:
        """SAME padding as TensorFlow has it: the odd pixel behind. Goes on to the next grid."""
        after = -(-self._side // stride)
        total = max((after - 1) * stride + size - self._side, 0)
        self._side = after
        return total // 2, total // 2, total - total // 2, total - total // 2

    def _folded(self, name: str, *, depthwise: bool) -> tuple[Floats, Floats]:
        kernel = self._weights[f"{PREFIX}{name}/{'depthwise_weights' if depthwise else 'weights'}"].astype(np.float64)
        gamma, beta, mean, variance = (
            self._weights[f"{PREFIX}{name}/BatchNorm/{part}"].astype(np.float64)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        kernel = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(3, 2, 0, 1)
        scale = gamma / np.sqrt(variance + EPSILON)
        return (kernel * scale[:, None, None, None]).astype(np.float32), (beta - mean * scale).astype(np.float32)

    def _predict(self, value: str, level: int) -> None:
        anchors, named = ANCHORS[level], [place for place in range(1, 91) if place not in UNUSED]
        kernel, bias = self._head(level, "ClassPredictor")
        kept = [anchor * 91 + place for anchor in range(anchors) for place in named]
        self._logits.append(self._output(value, f"classes{level}", kernel[kept], bias[kept], [1, -1, 80]))
        kernel, bias = self._head(level, "BoxEncodingPredictor")
        self._offsets.append(self._output(value, f"boxes{level}", kernel, bias, [1, -1, 1, 4]))

    def _head(self, level: int, part: str) -> tuple[Floats, Floats]:
        name = f"BoxPredictor_{level}/{part}"
        return self._weights[f"{name}/weights"].transpose(3, 2, 0, 1), self._weights[f"{name}/biases"]

    def _output(self, value: str, name: str, kernel: Floats, bias: Floats, shape: list[int]) -> str:
        margin = kernel.shape[2] // 2
        value = self._graph.convolution(value, name, kernel, bias, stride=1, pads=[margin] * 4)
        value = self._graph.node("Transpose", [value], perm=[0, 2, 3, 1])
        return self._graph.node("Reshape", [value, self._graph.tensor(f"{name}.shape", np.array(shape, np.int64))])
