"""Pictures to calibrate the reading networks' int8 forms with: drawn, so that anybody can draw them again.

Two thirds come from the evaluation's own drawers (numbers that its set does not use): receipts, forms, screens, plans,
charts in Latin letters and digits. A third are pages in Chinese and Japanese. Half of all are then made worse the way
scanners and cameras do. Only the tuning split's fonts are used, so that held-out pictures stay unseen.
"""

import io
import random
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from evaluation.draw import draw

__all__ = ["pictures"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

GROUPS: Final = ("receipt", "form", "screenshot", "article", "chart", "map", "sign", "slide")
FIRST: Final = 7000
"""Numbers that neither the evaluation set nor the benchmarks use."""
CHINESE_FONTS: Final = ("mplfonts", ("NotoSansCJKsc-Regular.otf", "NotoSerifCJKsc-Regular.otf", "SimHei.ttf"))
JAPANESE_FONTS: Final = ("matplotlib_fontja", ("ipaexg.ttf",))
LATIN: Final = [
    "Total",
    "Amount",
    "Date",
    "No.",
    "Invoice",
    "2024-05-17",
    "1,284.50",
    "EUR",
    "18:45",
    "Tel.",
    "+49",
    "30",
    "901820",
    "Qty",
    "12",
    "x",
    "3.99",
    "7%",
    "GmbH",
    "Ltd",
]


def pictures(count: int) -> Iterator[Pixels]:
    """Yield `count` pictures (RGB, H x W x 3), the same on every run."""
    for number in range(count):
        chance = random.Random(number)
        if number % 3 == 2:
            image = _eastern_page(chance, japanese=number % 2 == 0)
        else:
            drawn = draw(GROUPS[number % len(GROUPS)], "tuning", FIRST + number)
            image = Image.open(io.BytesIO(drawn.data)).convert("RGB")
        yield np.asarray(_worn(image, chance) if number % 2 else image, np.uint8)


def _eastern_page(chance: random.Random, *, japanese: bool) -> Image.Image:
    package, names = JAPANESE_FONTS if japanese else CHINESE_FONTS
    signs = _japanese_signs() if japanese else _chinese_signs()
    width, height = chance.choice([(900, 1270), (1270, 900), (1000, 640), (640, 1136)])
    paper, ink = chance.choice(
        [("white", "black"), ("#f4efe2", "#2a2622"), ("#10243a", "#f2f6fa"), ("#ffffff", "#b3261e")]
    )
    page = Image.new("RGB", (width, height), paper)
    pen, top = ImageDraw.Draw(page), 30
    while top < height - 60:
        size = chance.choice([14, 16, 18, 20, 24, 28, 36, 48])
        font = ImageFont.truetype(_font_file(package, chance.choice(names)), size)
        left = chance.randrange(20, 120)
        room = int((width - left - 20) / size)
        words = [_word(signs, chance) for _ in range(chance.randint(1, max(1, room // 6)))]
        pen.text((left, top), " ".join(words)[: max(2, room)], font=font, fill=ink)
        top += int(size * chance.uniform(1.5, 2.4))
    return page


def _word(signs: str, chance: random.Random) -> str:
    if chance.random() < 0.25:
        return chance.choice(LATIN)
    return "".join(chance.choice(signs) for _ in range(chance.randint(2, 9)))


def _chinese_signs() -> str:
    """The 3,755 commonest signs: level 1 of GB 2312, rows 16 to 55."""
    return "".join(_decoded("gb2312", row, cell) for row in range(16, 56) for cell in range(1, 95))


def _japanese_signs() -> str:
    """Kana as often as kanji: rows 4 and 5 of JIS X 0208 again and again, and its level 1, rows 16 to 47."""
    kana = "".join(_decoded("euc_jp", row, cell) for row in (4, 5) for cell in range(1, 84))
    return kana * 18 + "".join(_decoded("euc_jp", row, cell) for row in range(16, 48) for cell in range(1, 95))


def _decoded(codec: str, row: int, cell: int) -> str:
    return bytes((row + 0xA0, cell + 0xA0)).decode(codec, errors="ignore")


def _font_file(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"Calibration pictures need fonts from the package {package}: pip install --no-deps {package}")
    return Path(spec.origin).parent / "fonts" / name


def _worn(image: Image.Image, chance: random.Random) -> Image.Image:
    """The picture, a little askew, unsharp, dim and noisy, as JPEG."""
    turn, blur, light = chance.uniform(-2, 2), chance.uniform(0, 1.2), chance.uniform(0.5, 1.0)
    image = image.rotate(turn, resample=Image.Resampling.BICUBIC, fillcolor=image.getpixel((2, 2)))
    image = image.filter(ImageFilter.GaussianBlur(blur))
    noise = np.random.default_rng(chance.randrange(2**32)).normal(
        0, chance.uniform(0, 12), (image.height, image.width, 1)
    )
    dim = np.clip(np.asarray(image, np.float32) * light + noise, 0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(dim).save(packed, "JPEG", quality=chance.randint(45, 90))
    return Image.open(packed).convert("RGB")
