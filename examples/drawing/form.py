"""A printed form, filled in and scanned."""

from PIL import Image

from drawing.canvas import Sheet, font, scanned

FIELDS = (
    ("Name of borrower", "Ingrid Solheim"),
    ("Department", "Marine Biology"),
    ("Employee no.", "40217"),
    ("Telephone", "+47 55 58 21 09"),
    ("E-mail", "i.solheim@fjordlab.example"),
    ("Item borrowed", "Field microscope LM-20"),
    ("Serial no.", "FM20-008813"),
    ("Date of loan", "14.04.2026"),
    ("Due back", "28.04.2026"),
    ("Purpose", "Plankton survey, station 7"),
)


def draw() -> Image.Image:
    sheet = Sheet(1000, 1300, "#fbfaf6")
    sheet.text((90, 80), "Fjordlab Research Station", font("sans", 26), "#33475b")
    sheet.pen.line((90, 124, 910, 124), fill="#33475b", width=3)
    sheet.text((500, 180), "EQUIPMENT LOAN FORM", font("sans", 44, "Bold"), "#151515", "mm")
    sheet.text(
        (500, 226),
        "Please fill in with block letters and hand in at the store.",
        font("sans", 20, "It"),
        "#444444",
        "mm",
    )
    for index, (label, value) in enumerate(FIELDS):
        top = 284 + index * 68
        sheet.text((100, top), f"{label}:", font("sans", 25, "Semibold"), "#222222")
        sheet.text((372, top - 2), value, font("caladea", 27, "Italic"), "#20337a")
        sheet.pen.line((366, top + 36, 900, top + 36), fill="#8a8a8a")
    top = 284 + len(FIELDS) * 68 + 20
    sheet.pen.rectangle((90, top, 910, top + 130), outline="#555555", width=2)
    for index, line in enumerate(
        (
            "The borrower is liable for loss and damage. Equipment that is not returned by",
            "the due date is reported to the head of the department. Batteries have to be",
            "taken out before transport.",
        )
    ):
        sheet.text((108, top + 16 + index * 34), line, font("serif", 22), "#2a2a2a")
    sheet.pen.line((100, top + 220, 420, top + 220), fill="#555555")
    sheet.pen.line((580, top + 220, 900, top + 220), fill="#555555")
    sheet.text((100, top + 226), "Signature of borrower", font("sans", 19), "#444444")
    sheet.text((580, top + 226), "Signature of store keeper", font("sans", 19), "#444444")
    return scanned(sheet.image, 0.6, seed=11)
