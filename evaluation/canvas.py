"""A sheet that remembers what is written on it, and what scanners and cameras do to pictures.

Everything is the same on every run: fonts come from pip packages, noise is made of whole numbers from a seed.
"""

import io
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from evaluation.words import Words

# Family: package, file of each weight. The held-out pictures use other fonts than those for tuning.
_FILES = {
    "roboto": ("font_roboto", "Roboto-Regular.ttf", "Roboto-Bold.ttf", "Roboto-Italic.ttf"),
    "source": ("font_source_sans_pro", "SourceSansPro-Regular.ttf", "SourceSansPro-Bold.ttf", "SourceSansPro-It.ttf"),
    "manrope": ("font_manrope", "Manrope-Regular.ttf", "Manrope-Bold.ttf", "Manrope-Medium.ttf"),
    "serif": (
        "font_source_serif_pro",
        "SourceSerifPro-Regular.ttf",
        "SourceSerifPro-Bold.ttf",
        "SourceSerifPro-It.ttf",
    ),
    "fredoka": ("font_fredoka_one", *["FredokaOne-Regular.ttf"] * 3),
    "lato": ("font_lato", "Lato-Regular.ttf", "Lato-Bold.ttf", "Lato-Italic.ttf"),
    "hanken": (
        "font_hanken_grotesk",
        "HankenGrotesk-Regular.otf",
        "HankenGrotesk-Bold.otf",
        "HankenGrotesk-Italic.otf",
    ),
    "redhat": ("font_rhd", "RedHatDisplay-Regular.ttf", "RedHatDisplay-Bold.ttf", "RedHatDisplay-Italic.ttf"),
    "caladea": ("font_caladea", "Caladea-Regular.ttf", "Caladea-Bold.ttf", "Caladea-Italic.ttf"),
    "fjalla": ("font_fjallaone", *["FjallaOne-Regular.ttf"] * 3),
}
_FONTS = {
    "tuning": {"sans": ("roboto", "source", "manrope"), "serif": ("serif",), "display": ("fredoka", "roboto")},
    "held_out": {"sans": ("lato", "hanken", "redhat"), "serif": ("caladea",), "display": ("fjalla", "lato")},
}
_WEIGHTS = ("regular", "bold", "italic")


@cache
def _font(family: str, weight: str, size: int) -> ImageFont.FreeTypeFont:
    package, *files = _FILES[family]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"The evaluation set needs the font package {package.replace('_', '-')}: scripts/setup test")
    path = Path(spec.origin).parent / "files" / files[_WEIGHTS.index(weight)]
    # The basic layout: no ligatures or kerning that would depend on how Pillow was built.
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@dataclass
class Brush:
    """Everything that varies with the seed: random numbers, words, and a family of fonts."""

    split: str
    seed: str
    number: int = 0
    rng: Random = field(init=False)
    words: Words = field(init=False)
    family: str = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.words = Words(self.split, self.rng)
        self.family = self.rng.choice(_FONTS[self.split]["sans"])

    def turn(self, *choices: Any) -> Any:
        """One of the choices, each in its turn over the pictures of a group, so that none is missing."""
        return choices[self.number % len(choices)]

    def use(self, sort: str) -> "Brush":
        """Change to a font that is "serif", "sans" or "display"."""
        self.family = self.rng.choice(_FONTS[self.split][sort])
        return self

    def font(self, size: int, weight: str = "regular") -> ImageFont.FreeTypeFont:
        return _font(self.family, weight, size)

    @property
    def square_metres(self) -> str:
        """The unit as this font can write it: some have no raised two, and would draw a box."""
        font = self.font(40)
        return "m2" if font.getmask("²").getbbox() == font.getmask("\uffff").getbbox() else "m²"


class Sheet:
    """An RGB image and its pen. What is written is noted in order: write in reading order."""

    def __init__(self, brush: Brush, width: int, height: int, paper: str = "#ffffff") -> None:
        self.brush = brush
        self.image = Image.new("RGB", (width, height), paper)
        self.pen = ImageDraw.Draw(self.image)
        self.lines: list[str] = []
        self.fields: dict[str, list[Any]] = {}

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        ink: str = "#1c1c1c",
        *,
        anchor: str = "la",
        weight: str = "regular",
        turn: int = 0,
        note: bool = True,
    ) -> float:
        """Write a line; return its width. With `turn` (degrees, anticlockwise) x and y are its middle."""
        font = self.brush.font(size, weight)
        if turn:
            left, top, right, bottom = font.getbbox(text)
            mask = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), 0)
            ImageDraw.Draw(mask).text((4 - left, 4 - top), text, font=font, fill=255)
            mask = mask.rotate(turn, Image.Resampling.BICUBIC, expand=True)
            self.image.paste(ink, (int(x - mask.width / 2), int(y - mask.height / 2)), mask)
        else:
            self.pen.text((x, y), text, font=font, fill=ink, anchor=anchor)
        if note:
            self.lines.append(text)
        return font.getlength(text)

    def paragraph(self, x: float, y: float, text: str, size: int, width: float, ink: str = "#1c1c1c") -> float:
        """Write text in lines of at most `width` pixels; return the y beneath it."""
        line = ""
        pitch = round(size * 1.45)
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self.brush.font(size).getlength(longer) > width:
                self.write(x, y, line, size, ink)
                y, line = y + pitch, word
            else:
                line = longer
        self.write(x, y, line, size, ink)
        return y + pitch

    def box(self, *corners: float, fill: str | None = None, outline: str | None = None, width: int = 1) -> None:
        self.pen.rectangle(corners, fill=fill, outline=outline, width=width)

    def line(self, *points: tuple[float, float], fill: str = "#222222", width: int = 2) -> None:
        self.pen.line(points, fill=fill, width=width)

    def field(self, name: str, *values: Any) -> None:
        """Note values that an answer should report under this name: texts, or (label, value)."""
        self.fields.setdefault(name, []).extend(list(value) if isinstance(value, tuple) else value for value in values)


@dataclass
class Picture:
    """A picture as the bytes of a file, and its truth."""

    data: bytes
    suffix: str
    truth: dict[str, Any]


def finished(
    sheet: Sheet, kinds: list[str], image: Image.Image | None = None, *, quality: int | None = None, **truth: Any
) -> Picture:
    """The picture: a PNG file, or a JPEG file of this quality; `image` where it is not the plain sheet."""
    out = io.BytesIO()
    picture = image or sheet.image
    if quality is None:
        picture.save(out, "PNG", compress_level=6)
    else:
        picture.save(out, "JPEG", quality=quality, subsampling=2 if quality < 80 else 0)
    known: dict[str, Any] = {"kinds": kinds, "lines": sheet.lines}
    if sheet.fields:
        known["fields"] = sheet.fields
    return Picture(out.getvalue(), ".png" if quality is None else ".jpg", known | truth)


# What happens to pictures ---------------------------------------------------------------------------------------------


def grain(image: Image.Image, amount: int, seed: int) -> Image.Image:
    """Noise of about `amount` grey levels on every pixel and channel: the sum of whole numbers drawn evenly."""
    pixels = np.asarray(image, np.int16)
    numbers = np.random.default_rng(seed)
    noise = sum(numbers.integers(-amount, amount + 1, pixels.shape, np.int16) for _ in range(3))
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def scanned(sheet: Sheet, *, most: float = 1.0, dirt: int = 6) -> Image.Image:
    """As a flat-bed scanner gives it: turned by up to `most` degrees, soft, noisy, now and then in a low resolution."""
    rng, image = sheet.brush.rng, sheet.image
    shrink = sheet.brush.turn(0.75, 1.0, 0.9)
    image = image.resize((int(image.width * shrink), int(image.height * shrink)), Image.Resampling.LANCZOS)
    turned = image.rotate(
        round(rng.uniform(-most, most), 2), Image.Resampling.BICUBIC, fillcolor=image.getpixel((0, 0))
    )
    soft = turned.filter(ImageFilter.GaussianBlur(rng.choice([0.4, 0.6, 0.9])))
    return grain(soft, rng.randrange(1, dirt + 1), rng.randrange(1 << 30))


def blotches(rng: Random, size: tuple[int, int], dark: tuple[int, ...], light: tuple[int, ...]) -> Image.Image:
    """A soft irregular texture between two colours: leaves, plaster, sky."""
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    layers = np.zeros((size[1], size[0]), np.int32)
    weight = 8
    for cells in (5, 17, 61, 173):
        small = numbers.integers(0, 256, (max(2, cells * size[1] // size[0]), cells), np.int32).astype(np.uint8)
        layers += weight * np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC), np.int32)
        weight = max(1, weight // 2)
    share = Image.fromarray((layers // 15).clip(0, 255).astype(np.uint8))
    return Image.composite(Image.new("RGB", size, light), Image.new("RGB", size, dark), share)


def bricks(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A wall of bricks."""
    wall = blotches(rng, size, (120, 60, 44), (176, 104, 80))
    pen = ImageDraw.Draw(wall)
    height, width = rng.randrange(34, 52), rng.randrange(90, 130)
    for row, y in enumerate(range(0, size[1], height)):
        pen.line((0, y, size[0], y), fill=(168, 160, 148), width=5)
        for x in range(-width if row % 2 else -width // 2, size[0], width):
            pen.line((x, y, x, y + height), fill=(168, 160, 148), width=5)
    return wall


def scene(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A background to photograph something before."""
    sort = rng.randrange(4)
    if sort == 0:
        return bricks(rng, size)
    if sort == 1:
        return blotches(rng, size, (24, 48, 20), (120, 150, 72))
    if sort == 2:
        return blotches(rng, size, (150, 158, 160), (206, 204, 196))
    sky = blotches(rng, size, (110, 150, 200), (214, 226, 238))
    ground = blotches(rng, (size[0], size[1] // 3), (70, 66, 58), (132, 124, 108))
    sky.paste(ground, (0, size[1] - size[1] // 3))
    return sky


def warped(
    image: Image.Image, corners: list[tuple[float, float]], size: tuple[int, int]
) -> tuple[Image.Image, Image.Image]:
    """Pull the image's corners (clockwise from the top left one) to `corners`; the picture, and its mask."""
    width, height = image.size
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    # Rounded, so that the last bits of the solution cannot differ between machines.
    data = [round(value, 7) for value in np.linalg.solve(np.array(rows, float), np.array(right, float)).tolist()]
    options: dict[str, Any] = {
        "method": Image.Transform.PERSPECTIVE,
        "data": data,
        "resample": Image.Resampling.BICUBIC,
    }
    return image.transform(size, **options), Image.new("L", image.size, 255).transform(size, **options)


def photographed(image: Image.Image, rng: Random, size: tuple[int, int], *, tilt: float = 0.12) -> Image.Image:
    """A flat thing photographed at an angle: in perspective, before a background, in uneven light, with noise."""
    background = scene(rng, size).filter(ImageFilter.GaussianBlur(rng.choice([1, 2, 3])))
    share = rng.uniform(0.4, 0.8)
    scale = min(share * size[0] / image.width, share * size[1] / image.height)
    width, height = image.width * scale, image.height * scale
    left, top = (size[0] - width) * rng.uniform(0.3, 0.7), (size[1] - height) * rng.uniform(0.2, 0.7)
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    moved = [(x + rng.uniform(-tilt, tilt) * height, y + rng.uniform(-tilt, tilt) * height) for x, y in corners]
    # Brought near its final size first: the transform takes four pixels only, and would skip the others.
    near = image.resize((max(1, round(width * 1.15)), max(1, round(height * 1.15))), Image.Resampling.LANCZOS)
    front, mask = warped(near, moved, size)
    shadow = mask.filter(ImageFilter.GaussianBlur(12)).point(lambda value: value // 2)
    background.paste("#000000", (6, 10), shadow)
    background.paste(front, (0, 0), mask)
    lit = _lit(background, rng)
    return grain(lit.filter(ImageFilter.GaussianBlur(rng.choice([0.5, 1.0, 1.5]))), rng.choice([2, 5, 8]), 7)


def _lit(image: Image.Image, rng: Random) -> Image.Image:
    """Light that falls off towards one side, by up to a third."""
    pixels = np.asarray(image, np.int32)
    height, width = pixels.shape[:2]
    across, down = rng.randrange(-40, 41), rng.randrange(-40, 41)
    fall = 236 + (np.arange(width) * across // width)[None, :] + (np.arange(height) * down // height)[:, None]
    return Image.fromarray((pixels * fall[..., None] // 256).clip(0, 255).astype(np.uint8))
