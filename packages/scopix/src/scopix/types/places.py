"""Places on an image or a page."""

from scopix.types._wire import WireModel

__all__ = ["BoundingBox", "TextRegion"]


class BoundingBox(WireModel):
    """An upright rectangle in fractions of the image; `x`, `y` is its top left corner; all four in 0..1."""

    x: float
    y: float
    width: float
    height: float


class TextRegion(WireModel):
    """One line of text, its place, and the recogniser's confidence in 0..1.

    `polygon` is its four corners (x, y), in 0..1, clockwise from the text's own top left: turned and skewed text keeps
    its direction. `bbox` is the upright rectangle around them.
    """

    text: str
    bbox: BoundingBox
    polygon: list[tuple[float, float]] | None = None
    confidence: float | None = None
