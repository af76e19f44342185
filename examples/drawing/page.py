"""A page of a journal in two columns."""

from PIL import Image

from drawing.canvas import Sheet, font

ABSTRACT = (
    "Tidal ponds along the northern coast were sampled in each month of a full year. We describe how",
    "salinity and temperature change together, and which of the two explains the growth of sea grass.",
)
LEFT = [
    "1 Introduction",
    "Shallow ponds behind the dunes fill at",
    "spring tide and lie cut off from the sea",
    "for up to two weeks. In that time the",
    "water warms quickly and its salt content",
    "rises. Plants that live here must bear",
    "both, and few of them do so well as the",
    "common sea grass.",
    "Earlier surveys were made in summer",
    "only. They could not tell whether heat or",
    "salt limits the growth, because the two",
    "rise at the same time of the year.",
    "2 Study area",
    "The four ponds lie within three kilometres",
    "of each other on a flat shore of fine sand.",
    "The deepest of them measures less than",
    "one metre at high water.",
]
RIGHT = [
    "3 Methods",
    "A logger was sunk in the middle of each",
    "pond and read once a month. Samples of",
    "grass were cut along a fixed line, dried",
    "for two days and weighed.",
    "All figures were compared with those of",
    "an open bay nearby, where the salt content",
    "hardly changes.",
    "4 Results",
    "Growth followed temperature in spring",
    "and salt content in late summer. In the",
    "open bay there was no such change of",
    "the leading factor.",
    "The smallest pond dried out twice, and",
    "its grass did not return before the next",
    "spring tide. We take this as the limit of",
    "what the plant can bear.",
]


def draw_column(sheet: Sheet, left: int, lines: list[str]) -> None:
    for index, line in enumerate(lines):
        heading = line[0].isdigit()
        face = font("sans", 23, "Bold") if heading else font("serif", 21)
        sheet.text((left, 420 + index * 40), line, face, "#1a1a1a")


def draw() -> Image.Image:
    sheet = Sheet(1000, 1200, "#fefefe")
    sheet.text((90, 56), "Journal of Coastal Ecology, Vol. 18, 2024", font("serif", 18, "It"), "#505050")
    sheet.text((910, 56), "41", font("serif", 18), "#505050", "ra")
    sheet.text((500, 140), "Sea grass in cut-off tidal ponds", font("serif", 42, "Bold"), "#111111", "mm")
    sheet.text((500, 200), "Maren Holt and Tomas Iversen", font("serif", 24), "#303030", "mm")
    for index, line in enumerate(ABSTRACT):
        sheet.text((500, 276 + index * 34), line, font("serif", 19, "It"), "#303030", "mm")
    sheet.pen.line((90, 350, 910, 350), fill="#808080")
    draw_column(sheet, 90, LEFT)
    draw_column(sheet, 520, RIGHT)
    return sheet.image
