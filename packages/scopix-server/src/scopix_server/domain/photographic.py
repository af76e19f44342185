"""Whether an image's pixel figures (see `perception/statistics.py`) are those of a photograph."""

from typing import Final

__all__ = ["looks_photographic", "looks_taken"]

PHOTO_EQUAL: Final = 0.40
PHOTO_EQUAL_RICH: Final = 0.60
PHOTO_COLOURS: Final = 4096
PHOTO_GREYS: Final = 160
ALL_GREY: Final = 0.99
PHOTO_PAPER: Final = 0.50
TAKEN_EQUAL: Final = 0.80
TAKEN_COLOURS: Final = 2500
TAKEN_FLAT: Final = 0.20


def looks_photographic(statistics: dict[str, float]) -> bool:
    """Whether the figures are those of a photograph, not of a drawn page, a screen or a scan of paper."""
    return looks_taken(statistics) and statistics["bright_share"] < PHOTO_PAPER


def looks_taken(statistics: dict[str, float]) -> bool:
    """Whether a camera or a scanner took the picture: few pixels repeat, or no colour is that of a flat area."""
    colours = PHOTO_GREYS if statistics["grey_share"] > ALL_GREY else PHOTO_COLOURS
    # A photograph with a flat backdrop repeats many pixels, but still has more tones than anything drawn.
    limit = PHOTO_EQUAL_RICH if statistics["colour_count"] >= colours else PHOTO_EQUAL
    if statistics["equal_neighbour_share"] < limit:
        return True
    # Strong compression smooths a photograph until most neighbours are equal, but leaves no flat area.
    smooth = statistics["equal_neighbour_share"] < TAKEN_EQUAL and statistics["colour_count"] >= TAKEN_COLOURS
    return smooth and statistics.get("top_colour_share", 1.0) < TAKEN_FLAT
