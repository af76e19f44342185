"""The dominant colours of an image, by name.

Pixels of a small copy are clustered in CIELAB, where distance is close to how different two colours look; each cluster
takes the name of the nearest colour of a fixed table, and clusters of one name are counted together.
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Colour

__all__ = ["COLOUR_NAMES", "border_colours", "dominant_colours", "named_pixels"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

SIDE: Final = 96
"""Longest side of the small copy in pixels: 9,216 pixels at most, so shares are exact to about one in a thousand."""
SAMPLED: Final = 3_000
"""From so many pixels at most the colours' groups are found; every pixel is then counted."""
CLUSTERS: Final = 12
BORDER_CLUSTERS: Final = 5
ROUNDS: Final = 12
SETTLED: Final = 0.05
"""CIELAB units."""
MIN_SHARE: Final = 0.03
MAX_COLOURS: Final = 6
BIN: Final = 12.0
"""CIELAB units; the start cells are about five just-noticeable differences wide."""
CELLS: Final = 64
"""More than the cells of any axis of CIELAB."""

# One name may stand at several places: people call a wide range of colours "blue" but a narrow one "turquoise".
_TABLE: Final = (
    ("black", "#000000 #141414"),
    ("dark grey", "#333333 #4d4d4d #3c4046"),
    ("grey", "#6e6e6e #808080 #8c8c8c #788088"),
    ("light grey", "#b0b0b0 #c8c8c8 #dadada #c4ccd4"),
    ("white", "#f2f2f2 #ffffff"),
    ("red", "#e01010 #ff3030 #c81e28"),
    ("dark red", "#6e0a10 #8b1a1a"),
    ("pink", "#ffb6c8 #ff80b0 #f05a96 #f4c8cc"),
    ("orange", "#ff8000 #ff9c33 #e86a10"),
    ("brown", "#7a4a20 #8b5a2b #5a3418 #96602f"),
    ("dark brown", "#3a2414 #2c1a10"),
    ("tan", "#c8a070 #b48c64 #d2b48c"),
    ("beige", "#efe0c4 #f5ecd8 #e0d0b0"),
    ("yellow", "#ffe000 #fff04a #f0c814"),
    ("olive", "#80801e #6b6b2a #555a1e"),
    ("lime green", "#a0e020 #7cfc00 #b4e650"),
    ("light green", "#c8e6b4 #dceacc #b4d8a0"),
    ("green", "#20a030 #40c050 #2e8b47 #70b070"),
    ("dark green", "#0a4014 #1e4a28 #143c20 #2a5034"),
    ("teal", "#008080 #1e6e70 #0f5a5f"),
    ("turquoise", "#30d0c8 #40e0d0 #00b4c8 #88dce0"),
    ("light blue", "#a0c8f0 #87ceeb #bcd8f0"),
    ("blue", "#1e60e0 #3080ff #0000ff #4a7cc0 #2a5aa8"),
    ("dark blue", "#0a1a60 #14285a #1c2a48 #000080"),
    ("purple", "#8020c0 #6a2c91 #9a5cc8 #4b1a6e"),
    ("lilac", "#c8a8e0 #dcc8f0 #b496d2"),
    ("magenta", "#e020c0 #ff00ff #c0148c"),
)
COLOUR_NAMES: Final = tuple(name for name, _ in _TABLE)


def dominant_colours(image: Pixels) -> tuple[Colour, ...]:
    """At most six named colours of `image` (RGB, H x W x 3), largest share first, each at least .03.

    Deterministic. `share` is the part of the pixels (0..1); shares sum to at most 1.
    """
    pixels = _small(image).reshape(-1, 3)
    named = _named(pixels)
    colours = []
    for name in range(len(COLOUR_NAMES)):
        members = pixels[named == name]
        share = len(members) / len(pixels)
        if share >= MIN_SHARE:
            red, green, blue = members.mean(axis=0).round().astype(int)
            colours.append(Colour(COLOUR_NAMES[name], share, f"#{red:02x}{green:02x}{blue:02x}"))
    return tuple(sorted(colours, key=lambda colour: (-colour.share, colour.name))[:MAX_COLOURS])


def named_pixels(image: Pixels) -> npt.NDArray[np.str_]:
    """The colour name of every pixel of a small `image` (RGB, H x W x 3), H x W."""
    return np.array(COLOUR_NAMES)[_named(image.reshape(-1, 3))].reshape(image.shape[:2])


def border_colours(lab: Floats) -> Floats:
    """The few colours (N x 3, CIELAB) that make up the pixels `lab` (M x 3), those of less than .03 left out."""
    centres = _clustered(lab, BORDER_CLUSTERS)
    shares = np.bincount(_nearest(lab, centres), minlength=len(centres)) / len(lab)
    return centres[shares >= MIN_SHARE]


def _named(pixels: Pixels) -> npt.NDArray[np.intp]:
    """For each of the pixels (N x 3) the index of its colour's name."""
    lab = _to_lab(pixels)
    centres = _clustered(lab[:: 1 + len(lab) // SAMPLED], CLUSTERS)
    names = np.array([_ANCHOR_NAMES[index] for index in _nearest(centres, _ANCHORS)], np.intp)
    return names[_nearest(lab, centres)]


def _small(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    shrink = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return image if shrink == 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _to_lab(pixels: Pixels) -> Floats:
    """CIELAB under D65: L 0..100, a and b about -110..110."""
    unit = pixels.reshape(1, -1, 3).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)


def _clustered(lab: Floats, max_clusters: int) -> Floats:
    """Cluster centres: k-means (Lloyd 1982), started at the fullest cells of a coarse grid and hence repeatable."""
    # One number for each cell, in the order of its three: sorting numbers is far faster than sorting rows.
    lightness, red, blue = (np.floor(lab / BIN).astype(np.int64) + CELLS // 2).T
    codes = (lightness * CELLS + red) * CELLS + blue
    cells, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    fullest = np.argsort(-counts, kind="stable")[:max_clusters]
    centres = (_sums(lab, inverse, len(cells)) / counts[:, None])[fullest].astype(np.float32)
    for _ in range(ROUNDS if len(cells) > 1 else 0):
        nearest = _nearest(lab, centres)
        members = np.bincount(nearest, minlength=len(centres))
        kept = members > 0
        moved = centres.copy()
        moved[kept] = _sums(lab, nearest, len(centres))[kept] / members[kept, None]
        if (np.abs(moved - centres) <= SETTLED).all():
            break
        centres = moved
    return centres


def _sums(lab: Floats, groups: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.float64]:
    """The sum of the pixels of each group, `count` x 3."""
    return np.stack([np.bincount(groups, axis, count) for axis in lab.T], axis=1)


def _nearest(points: Floats, centres: Floats) -> npt.NDArray[np.intp]:
    """Index of the nearest centre of every point."""
    # |p - c|² without |p|², which is the same for all centres of a point: a product of matrices.
    distances = (centres**2).sum(axis=1) - 2 * (points @ centres.T)
    return np.asarray(distances.argmin(axis=1), np.intp)


def _anchors() -> tuple[Floats, list[int]]:
    places = [(index, code) for index, (_, codes) in enumerate(_TABLE) for code in codes.split()]
    pixels = np.array([[int(code[at : at + 2], 16) for at in (1, 3, 5)] for _, code in places], np.uint8)
    return _to_lab(pixels), [index for index, _ in places]


_ANCHORS, _ANCHOR_NAMES = _anchors()
