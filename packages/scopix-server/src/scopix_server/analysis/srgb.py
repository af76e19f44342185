"""Turning decoded pixels into sRGB, by the colour profile or the gamma that a file carries.

One place for every format: what follows a decode (variants, labels, colours) works in sRGB and needs no profile.
"""

import functools
import io
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms

from scopix_server.analysis.coded_colours import coding_of, from_light
from scopix_server.analysis.decode_streamed import cmyk_of_print

__all__ = ["Conversion", "conversion_of"]

Conversion = Callable[[Image.Image], Image.Image]
"""From an image of mode RGB, L or CMYK to one in sRGB, of mode RGB."""

_SPACES: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_SRGB_GAMMA: Final = 1 / 2.2
_NEAR_GAMMA: Final = 0.02
"""PNG files say 0.45455 for sRGB; further decimals and 0.46 of old programs mean the same."""
_SAME: Final = 2
"""Of 255: a profile that changes no corner or middle of the colour cube by more is sRGB under another name."""


def conversion_of(mode: str, info: dict[Any, Any]) -> Conversion | None:
    """Return what brings an image into sRGB; None when a plain conversion to RGB does.

    A profile that is broken, or of another colour space than the pixels, is as none: it must not cost the picture.

    Args:
        mode: RGB, L or CMYK: what the pixels are without their alpha.
        info: the metadata of a Pillow image: `icc_profile` (bytes), `gamma` (a PNG's), `srgb` (a PNG says it is),
            `code_points`, which go before all of these.
    """
    if (code_points := info.get("code_points")) is not None and mode != "CMYK":
        return coding_of(code_points)
    profile = info.get("icc_profile")
    if not profile and mode == "CMYK":
        profile = cmyk_of_print()
    if profile:
        return _by_profile(mode, profile)
    gamma = info.get("gamma")
    if mode == "CMYK" or not gamma or "srgb" in info or not 0.1 < gamma < 10 or abs(gamma - _SRGB_GAMMA) < _NEAR_GAMMA:
        return None
    return functools.partial(_by_gamma, table=_gamma_table(gamma))


def _by_profile(mode: str, profile: bytes) -> Conversion | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(
            source, _srgb(), mode, "RGB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
        if mode == "RGB" and _changes_nothing(transform):
            return None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None

    def convert(image: Image.Image) -> Image.Image:
        converted = ImageCms.applyTransform(image, transform)
        assert converted is not None  # it is None when the image itself is to be changed
        return converted

    return convert


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    values = np.array([0, 64, 128, 192, 255], np.uint8)
    cube = np.stack(np.meshgrid(values, values, values), -1).reshape(1, -1, 3)
    converted = ImageCms.applyTransform(Image.fromarray(cube, "RGB"), transform)
    assert converted is not None
    return int(np.abs(np.asarray(converted).astype(int) - cube).max()) <= _SAME


def _gamma_table(gamma: float) -> list[int]:
    """For each of 256 samples, what sRGB has for the same light (PNG, third edition, 13.13; IEC 61966-2-1)."""
    light = (np.arange(256) / 255) ** (1 / gamma)
    return [int(value) for value in np.rint(255 * from_light(light))]


def _by_gamma(image: Image.Image, table: list[int]) -> Image.Image:
    return image.point(table * len(image.getbands())).convert("RGB")


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.createProfile("sRGB")  # type: ignore[return-value]
