"""A floor plan in black on white: walls, doors, rooms with areas, dimensions, a title block."""

from PIL import Image

from drawing.canvas import Sheet, font

ROOMS = (
    ((140, 190, 560, 520), "LIVING ROOM", "28.6 m²"),
    ((560, 190, 860, 420), "KITCHEN", "13.9 m²"),
    ((860, 190, 1120, 420), "DINING", "11.8 m²"),
    ((140, 520, 460, 820), "BEDROOM 1", "18.2 m²"),
    ((460, 640, 760, 820), "BATHROOM", "9.4 m²"),
    ((760, 560, 1120, 820), "BEDROOM 2", "17.5 m²"),
)


def draw_walls(sheet: Sheet) -> None:
    sheet.pen.rectangle((140, 190, 1120, 820), outline="#101010", width=12)
    for (left, top, right, bottom), name, area in ROOMS:
        sheet.pen.rectangle((left, top, right, bottom), outline="#101010", width=6)
        x, y = (left + right) / 2, (top + bottom) / 2
        sheet.text((x, y - 16), name, font("roboto", 24, "Medium"), "#101010", "mm")
        sheet.text((x, y + 16), area, font("roboto", 20), "#303030", "mm")
    sheet.text((660, 490), "HALL", font("roboto", 22, "Medium"), "#101010", "mm")
    sheet.text((660, 522), "12.1 m²", font("roboto", 19), "#303030", "mm")


def draw_openings(sheet: Sheet) -> None:
    for x, y, start in ((500, 520, 270), (600, 420, 0), (500, 640, 180), (820, 560, 180), (300, 520, 0)):
        sheet.pen.rectangle((x - 2, y - 7, x + 62, y + 7), fill="#ffffff")
        sheet.pen.arc((x - 60, y - 60, x + 60, y + 60), start, start + 90, fill="#505050", width=2)
    for x in (250, 660, 940):
        sheet.pen.rectangle((x, 182, x + 110, 202), fill="#ffffff", outline="#101010", width=2)
        sheet.pen.line((x, 192, x + 110, 192), fill="#101010", width=2)


def draw_dimensions(sheet: Sheet) -> None:
    sheet.pen.line((140, 150, 1120, 150), fill="#202020", width=2)
    for x, label in ((350, "5.60 m"), (710, "4.00 m"), (990, "3.45 m")):
        sheet.pen.rectangle((x - 44, 138, x + 44, 162), fill="#ffffff")
        sheet.text((x, 150), label, font("roboto", 18), "#202020", "mm")
    for x in (140, 560, 860, 1120):
        sheet.pen.line((x - 8, 158, x + 8, 142), fill="#202020", width=3)


def draw() -> Image.Image:
    sheet = Sheet(1260, 980)
    sheet.pen.rectangle((20, 20, 1240, 960), outline="#202020", width=3)
    sheet.text((140, 62), "FIRST FLOOR PLAN", font("roboto", 40, "Bold"), "#101010")
    draw_walls(sheet)
    draw_openings(sheet)
    draw_dimensions(sheet)
    sheet.pen.rectangle((700, 868, 1240, 960), outline="#202020", width=2)
    sheet.pen.line((700, 914, 1240, 914), fill="#202020")
    sheet.text((716, 880), "House Halvorsen, Birkelund 14", font("roboto", 20), "#202020")
    sheet.text((716, 926), "Scale 1:50", font("roboto", 20), "#202020")
    sheet.text((880, 926), "Date 2025-11-03", font("roboto", 20), "#202020")
    sheet.text((1090, 926), "Sheet A-102", font("roboto", 20), "#202020")
    sheet.pen.polygon(((70, 900), (82, 860), (94, 900)), fill="#202020")
    sheet.text((82, 918), "N", font("roboto", 22, "Bold"), "#202020", "mm")
    return sheet.image
