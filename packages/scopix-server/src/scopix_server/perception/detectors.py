"""Two networks that propose things of COCO's 80 classes: SSD-MobileNetV2 and NanoDet-g.

Either alone errs in a third of its claims on pictures unlike COCO's; `objects.py` states what both, and a third
network, agree on. SSD: Liu et al., "SSD: Single Shot MultiBox Detector", 2016; MobileNetV2: Sandler et al., 2018.
NanoDet: RangiLyu, 2020, whose boxes are distributions over distances (Li et al., "Generalized Focal Loss", 2020).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scopix_server.domain.object_names import COCO_LABELS
from scopix_server.perception.networks import Network

__all__ = ["Corners", "NanoDet", "Proposal", "Ssd", "overlap", "share_inside", "without_doubles"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

SSD_FROM: Final = 0.30
"""Proposals below say nothing; from .5 on they may become claims, between they leave a count open."""
NANODET_FROM: Final = 0.25
"""Its scores are lower than SSD's: at .25 it still agrees rightly more often than not."""
GREY: Final = 114  # around the image, as NanoDet was trained
SSD_OVERLAP, NANODET_OVERLAP = 0.6, 0.5
"""As the networks were trained to be used: two boxes of a class that overlap more are one thing."""


@dataclass(frozen=True, slots=True)
class Corners:
    """A box by its sides in fractions of the image, 0..1."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Its share of the image."""
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something of a class, by one network: its label (of `COCO_LABELS`), score 0..1 and place."""

    label: str
    score: float
    corners: Corners


def _common(one: Corners, other: Corners) -> float:
    width = max(0.0, min(one.right, other.right) - max(one.left, other.left))
    return width * max(0.0, min(one.bottom, other.bottom) - max(one.top, other.top))


def overlap(one: Corners, other: Corners) -> float:
    """Return intersection over union, 0..1."""
    common = _common(one, other)
    return common / (one.area + other.area - common + 1e-9)


def share_inside(inner: Corners, outer: Corners) -> float:
    """Return the share of `inner` that lies in `outer`, 0..1."""
    return _common(inner, outer) / (inner.area + 1e-9)


def without_doubles(found: Iterable[Proposal], limit: float) -> list[Proposal]:
    """Return the proposals, surest first, without those that overlap a surer one of their label by over `limit`."""
    kept: list[Proposal] = []
    for each in sorted(found, key=lambda proposal: -proposal.score):
        if all(other.label != each.label or overlap(other.corners, each.corners) <= limit for other in kept):
            kept.append(each)
    return kept


class Ssd:
    """SSD with MobileNetV2 at 300 x 300 pixels."""

    _SIDE: Final = 300
    # Centres and sizes were trained in these units.
    _CENTRE_VARIANCE, _SIZE_VARIANCE = 10.0, 5.0

    def __init__(self) -> None:
        self._network = Network("ssd_mobilenet_v2.onnx")
        self._priors = _prior_boxes()

    def propose(self, image: Pixels) -> list[Proposal]:
        """Return what it finds on `image` (RGB, H x W x 3), surest first."""
        view = cv2.resize(image, (self._SIDE, self._SIDE), interpolation=cv2.INTER_LINEAR)
        offsets, logits = self._network.run(view.astype(np.float32)[None] / np.float32(127.5) - 1)
        scores = 1 / (1 + np.exp(-logits[0]))
        places, classes = np.nonzero(scores > SSD_FROM)
        corners = self._corners(offsets[0, :, 0])
        found = (
            Proposal(COCO_LABELS[kind], float(scores[place, kind]), Corners(*corners[place].tolist()))
            for place, kind in zip(places, classes, strict=True)
        )
        return without_doubles(found, SSD_OVERLAP)

    def _corners(self, offsets: Floats) -> Floats:
        """The boxes (1917 x 4: left, top, right, bottom in 0..1) from their offsets to the prior boxes."""
        y, x, height, width = self._priors.T
        centre_y = offsets[:, 0] / self._CENTRE_VARIANCE * height + y
        centre_x = offsets[:, 1] / self._CENTRE_VARIANCE * width + x
        half_height = np.exp(offsets[:, 2] / self._SIZE_VARIANCE) * height / 2
        half_width = np.exp(offsets[:, 3] / self._SIZE_VARIANCE) * width / 2
        sides = [centre_x - half_width, centre_y - half_height, centre_x + half_width, centre_y + half_height]
        return np.asarray(np.clip(np.stack(sides, axis=1), 0, 1), np.float32)


def _prior_boxes() -> Floats:
    """SSD's 1,917 prior boxes as centre y, centre x, height, width: six grids, scales .2 to .95 (Liu et al., 2.2)."""
    scales = [0.2 + 0.15 * step for step in range(6)] + [1.0]
    boxes: list[tuple[float, float, float, float]] = []
    for level, cells in enumerate((19, 10, 5, 3, 2, 1)):
        if level == 0:
            shapes = [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
        else:
            shapes = [(scales[level], ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 0.3333)]
            shapes.append(((scales[level] * scales[level + 1]) ** 0.5, 1.0))
        for row in range(cells):
            for column in range(cells):
                centre = (row + 0.5) / cells, (column + 0.5) / cells
                boxes += [(*centre, scale / ratio**0.5, scale * ratio**0.5) for scale, ratio in shapes]
    return np.array(boxes, np.float32)


class NanoDet:
    """NanoDet-g at 416 x 416 pixels, on the whole image in the middle of a grey square: stretched, it errs more."""

    _SIDE: Final = 416
    _STRIDES: Final = (8, 16, 32)
    _BINS: Final = 11
    # Of ImageNet in the order blue, green, red, as it was trained.
    _MEAN: Final = np.array([103.53, 116.28, 123.675], np.float32)
    _SCALE: Final = np.array([57.375, 57.12, 58.395], np.float32)

    def __init__(self) -> None:
        self._network = Network("nanodet_g.onnx")

    def propose(self, image: Pixels) -> list[Proposal]:
        """Return what it finds on `image` (RGB, H x W x 3), surest first."""
        view, inside = _letterboxed(image, self._SIDE)
        outputs = self._network.run(
            ((view[..., ::-1].astype(np.float32) - self._MEAN) / self._SCALE).transpose(2, 0, 1)[None]
        )
        found: list[Proposal] = []
        for stride in self._STRIDES:
            cells = (self._SIDE // stride) ** 2
            scores, bins = self._of_grid(outputs, cells)
            found += self._proposals(scores, bins, stride, inside)
        return without_doubles(found, NANODET_OVERLAP)

    def _of_grid(self, outputs: Sequence[Floats], cells: int) -> tuple[Floats, Floats]:
        """The outputs of the grid with so many cells: scores (cells x 80) and bins (cells x 4 x 11)."""
        of_grid = {output.shape[2]: output[0] for output in outputs if output.shape[1] == cells}
        return of_grid[len(COCO_LABELS)], of_grid[4 * self._BINS].reshape(cells, 4, self._BINS)

    def _proposals(self, scores: Floats, bins: Floats, stride: int, inside: Corners) -> list[Proposal]:
        width, height = inside.right - inside.left, inside.bottom - inside.top
        across = self._SIDE // stride
        found = []
        for cell, kind in zip(*np.nonzero(scores > NANODET_FROM), strict=True):
            weights = np.exp(bins[cell] - bins[cell].max(axis=1, keepdims=True))
            distances = (weights / weights.sum(axis=1, keepdims=True) * np.arange(self._BINS)).sum(axis=1) * stride
            y, x = (cell // across + 0.5) * stride, (cell % across + 0.5) * stride
            sides = np.array([x - distances[0], y - distances[1], x + distances[2], y + distances[3]])
            sides = (sides - [inside.left, inside.top] * 2) / ([width, height] * 2)
            corners = Corners(*np.clip(sides, 0, 1).tolist())
            found.append(Proposal(COCO_LABELS[kind], float(scores[cell, kind]), corners))
        return found


def _letterboxed(image: Pixels, side: int) -> tuple[Pixels, Corners]:
    """The whole image in the middle of a grey square of `side` pixels, and where it lies in it, in pixels."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (side - across) // 2, (side - down) // 2
    square = np.full((side, side, 3), GREY, np.uint8)
    square[top : top + down, left : left + across] = cv2.resize(image, (across, down), interpolation=how)
    return square, Corners(left, top, left + across, top + down)
