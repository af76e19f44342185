"""Figures about light, tone and balance that descriptions of photographs rest on.

Measured on a copy of at most 128 pixels a side: they speak of large areas.

| name                | range  | meaning                                                                             |
|---------------------|--------|-------------------------------------------------------------------------------------|
| `shadow_level`      | 0..1   | luma below which a twentieth of the pixels lie                                      |
| `highlight_level`   | 0..1   | luma above which a twentieth of the pixels lie                                      |
| `upper_brightness`  | 0..1   | mean luma of the upper half; `lower_`, `left_`, `right_` likewise                   |
| `lower_brightness`  | 0..1   |                                                                                     |
| `left_brightness`   | 0..1   |                                                                                     |
| `right_brightness`  | 0..1   |                                                                                     |
| `chroma`            | 0..1.5 | mean CIELAB chroma / 100: 0 without colour, above .4 glowing                        |
| `warm_share`        | 0..1   | of all chroma, the part in hues from red to yellow                                  |
| `cool_share`        | 0..1   | of all chroma, the part in hues from green-blue to violet                           |
| `tint_spread`       | 0..1.5 | how far pixels of one lightness differ in colour (CIELAB / 100): about 0 in a toned |
|                     |        | picture, where lightness alone gives the colour                                     |
| `tint_hue`          | 0..360 | CIELAB hue of the mean colour, in degrees                                           |
| `symmetry`          | -1..1  | correlation of the luma with its mirror image, left for right                       |
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["light_figures"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

SIDE: Final = 128
LEVELS: Final = 50
MIN_CHROMA: Final = 8.0
WARM: Final = (0.0, 100.0)
"""Hues in degrees of CIELAB: red is at 40, yellow at 100, green at 135, cyan at 195, blue at 280-305."""
COOL: Final = (170.0, 310.0)
FLAT: Final = 0.02
"""Standard deviation of the luma below which nothing is there to be symmetric."""


def light_figures(image: Pixels) -> dict[str, float]:
    """The figures of the table above for `image` (RGB, H x W x 3, at least one pixel). Deterministic."""
    height, width = image.shape[:2]
    shrink = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if shrink < 1 else image
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)
    rows, columns = luma.shape
    return {
        "shadow_level": float(np.percentile(luma, 5)),
        "highlight_level": float(np.percentile(luma, 95)),
        "upper_brightness": float(luma[: (rows + 1) // 2].mean()),
        "lower_brightness": float(luma[rows // 2 :].mean()),
        "left_brightness": float(luma[:, : (columns + 1) // 2].mean()),
        "right_brightness": float(luma[:, columns // 2 :].mean()),
        "symmetry": _symmetry(luma),
        **_tones(np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)),
    }


def _symmetry(luma: Floats) -> float:
    centred = luma - luma.mean()
    spread = float((centred**2).mean())
    return float((centred * centred[:, ::-1]).mean()) / spread if spread > FLAT**2 else 0.0


def _tones(lab: Floats) -> dict[str, float]:
    lightness, plane = lab[..., 0].reshape(-1), lab[..., 1:].reshape(-1, 2)
    chroma = np.hypot(plane[:, 0], plane[:, 1])
    hue = np.degrees(np.arctan2(plane[:, 1], plane[:, 0])) % 360
    weight = np.where(chroma >= MIN_CHROMA, chroma, 0.0)
    total = float(weight.sum())
    levels = np.minimum((lightness / 100 * LEVELS).astype(int), LEVELS - 1)
    apart = np.zeros_like(chroma)
    for level in np.unique(levels):
        members = plane[levels == level]
        apart[levels == level] = np.hypot(*(members - members.mean(axis=0)).T)
    mean = plane.mean(axis=0)
    return {
        "chroma": float(chroma.mean()) / 100,
        "warm_share": _within(hue, weight, *WARM) / total if total else 0.0,
        "cool_share": _within(hue, weight, *COOL) / total if total else 0.0,
        "tint_spread": float(apart.mean()) / 100,
        "tint_hue": float(np.degrees(np.arctan2(mean[1], mean[0])) % 360),
    }


def _within(hue: Floats, weight: Floats, first: float, last: float) -> float:
    return float(weight[(hue >= first) & (hue <= last)].sum())
