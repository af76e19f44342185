"""Colours told by code points, beside what the standards say of them."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from scopix_server.analysis.coded_colours import coding_of
from scopix_server.analysis.decode import decode
from tests.support.images import encoded, png_chunk

BT709, BT2020, P3 = 1, 9, 12
SRGB, PQ, HLG, LINEAR = 13, 16, 18, 8
# Diffuse white of HDR material is 58 % of PQ's signal and 75 % of HLG's (ITU-R BT.2408, table 1).
WHITE_IN_PQ, WHITE_IN_HLG = round(0.58 * 255), round(0.75 * 255)


def png(colour: tuple[int, int, int], primaries: int, transfer: int) -> bytes:
    data = encoded(Image.new("RGB", (16, 16), colour), "PNG")
    return data[:33] + png_chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + data[33:]


def avif(colour: tuple[int, int, int], primaries: int, transfer: int) -> bytes:
    data = encoded(Image.new("RGB", (16, 16), colour), "AVIF", quality=100)
    at = data.index(b"nclx") + 4
    return data[:at] + primaries.to_bytes(2, "big") + transfer.to_bytes(2, "big") + data[at + 4 :]


def pixel(data: bytes) -> tuple[int, int, int]:
    return decode(io.BytesIO(data), max_pixels=10**6, work_pixels=10**6).image.getpixel((8, 8))


@pytest.mark.parametrize("make", [png, avif])
@pytest.mark.parametrize(("transfer", "white"), [(PQ, WHITE_IN_PQ), (HLG, WHITE_IN_HLG)])
def test_white_of_hdr_leaves_room_for_what_is_brighter(
    make: Callable[[tuple[int, int, int], int, int], bytes], transfer: int, white: int
) -> None:
    shown = pixel(make((white,) * 3, BT2020, transfer))
    assert max(shown) - min(shown) <= 3
    # Half of a screen's light, and a little: 1 x (1 + 1 / peak²) / (1 + 1), in sRGB's code.
    assert shown[0] == pytest.approx(191, abs=6)
    black, peak = (pixel(make((value,) * 3, BT2020, transfer)) for value in (0, 255))
    assert max(black) <= 2
    assert min(peak) >= 250


def test_wide_colours_are_the_same_light() -> None:
    inside = np.array([0.3, 0.5, 0.2])  # light of sRGB, and what Display P3 (SMPTE EG 432-1) has for it
    srgb, p3 = (_matrix((0.64, 0.30, 0.15), (0.33, 0.60, 0.06)), _matrix((0.680, 0.265, 0.150), (0.320, 0.690, 0.060)))
    coded = np.rint(255 * _encoded(np.linalg.solve(p3, srgb @ inside))).astype(int)
    shown = pixel(png(tuple(map(int, coded)), P3, SRGB))
    assert np.abs(np.array(shown) - 255 * _encoded(inside)).max() <= 2


def test_linear_light_is_coded() -> None:
    assert pixel(png((55, 55, 55), BT709, LINEAR)) == pytest.approx((128,) * 3, abs=1)


def test_what_is_srgb_already_or_unknown_is_left_alone() -> None:
    for code_points in ((BT709, SRGB), (BT709, 1), (2, 2), (200, 200)):
        assert coding_of(code_points) is None
        assert pixel(png((10, 120, 230), *code_points)) == (10, 120, 230)


def _matrix(x: tuple[float, ...], y: tuple[float, ...]) -> np.ndarray:
    """From light of primaries at these places to XYZ, white at D65 (SMPTE RP 177)."""
    columns = np.array([[a / b, 1.0, (1 - a - b) / b] for a, b in zip(x, y, strict=True)]).T
    white = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white)


def _encoded(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
