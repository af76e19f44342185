"""Frontal faces: OpenCV's Haar cascade, which lies inside the OpenCV 4 wheel (5 has dropped it).

Method: Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features", 2001. The weight of a
find is the sum of the last stage's votes; on pictures without faces false finds stayed below 3.5, a true face had 6.3.
"""

from pathlib import Path
from typing import Final, TypeAlias

import cv2
import cv2.data
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Box, Face

__all__ = ["FaceFinder"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MIN_WEIGHT: Final = 5.0
MAX_SIDE: Final = 800
MIN_FACE: Final = 24
"""Pixels after the downscale: the size the cascade was trained on."""
SCALE_STEP: Final = 1.1
MIN_NEIGHBOURS: Final = 5


class FaceFinder:
    """Finds upright frontal faces. Build one per thread: a cascade keeps state while it searches.

    Raises `FileNotFoundError` if the cascade is missing from the OpenCV installation.
    """

    def __init__(self) -> None:
        path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is missing: opencv-python-headless must be older than 5")
        self._cascade = cv2.CascadeClassifier(str(path))

    def find(self, image: Pixels) -> tuple[Face, ...]:
        """Faces of weight 5 or more on `image` (RGB, H x W x 3), surest first."""
        height, width = image.shape[:2]
        shrink = min(1.0, MAX_SIDE / max(height, width))
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        if min(size) < MIN_FACE:
            return ()
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if shrink < 1 else image
        boxes, _, weights = self._cascade.detectMultiScale3(
            cv2.cvtColor(small, cv2.COLOR_RGB2GRAY),
            scaleFactor=SCALE_STEP,
            minNeighbors=MIN_NEIGHBOURS,
            minSize=(MIN_FACE, MIN_FACE),
            outputRejectLevels=True,
        )
        # Without a find OpenCV answers empty tuples instead of arrays.
        found = zip(np.reshape(boxes, (-1, 4)).tolist(), np.reshape(weights, -1).tolist(), strict=True)
        faces = [Face(_box(box, size), float(weight)) for box, weight in found if weight >= MIN_WEIGHT]
        return tuple(sorted(faces, key=lambda face: (-face.weight, face.box.x, face.box.y)))


def _box(box: list[int], size: tuple[int, int]) -> Box:
    left, top, width, height = box
    return Box(left / size[0], top / size[1], width / size[0], height / size[1])
