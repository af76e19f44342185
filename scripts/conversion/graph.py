"""Building ONNX graphs by hand, and packing their weights."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Floats", "Graph", "packed"]

Floats: TypeAlias = npt.NDArray[np.float32]

OPSET: Final = 17
IR_VERSION: Final = 8
SMALL: Final = 256
"""Numbers; smaller tensors stay as they are: they hold biases and shapes, and packing them saves nothing."""


class Graph:
    """Collects nodes and tensors. Values are named as they come, so the same calls make the same bytes."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: dict[str, onnx.TensorProto] = {}

    def tensor(self, name: str, array: npt.NDArray[Any]) -> str:
        """Keep an array under a name; gives the name."""
        self._tensors[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], *, output: str = "", **attributes: Any) -> str:
        """Add a node with one output; gives the output's name."""
        output = output or f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def convolution(
        self, value: str, name: str, kernel: Floats, bias: Floats, *, stride: int, pads: Sequence[int], group: int = 1
    ) -> str:
        """A convolution; `kernel` is out x in / group x height x width, `pads` top, left, bottom, right."""
        inputs = [value, self.tensor(f"{name}.weight", kernel), self.tensor(f"{name}.bias", bias)]
        sides = {"kernel_shape": list(kernel.shape[2:]), "strides": [stride, stride], "pads": list(pads)}
        return self.node("Conv", inputs, group=group, **sides)

    def model(self, name: str, inputs: dict[str, Sequence[int]], outputs: dict[str, Sequence[int]]) -> onnx.ModelProto:
        """The graph as a model with float inputs and outputs of these shapes."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(each, TensorProto.FLOAT, list(shape)) for each, shape in inputs.items()],
            [helper.make_tensor_value_info(each, TensorProto.FLOAT, list(shape)) for each, shape in outputs.items()],
            list(self._tensors.values()),
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="scopix"
        )


def packed(model: onnx.ModelProto, *, bytes_from: int) -> onnx.ModelProto:
    """The model with weights of 16 bits, and of 8 bits scaled by output channel in tensors of `bytes_from` numbers on.

    They are unpacked when the model is loaded, so nothing is slower. Depthwise kernels never have 8 bits: with few
    numbers a channel, scores were off by up to .8. In large kernels of heads they are off by at most .023.
    """
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    tensors, nodes = [], []
    for name, array in weights.items():
        if array.dtype != np.float32 or array.size < SMALL:
            tensors.append(numpy_helper.from_array(array, name))
        elif array.ndim >= 2 and array.size >= bytes_from:
            scale = np.abs(array).max(axis=tuple(range(1, array.ndim)), keepdims=True) / np.float32(127)
            scale[scale == 0] = 1
            tensors.append(numpy_helper.from_array(np.round(array / scale).astype(np.int8), f"{name}_bytes"))
            tensors.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"))
            nodes.append(helper.make_node("Cast", [f"{name}_bytes"], [f"{name}_cast"], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [f"{name}_cast", f"{name}_scale"], [name]))
        else:
            tensors.append(numpy_helper.from_array(array.astype(np.float16), f"{name}_half"))
            nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.initializer[:]
    result.graph.initializer.extend(tensors)
    old = list(result.graph.node)
    del result.graph.node[:]
    result.graph.node.extend([*nodes, *old])
    return result
