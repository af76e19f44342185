"""From pixels of any kind to how they look on a screen: RGB in sRGB, whatever is transparent laid on a ground."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from scopix_server.analysis.ground import Ground, ground_of
from scopix_server.analysis.srgb import Conversion, conversion_of

__all__ = ["Look"]

_WITH_ALPHA: Final = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_SAMPLE: Final = 1024
"""Pixels of the longest side of the copy by which the ground is chosen: the strokes of letters are still there."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the pixels of one image are shown. The same for all of its bands.

    `conversion` brings them into sRGB, if they are not there; `ground` is None where nothing is transparent.
    """

    conversion: Conversion | None
    ground: Ground | None
    is_transparent: bool

    @classmethod
    def of(cls, image: Image.Image) -> "Look":
        """Return it for a loaded image, of which a small copy is looked at."""
        mode = "CMYK" if image.mode == "CMYK" else "L" if _is_grey(image) else "RGB"
        ground, is_transparent = None, False
        if _has_alpha(image):
            small = image.copy() if max(image.size) <= _SAMPLE else _sample(image)
            pixels, alpha = _split(small)
            small = pixels.convert("RGBA")
            small.putalpha(alpha)
            ground, is_transparent = ground_of(small)
        return cls(conversion_of(mode, image.info), ground, is_transparent)

    @property
    def is_plain(self) -> bool:
        """Whether pixels of mode RGB are shown as they are."""
        return self.conversion is None and self.ground is None

    def shown(self, image: Image.Image) -> Image.Image:
        """Return the image, or a band of it, as it is shown: mode RGB."""
        if self.ground is None:
            pixels = _grey(image) if _is_grey(image) else image if image.mode == "CMYK" else image.convert("RGB")
            return self._in_srgb(pixels)
        pixels, alpha = _split(image)
        canvas = Image.new("RGB", image.size, self.ground)
        canvas.paste(self._in_srgb(pixels), mask=alpha)
        return canvas

    def _in_srgb(self, pixels: Image.Image) -> Image.Image:
        return pixels.convert("RGB") if self.conversion is None else self.conversion(pixels)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in _WITH_ALPHA or image.info.get("transparency") is not None


def _is_grey(image: Image.Image) -> bool:
    return image.mode in {"1", "L", "LA", "La", "F"} or image.mode.startswith("I")


def _sample(image: Image.Image) -> Image.Image:
    scale = _SAMPLE / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    sample = image.resize(size, Image.Resampling.NEAREST)
    sample.info = dict(image.info)
    return sample


def _grey(image: Image.Image) -> Image.Image:
    """Return a grey image with 8 bits a pixel; of 16 the upper ones are kept, where convert() would clip the rest."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    return image if image.mode == "L" else image.convert("L")


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Return the pixels without their alpha, of mode L or RGB, and the alpha, of mode L."""
    if image.mode.startswith("I"):
        holes = np.asarray(image.convert("I")) == image.info["transparency"]
        return _grey(image), Image.fromarray(np.where(holes, 0, 255).astype(np.uint8))
    rgba = image.convert("RGBA")
    return rgba.getchannel("R") if _is_grey(image) else rgba.convert("RGB"), rgba.getchannel("A")
