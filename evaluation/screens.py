"""Screens: applications, settings in dark colours, long web pages, slides."""

from evaluation.canvas import Brush, Picture, Sheet, finished


def screenshot(brush: Brush) -> Picture:
    """A web application with navigation and a table."""
    rng, words = brush.rng, brush.words
    dark = brush.turn(False, True, False, False)
    paper, ink, pale, side = (
        ("#15191f", "#dfe4ea", "#2a323d", "#1d232b") if dark else ("#ffffff", "#22272e", "#d5dbe2", "#f3f5f8")
    )
    width = rng.choice([1280, 1440, 1600])
    sheet = Sheet(brush, width, 900, paper)
    sheet.box(0, 0, 240, 900, fill=side)
    sheet.write(26, 24, words.one("company"), 20, ink, weight="bold")
    size = brush.turn(12, 14, 11, 16)
    for index, entry in enumerate(words.some("menu", rng.randrange(5, 8))):
        sheet.write(30, 100 + 46 * index, entry, size, ink)
        sheet.field("navigation", entry)
    title = words.one("heading")
    sheet.write(280, 40, title, 30, ink, weight="bold")
    action = words.one("action")
    sheet.box(width - 240, 36, width - 60, 78, fill="#2563eb")
    sheet.write(width - 150, 57, action, size, "#ffffff", anchor="mm", weight="bold")
    sheet.field("actions", action)
    columns = words.some("column", 5)
    step = (width - 320) // 5
    for number, column in enumerate(columns):
        sheet.write(280 + step * number, 130, column, size, "#7d8896", weight="bold")
        sheet.field("table_header", column)
    makers = {
        "Order": lambda: f"A-{words.number(4)}",
        "Invoice": lambda: f"INV-{words.number(4)}",
        "Customer": lambda: words.one("last"),
        "Owner": lambda: words.one("first"),
        "Supplier": lambda: words.one("company"),
        "City": lambda: words.one("town"),
        "Region": lambda: words.one("region"),
        "Status": lambda: words.one("status"),
        "State": lambda: words.one("status"),
        "Amount": lambda: words.price(900),
        "Total": lambda: words.price(3000),
        "Carrier": lambda: words.one("last"),
    }
    for row in range(rng.randrange(6, 12)):
        y = 176 + 50 * row
        sheet.box(270, y - 12, width - 40, y - 11, fill=pale)
        for number, column in enumerate(columns):
            sheet.write(280 + step * number, y, makers[column](), size, ink)
    sheet.write(280, 850, f"Showing 1-{row + 1} of {rng.randrange(20, 400)}", size, "#7d8896")
    sheet.write(width - 200, 850, "Previous", size, ink)
    sheet.write(width - 100, 850, "Next", size, ink)
    sheet.field("actions", "Previous", "Next")
    return finished(sheet, ["screenshot"], quality=brush.turn(None, 70, None, 85))


def dark_ui(brush: Brush) -> Picture:
    """A page of settings in dark colours, as on a telephone or a desktop."""
    rng, words = brush.rng, brush.words
    phone = brush.turn(True, False)
    width, height = (780, 1688) if phone else (1200, 860)
    paper, ink, pale = rng.choice([("#121212", "#e6e6e6", "#9aa0a6"), ("#1e1e2e", "#cdd6f4", "#a6adc8")])
    sheet = Sheet(brush, width, height, paper)
    top, size, left = (60, 30, 48) if phone else (0, 20, 320)
    if phone:
        sheet.write(48, 24, f"{rng.randrange(8, 20)}:{rng.randrange(10, 60)}", 26, ink, weight="bold")
    else:
        sheet.box(0, 0, 280, height, fill="#181825")
        for index, entry in enumerate(words.some("menu", 6)):
            sheet.write(36, 60 + 52 * index, entry, size, ink)
            sheet.field("navigation", entry)
    sheet.write(left, top + 50, "Settings", size + 22, ink, weight="bold")
    options = words.some("option", 6)
    pitch = 170 if phone else 96
    for row, option in enumerate(options):
        y = top + 170 + row * pitch
        on = rng.random() < 0.5
        sheet.write(left, y, option, size + 2, ink)
        x = width - 140
        sheet.pen.rounded_rectangle((x, y, x + 76, y + 40), 20, fill="#3b82f6" if on else "#45475a")
        sheet.pen.ellipse((x + (38 if on else 2), y + 3, x + (72 if on else 36), y + 37), fill="#f4f4f4")
        sheet.write(left, y + size + 16, f"Last changed {words.date()}", size - 5, pale)
    y = top + 170 + len(options) * pitch
    for number, action in enumerate(("Cancel", "Save changes")):
        x = left + number * (260 if phone else 200)
        sheet.box(x, y, x + (230 if phone else 170), y + 2 * size + 8, fill="#313244" if number == 0 else "#2563eb")
        sheet.write(x + (115 if phone else 85), y + size + 4, action, size - 2, "#ffffff", anchor="mm")
        sheet.field("actions", action)
    return finished(sheet, ["screenshot"])


def long_page(brush: Brush) -> Picture:
    """A long web page in one picture: text from top to bottom."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 1080, rng.randrange(5200, 6400, 200))
    sheet.write(60, 40, words.one("company"), 26, "#2563eb", weight="bold")
    for number, entry in enumerate(("Home", "Products", "About", "Contact", "Search")):
        sheet.write(480 + 120 * number, 44, entry, 20, "#444444")
    noun, other = words.some("noun", 2)
    sheet.write(60, 140, f"How the {noun} met the {other}", 48, weight="bold")
    y = 240.0
    size = rng.randrange(21, 27)
    while y < sheet.image.height - 700:
        y = sheet.paragraph(60, y, words.prose(rng.randrange(3, 7)), size, 940) + size
        if rng.random() < 0.4:
            heading = f"{words.one('adjective').capitalize()} {words.one('noun')}s"
            sheet.write(60, y + 20, heading, size + 10, weight="bold")
            y += 100
    sheet.box(60, y + 30, 300, y + 94, fill="#2563eb")
    sheet.write(180, y + 62, "Next page", 24, "#ffffff", anchor="mm")
    return finished(sheet, ["screenshot", "document"])


def slide(brush: Brush) -> Picture:
    """A slide of a talk: a title and a few points."""
    rng, words = brush.rng, brush.words
    paper, ink, bar = rng.choice([("#ffffff", "#1f2937", "#0f766e"), ("#0f172a", "#f1f5f9", "#38bdf8")])
    sheet = Sheet(brush, 1600, 900, paper)
    sheet.box(0, 0, 1600, 18, fill=bar)
    title = words.one("slide")
    sheet.write(110, 90, title, 64, ink, weight="bold")
    for row in range(rng.randrange(4, 6)):
        y = 270 + row * 100
        sheet.pen.ellipse((116, y + 12, 132, y + 28), fill=bar)
        point = f"{words.one('adjective').capitalize()} {words.one('noun')} in {words.one('town')} by {words.date()}"
        sheet.write(164, y, point, 36, ink)
    sheet.write(110, 830, words.one("company"), 24, "#8a94a3")
    sheet.write(1490, 830, str(rng.randrange(2, 40)), 24, "#8a94a3", anchor="ra")
    return finished(sheet, ["screenshot", "document", "drawing", "diagram"], quality=brush.turn(None, 60))
