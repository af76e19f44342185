"""A sheet to draw on, and what scanners and cameras do to it."""

from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = {
    "roboto": ("font_roboto", "Roboto-{}.ttf"),
    "source": ("font_source_sans_pro", "SourceSansPro-{}.ttf"),
    "lato": ("font_lato", "Lato-{}.ttf"),
    "manrope": ("font_manrope", "Manrope-{}.ttf"),
    "redhat": ("font_rhd", "RedHatDisplay-{}.ttf"),
    "serif": ("font_source_serif_pro", "SourceSerifPro-{}.ttf"),
    "caladea": ("font_caladea", "Caladea-{}.ttf"),
}
SANS = ("roboto", "source", "lato", "manrope", "redhat")
INK = "#1b1b1b"


@cache
def font(family: str, size: int, weight: str = "Regular") -> ImageFont.FreeTypeFont:
    """A font of one of the pip packages; `weight` as in the file's name."""
    package, pattern = FONTS[family]
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None, f"pip install {package.replace('_', '-')}"
    return ImageFont.truetype(Path(spec.origin).parent / "files" / pattern.format(weight), size)


@dataclass
class Drawn:
    """A picture and the fields of its category that stand on it."""

    image: Image.Image
    truth: dict[str, Any] = field(default_factory=dict)


class Sheet:
    """An image, its pen, a family of type and a random generator. Coordinates are pixels from the top left."""

    def __init__(self, rng: Random, width: int, height: int, paper: str = "#ffffff", family: str | None = None) -> None:
        self.rng = rng
        self.family = family or rng.choice(SANS)
        self.image = Image.new("RGB", (width, height), paper)
        self.pen = ImageDraw.Draw(self.image)

    def write(
        self, x: float, y: float, text: str, size: int, ink: str = INK, *, bold: bool = False, anchor: str = "la"
    ) -> float:
        """Write a line; return the x where it ends."""
        face = font(self.family, size, "Bold" if bold else "Regular")
        self.pen.text((x, y), text, font=face, fill=ink, anchor=anchor)
        return x + face.getlength(text)

    def upright(self, x: float, y: float, text: str, size: int, ink: str = INK) -> None:
        """Write a line turned by 90 degrees, to be read from the right; x, y is its middle."""
        face = font(self.family, size)
        left, top, right, bottom = face.getbbox(text)
        mask = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), 0)
        ImageDraw.Draw(mask).text((4 - left, 4 - top), text, font=face, fill=255)
        mask = mask.rotate(90, expand=True)
        self.image.paste(ink, (int(x - mask.width / 2), int(y - mask.height / 2)), mask)

    def lines(self, x: float, y: float, texts: list[str], size: int, pitch: float = 1.6, **how: Any) -> float:
        """Write lines beneath each other; return the y beneath them."""
        for text in texts:
            self.write(x, y, text, size, **how)
            y += pitch * size
        return y

    def box(self, *corners: float, fill: str | None = None, outline: str | None = INK, width: int = 2) -> None:
        self.pen.rectangle(corners, fill=fill, outline=outline, width=width)


def grain(image: Image.Image, amount: float, rng: Random) -> Image.Image:
    """Sensor noise: a normal deviation of `amount` grey levels."""
    pixels = np.asarray(image, dtype=np.float32)
    noise = np.random.default_rng(rng.randrange(2**32)).normal(0, amount, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def scanned(image: Image.Image, rng: Random) -> Image.Image:
    """As from a flat-bed scanner: turned by up to a degree, soft, noisy."""
    turned = image.rotate(rng.uniform(-0.8, 0.8), Image.Resampling.BICUBIC, fillcolor="#fbfaf6")
    return grain(turned.filter(ImageFilter.GaussianBlur(0.5)), 5, rng)


def outdoors(rng: Random, width: int, height: int) -> Image.Image:
    """A blurred scene of sky, ground and blocks: something for a sign to stand in front of."""
    picture = Image.new("RGB", (width, height), rng.choice(["#9db7d0", "#b9c2c8", "#8fa9c4"]))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, height * 0.62, width, height), fill=rng.choice(["#8a7a62", "#7d7468", "#6e6f5c"]))
    for _ in range(24):
        x, y = rng.randrange(width), rng.randrange(int(height * 0.35), height)
        side = rng.randrange(30, 220)
        pen.rectangle(
            (x, y, x + side, y + side * rng.uniform(0.4, 1.6)), fill=f"#{rng.randrange(0x404040, 0xC0C0C0):06x}"
        )
    return grain(picture.filter(ImageFilter.GaussianBlur(6)), 9, rng)


def in_front_of(scene: Image.Image, sign: Image.Image, rng: Random) -> Image.Image:
    """A sign standing in a scene, turned a little, with the scene's noise on it."""
    turned = sign.convert("RGBA").rotate(rng.uniform(-3, 3), Image.Resampling.BICUBIC, expand=True)
    place = ((scene.width - turned.width) // 2, (scene.height - turned.height) // 2)
    whole = scene.copy()
    whole.paste(turned, place, turned)
    return grain(whole.filter(ImageFilter.GaussianBlur(0.6)), 5, rng)
