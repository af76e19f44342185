"""A web application: heading, navigation on the left, buttons, a table with a status column."""

from PIL import Image

from drawing.canvas import Sheet, font

NAVIGATION = ("Dashboard", "Stock items", "Purchase orders", "Suppliers", "Deliveries", "Reports", "User accounts")
COLUMNS = ((268, "SKU"), (388, "Item"), (640, "Location"), (770, "In stock"), (890, "Status"), (1060, "Updated"))
ROWS = (
    ("AX-1042", "Hex bolt M8 × 40", "Aisle 3", "1,240", "In stock", "2026-03-02"),
    ("AX-1077", "Lock washer M8", "Aisle 3", "86", "Low", "2026-03-02"),
    ("BR-2201", "Bearing 6204-2RS", "Aisle 7", "0", "Sold out", "2026-02-27"),
    ("BR-2208", "Bearing 6208-ZZ", "Aisle 7", "312", "In stock", "2026-02-27"),
    ("CL-0310", "Hose clamp 25 mm", "Aisle 1", "540", "In stock", "2026-02-25"),
    ("EL-5120", "Limit switch IP67", "Cage B", "18", "Low", "2026-02-24"),
    ("EL-5166", "Cable gland M20", "Cage B", "930", "In stock", "2026-02-20"),
    ("PN-7004", "Push fitting 8 mm", "Aisle 5", "204", "In stock", "2026-02-18"),
)
STATUS = {"In stock": ("#dafbe1", "#1a7f37"), "Low": ("#fff8c5", "#7d4e00"), "Sold out": ("#ffebe9", "#a40e26")}


def draw_navigation(sheet: Sheet) -> None:
    sheet.pen.rectangle((0, 0, 219, 800), fill="#132a3e")
    sheet.pen.ellipse((20, 20, 48, 48), fill="#f4a340")
    sheet.text((60, 23), "Storeroom", font("roboto", 20, "Bold"), "#ffffff")
    for index, name in enumerate(NAVIGATION):
        top = 84 + index * 44
        if index == 1:
            sheet.pen.rounded_rectangle((10, top - 8, 210, top + 28), 6, fill="#24506f")
        sheet.pen.rounded_rectangle((24, top, 40, top + 16), 3, outline="#8fb3cc", width=2)
        sheet.text((56, top - 2), name, font("roboto", 16), "#dce8f0")


def draw_table(sheet: Sheet) -> None:
    sheet.shadow((250, 206, 1250, 206 + 46 + 56 * len(ROWS)), 6, 50)
    sheet.pen.rounded_rectangle((248, 200, 1252, 200 + 46 + 56 * len(ROWS)), 8, fill="#ffffff", outline="#d0d7de")
    for x, name in COLUMNS:
        sheet.text((x, 213), name, font("roboto", 15, "Bold"), "#57606a")
    for index, row in enumerate(ROWS):
        top = 246 + index * 56
        sheet.pen.line((249, top, 1251, top), fill="#d8dee4")
        for (x, _), value in zip(COLUMNS, row, strict=True):
            fill = "#1f2328"
            if value in STATUS:
                pale, fill = STATUS[value]
                sheet.pen.rounded_rectangle((x - 10, top + 14, x + 76, top + 42), 14, fill=pale)
            sheet.text((x, top + 18), value, font("roboto", 16), fill)


def draw() -> Image.Image:
    sheet = Sheet(1280, 800, "#f6f8fa")
    draw_navigation(sheet)
    sheet.pen.rectangle((220, 0, 1280, 56), fill="#ffffff")
    sheet.pen.line((220, 56, 1280, 56), fill="#d0d7de")
    sheet.pen.rounded_rectangle((248, 12, 560, 44), 6, fill="#f6f8fa", outline="#d0d7de")
    sheet.text((262, 18), "Search items", font("roboto", 15), "#6e7781")
    sheet.text((1232, 18), "Priya Raman", font("roboto", 15), "#1f2328", "ra")
    sheet.text((248, 84), "Stock items", font("roboto", 32, "Bold"))
    sheet.text((248, 130), "8 of 412 items shown, newest first", font("roboto", 15), "#57606a")
    for left, right, label, fill, ink in (
        (928, 1072, "Export CSV", "#ffffff", "#1f2328"),
        (1088, 1252, "Add item", "#1f6feb", "#ffffff"),
    ):
        sheet.pen.rounded_rectangle((left, 86, right, 126), 6, fill=fill, outline="#c4ccd4")
        sheet.text(((left + right) / 2, 106), label, font("roboto", 16, "Medium"), ink, "mm")
    draw_table(sheet)
    sheet.text((248, 724), "Page 1 of 52", font("roboto", 14), "#57606a")
    sheet.text((1252, 724), "Next page", font("roboto", 14), "#0969da", "ra")
    return sheet.image
