"""An invoice as an accounting program prints it."""

from PIL import Image

from drawing.canvas import Sheet, font

LINES = (
    ("Site survey, two days", "2", "640.00", "1,280.00"),
    ("Drainage drawing, revision C", "1", "450.00", "450.00"),
    ("Concrete core test", "6", "85.00", "510.00"),
    ("Travel, flat rate", "1", "120.00", "120.00"),
)
META = (
    ("Invoice no.", "2026-0318"),
    ("Invoice date", "09 March 2026"),
    ("Due date", "08 April 2026"),
    ("Customer no.", "10442"),
)
TOTALS = (("Subtotal", "2,360.00"), ("VAT 20%", "472.00"), ("Total GBP", "2,832.00"))


def draw() -> Image.Image:
    sheet = Sheet(1000, 1240)
    sheet.pen.rectangle((0, 0, 1000, 14), fill="#0b5394")
    sheet.text((80, 70), "Calder Geotechnics Ltd", font("sans", 30, "Bold"), "#0b5394")
    sheet.text((80, 112), "4 Mill Lane, Hebden, HX7 2PL", font("sans", 20), "#444444")
    sheet.text((920, 66), "INVOICE", font("sans", 52, "Bold"), "#222222", "ra")
    sheet.text((80, 220), "Bill to", font("sans", 20, "Semibold"), "#777777")
    for index, line in enumerate(("Northway Housing Association", "Finance Office, 12 Regent Square", "Leeds LS1 4AP")):
        sheet.text((80, 250 + index * 30), line, font("sans", 22))
    for index, (label, value) in enumerate(META):
        sheet.text((620, 220 + index * 34), label, font("sans", 20), "#777777")
        sheet.text((920, 220 + index * 34), value, font("sans", 20), "#1f2328", "ra")
    sheet.pen.rectangle((80, 420, 920, 462), fill="#0b5394")
    for x, name, anchor in (
        (96, "Description", "lm"),
        (590, "Qty", "rm"),
        (740, "Unit price", "rm"),
        (904, "Amount", "rm"),
    ):
        sheet.text((x, 441), name, font("sans", 20, "Semibold"), "#ffffff", anchor)
    for index, (name, count, price, amount) in enumerate(LINES):
        y = 494 + index * 52
        for x, value, anchor in ((96, name, "lm"), (590, count, "rm"), (740, price, "rm"), (904, amount, "rm")):
            sheet.text((x, y), value, font("sans", 21), "#1f2328", anchor)
        sheet.pen.line((80, y + 26, 920, y + 26), fill="#d0d7de")
    for index, (name, amount) in enumerate(TOTALS):
        weight = "Bold" if index == 2 else "Regular"
        sheet.text((740, 760 + index * 42), name, font("sans", 22, weight), "#1f2328", "rm")
        sheet.text((904, 760 + index * 42), amount, font("sans", 22, weight), "#1f2328", "rm")
    sheet.pen.line((600, 824, 920, 824), fill="#1f2328", width=2)
    sheet.text((80, 1000), "Payment by bank transfer within 30 days.", font("sans", 20), "#444444")
    sheet.text((80, 1032), "IBAN GB33 BUKB 2020 1555 5555 55", font("sans", 20), "#444444")
    sheet.text(
        (500, 1190),
        "www.caldergeo.example   accounts@caldergeo.example   Tel. 01422 555 018",
        font("sans", 17),
        "#777777",
        "mm",
    )
    return sheet.image
