"""Frontal faces: OpenCV's Haar cascades, which lie inside the OpenCV 4 wheel (5 has dropped them).

Method: Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features", 2001. The image is
searched in coarse steps, which takes three fifths of the time of fine ones; each candidate is looked at again, cut
out and brought to one size, in fine steps. The weight of a find is the sum of the last stage's votes there. Bare
texture (gravel, grass, stained tissue) reaches weights of 6 now and then, so a second cascade, trained differently,
must find a face at the same place. Measured with 201 portraits pasted at 44 to 180 pixels into 67 photographs of 800
x 600: 176 found, one false find (searched in fine steps only: 161, none); on 26 pictures at 4 sizes, two of them with
a face: 8 of 8 and no other.
"""

import threading
from collections.abc import Iterable
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
COARSE_STEP: Final = 1.2
COARSE_NEIGHBOURS: Final = 2
ROOM: Final = 0.35
"""Room left around a candidate for the second look, as a part of its width."""
CLOSE_SIDE: Final = 120
CLOSE_FACE: Final = 36
CLOSE_STEP: Final = 1.04
CLOSE_NEIGHBOURS: Final = 4
CONFIRM_STEP: Final = 1.05
CONFIRM_NEIGHBOURS: Final = 2


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
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        if shrink < 1:
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        with self._lock:
            looked_at = [self._look_closely(grey, place) for place in self._candidates(grey)]
        faces = sorted(filter(None, looked_at), key=lambda face: (-face.weight, face.box.x, face.box.y))
        return tuple(_apart(faces))

    def _candidates(self, grey: Pixels) -> list[list[int]]:
        """Left, top, width and height, in pixels, of whatever might be a face."""
        boxes = self._search.detectMultiScale(
            grey, scaleFactor=COARSE_STEP, minNeighbors=COARSE_NEIGHBOURS, minSize=(MIN_FACE, MIN_FACE)
        )
        return np.reshape(boxes, (-1, 4)).tolist()

    def _look_closely(self, grey: Pixels, place: list[int]) -> Face | None:
        """The face at that place of which both cascades are sure enough, if there is one."""
        left, top, width, height = place
        room = int(ROOM * width)
        left, top, right, bottom = max(0, left - room), max(0, top - room), left + width + room, top + height + room
        part = grey[top:bottom, left:right]
        scale = CLOSE_SIDE / max(part.shape)
        size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
        close = np.asarray(cv2.resize(part, size), np.uint8)
        boxes, _, weights = self._search.detectMultiScale3(
            close,
            scaleFactor=CLOSE_STEP,
            minNeighbors=CLOSE_NEIGHBOURS,
            minSize=(CLOSE_FACE, CLOSE_FACE),
            outputRejectLevels=True,
        )
        # Without a find OpenCV answers empty tuples instead of arrays.
        finds = zip(np.reshape(weights, -1).tolist(), np.reshape(boxes, (-1, 4)).tolist(), strict=True)
        weight, box = max(finds, default=(0.0, []))
        if weight < MIN_WEIGHT or not self._confirmed(close):
            return None
        rows, columns = grey.shape
        return Face(
            Box(
                (left + box[0] / scale) / columns,
                (top + box[1] / scale) / rows,
                box[2] / scale / columns,
                box[3] / scale / rows,
            ),
            float(weight),
        )

    def _confirmed(self, close: Pixels) -> bool:
        """Whether the second cascade sees a face there, too."""
        seen = self._confirm.detectMultiScale(
            close, scaleFactor=CONFIRM_STEP, minNeighbors=CONFIRM_NEIGHBOURS, minSize=(CLOSE_FACE, CLOSE_FACE)
        )
        return len(seen) > 0


def _cascade(name: str) -> cv2.CascadeClassifier:
    path = Path(cv2.data.haarcascades) / name
    if not path.is_file():
        raise FileNotFoundError(f"{name} is missing: opencv-python-headless must be older than 5")
    return cv2.CascadeClassifier(str(path))


def _apart(faces: Iterable[Face]) -> list[Face]:
    """Of `faces`, surest first, those that are none of the earlier ones again: two candidates may lead to one face."""
    kept: list[Face] = []
    for face in faces:
        if not any(_holds_middle(other.box, face.box) or _holds_middle(face.box, other.box) for other in kept):
            kept.append(face)
    return kept


def _holds_middle(outer: Box, inner: Box) -> bool:
    across, down = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= across <= outer.x + outer.width and outer.y <= down <= outer.y + outer.height
