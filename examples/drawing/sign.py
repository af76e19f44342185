"""A street name sign on a post, seen at an angle, before sky and hedge."""

import numpy as np
from PIL import Image, ImageFilter

from drawing.canvas import Sheet, font, grain, light, perspective


def scene(width: int, height: int) -> Image.Image:
    """Evening sky above, a hedge out of focus below."""
    rng = np.random.default_rng(21)
    rise = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([112, 158, 206]) * (1 - rise) + np.array([226, 222, 206]) * rise
    picture = np.repeat(sky, width, axis=1)
    clouds = Image.fromarray(rng.integers(0, 255, (height // 90, width // 140), dtype=np.uint8))
    veil = np.asarray(clouds.resize((width, height), Image.Resampling.BICUBIC), dtype=float)[..., None] / 255
    picture = picture * (1 - 0.25 * veil) + 245 * 0.25 * veil
    leaves = Image.fromarray(rng.integers(30, 120, (height // 5, width // 5), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    green = np.asarray(leaves, dtype=float)[..., None] * np.array([0.75, 1.05, 0.45])
    edge = height * 0.68 + 26 * np.sin(np.arange(width) / 60) + 14 * np.sin(np.arange(width) / 17)
    hedge = np.arange(height)[:, None] > edge[None, :]
    return Image.fromarray(np.where(hedge[..., None], green, picture).clip(0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(3)
    )


def plate() -> Image.Image:
    sheet = Sheet(760, 230, "#10457e")
    sheet.pen.rounded_rectangle((10, 10, 750, 220), 16, outline="#ffffff", width=6)
    sheet.text((380, 92), "Harbour Street", font("roboto", 92, "Bold"), "#ffffff", "mm")
    sheet.text((380, 176), "leading to Old Mill Lane", font("roboto", 42), "#ffffff", "mm")
    return sheet.image


def draw() -> Image.Image:
    sheet = Sheet(1200, 900)
    sheet.paste(scene(1200, 900), (0, 0))
    for x in range(560, 604):
        grey = int(95 + 90 * np.sin((x - 560) / 44 * np.pi))
        sheet.pen.line((x, 240, x, 900), fill=(grey, grey, grey + 4))
    shot, mask = perspective(plate(), [(196, 214), (962, 268), (948, 496), (204, 520)], (1200, 900))
    sheet.paste(shot, (0, 0), mask)
    return grain(light(sheet.image, 0.8, 1.03).filter(ImageFilter.GaussianBlur(1)), 6, seed=9)
