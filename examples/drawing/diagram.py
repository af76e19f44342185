"""A block diagram: boxes, arrows and what flows along them."""

from PIL import Image

from drawing.canvas import Sheet, font

BOXES = {
    "Web shop": (80, 150, "#dbe9f6"),
    "Order service": (420, 150, "#dff0d8"),
    "Payment gateway": (780, 150, "#fde9d0"),
    "Order database": (420, 380, "#eee0f5"),
    "Message queue": (780, 380, "#fff6c9"),
    "Warehouse system": (780, 580, "#dbe9f6"),
}
ARROWS = (
    ((320, 195), (420, 195), "HTTPS"),
    ((660, 195), (780, 195), "REST"),
    ((540, 240), (540, 380), "SQL"),
    ((660, 425), (780, 425), "events"),
    ((900, 470), (900, 580), "AMQP"),
)


def draw() -> Image.Image:
    sheet = Sheet(1120, 720)
    sheet.text((560, 60), "Order processing – system overview", font("roboto", 34, "Bold"), "#202020", "mm")
    for name, (left, top, fill) in BOXES.items():
        sheet.shadow((left + 3, top + 4, left + 243, top + 94), 4, 60)
        sheet.pen.rounded_rectangle((left, top, left + 240, top + 90), 10, fill=fill, outline="#404040", width=2)
        sheet.text((left + 120, top + 45), name, font("roboto", 23, "Medium"), "#202020", "mm")
    for (x1, y1), (x2, y2), label in ARROWS:
        sheet.pen.line((x1, y1, x2, y2), fill="#404040", width=3)
        if y1 == y2:
            sheet.pen.polygon(((x2, y2), (x2 - 14, y2 - 7), (x2 - 14, y2 + 7)), fill="#404040")
            sheet.text(((x1 + x2) / 2 - 4, y1 - 18), label, font("roboto", 17), "#505050", "mm")
        else:
            sheet.pen.polygon(((x2, y2), (x2 - 7, y2 - 14), (x2 + 7, y2 - 14)), fill="#404040")
            sheet.text((x1 + 12, (y1 + y2) / 2), label, font("roboto", 17), "#505050", "lm")
    return sheet.image
