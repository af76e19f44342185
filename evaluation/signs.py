"""Signs, photographed at an angle."""

from evaluation.canvas import Brush, Picture, Sheet, finished, photographed

_SIZE = (1600, 1200)


def sign(brush: Brush) -> Picture:
    """A street, shop or notice sign."""
    rng, words = brush.use("display").rng, brush.words
    sort = brush.turn(0, 1, 2)
    if sort == 0:
        sheet = Sheet(brush, 1100, 300, rng.choice(["#0b5d3b", "#123f7a", "#f4f2ea"]))
        light = sheet.image.getpixel((5, 5))[0] > 128
        ink = "#101010" if light else "#ffffff"
        sheet.box(12, 12, 1088, 288, outline=ink, width=8)
        sheet.write(550, 118, words.one("street"), 108, ink, anchor="mm", weight="bold")
        sheet.write(550, 226, words.one("town").upper(), 52, ink, anchor="mm")
    elif sort == 1:
        sheet = Sheet(brush, 900, 620, rng.choice(["#7a1d1d", "#20344f", "#2f4a2a"]))
        sheet.write(450, 150, words.one("company"), 84, "#f6e7b4", anchor="mm", weight="bold")
        sheet.write(450, 300, f"{words.one('goods')} and more", 50, "#ffffff", anchor="mm")
        opens, closes = rng.randrange(7, 10), rng.randrange(17, 20)
        sheet.write(450, 430, f"Open daily {opens}:00 - {closes}:00", 50, "#ffffff", anchor="mm")
        sheet.write(450, 530, f"Tel. {words.number(5)} {words.number(4)}", 46, "#ffffff", anchor="mm")
    else:
        sheet = Sheet(brush, 760, 760, "#ffffff")
        sheet.box(14, 14, 746, 746, outline="#1446a0", width=14)
        sheet.write(380, 130, "NOTICE", 100, "#1446a0", anchor="mm", weight="bold")
        noun, other = words.some("noun", 2)
        for row, text in enumerate((f"The {noun} is closed", f"from {words.date()}", f"Use the {other} instead")):
            sheet.write(380, 300 + 110 * row, text, 58, anchor="mm")
        sheet.write(380, 670, words.one("town"), 48, "#1446a0", anchor="mm")
    image = photographed(sheet.image, rng, _SIZE, tilt=0.15)
    return finished(sheet, ["photo"], image, quality=rng.choice([60, 75, 92]), faces=0)


def site_sign(brush: Brush) -> Picture:
    """A sign at a construction site."""
    rng, words = brush.use("display").rng, brush.words
    warning = brush.turn(True, False)
    if warning:
        sheet = Sheet(brush, 900, 700, "#f6c400")
        sheet.box(16, 16, 884, 684, outline="#111111", width=12)
        sheet.write(450, 110, rng.choice(["DANGER", "WARNING", "CAUTION"]), 110, "#111111", anchor="mm", weight="bold")
        rules = ["Construction site", "No unauthorised entry", "Hard hats must be worn", "Overhead crane in use"]
        for row, text in enumerate(rng.sample(rules, 3)):
            sheet.write(450, 260 + 110 * row, text, 58, "#111111", anchor="mm")
        sheet.write(450, 610, f"Site office {words.number(5)} {words.number(3)}", 44, "#111111", anchor="mm")
    else:
        sheet = Sheet(brush, 1100, 760, "#ffffff")
        sheet.box(0, 0, 1100, 130, fill="#1d4f8a")
        sheet.write(550, 65, words.one("company"), 70, "#ffffff", anchor="mm", weight="bold")
        lines = (
            f"New {words.one('noun')} at {words.one('street')}",
            f"Architect: {words.person()}",
            f"Completion: {words.date()}",
            f"Permit no. {words.number(6)}",
            "All visitors report to the office",
        )
        for row, text in enumerate(lines):
            sheet.write(60, 190 + 108 * row, text, 54, "#14213a")
    image = photographed(sheet.image, rng, _SIZE, tilt=0.12)
    return finished(sheet, ["photo"], image, quality=rng.choice([60, 85]), faces=0, category="construction")
