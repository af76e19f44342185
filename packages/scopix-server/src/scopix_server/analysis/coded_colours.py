"""Colours that a file tells by code points (ITU-T H.273) instead of a profile: wide gamuts, and high dynamic range.

PNG has them in `cICP`, HEIF and AVIF in `colr` of the type `nclx`. No decoder in use here follows them.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["CodePoints", "ColourCoding", "coding_of", "from_light"]

CodePoints = tuple[int, int]
"""Colour primaries and transfer characteristics (H.273, tables 2 and 3)."""

Floats = npt.NDArray[np.float32]

_WHITE_NITS: Final = 203.0
"""Of a page or a face in HDR material (ITU-R BT.2408, table 1): what is white on a screen without HDR."""
_PEAK_NITS: Final = 1000.0
"""Of the screen for which HDR material is usually made (BT.2100, note 3e); what is brighter is white, too."""
_PEAK: Final = _PEAK_NITS / _WHITE_NITS
_HLG_GAMMA: Final = 1.2
"""Of a screen of 1,000 nits (BT.2100, table 5, note 5e)."""
_LUMINANCE: Final = np.array([0.2627, 0.6780, 0.0593], np.float32)  # of BT.2020's red, green and blue
_LINEAR, _GAMMA_22, _GAMMA_28, _PQ, _HLG = 8, 4, 5, 16, 18
_TO_SRGB: Final = {
    # Both have the white of sRGB (D65), so these are the products of the matrices to and from XYZ (SMPTE RP 177).
    9: ((1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349), (-0.018151, -0.100579, 1.118730)),
    12: ((1.224940, -0.224940, 0.0), (-0.042057, 1.042057, 0.0), (-0.019638, -0.078636, 1.098274)),
}
"""From the light of BT.2020 (9) and Display P3 (12) to that of sRGB."""


class ColourCoding:
    """Brings 8-bit pixels of one coding into sRGB."""

    def __init__(self, primaries: int, transfer: int) -> None:
        matrix = _TO_SRGB.get(primaries)
        self._matrix = None if matrix is None else np.array(matrix, np.float32).T
        self._is_bright = transfer in {_PQ, _HLG}
        self._is_hlg = transfer == _HLG
        self._light = _light_of(transfer, np.linspace(0, 1, 256)).astype(np.float32)

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return an image of mode RGB or L as one in sRGB, of mode RGB."""
        light: Floats = self._light[np.asarray(image.convert("RGB"))]
        if self._is_hlg:
            # The screen's own curve acts on the luminance (BT.2100, table 5): what was measured is light of the scene.
            light = light * np.maximum(light @ _LUMINANCE, 1e-6)[..., None] ** (_HLG_GAMMA - 1) * _PEAK
        if self._matrix is not None:
            light = light @ self._matrix
        if self._is_bright:
            light = _toned(light)
        return Image.fromarray(np.rint(255 * from_light(np.clip(light, 0, 1))).astype(np.uint8), "RGB")


def coding_of(code_points: CodePoints) -> ColourCoding | None:
    """Return the conversion for these code points; None where pixels are shown as they are: sRGB, video, unknown."""
    primaries, transfer = code_points
    is_known = primaries in _TO_SRGB or transfer in {_LINEAR, _GAMMA_22, _GAMMA_28, _PQ, _HLG}
    return ColourCoding(primaries, transfer) if is_known else None


def from_light(light: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return what sRGB has for light from 0 to 1 (IEC 61966-2-1)."""
    encoded: npt.NDArray[np.floating] = np.where(
        light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055
    )
    return encoded


def _light_of(transfer: int, signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Light, 1 for white, for a signal from 0 to 1; of HLG that of the scene, 1 for its brightest."""
    if transfer == _PQ:  # BT.2100, table 4
        root = signal ** (32 / 2523)
        nits = 10_000 * (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (16_384 / 2610)
        return np.asarray(nits / _WHITE_NITS)
    if transfer == _HLG:  # BT.2100, table 5
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    if transfer in {_LINEAR, _GAMMA_22, _GAMMA_28}:
        return np.asarray(signal ** {_LINEAR: 1.0, _GAMMA_22: 2.2, _GAMMA_28: 2.8}[transfer])
    # What is coded for video (1, 6, 14, 15) is shown by browsers as sRGB is.
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _toned(light: Floats) -> Floats:
    """Light up to the peak within that of an ordinary screen, hues kept (Reinhard and others 2002, formula 4)."""
    brightest = np.clip(light.max(-1, keepdims=True), 1e-6, None)
    shown = np.minimum(brightest, _PEAK)
    toned: Floats = light * (shown * (1 + shown / _PEAK**2) / (1 + shown) / brightest)
    return toned
