"""A till receipt, photographed on a wooden table."""

import numpy as np
from PIL import Image, ImageFilter

from drawing.canvas import Sheet, font, grain, light, perspective

ITEMS = (
    ("Oat milk 1 L", "2.19"),
    ("Rye bread", "3.45"),
    ("Tomatoes 0.620 kg", "2.42"),
    ("Olive oil 500 ml", "7.90"),
    ("Dark chocolate 85%", "2.60"),
)


def paper() -> Image.Image:
    sheet = Sheet(460, 820, "#f7f6f1")
    ink = "#2c2c30"
    sheet.text((230, 50), "GREEN CORNER MARKET", font("roboto", 30, "Bold"), ink, "mm")
    sheet.text((230, 90), "27 Quay Street, Galway", font("roboto", 21), ink, "mm")
    sheet.text((230, 120), "VAT no. IE6388047V", font("roboto", 21), ink, "mm")
    sheet.text((30, 170), "Receipt no. 004417", font("roboto", 21), ink)
    sheet.text((30, 200), "12/03/2026  17:42", font("roboto", 21), ink)
    sheet.text((30, 228), "-" * 58, font("roboto", 20), ink)
    for index, (name, price) in enumerate(ITEMS):
        sheet.text((30, 268 + index * 38), name, font("roboto", 22), ink)
        sheet.text((430, 268 + index * 38), price, font("roboto", 22), ink, "ra")
    sheet.text((30, 462), "-" * 58, font("roboto", 20), ink)
    sheet.text((30, 500), "TOTAL EUR", font("roboto", 30, "Bold"), ink)
    sheet.text((430, 500), "18.56", font("roboto", 30, "Bold"), ink, "ra")
    sheet.text((30, 556), "Card", font("roboto", 22), ink)
    sheet.text((430, 556), "18.56", font("roboto", 22), ink, "ra")
    sheet.text((230, 660), "Thank you for shopping with us", font("roboto", 21), ink, "mm")
    rng = np.random.default_rng(3)
    x = 80
    while x < 380:
        bar = int(rng.integers(2, 6))
        sheet.pen.rectangle((x, 700, x + bar, 770), fill=ink)
        x += bar + int(rng.integers(2, 7))
    return sheet.image


def table(width: int, height: int) -> Image.Image:
    """Wood: long soft streaks of brown across the picture."""
    rng = np.random.default_rng(8)
    streaks = np.repeat(rng.normal(0, 1, (height, width // 60 + 1)), 60, axis=1)[:, :width]
    grey = np.asarray(
        Image.fromarray(((streaks + 4) * 30).clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(6))
    )
    wood = np.array([128, 88, 56])[None, None, :] * (0.55 + 0.9 * grey[..., None] / 255)
    return Image.fromarray(wood.clip(0, 255).astype(np.uint8))


def draw() -> Image.Image:
    picture = table(900, 1200)
    sheet = Sheet(900, 1200)
    sheet.paste(picture, (0, 0))
    sheet.shadow((190, 120, 730, 1130), 22, 150)
    shot, mask = perspective(paper(), [(196, 96), (690, 112), (716, 1116), (160, 1092)], (900, 1200))
    sheet.paste(shot, (0, 0), mask)
    return grain(light(sheet.image, 0.72, 1.02).filter(ImageFilter.GaussianBlur(0.8)), 4, seed=2)
