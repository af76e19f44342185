"""What a photograph shows: EfficientNet-Lite2 on ImageNet's 1,000 classes, summed into a few groups.

The single classes are often wrong on pictures unlike ImageNet's; their groups ("cat", "building") hold better. Classes
that the network answers for bare texture are on a block list and never counted (see data/imagenet_groups.tsv).
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import LabelGroup, Scene
from scopix_server.perception.networks import Network

__all__ = ["NETWORK", "ImageClass", "Labeller", "Labelling", "load_classes", "table"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

NETWORK: Final = "efficientnet_lite2.onnx"
INPUT_SIDE: Final = 260
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
    """`groups` and `scenes`, likeliest first, each at least .05; `embedding`: 1280 features for similar images."""

    groups: tuple[LabelGroup, ...]
    embedding: tuple[float, ...]
    scenes: tuple[Scene, ...] = ()


def load_classes() -> tuple[ImageClass, ...]:
    """The 1,000 classes in the order of the network's outputs."""
    return tuple(ImageClass(row["name"], row["group"], row["blocked"] == "1") for row in table("imagenet_groups.tsv"))


def table(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table in this room's data, by their columns' names; lines that begin with # are notes."""
    text = resources.files("scopix_server.perception").joinpath("data", name).read_text("utf-8")
    yield from csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t")


def _load_scenes(classes: Sequence[ImageClass]) -> dict[str, npt.NDArray[np.intp]]:
    """The places of each scene's classes among the network's outputs."""
    found = {}
    for row in table("scenes.tsv"):
        pattern = re.compile(row["classes"], re.IGNORECASE)
        places = [place for place, each in enumerate(classes) if pattern.search(each.name)]
        found[row["scene"]] = np.array(places, np.intp)
    return found


class Labeller:
    """Labels images. Build one per process; it may be shared by threads.

    Raises `scopix_models.DamagedModel` when the network's file is not there.
    """

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self.classes = load_classes()
        self._scenes = _load_scenes(self.classes)
        self._network = Network(NETWORK)

    def probabilities(self, image: Pixels) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """`probs` (1000, sum 1) and `embedding` (1280) of `image` (RGB, H x W x 3), averaged over two views."""
        views = np.stack([_normalised(_centre_crop(image)), _normalised(_letterbox(image))])
        probs, embedding = self._network.run(views, ["probs", "embedding"])
        return probs.mean(axis=0), embedding.mean(axis=0)

    def look(self, image: Pixels) -> npt.NDArray[np.float32]:
        """The probabilities alone."""
        return self.probabilities(image)[0]

    def label(self, image: Pixels) -> Labelling:
        """The groups of `image` (RGB, H x W x 3) and its embedding."""
        probs, embedding = self.probabilities(image)
        return Labelling(self._grouped(probs), tuple(float(value) for value in embedding), self._surroundings(probs))

    def _surroundings(self, probs: npt.NDArray[np.float32]) -> tuple[Scene, ...]:
        sums = (Scene(name, min(1.0, float(probs[places].sum()))) for name, places in self._scenes.items())
        likely = [scene for scene in sums if scene.probability >= MIN_PROBABILITY]
        return tuple(sorted(likely, key=lambda scene: (-scene.probability, scene.name)))

    def _grouped(self, probs: npt.NDArray[np.float32]) -> tuple[LabelGroup, ...]:
        members: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for probability, image_class in zip(probs.tolist(), self.classes, strict=True):
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
