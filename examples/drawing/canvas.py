"""What the drawings share: fonts from pip packages, a sheet to draw on, and the noise of scanners and cameras."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Point = tuple[float, float]

FONTS = {
    "roboto": ("font_roboto", "Roboto-{}.ttf"),
    "sans": ("font_source_sans_pro", "SourceSansPro-{}.ttf"),
    "serif": ("font_source_serif_pro", "SourceSerifPro-{}.ttf"),
    "caladea": ("font_caladea", "Caladea-{}.ttf"),
}


@cache
def font(family: str, size: int, weight: str = "Regular") -> ImageFont.FreeTypeFont:
    """A font of one of the four pip packages; `weight` as in the file name, such as "Bold" or "Italic"."""
    package, pattern = FONTS[family]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the drawings need the font package: pip install {package.replace('_', '-')}")
    return ImageFont.truetype(Path(spec.origin).parent / "files" / pattern.format(weight), size)


class Sheet:
    """An RGB image and its pen. Coordinates are pixels from the top left corner."""

    def __init__(self, width: int, height: int, background: str = "#ffffff") -> None:
        self.image = Image.new("RGB", (width, height), background)
        self.pen = ImageDraw.Draw(self.image)

    def text(
        self, at: Point, text: str, face: ImageFont.FreeTypeFont, fill: str = "#1f2328", anchor: str = "la"
    ) -> None:
        self.pen.text(at, text, font=face, fill=fill, anchor=anchor)

    def shadow(self, box: tuple[int, int, int, int], blur: int = 8, strength: int = 60) -> None:
        """Darken softly around and under `box`, as a raised card or a standing thing does."""
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle(box, blur, fill=strength)
        self.image.paste("#000000", mask=mask.filter(ImageFilter.GaussianBlur(blur)))
        self.pen = ImageDraw.Draw(self.image)

    def paste(self, other: Image.Image, at: tuple[int, int], mask: Image.Image | None = None) -> None:
        self.image.paste(other, at, mask)


def grain(image: Image.Image, amount: float, seed: int) -> Image.Image:
    """Sensor noise: a normal deviation of `amount` grey levels on every pixel and channel."""
    pixels = np.asarray(image, dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0, amount, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def light(image: Image.Image, corner: float, centre: float = 1.0) -> Image.Image:
    """Uneven light: brightness falls from `centre` in the middle to `corner` in the corners."""
    pixels = np.asarray(image, dtype=np.float32)
    y, x = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
    share = np.clip((x**2 + y**2) / 2, 0, 1)[..., None]
    return Image.fromarray(np.clip(pixels * (centre + (corner - centre) * share), 0, 255).astype(np.uint8))


def scanned(image: Image.Image, degrees: float, seed: int, paper: str = "#fbfaf6") -> Image.Image:
    """As it comes from a flat-bed scanner: slightly turned, slightly soft, noisy, darker to the edges."""
    turned = image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=paper)
    soft = turned.filter(ImageFilter.GaussianBlur(0.5))
    return grain(light(soft, 0.93), 5, seed)


def perspective(image: Image.Image, corners: list[Point], size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Pull the image's corners (clockwise from top left) to `corners`; returns the picture and its mask."""
    width, height = image.size
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    coefficients = np.linalg.solve(np.array(rows, dtype=float), np.array(right, dtype=float)).tolist()
    options = {"method": Image.Transform.PERSPECTIVE, "data": coefficients, "resample": Image.Resampling.BICUBIC}
    return image.transform(size, **options), Image.new("L", image.size, 255).transform(size, **options)
