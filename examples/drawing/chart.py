"""A bar chart with two series, a title, axis labels and a legend."""

from PIL import Image

from drawing.canvas import Sheet, font

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SERIES = (
    ("Bergen", "#2f6db3", (190, 152, 170, 114, 106, 132, 148, 190, 283, 271, 259, 235)),
    ("Oslo", "#e08a2b", (49, 36, 47, 41, 53, 65, 81, 89, 90, 84, 73, 55)),
)


def vertical(text: str, size: int) -> Image.Image:
    sheet = Sheet(260, 34)
    sheet.text((130, 17), text, font("sans", size), "#404040", "mm")
    return sheet.image.rotate(90, expand=True)


def draw() -> Image.Image:
    sheet = Sheet(1100, 700)
    sheet.text((590, 44), "Monthly rainfall in two cities", font("sans", 34, "Bold"), "#202020", "mm")
    for value in range(0, 301, 50):
        y = 580 - value * 1.6
        sheet.pen.line((110, y, 1060, y), fill="#e3e3e3", width=1)
        sheet.text((100, y), str(value), font("sans", 18), "#505050", "rm")
    for index, month in enumerate(MONTHS):
        left = 128 + index * 78
        for offset, (_, colour, values) in enumerate(SERIES):
            x = left + offset * 28
            sheet.pen.rectangle((x, 580 - values[index] * 1.6, x + 25, 580), fill=colour)
        sheet.text((left + 27, 600), month, font("sans", 19), "#404040", "mm")
    sheet.pen.line((110, 100, 110, 580), fill="#404040", width=2)
    sheet.pen.line((110, 580, 1060, 580), fill="#404040", width=2)
    sheet.text((585, 650), "Month", font("sans", 22), "#404040", "mm")
    sheet.paste(vertical("Rainfall (mm)", 22), (24, 210))
    for index, (name, colour, _) in enumerate(SERIES):
        sheet.pen.rectangle((150 + index * 140, 104, 170 + index * 140, 124), fill=colour)
        sheet.text((180 + index * 140, 114), name, font("sans", 20), "#303030", "lm")
    return sheet.image
