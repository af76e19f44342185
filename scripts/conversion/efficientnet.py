"""EfficientNet-Lite2 as an ONNX graph, built without torch from the weights file of its package.

The weights come as torch's legacy file: four pickles (magic number, protocol, machine, state), the list of storage
keys, then each storage's raw bytes. Only the few names such a file needs may be unpickled; anything else is refused,
so a tampered file cannot run code.

The architecture is the Lite family's: no squeeze-and-excitation, ReLU6, stem and head not scaled (Tan and Le,
"EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019, and its Lite variants, 2020).
"""

import math
import os
import pickle
import struct
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["INPUT_SIDE", "build_model", "read_weights", "write_model"]

Weights: TypeAlias = Mapping[str, npt.NDArray[Any]]

INPUT_SIDE: Final = 260
WIDTH: Final = 1.1
DEPTH: Final = 1.2
BATCH_NORM_EPSILON: Final = 1e-3
# repeats, stride, expansion, channels out; of Lite0, to be scaled by WIDTH and DEPTH (kernel sizes are the weights')
STAGES: Final = (
    (1, 1, 1, 16),
    (2, 2, 6, 24),
    (2, 2, 6, 40),
    (3, 2, 6, 80),
    (3, 1, 6, 112),
    (4, 2, 6, 192),
    (1, 1, 6, 320),
)
MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION: Final = 1001
OPSET: Final = 17
IR_VERSION: Final = 8
STORAGES: Final = {"FloatStorage": np.dtype("<f4"), "HalfStorage": np.dtype("<f2"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Where a tensor's numbers lie: filled in once its storage has been read."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _StateUnpickler(pickle.Unpickler):
    """Unpickles a state dictionary into `_Tensor` places; `types` collects each storage's element type by its key."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.types: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _place
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no business in a weights file")

    def persistent_load(self, pid: Any) -> str:
        kind, dtype, key, _location, _count, _view = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"unknown kind of persistent object: {kind!r}")
        self.types[key] = dtype
        return str(key)


def _place(storage: str, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


def read_weights(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a legacy torch file by name, as arrays.

    Raises `pickle.UnpicklingError` for a file of another format or one that asks for anything but tensors, and
    `EOFError` for one cut short.
    """
    with path.open("rb") as file:
        if _plain(file) != MAGIC_NUMBER or _plain(file) != PROTOCOL_VERSION:
            raise pickle.UnpicklingError(f"{path.name} is not a legacy torch file")
        _plain(file)  # the machine's byte order and type sizes: always little-endian in published files
        unpickler = _StateUnpickler(file)
        state = unpickler.load()
        storages = {str(key): _read_storage(file, unpickler.types[key]) for key in _plain(file)}
    return {name: _take(storages[tensor.storage], tensor) for name, tensor in state.items()}


def _plain(file: BinaryIO) -> Any:
    return _StateUnpickler(file).load()


def _read_storage(file: BinaryIO, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    header = file.read(8)
    count = struct.unpack("<q", header)[0] if len(header) == 8 else -1
    data = file.read(count * dtype.itemsize) if count >= 0 else b""
    if count < 0 or len(data) != count * dtype.itemsize:
        raise EOFError("the weights file ends inside a storage")
    return np.frombuffer(data, dtype)


def _take(storage: npt.NDArray[Any], tensor: _Tensor) -> npt.NDArray[Any]:
    """The tensor's numbers; strides matter: kernels converted from another layout are stored transposed."""
    last = tensor.offset + sum((length - 1) * step for length, step in zip(tensor.shape, tensor.stride, strict=True))
    if (
        tensor.offset < 0
        or min(tensor.stride, default=0) < 0
        or min(tensor.shape, default=1) < 1
        or last >= len(storage)
    ):
        raise pickle.UnpicklingError(f"tensor of shape {tensor.shape} reaches outside its storage")
    strides = tuple(step * storage.itemsize for step in tensor.stride)
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides, writeable=False)


def build_model(weights: Weights) -> onnx.ModelProto:
    """The network as ONNX: input `image` (N x 3 x 260 x 260 float32, (value - 127) / 128, RGB), outputs `probs`
    (N x 1000, softmax) and `embedding` (N x 1280, pooled features).

    Raises `KeyError` if a tensor is missing.
    """
    graph = _Graph(weights)
    value, side = graph.convolution("image", "_conv_stem", "_bn0", side=INPUT_SIDE, stride=2)
    for number, (stride, expansion, channels_in, channels_out) in enumerate(_blocks()):
        prefix, entry = f"_blocks.{number}.", value
        if expansion > 1:
            value, side = graph.convolution(value, prefix + "_expand_conv", prefix + "_bn0", side=side)
        value, side = graph.convolution(
            value, prefix + "_depthwise_conv", prefix + "_bn1", side=side, stride=stride, depthwise=True
        )
        value, side = graph.convolution(value, prefix + "_project_conv", prefix + "_bn2", side=side, clip=False)
        if stride == 1 and channels_in == channels_out:
            value = graph.node("Add", [value, entry])
    value, _ = graph.convolution(value, "_conv_head", "_bn1", side=side)
    pooled = graph.node("GlobalAveragePool", [value])
    graph.node("Flatten", [pooled], output="embedding")
    matrix, bias = graph.tensor("_fc.weight"), graph.tensor("_fc.bias")
    logits = graph.node("Gemm", ["embedding", matrix, bias], transB=1)
    graph.node("Softmax", [logits], output="probs", axis=1)
    return graph.model()


def _blocks() -> list[tuple[int, int, int, int]]:
    """Stride, expansion, channels in and out of every block of Lite2."""
    blocks = []
    before = 32
    for number, (repeats, stride, expansion, channels) in enumerate(STAGES):
        fixed_depth = number in (0, len(STAGES) - 1)
        after = _scaled(channels)
        for repeat in range(repeats if fixed_depth else math.ceil(repeats * DEPTH)):
            blocks.append((stride if repeat == 0 else 1, expansion, before, after))
            before = after
    return blocks


def _scaled(channels: int) -> int:
    """Channels times WIDTH, to the nearest multiple of 8, but never more than 10 % below."""
    wanted = channels * WIDTH
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


class _Graph:
    """Collects nodes and initialisers; names values as it goes."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: dict[str, onnx.TensorProto] = {}
        for name, limit in (("zero", 0.0), ("six", 6.0)):
            self._add(name, np.array(limit, np.float32))

    def _add(self, name: str, array: npt.NDArray[Any]) -> str:
        self._tensors[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def tensor(self, name: str) -> str:
        return self._add(name, self._weights[name].astype(np.float32))

    def node(self, kind: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        output = output or f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolution(
        self,
        value: str,
        name: str,
        norm: str,
        *,
        side: int,
        stride: int = 1,
        depthwise: bool = False,
        clip: bool = True,
    ) -> tuple[str, int]:
        """A convolution with its batch norm folded in, SAME padding and ReLU6; gives the value and its side."""
        kernel, bias = self._folded(name + ".weight", norm)
        size, after = kernel.shape[2], -(-side // stride)
        total = max((after - 1) * stride + size - side, 0)
        before, behind = total // 2, total - total // 2
        inputs = [value, self._add(name + ".weight", kernel), self._add(name + ".bias", bias)]
        value = self.node(
            "Conv",
            inputs,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, behind, behind],
            group=kernel.shape[0] if depthwise else 1,
        )
        return (self.node("Clip", [value, "zero", "six"]) if clip else value), after

    def _folded(self, name: str, norm: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Kernel and bias that do what the convolution followed by batch normalisation does."""
        gamma, beta, mean, variance = (
            self._weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        kernel = self._weights[name].astype(np.float64) * scale[:, None, None, None]
        return kernel.astype(np.float32), (beta - mean * scale).astype(np.float32)

    def model(self) -> onnx.ModelProto:
        sides: list[str | int | None] = ["N", 3, INPUT_SIDE, INPUT_SIDE]
        graph = helper.make_graph(
            self._nodes,
            "efficientnet_lite2",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, sides)],
            [
                helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["N", 1000]),
                helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 1280]),
            ],
            list(self._tensors.values()),
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="scopix"
        )


def write_model(weights: Path, target: Path) -> None:
    """Builds the network from a weights file and puts it at `target` in one move, so no reader sees half a file.

    Several processes may do so at once: each writes its own temporary file and the last move wins.
    Raises what `read_weights` raises, and `OSError` if the folder cannot be written.
    """
    data = build_model(read_weights(weights)).SerializeToString(deterministic=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
