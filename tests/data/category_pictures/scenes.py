"""Signs, labels and boards: what stands on a site, a product, a wall or a frame of a robot's camera."""

from random import Random

from PIL import Image

from tests.data.category_pictures.sheet import Drawn, Sheet, grain, in_front_of, outdoors

SAFETY = (
    "Hard hats must be worn",
    "No unauthorised entry",
    "Danger: deep excavation",
    "Safety boots required",
    "High voltage",
    "All visitors must report to the site office",
)
WORKS = (
    ("Erection of {} and {}", ("steel beams", "concrete columns", "roof trusses"), ("retaining wall", "pile caps")),
)


def construction(rng: Random) -> Drawn:
    sheet = Sheet(rng, 900, 640, rng.choice(["#f6c400", "#ffffff", "#1d4f8a"]))
    ink = "#ffffff" if sheet.image.getpixel((5, 5)) == (29, 79, 138) else "#111111"
    safety = rng.sample(SAFETY, 3)
    sheet.box(10, 10, 890, 630, outline=ink, width=8)
    sheet.write(450, 80, rng.choice(["Riverside Depot", "Hartwell Bridge", "Block C"]), 54, ink, bold=True, anchor="mm")
    for row, text in enumerate(safety):
        sheet.write(450, 180 + 76 * row, text, 38, ink, anchor="mm")
    machine, material = (
        rng.choice(["tower crane", "excavator", "concrete pump"]),
        rng.choice(["timber", "rebar", "gravel"]),
    )
    part = rng.choice(["retaining wall", "steel beams", "pile caps", "roof trusses"])
    sheet.write(450, 430, f"Working area of the {machine}", 36, ink, anchor="mm")
    sheet.write(450, 500, f"Store for {material}", 36, ink, anchor="mm")
    sheet.write(450, 570, f"Next: {part}", 36, ink, anchor="mm")
    image = in_front_of(outdoors(rng, 1400, 1000), sheet.image, rng) if rng.random() < 0.7 else sheet.image
    truth = {"safety": safety, "equipment": [machine], "materials": [material], "structural_elements": [part]}
    return Drawn(image, truth)


def architectural_design(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1300, 900, "#efe9df")
    sheet.box(60, 60, 820, 840, fill="#c9b79c", outline=None)
    sheet.box(120, 480, 560, 760, fill="#6d5a45", outline=None)
    room = rng.choice(["Living room", "Kitchen", "Bathroom", "Lobby"])
    style = rng.choice(["Mid-century modern", "Scandinavian", "Industrial", "Art Deco"])
    materials = rng.sample(["oak", "terrazzo", "brass", "marble", "linen", "exposed brick"], 3)
    sheet.write(860, 90, room, 46, bold=True)
    sheet.write(860, 170, f"{style} style", 30)
    sheet.write(860, 260, "Materials", 30, bold=True)
    sheet.lines(860, 310, materials, 28)
    return Drawn(sheet.image, {"style": style, "room_type": room, "materials": materials})


def product_photo(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1000, 1000, "#ffffff")
    sheet.pen.rounded_rectangle((280, 140, 720, 880), 40, fill=rng.choice(["#1f5d4c", "#7a2438", "#24477a"]))
    brand, model = rng.choice(["Alpine", "Corvena", "Luma"]), f"{rng.choice('ABKX')}{rng.randrange(100, 999)}"
    contents = rng.choice(["250 ml", "500 g", "12 pieces", "1.5 l"])
    texts = [
        rng.choice(["Herbal shampoo", "Roasted coffee", "Wood glue"]),
        rng.choice(["with nettle & mint", "fair trade", "extra strong"]),
    ]
    sheet.write(500, 260, f"{brand}®", 64, "#ffffff", bold=True, anchor="mm")
    sheet.write(500, 380, texts[0], 40, "#ffffff", anchor="mm")
    sheet.write(500, 450, texts[1], 30, "#ffffff", anchor="mm")
    sheet.write(500, 640, f"Model {model}", 30, "#ffffff", anchor="mm")
    sheet.write(500, 760, contents, 36, "#ffffff", anchor="mm")
    truth = {"brand": brand, "model": model, "contents": contents, "packaging_text": texts}
    return Drawn(grain(sheet.image, 2, rng), truth)


def artwork(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1200, 900, "#f2f0ec", family=rng.choice(["serif", "caladea", "lato"]))
    scene: Image.Image = outdoors(rng, 720, 560)
    sheet.image.paste(scene, (60, 120))
    title, artist = (
        rng.choice(["Evening at the Weir", "Three Boats", "The Blue Gate"]),
        rng.choice(["Marit Olsen", "H. Duval", "Keziah Brand"]),
    )
    year, medium = str(rng.randrange(1890, 2024)), rng.choice(["Oil on canvas", "Watercolour on paper", "Etching"])
    sheet.lines(830, 320, [f"Artist: {artist}", f"Title: {title}", f"Year: {year}", f"Medium: {medium}"], 24, 1.9)
    return Drawn(sheet.image, {"title": title, "artist": artist, "year": year, "medium": medium})


def robotics(rng: Random) -> Drawn:
    """A frame with the boxes of a detector, each with its class and score, as tools for annotation draw them."""
    image = outdoors(rng, 1200, 800)
    sheet = Sheet(rng, 1200, 800)
    sheet.image.paste(image)
    names = rng.sample(["mug", "bottle", "screwdriver", "banana", "cardboard box", "bowl"], 3)
    for place, name in enumerate(names):
        x, y = 90 + 370 * place, rng.randrange(200, 420)
        sheet.box(x, y, x + 250, y + 240, outline="#35c03a", width=4)
        sheet.box(x, y - 40, x + 250, y, fill="#35c03a", outline=None)
        sheet.write(x + 8, y - 36, f"{name} 0.{rng.randrange(81, 99)}", 26, "#000000")
    return Drawn(sheet.image, {"object_affordances": names})
