"""Places on an image or a page, and in texts."""

from pydantic import Field

from scopix.types._wire import WireModel

__all__ = ["BoundingBox", "TextRegion", "WordHit"]


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


class WordHit(WireModel):
    """A piece of a file's text that words of a search are in.

    `field` is `title` (or the file's name), `tags`, `description` or `visible_text`. `places` are pairs: the first
    character of `text` that was found, and the one behind the last. `bbox` is the place of a line read on an image.
    """

    field: str
    text: str
    places: list[tuple[int, int]] = Field(default_factory=list)
    bbox: BoundingBox | None = None
