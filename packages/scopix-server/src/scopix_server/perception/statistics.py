"""Figures about an image's pixels that tell a photograph from a drawing, a screenshot or a scan.

Everything is measured at the image's own resolution, before any resize: a resize invents the smooth gradients that
tell photographs apart (measured: judging after one took dark photographs for screenshots). Large images are sampled
in bands of whole rows. Only `line_share` looks at a reduced copy, as long lines survive a reduction.

| name                    | range    | meaning                                                                         |
|-------------------------|----------|---------------------------------------------------------------------------------|
| `aspect`                | > 0      | width / height                                                                  |
| `megapixels`            | > 0      | width x height / 1,000,000                                                      |
| `equal_neighbour_share` | 0..1     | pixels identical to their right neighbour: screens and drawings .9+, photos     |
|                         |          | up to .4, noisy scans about .1                                                  |
| `white_share`           | 0..1     | pixels whose three channels are all at least 240                                |
| `bright_share`          | 0..1     | all channels at least 170, and nearly grey: paper, also when scanned            |
| `black_share`           | 0..1     | pixels whose three channels are all at most 40                                  |
| `grey_share`            | 0..1     | pixels whose channels differ by at most 16                                      |
| `saturation`            | 0..1     | mean of (max - min) / max over the pixels (HSV saturation)                      |
| `brightness`            | 0..1     | mean luma (Rec. 601)                                                            |
| `contrast`              | 0..0.5   | standard deviation of the luma                                                  |
| `colour_count`          | 1..65536 | distinct 24-bit colours among at most 65,536 sampled pixels                     |
| `top_colour_share`      | 0..1     | share of the most frequent 24-bit colour among them                             |
| `edge_density`          | 0..1     | pixels whose luma differs by more than 32 from the right or lower neighbour     |
| `line_share`            | 0..1     | of the thin dark strokes, the part on straight horizontal or vertical runs of   |
|                         |          | at least a twentieth of the longer side: plans, forms, tables are high          |
| `ink_share`             | 0..1     | pixels that are thin dark strokes                                               |
| `border_white_share`    | 0..1     | `white_share` of the outer frame (2 % of the shorter side, at most 32 pixels)   |
| `border_spread`         | 0..1     | standard deviation of the frame's luma / 128: 0 for a plain backdrop            |
"""

from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["pixel_statistics"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MAX_SAMPLED: Final = 2_000_000
BAND_ROWS: Final = 16
MAX_COUNTED: Final = 65_536
WHITE: Final = 240
PAPER: Final = 170
BLACK: Final = 40
GREY_SPREAD: Final = 16
PAPER_SPREAD: Final = 40
EDGE_STEP: Final = 32
FRAME: Final = 0.02
MAX_FRAME: Final = 32
LINE_SIDE: Final = 1024
LINE_PART: Final = 20


def pixel_statistics(image: Pixels) -> dict[str, float]:
    """The figures of the table above for `image` (RGB, H x W x 3, at least one pixel). Deterministic."""
    height, width = image.shape[:2]
    sample = _bands(image)
    luma = np.asarray(cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY), np.uint8)
    return {
        "aspect": width / height,
        "megapixels": width * height / 1e6,
        **_tones(sample, luma),
        **_neighbours(sample, luma),
        **_colour_counts(sample),
        **_lines(image),
        **_border(image),
    }


def _bands(image: Pixels) -> Pixels:
    """The image, or evenly spread bands of its rows with at most about two million pixels in all."""
    height, width = image.shape[:2]
    if width > MAX_SAMPLED // BAND_ROWS:
        # A single row of such an image is already a sample; cutting columns keeps neighbours together.
        image = image[:, : MAX_SAMPLED // BAND_ROWS]
        width = image.shape[1]
    count = MAX_SAMPLED // (BAND_ROWS * width)
    if height * width <= MAX_SAMPLED or count * BAND_ROWS >= height:
        return np.ascontiguousarray(image)
    starts = np.linspace(0, height - BAND_ROWS, max(count, 1)).round().astype(int)
    return np.concatenate([image[start : start + BAND_ROWS] for start in starts])


def _share(mask: npt.NDArray[Any]) -> float:
    return float(np.count_nonzero(mask)) / mask.size if mask.size else 0.0


def _tones(sample: Pixels, luma: Pixels) -> dict[str, float]:
    red, green, blue = cv2.split(sample)
    highest, lowest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    spread = cv2.subtract(highest, lowest)
    mean, deviation = cv2.meanStdDev(luma)
    return {
        "white_share": _share(lowest >= WHITE),
        "bright_share": _share((lowest >= PAPER) & (spread <= PAPER_SPREAD)),
        "black_share": _share(highest <= BLACK),
        "grey_share": _share(spread <= GREY_SPREAD),
        "saturation": cv2.mean(cv2.divide(spread, np.maximum(highest, 1), dtype=cv2.CV_32F))[0],
        "brightness": float(mean[0][0]) / 255,
        "contrast": float(deviation[0][0]) / 255,
    }


def _neighbours(sample: Pixels, luma: Pixels) -> dict[str, float]:
    """Borders between bands count as edges like any other: one row in sixteen, on large images only."""
    if min(luma.shape) < 2:
        equal = (sample[:, 1:] == sample[:, :-1]).all(axis=2)
        return {"equal_neighbour_share": _share(equal) if equal.size else 1.0, "edge_density": 0.0}
    # Channel by channel in OpenCV: NumPy takes many times as long over an axis of three.
    red, green, blue = cv2.split(cv2.absdiff(sample[:, 1:], sample[:, :-1]))
    equal = cv2.max(cv2.max(red, green), blue) == 0
    across, down = cv2.absdiff(luma[:-1, 1:], luma[:-1, :-1]), cv2.absdiff(luma[1:, :-1], luma[:-1, :-1])
    edges = np.asarray(cv2.max(across, down)) > EDGE_STEP
    return {"equal_neighbour_share": _share(equal), "edge_density": _share(edges)}


def _colour_counts(sample: Pixels) -> dict[str, float]:
    pixels = sample.reshape(-1, 3)
    pixels = pixels[:: max(1, -(-len(pixels) // MAX_COUNTED))].astype(np.uint32)
    codes = pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2]
    _, counts = np.unique(codes, return_counts=True)
    return {"colour_count": float(len(counts)), "top_colour_share": float(counts.max()) / len(codes)}


def _lines(image: Pixels) -> dict[str, float]:
    height, width = image.shape[:2]
    shrink = min(1.0, LINE_SIDE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    # To grey first: the reduction is the dear part, and one channel is a third of it.
    small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    around = cv2.blur(small, (15, 15))
    ink = np.asarray(cv2.subtract(around, small) > 12, np.uint8)
    length = max(8, max(size) // LINE_PART)
    # A skewed line climbs one pixel every few; thickened across, its pieces still form one run.
    flat = cv2.morphologyEx(cv2.dilate(ink, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    steep = cv2.morphologyEx(cv2.dilate(ink, np.ones((1, 3), np.uint8)), cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    inked = int(np.count_nonzero(ink))
    on_lines = int(np.count_nonzero((cv2.bitwise_or(flat, steep) > 0) & (ink > 0)))
    return {"ink_share": inked / ink.size, "line_share": on_lines / inked if inked else 0.0}


def _border(image: Pixels) -> dict[str, float]:
    height, width = image.shape[:2]
    depth = max(1, min(MAX_FRAME, round(min(height, width) * FRAME)))
    step = max(1, max(height, width) // 4096)
    strips = (image[:depth, ::step], image[-depth:, ::step], image[::step, :depth], image[::step, -depth:])
    frame = np.concatenate([strip.reshape(-1, 3) for strip in strips])
    red, green, blue = frame.astype(np.float32).T
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return {
        "border_white_share": _share(np.minimum(np.minimum(red, green), blue) >= WHITE),
        "border_spread": float(luma.std()) / 128,
    }
