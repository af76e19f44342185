"""A tea tin on a plain white background, with light, shade and a printed label."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.canvas import Sheet, font, grain


def tin(width: int, height: int) -> Image.Image:
    """The tin's body: dark green, lit from the left, as a cylinder is."""
    across = np.linspace(-1, 1, width)
    shine = 0.55 + 0.5 * np.exp(-((across + 0.35) ** 2) / 0.12) + 0.12 * np.exp(-((across - 0.8) ** 2) / 0.02)
    body = np.array([38, 92, 70])[None, None, :] * (shine * np.sqrt(1 - 0.75 * across**2))[None, :, None]
    return Image.fromarray(np.clip(np.repeat(body, height, axis=0), 0, 255).astype(np.uint8))


def label(width: int, height: int) -> Image.Image:
    sheet = Sheet(width, height, "#f3ead2")
    sheet.pen.rectangle((12, 12, width - 12, height - 12), outline="#9a7a34", width=3)
    sheet.text((width / 2, 62), "MARLOW & FINCH", font("serif", 30, "Semibold"), "#5a4312", "mm")
    sheet.pen.line((60, 92, width - 60, 92), fill="#9a7a34", width=2)
    sheet.text((width / 2, 150), "Jasmine", font("caladea", 66, "Bold"), "#1d4a38", "mm")
    sheet.text((width / 2, 214), "Green Tea", font("caladea", 56, "Bold"), "#1d4a38", "mm")
    sheet.text((width / 2, 276), "loose leaf, hand-picked", font("serif", 25, "It"), "#4a4a3a", "mm")
    sheet.text((width / 2, 334), "125 g  ℮  4.4 oz", font("sans", 26), "#4a4a3a", "mm")
    return sheet.image


def draw() -> Image.Image:
    sheet = Sheet(900, 1000, "#fdfdfd")
    sheet.shadow((230, 880, 700, 930), 26, 120)
    body = tin(440, 640)
    mask = Image.new("L", body.size, 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((0, 20, 440, 615), fill=255)
    pen.ellipse((0, 590, 440, 639), fill=255)
    pen.ellipse((0, 0, 440, 44), fill=255)
    sheet.paste(body, (230, 270), mask)
    lid = tin(456, 110).point(lambda value: min(255, int(value * 1.25)))
    round_lid = Image.new("L", lid.size, 0)
    ImageDraw.Draw(round_lid).rounded_rectangle((0, 0, 455, 109), 18, fill=255)
    sheet.paste(lid, (222, 190), round_lid)
    shaded = np.asarray(label(372, 380), dtype=np.float32)
    shade = np.linspace(1.0, 0.84, shaded.shape[1])[None, :, None]
    sheet.paste(Image.fromarray((shaded * shade).astype(np.uint8)), (264, 390))
    return grain(sheet.image.filter(ImageFilter.GaussianBlur(0.7)), 2.5, seed=5)
