"""An analyzer without models, for tests and load trials: the same pixels get the same answer, and none of it is true.

All around it is real: pictures are decoded and damaged ones refused, thumbnails are made, descriptions are saved,
searched and exported. Only what would need a model (text, labels, a description) follows from a hash of the pixels.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Box, Colour, Description, ImageKind, LabelGroup, Perception, TextRegion

__all__ = ["ScriptedAnalyzer"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

_COLOURS: Final = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "black", "white")
_LABELS: Final = ("cat", "dog", "car", "tree", "chair", "bottle", "boat", "bird", "cup", "clock")
_EMBEDDING: Final = 1280  # as long as the label network's vectors, so that both can be stored
_GRID: Final = 16  # points a side: 768 numbers of three channels each, so the vector is filled up with zeros
_BOX: Final = Box(0.1, 0.4, 0.8, 0.2)
_QUAD: Final = ((0.1, 0.4), (0.9, 0.4), (0.9, 0.6), (0.1, 0.6))


class ScriptedAnalyzer:
    """The ports `Perceiver` and `Describer`, answered from a hash. Pure and cheap; threads may share it.

    Args:
        seconds: how long each image takes, asleep: for trials in which the time that models need matters.
    """

    name = "builtin"
    model = "scripted"

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def analyze(self, image: Pixels) -> Perception:
        """Make up a perception of `image` (RGB uint8, H x W x 3): one line of text, a label, a colour and a vector.

        The line is "Sample" with the first 8 hex digits of the pixels' hash, so that each picture can be searched for.
        The vector is the picture on a small grid: resized copies are similar, other pictures are not.
        """
        time.sleep(self._seconds)
        height, width = image.shape[:2]
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        mean = "".join(f"{round(channel):02x}" for channel in image.reshape(-1, 3).mean(axis=0))
        label = _pick(_LABELS, digest[4])
        return Perception(
            width=width,
            height=height,
            text=(TextRegion(f"Sample {digest.hex()[:8]}", _BOX, 0.99, _QUAD),),
            labels=(LabelGroup(label, 0.9, label, 0.8),),
            colours=(Colour(_pick(_COLOURS, digest[5]), 0.6, f"#{mean}"),),
            statistics={"aspect": width / height, "megapixels": width * height / 1e6, "unread_lines": 0.0},
            embedding=_embedding(image),
        )

    def look_at_page(self, image: Pixels, text: tuple[TextRegion, ...] | None = None) -> Perception:
        """Make up a perception of the picture of a page; `text` is what stands on it, where that is known."""
        seen = self.analyze(image)
        return seen if text is None else replace(seen, text=text)

    def read(self, image: Pixels) -> tuple[TextRegion, ...]:
        """Make up what stands on the picture of a page: one line, by its pixels."""
        return self.analyze(image).text

    def describe(self, perception: Perception, category: str) -> Description:
        """Say what the perception holds, and that it is scripted; the category is left to who adds its fields."""
        lines = [region.text for region in perception.text]
        labels = [label.name for label in perception.labels]
        colours = [colour.name for colour in perception.colours]
        opening = f"A scripted description of a picture of {perception.width} x {perception.height} pixels."
        evidence = [{"statement": opening, "size": [perception.width, perception.height]}]
        if lines:
            read = " ".join(lines)
            evidence.append({"statement": f'It reads "{read}".', "regions": list(range(len(lines)))})
        if labels:
            evidence.append({"statement": f"It shows {', '.join(labels)}.", "labels": labels})
        return Description(
            text=" ".join(str(statement["statement"]) for statement in evidence),
            tags=("scripted", *labels, *colours),
            visible_text="\n".join(lines) or None,
            kind=ImageKind.PHOTO,
            engine=self.name,
            model=self.model,
            evidence=tuple(evidence),
        )


def _pick(names: Sequence[str], number: int) -> str:
    return names[number % len(names)]


def _embedding(image: Pixels) -> tuple[float, ...]:
    """The colours at the crossings of a grid, around their mean; and a 1, so that a grey picture has a vector, too."""
    height, width = image.shape[:2]
    at = (np.arange(_GRID) + 0.5) / _GRID
    rows, columns = (at * height).astype(int), (at * width).astype(int)
    sampled = image[np.ix_(rows, columns)].astype(np.float64)
    vector = (sampled - sampled.mean()).ravel()
    return (*map(float, vector), 1.0, *([0.0] * (_EMBEDDING - vector.size - 1)))
