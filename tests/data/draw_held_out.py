"""Pictures the describer was not written on: drawn at random from a seed, each with what there is to be found on it.

Only Pillow's own font is used, so that they can be drawn on any machine; it has no
accents, and neither have the words. Layout, size, colours, wording, language,
skew and noise vary with the seed; the same seed always gives the same picture.

    python -m tests.data.draw_held_out FOLDER [SEEDS]
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

PAIRS = {
    "en": {
        "Surname": "Okafor",
        "First name": "Grace",
        "Date of birth": "07/02/1984",
        "Address": "9 Elm Grove",
        "Town": "Hexham",
        "Postcode": "NE46 1QA",
        "Telephone": "01434 550 117",
        "Occupation": "Surveyor",
    },
    "de": {
        "Nachname": "Brinkmann",
        "Vorname": "Jonas",
        "Geburtsdatum": "19.06.1979",
        "Anschrift": "Am Wall 3",
        "Wohnort": "Verden",
        "Postleitzahl": "27283",
        "Telefon": "04231 88 210",
        "Beruf": "Landwirt",
    },
    "es": {
        "Apellidos": "Romero Gil",
        "Nombre": "Lucia",
        "Domicilio": "Calle Mayor 8",
        "Ciudad": "Soria",
        "Fecha de nacimiento": "11/05/1990",
        "Fecha": "03/09/2026",
        "Correo": "lucia@romero.example",
    },
}
FORM_TITLES = {"en": "LIBRARY CARD APPLICATION", "de": "Antrag auf Parkausweis", "es": "SOLICITUD DE BECA"}
ROOMS = {
    "en": ["Kitchen", "Living room", "Bedroom 1", "Bedroom 2", "Bathroom", "Study", "Hall", "Utility", "Sun lounge"],
    "de": [
        "Esszimmer",
        "Wohnzimmer",
        "Schlafzimmer",
        "Kinderzimmer",
        "Bad",
        "Arbeitszimmer",
        "Flur",
        "Abstellraum",
        "Wintergarten",
    ],
    "es": ["Cocina", "Comedor", "Dormitorio 1", "Dormitorio 2", "Aseo", "Despacho", "Pasillo", "Lavadero", "Trastero"],
}
PLAN_TITLES = {"en": "UPPER FLOOR PLAN", "de": "Grundriss Obergeschoss", "es": "Planta baja"}
LEGEND = ["Footpath", "Bus route", "Railway", "Woodland", "Marsh", "Campsite", "Castle", "Ferry"]
PLACES = ["Orrin", "Kelby", "Stonehaven", "Mill Pond", "Tarn Head", "Eastry", "Black Moor", "Saltby", "Fenwick"]
COLUMNS = ["Order", "Customer", "City", "Status", "Amount", "Carrier"]
CELLS = {
    "Customer": ["Brandt", "Okoye", "Silva", "Novak", "Meyer", "Jensen", "Rossi", "Dubois"],
    "City": ["Leeds", "Porto", "Brno", "Turin", "Lyon", "Oslo", "Graz", "Ghent"],
    "Status": ["Open", "Shipped", "Open", "Returned", "Shipped", "Open", "Shipped", "Open"],
    "Carrier": ["Post", "Van", "Rail", "Post", "Van", "Van", "Rail", "Post"],
}
GOODS = ["Garden hose", "Paint brush", "Wood screws", "Work gloves", "Spirit level", "Sanding block", "Wall plugs"]
CATEGORIES = ["North", "South", "East", "West", "Centre", "Coast"]


@dataclass
class Picture:
    """A drawn picture and its truth: the kinds it may be told for, and the names to be found by sort."""

    image: Image.Image
    kinds: set[str]
    title: str = ""
    names: dict[str, list[str]] = field(default_factory=dict)
    fields: list[tuple[str, str]] = field(default_factory=list)


class Pen:
    """An image to write on with Pillow's own font."""

    def __init__(self, width: int, height: int, paper: str = "#ffffff") -> None:
        self.image = Image.new("RGB", (width, height), paper)
        self.draw = ImageDraw.Draw(self.image)

    def write(self, x: float, y: float, text: str, size: int, ink: str = "#1c1c1c", anchor: str = "la") -> None:
        self.draw.text((x, y), text, font=ImageFont.load_default(size), fill=ink, anchor=anchor)

    def box(self, *corners: float, fill: str | None = None, outline: str | None = None, width: int = 1) -> None:
        self.draw.rectangle(corners, fill=fill, outline=outline, width=width)


def scanned(image: Image.Image, rng: Random) -> Image.Image:
    """Turned by up to a degree, softened, with noise."""
    turned = image.rotate(rng.uniform(-1.0, 1.0), Image.Resampling.BICUBIC, fillcolor=image.getpixel((0, 0)))
    pixels = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.4)), np.float32)
    noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 5, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def form(rng: Random) -> Picture:
    language = rng.choice(list(PAIRS))
    pairs = list(PAIRS[language].items())
    style = rng.choice(["colon", "beside", "above"])
    width = rng.randrange(1000, 1400, 50)
    size = rng.randrange(22, 28)
    pen = Pen(width, 1300, rng.choice(["#ffffff", "#fbf9f0", "#f4f7fb"]))
    pen.write(rng.choice([70, 100]), 70, FORM_TITLES[language], size + 18)
    pitch = rng.randrange(70, 90) if style != "above" else rng.randrange(105, 125)
    for row, (label, value) in enumerate(pairs):
        y = 190 + row * pitch
        pen.write(100, y, label + (":" if style == "colon" else ""), size)
        if style == "above":
            pen.write(106, y + size + 12, value, size + 4, "#203080")
            pen.box(100, y + size + 6, width - 200, y + 2 * size + 26, outline="#777777")
        else:
            pen.write(420, y, value, size + 2, "#203080")
            pen.box(410, y + size + 10, width - 120, y + size + 11, fill="#888888")
    return Picture(scanned(pen.image, rng), {"form"}, FORM_TITLES[language], fields=pairs)


def plan(rng: Random) -> Picture:
    language = rng.choice(list(ROOMS))
    pen = Pen(1300, 1000)
    names = rng.sample(ROOMS[language], 6)
    size = rng.randrange(19, 26)
    below = rng.random() < 0.4
    pen.write(110, 920 if below else 40, PLAN_TITLES[language], size + 14)
    split = rng.randrange(420, 560)
    for index, name in enumerate(names):
        left, right = 100 + 360 * (index % 3), 100 + 360 * (index % 3 + 1)
        top, bottom = (120, split) if index < 3 else (split, 860)
        pen.box(left, top, right, bottom, outline="#101010", width=6)
        x, y = (left + right) / 2, (top + bottom) / 2
        pen.write(x, y - size, name, size, anchor="mm")
        area = f"{rng.randrange(40, 320) / 10:.1f} m2"
        pen.write(x, y + size * 0.6, area.replace(".", "," if language != "en" else "."), size - 3, anchor="mm")
    pen.write(1000, 920, "1:50" if rng.random() < 0.5 else "1:100", size)
    return Picture(pen.image, {"floor_plan"}, PLAN_TITLES[language], {"room": names})


def town_map(rng: Random) -> Picture:
    pen = Pen(1250, 950, rng.choice(["#eef0dd", "#f3ecdc", "#e6eef0"]))
    for _ in range(6):
        start, end = (rng.randrange(1250), 90), (rng.randrange(1250), 950)
        pen.draw.line((start, end), fill=rng.choice(["#ffffff", "#d9a441", "#9cc4df"]), width=rng.randrange(4, 12))
    title = rng.choice(["Map of the Orrin Valley", "Walking routes around Kelby", "Stonehaven trail map"])
    pen.box(0, 0, 1250, 76, fill="#ffffff")
    pen.write(40, 18, title, 38)
    entries, size = rng.sample(LEGEND, rng.randrange(4, 7)), rng.randrange(20, 25)
    left, top = rng.choice([(30, 560), (930, 110), (930, 560)])
    pen.box(left, top, left + 290, top + 70 + 44 * len(entries), fill="#fffef8", outline="#444444", width=2)
    pen.write(left + 16, top + 12, rng.choice(["Legend", "Key", "LEGEND"]), size + 4)
    for row, entry in enumerate(entries):
        y = top + 66 + 44 * row
        pen.box(left + 18, y, left + 60, y + 18, fill=rng.choice(["#b03030", "#3060a0", "#4a8a4a"]))
        pen.write(left + 80, y - 3, entry, size)
    places = [place for place in rng.sample(PLACES, 5) if place not in title]
    for index, place in enumerate(places):
        pen.write(370 + 180 * (index % 3), 180 + 150 * index, place, size + 3, "#1c2c4c")
    pen.write(560, 905, rng.choice(["Scale 1:25,000", "2 km", "1:10,000"]), 22)
    return Picture(pen.image, {"map"}, title, {"legend": entries, "place": places})


def screen(rng: Random) -> Picture:
    dark = rng.random() < 0.4
    paper, ink, pale = ("#15191f", "#dfe4ea", "#2a323d") if dark else ("#ffffff", "#22272e", "#d5dbe2")
    pen = Pen(rng.choice([1280, 1440, 1600]), 900, paper)
    entries = ["Home", "Orders", "Customers", "Products", "Settings", "Help"]
    left = 270 if rng.random() < 0.6 else 60
    for index, entry in enumerate(entries):
        place = (26, 110 + 48 * index) if left == 270 else (380 + 130 * index, 20)
        pen.write(*place, entry, 18, ink)
    title = rng.choice(["Open orders", "Orders this week", "Delivery overview"])
    pen.write(left, 96, title, 34, ink)
    pen.box(left + 700, 96, left + 840, 136, fill="#2563eb")
    pen.write(left + 770, 116, rng.choice(["New order", "Export list"]), 18, "#ffffff", "mm")
    columns, step = rng.sample(COLUMNS, 5), 190
    for number, column in enumerate(columns):
        pen.write(left + step * number, 190, column, 18, ink)
    for row in range(rng.randrange(5, 9)):
        pen.box(left, 228 + 52 * row, left + 980, 229 + 52 * row, fill=pale)
        for number, column in enumerate(columns):
            made = {"Order": f"A-{rng.randrange(1000, 9999)}", "Amount": f"{rng.randrange(20, 900)}.50"}
            pen.write(left + step * number, 242 + 52 * row, made.get(column) or CELLS[column][row], 18, ink)
    return Picture(pen.image, {"screenshot"}, title, {"header": columns})


def invoice(rng: Random) -> Picture:
    pen = Pen(1000, 1300)
    size = rng.randrange(19, 23)
    word, number_word = rng.choice(
        [("INVOICE", "Invoice no."), ("Rechnung", "Rechnungsnummer"), ("FACTURE", "Facture no.")]
    )
    pen.write(80, 70, "Harland Joinery", size + 6)
    pen.write(920, 66, word, size + 24, anchor="ra")
    number = f"{rng.randrange(2020, 2027)}-{rng.randrange(100, 999)}"
    pen.write(600, 200, number_word, size)
    pen.write(920, 200, number, size, anchor="ra")
    header = ["Item", "Qty", "Price", "Amount"]
    places = ((90, "la"), (560, "ra"), (740, "ra"), (910, "ra"))
    rows = [(name, str(rng.randrange(2, 9)), "12.50", "75.00") for name in rng.sample(GOODS, rng.randrange(3, 6))]
    for index, row in enumerate([header, *rows]):
        for (x, anchor), cell in zip(places, row, strict=True):
            pen.write(x, 360 + index * (size + 26), cell, size, anchor=anchor)
    pen.write(740, 900, "Total", size + 2, anchor="ra")
    pen.write(910, 900, "1,075.00", size + 2, anchor="ra")
    fields = [(number_word, number), ("Total", "1,075.00")]
    return Picture(scanned(pen.image, rng), {"document"}, word, {"header": header}, fields)


def receipt(rng: Random) -> Picture:
    pen = Pen(520, 1000, "#f7f6f0")
    shop = rng.choice(["HILLTOP STORES", "Quay Hardware", "MILL ROAD DELI"])
    pen.write(260, 60, shop, 32, anchor="mm")
    fields = [(name, f"{rng.randrange(1, 30)}.{rng.randrange(10, 99)}") for name in rng.sample(GOODS, 4)]
    fields.append((rng.choice(["TOTAL", "Total due", "TOTAL EUR"]), f"{rng.randrange(40, 90)}.{rng.randrange(10, 99)}"))
    for index, (name, price) in enumerate(fields):
        y = 170 + 52 * index
        pen.write(36, y, name, 24)
        pen.write(484, y, price, 24, anchor="ra")
    pen.write(36, 520, "14/08/2026 16:05", 22)
    pen.write(260, 620, "Thank you", 24, anchor="mm")
    return Picture(scanned(pen.image, rng), {"document"}, shop, fields=fields)


def chart(rng: Random) -> Picture:
    pen = Pen(1100, 700)
    title = rng.choice(["Members by region", "Tonnes landed per port", "Hours of sunshine"])
    pen.write(550, 44, title, 34, anchor="mm")
    step, level = rng.choice([5, 10, 25, 200]), rng.random() < 0.4
    names = rng.sample(CATEGORIES, 5)
    for index in range(6):
        x, y = 180 + 160 * index, 580 - 88 * index
        pen.write(*((x, 600) if level else (110, y)), str(step * index), 18, anchor="mt" if level else "rm")
    for index, name in enumerate(names):
        long = rng.randrange(100, 420)
        if level:
            pen.box(180, 130 + 92 * index, 180 + long, 180 + 92 * index, fill="#3b78b4")
            pen.write(165, 155 + 92 * index, name, 20, anchor="rm")
        else:
            pen.box(170 + 180 * index, 580 - long, 240 + 180 * index, 580, fill="#3b78b4")
            pen.write(205 + 180 * index, 602, name, 20, anchor="mm")
    return Picture(pen.image, {"chart"}, title, {"label": names})


DRAWERS: dict[str, Callable[[Random], Picture]] = {
    "form": form,
    "plan": plan,
    "map": town_map,
    "screen": screen,
    "invoice": invoice,
    "receipt": receipt,
    "chart": chart,
}


def draw(sort: str, seed: int) -> Picture:
    """The picture of that sort and seed."""
    return DRAWERS[sort](Random(f"{sort} {seed}"))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for sort in DRAWERS:
        for seed in range(int(sys.argv[2]) if len(sys.argv) > 2 else 4):
            draw(sort, seed).image.save(folder / f"{sort}-{seed}.png")
