"""Perceptions written down by hand: pages of text with places in pixels, no image and no model behind them."""

from collections.abc import Iterable

from scopix_server.domain.description import Box, LabelGroup, Perception, TextRegion

Written = tuple[str, float, float] | tuple[str, float, float, float]
"""A line's text, its left and top in pixels, and its height (20 if left out)."""

DRAWN = {
    "equal_neighbour_share": 0.96,
    "bright_share": 0.9,
    "white_share": 0.9,
    "grey_share": 0.99,
    "colour_count": 120.0,
    "contrast": 0.2,
    "line_share": 0.1,
    "border_white_share": 0.5,
    "border_spread": 0.4,
}
PHOTOGRAPHED = {
    **DRAWN,
    "equal_neighbour_share": 0.1,
    "bright_share": 0.1,
    "white_share": 0.05,
    "grey_share": 0.3,
    "colour_count": 30_000.0,
}


def region(text: str, left: float, top: float, height: float, width: int, page_height: int) -> TextRegion:
    """A level line, half as wide a letter as it is high."""
    long = 0.5 * height * max(1, len(text))
    x, y, w, h = left / width, top / page_height, long / width, height / page_height
    return TextRegion(text, Box(x, y, w, h), 0.99, ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))


def page(
    lines: Iterable[Written],
    width: int = 1200,
    height: int = 900,
    statistics: dict[str, float] | None = None,
    labels: tuple[LabelGroup, ...] = (),
) -> Perception:
    """A drawn page with these lines on it, in the order given."""
    text = tuple(region(row[0], row[1], row[2], row[3] if len(row) == 4 else 20, width, height) for row in lines)
    return Perception(width, height, text, labels=labels, statistics=DRAWN if statistics is None else statistics)
