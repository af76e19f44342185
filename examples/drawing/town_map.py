"""A walking map: coloured areas, roads, a river, place names, a legend and a scale."""

from PIL import Image, ImageFilter

from drawing.canvas import Sheet, font

LEGEND = (
    ("Walking trail", "#c43c2c", "line"),
    ("Cycle route", "#7a3fa0", "line"),
    ("Main road", "#e0a030", "line"),
    ("Forest", "#b9d7a3", "area"),
    ("Lake or river", "#9cc9e6", "area"),
    ("Viewpoint", "#202020", "dot"),
)
PLACES = (
    ((250, 250), "Hollowmere", 26),
    ((760, 210), "Stag's Leap", 22),
    ((880, 560), "Bramley Cross", 26),
    ((330, 640), "Tarrow Wood", 22),
    ((560, 400), "Lake Ennor", 24),
    ((1010, 330), "Pell Hill", 22),
)


def draw_land(sheet: Sheet) -> None:
    pen = sheet.pen
    pen.polygon(((0, 520), (180, 480), (420, 560), (500, 700), (420, 840), (0, 840)), fill="#b9d7a3")
    pen.polygon(((640, 100), (900, 130), (960, 260), (800, 320), (640, 260)), fill="#b9d7a3")
    pen.ellipse((450, 340, 690, 470), fill="#9cc9e6", outline="#6aa5cc", width=2)
    river = [(690, 420), (760, 460), (800, 540), (780, 640), (820, 740), (800, 850)]
    pen.line(river, fill="#9cc9e6", width=16, joint="curve")
    sheet.image = sheet.image.filter(ImageFilter.GaussianBlur(1))


def draw_ways(sheet: Sheet) -> None:
    roads = (
        ([(0, 300), (240, 290), (420, 300), (700, 330), (900, 420), (1200, 440)], "#e0a030", 12),
        ([(900, 420), (890, 580), (960, 850)], "#e0a030", 10),
        ([(250, 290), (300, 460), (330, 620), (360, 840)], "#c43c2c", 4),
        ([(420, 300), (520, 200), (760, 190), (1000, 320)], "#c43c2c", 4),
        ([(0, 700), (300, 690), (620, 560), (880, 590), (1200, 640)], "#7a3fa0", 4),
    )
    for points, colour, width in roads:
        if width > 6:
            sheet.pen.line(points, fill="#8f6a20", width=width + 3, joint="curve")
        sheet.pen.line(points, fill=colour, width=width, joint="curve")
    for x, y in ((760, 180), (1010, 305), (330, 600)):
        sheet.pen.ellipse((x - 7, y - 7, x + 7, y + 7), fill="#202020")


def draw_legend(sheet: Sheet) -> None:
    sheet.pen.rectangle((930, 640, 1180, 880), fill="#fffdf5", outline="#404040", width=2)
    sheet.text((946, 650), "Legend", font("sans", 22, "Bold"))
    for index, (name, colour, shape) in enumerate(LEGEND):
        y = 698 + index * 30
        if shape == "line":
            sheet.pen.line((946, y, 986, y), fill=colour, width=6)
        elif shape == "area":
            sheet.pen.rectangle((946, y - 9, 986, y + 9), fill=colour, outline="#707070")
        else:
            sheet.pen.ellipse((959, y - 7, 973, y + 7), fill=colour)
        sheet.text((1000, y), name, font("sans", 19), "#202020", "lm")


def draw() -> Image.Image:
    sheet = Sheet(1200, 900, "#eef0dd")
    draw_land(sheet)
    sheet = _again(sheet)
    draw_ways(sheet)
    for (x, y), name, size in PLACES:
        ink = "#1f5f8b" if name.startswith("Lake") else "#202020"
        sheet.pen.text(
            (x, y),
            name,
            font=font("serif", size, "Semibold"),
            fill=ink,
            anchor="mm",
            stroke_width=2,
            stroke_fill="#f6f7ea",
        )
    sheet.pen.rectangle((0, 0, 1200, 76), fill="#2f4f3a")
    sheet.text((30, 38), "Hollowmere Valley – Walking and Cycling Map", font("serif", 36, "Bold"), "#ffffff", "lm")
    draw_legend(sheet)
    sheet.text((30, 868), "Scale 1:20,000     Edition 4, 2025", font("sans", 20), "#202020", "lm")
    sheet.pen.line((420, 868, 620, 868), fill="#202020", width=4)
    sheet.text((640, 868), "1 km", font("sans", 18), "#202020", "lm")
    return sheet.image


def _again(sheet: Sheet) -> Sheet:
    """A fresh pen for an image that a filter has replaced."""
    fresh = Sheet(*sheet.image.size)
    fresh.paste(sheet.image, (0, 0))
    return fresh
