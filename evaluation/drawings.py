"""Drawings: floor plans, civil plans, a large sheet, diagrams."""

from collections.abc import Sequence

from evaluation.canvas import Brush, Picture, Sheet, finished, scanned


def floor_plan(brush: Brush) -> Picture:
    """A floor plan: rooms with areas, a title, a scale; dimensions run along the walls, some upright."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 1500, 1150)
    size = rng.randrange(20, 26)
    title = rng.choice(["GROUND FLOOR PLAN", "Upper floor plan", "FIRST FLOOR PLAN"])
    sheet.write(120, 36, title, size + 16, weight="bold")
    columns = rng.randrange(2, 4)
    rooms = words.some("room", 2 * columns)
    xs = [120 + (1260 // columns) * number for number in range(columns + 1)]
    ys = [170, rng.randrange(480, 600), 960]
    sizes = [f"{rng.randrange(24, 78) / 10:.2f} m" for _ in range(columns)]
    for number, text in enumerate(sizes):
        x = (xs[number] + xs[number + 1]) / 2
        sheet.line((xs[number], 140), (xs[number + 1], 140), fill="#555555", width=1)
        sheet.write(x, 124, text, size - 5, anchor="mm")
    for row in range(2):
        for column in range(columns):
            name = rooms[row * columns + column]
            left, top, right, bottom = xs[column], ys[row], xs[column + 1], ys[row + 1]
            sheet.box(left, top, right, bottom, outline="#101010", width=7)
            if rng.random() < 0.7:
                sheet.box(left + 60, bottom - 4, left + 150, bottom + 4, fill="#ffffff")
                sheet.pen.arc((left + 60, bottom - 90, left + 240, bottom + 90), 180, 270, fill="#444444", width=2)
            x, y = (left + right) / 2, (top + bottom) / 2
            shown = name.upper() if title.isupper() else name
            area = f"{rng.randrange(45, 320) / 10:.1f} {brush.square_metres}"
            sheet.write(x, y - size * 0.7, shown, size, anchor="mm", weight="bold")
            sheet.write(x, y + size * 0.7, area, size - 3, anchor="mm")
            sheet.field("rooms", shown)
            sheet.field("room_areas", (shown, area))
    areas = [float(area.split()[0]) for _, area in sheet.fields["room_areas"]]
    for row in range(2):
        text = f"{rng.randrange(24, 62) / 10:.2f} m"
        sheet.line((88, ys[row]), (88, ys[row + 1]), fill="#555555", width=1)
        sheet.write(70, (ys[row] + ys[row + 1]) / 2, text, size - 5, turn=90)
    scale = rng.choice(["1:50", "1:100"])
    sheet.write(120, 1040, f"Scale {scale}", size)
    sheet.write(1380, 1040, words.date(), size, anchor="ra")
    sheet.field("scale", scale)
    image = scanned(sheet, most=0.4) if brush.turn(False, True) else None
    return finished(sheet, ["floor_plan"], image, quality=82 if image else None, derived=[f"{sum(areas):.7g}"])


def _title_block(sheet: Sheet, left: int, top: int, pairs: Sequence[tuple[str, str]], size: int) -> None:
    """Cells beneath each other: a small label, and its value beneath it."""
    pitch = round(size * 3.4)
    width = 20 * size
    for row, (label, value) in enumerate(pairs):
        y = top + row * pitch
        sheet.box(left, y, left + width, y + pitch, outline="#111111", width=2)
        sheet.write(left + 10, y + 5, label, round(size * 0.72), "#333333")
        sheet.write(left + 14, y + round(size * 1.45), value, size, weight="bold")
        sheet.field("title_block", (label, value))


def civil_plan(brush: Brush) -> Picture:
    """A civil plan: curves, labels along them, notes, a legend with symbols, a title block."""
    rng, words = brush.rng, brush.words
    width, height = 2200, 1560
    sheet = Sheet(brush, width, height)
    size = 22
    sheet.box(20, 20, width - 20, height - 20, outline="#111111", width=4)
    title = rng.choice(["GRADING AND DRAINAGE PLAN", "SITE UTILITY PLAN", "EROSION CONTROL PLAN"])
    sheet.write(70, 60, title, 40, weight="bold")
    right = width - 520
    for _ in range(7):
        y = rng.randrange(200, height - 300)
        points = [(x, y + rng.randrange(-16, 17)) for x in range(60, right - 40, 60)]
        sheet.line(*points, fill=rng.choice(["#666666", "#2f6f9f", "#8a5a2a"]), width=rng.choice([1, 2, 3]))
    numbers = rng.sample(range(100, 180), 6)
    for place, number in enumerate(numbers):
        x, y = 200 + (place * 331) % (right - 400), 220 + 88 * place
        sheet.box(x - 60, y - 22, x + 60, y + 22, fill="#ffffff")
        sheet.write(x, y, f"EL {number}.{rng.randrange(10, 99)}", size, anchor="mm")
    for place, street in enumerate(words.some("street", 3)):
        x, y = 360 + place * 440, 970
        turn = rng.choice([0, 90])
        long = 20 * size
        half = (24, long // 2) if turn else (long // 2, 24)
        sheet.box(x - half[0], y - half[1], x + half[0], y + half[1], fill="#ffffff")
        sheet.write(x, y, street.upper(), size + 4, weight="bold", turn=turn or 0, anchor="mm")
    sheet.write(70, height - 290, "NOTES", size + 4, weight="bold")
    notes = (
        "1. All work shall conform to the standards of the county.",
        "2. Verify the location of utilities before digging.",
        f"3. Maintain a cover of {rng.randrange(24, 48)} inches over all pipes.",
        "4. Restore disturbed areas with topsoil and seed.",
    )
    for row, note in enumerate(notes):
        sheet.write(70, height - 245 + row * 44, note, size)
    entries = words.some("utility", rng.randrange(5, 8))
    sheet.box(right, 60, width - 60, 140 + 52 * len(entries), fill="#ffffff", outline="#111111", width=2)
    sheet.write(right + 20, 76, "LEGEND", size + 4, weight="bold")
    for row, entry in enumerate(entries):
        y = 136 + 52 * row
        sheet.line((right + 22, y + 12), (right + 92, y + 12), fill=rng.choice(["#b02020", "#2060a0", "#207040"]))
        if rng.random() < 0.5:
            sheet.pen.ellipse((right + 48, y + 3, right + 66, y + 21), outline="#222222", width=2)
        sheet.write(right + 116, y, entry, size)
        sheet.field("legend", entry)
    ratio = rng.choice(["1:200", "1:500", "1:250"])
    pairs = [
        ("PROJECT", f"{words.one('street')} {rng.choice(['Subdivision', 'Business Park', 'Extension'])}"),
        ("CLIENT", words.one("company")),
        ("SCALE", ratio),
        ("DATE", words.date()),
        ("DRAWN BY", words.person()),
        ("CHECKED BY", words.person()),
        ("REVISION", rng.choice("ABCD") + str(rng.randrange(1, 5))),
        ("SHEET NO.", f"C-{rng.randrange(100, 800)}"),
    ]
    _title_block(sheet, right, height - 90 - 8 * round(size * 3.4), pairs, size)
    kinds = ["floor_plan", "diagram", "map", "drawing"]
    if brush.turn(False, True):
        return finished(sheet, kinds, scanned(sheet, most=0.3), quality=85)
    return finished(sheet, kinds)


def large_sheet(brush: Brush) -> Picture:
    """An A1 sheet at 200 dpi: 6,622 x 4,677 pixels, text of 2 to 5 millimetres' height, some of it upright."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 6622, 4677)
    millimetre = 200 / 25.4
    # The height of capitals is about 0.71 of a font's size.
    sizes = {height: round(height * millimetre / 0.71) for height in (2, 2.5, 3.5, 5)}
    sheet.box(80, 80, 6540, 4600, outline="#000000", width=6)
    sheet.write(200, 160, "FIRST FLOOR PLAN", 3 * sizes[5], weight="bold")
    rooms = words.some("room", 10)
    for place, name in enumerate(rooms):
        left, top = 260 + 1000 * (place % 5), 620 + 1500 * (place // 5)
        sheet.box(left, top, left + 1000, top + 1500, outline="#000000", width=10)
        shown, area = name.upper(), f"{rng.randrange(45, 480) / 10:.1f} {brush.square_metres}"
        sheet.write(left + 500, top + 640, shown, sizes[3.5], anchor="mm", weight="bold")
        sheet.write(left + 500, top + 700, area, sizes[2.5], anchor="mm")
        sheet.field("rooms", shown)
        sheet.field("room_areas", (shown, area))
        sheet.write(
            left + 500, top + 1000, f"FFL +{rng.randrange(10, 99)}.{rng.randrange(100, 999)}", sizes[2], anchor="mm"
        )
        sheet.write(left + 120, top + 1260, f"Window W{place + 1:02d} {rng.randrange(90, 240)} x 140", sizes[2])
        sheet.write(left + 60, top + 300, f"{rng.randrange(2000, 6000)} mm", sizes[2], turn=90)
    x = 5420
    sheet.write(x, 200, "GENERAL NOTES", sizes[3.5], weight="bold")
    y = 280.0
    for number in range(1, 19):
        y = sheet.paragraph(x, y, f"{number}. {words.sentence()}", sizes[2], 1040) + 6
    entries = words.some("utility", 8)
    y += 80
    sheet.write(x, y, "LEGEND", sizes[3.5], weight="bold")
    for entry in entries:
        y += 76
        sheet.line((x, y + 14), (x + 150, y + 14), fill="#333333", width=4)
        sheet.write(x + 190, y, entry, sizes[2.5])
        sheet.field("legend", entry)
    pairs = [
        ("PROJECT", f"{words.one('street')} Centre"),
        ("CLIENT", words.one("company")),
        ("SCALE", "1:50"),
        ("DATE", words.date()),
        ("DRAWN BY", words.person()),
        ("SHEET NO.", f"A-{rng.randrange(100, 400)}"),
    ]
    _title_block(sheet, x, 3700, pairs, sizes[3.5])
    areas = [float(area.split()[0]) for _, area in sheet.fields["room_areas"]]
    return finished(sheet, ["floor_plan"], derived=[f"{sum(areas):.7g}"])


def diagram(brush: Brush) -> Picture:
    """Boxes and arrows, labels on some arrows."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 1400, 900)
    size = rng.randrange(19, 25)
    title = rng.choice(["Order processing", "System overview", "Message flow"])
    sheet.write(700, 54, title, size + 14, anchor="mm", weight="bold")
    labels = words.some("box", 6)
    places = [(230, 260), (700, 260), (1170, 260), (230, 640), (700, 640), (1170, 640)]
    arrows = [(0, 1), (1, 2), (1, 4), (3, 4), (4, 5)]
    for start, end in arrows:
        sheet.line(places[start], places[end], fill="#444444", width=3)
    for (x, y), label in zip(places, labels, strict=True):
        fill = rng.choice(["#dbeafe", "#dcfce7", "#fef3c7", "#f3e8ff", "#ffffff"])
        sheet.pen.rounded_rectangle((x - 150, y - 62, x + 150, y + 62), 14, fill=fill, outline="#1f2937", width=3)
        if y > 300 and label == labels[3]:
            sheet.box(705, 425, 865, 465, fill="#ffffff")
            sheet.write(785, 445, "on failure", size - 3, anchor="mm")
            sheet.field("labels", "on failure")
        sheet.write(x, y, label, size, anchor="mm")
        sheet.field("labels", label)
    return finished(sheet, ["diagram"], quality=rng.choice([None, 80]))
