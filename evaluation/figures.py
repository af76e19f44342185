"""Maps with legends, and charts."""

import math

from evaluation.canvas import Brush, Picture, Sheet, finished, scanned


def town_map(brush: Brush) -> Picture:
    """A map: roads, water, names, a legend with swatches, a scale."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 1400, 1050, rng.choice(["#eef0dd", "#f3ecdc", "#e6eef0"]))
    for _ in range(4):
        x, y = rng.randrange(200, 1200), rng.randrange(150, 900)
        wide, high = rng.randrange(100, 260), rng.randrange(70, 180)
        sheet.pen.ellipse((x - wide, y - high, x + wide, y + high), fill=rng.choice(["#cfe3bf", "#bcd8ea", "#e4dcc4"]))
    for _ in range(7):
        start, middle = (rng.randrange(1400), 90), (rng.randrange(1400), rng.randrange(300, 700))
        sheet.pen.line(
            (start, middle, (rng.randrange(1400), 1050)),
            fill=rng.choice(["#ffffff", "#d9a441", "#9cc4df", "#b8b0a0"]),
            width=rng.randrange(3, 12),
            joint="curve",
        )
    title = rng.choice(
        [f"Map of {words.one('town')}", f"Walking routes around {words.one('town')}", f"{words.one('town')} trail map"]
    )
    sheet.box(0, 0, 1400, 84, fill="#ffffff")
    sheet.write(40, 18, title, 40, weight="bold")
    entries, size = words.some("legend", rng.randrange(5, 9)), rng.randrange(20, 25)
    left, top = rng.choice([(40, 540), (1060, 120), (1060, 540)])
    taken = (left - 130, top - 50, left + 420, top + 120 + 44 * len(entries))
    placed = 0
    for place in words.some("place", 8):
        x, y = rng.randrange(130, 1180), rng.randrange(140, 940)
        if taken[0] < x + 100 and x - 120 < taken[2] and taken[1] < y < taken[3]:
            continue
        y = 150 + placed * 105
        placed += 1
        if taken[0] < x + 160 and x - 160 < taken[2] and taken[1] < y + 20 and y - 20 < taken[3]:
            x = 700
        turn = rng.choice([0, 0, 0, 24, -18])
        sheet.write(x, y, place, size + 4, rng.choice(["#1c2c4c", "#3a2c14", "#14401c"]), turn=turn, anchor="mm")
        sheet.field("places", place)
    sheet.box(left, top, left + 300, top + 76 + 44 * len(entries), fill="#fffef8", outline="#444444", width=2)
    sheet.write(left + 18, top + 14, rng.choice(["Legend", "Key", "LEGEND"]), size + 4, weight="bold")
    for row, entry in enumerate(entries):
        y = top + 70 + 44 * row
        sheet.box(left + 18, y + 4, left + 62, y + 20, fill=rng.choice(["#b03030", "#3060a0", "#4a8a4a", "#d9a441"]))
        sheet.write(left + 82, y - 2, entry, size)
        sheet.field("legend", entry)
    scale = rng.choice(["1:25,000", "1:10,000", "1:50,000"])
    sheet.box(520, 990, 760, 1030, fill="#ffffff")
    sheet.write(640, 1010, f"Scale {scale}", 22, anchor="mm")
    image = scanned(sheet, most=0.5) if brush.turn(False, True) else None
    return finished(sheet, ["map"], image, quality=82 if image else None)


def chart(brush: Brush) -> Picture:
    """A chart of bars, lines or shares, with a legend of its series."""
    return {"bars": _bars, "lines": _lines, "pie": _pie}[brush.turn("bars", "lines", "pie", "bars")](brush)


COLOURS = ("#3b78b4", "#e08a3c", "#5aa05a", "#b04a5a")


def _frame(brush: Brush) -> tuple[Sheet, str, int]:
    dark = brush.rng.random() < 0.2
    sheet = Sheet(brush, 1200, 760, "#1b1f27" if dark else "#ffffff")
    ink = "#e8e8e8" if dark else "#222222"
    size = brush.rng.randrange(17, 22)
    sheet.write(600, 44, brush.words.one("chart"), size + 14, ink, anchor="mm", weight="bold")
    return sheet, ink, size


def _series(sheet: Sheet, names: list[str], ink: str, size: int) -> None:
    for number, name in enumerate(names):
        x = 520 + 200 * number
        sheet.box(x, 92, x + 30, 112, fill=COLOURS[number])
        sheet.write(x + 42, 102, name, size, ink, anchor="lm")
        sheet.field("labels", name)


def _axis(sheet: Sheet, ink: str, size: int) -> int:
    step = sheet.brush.rng.choice([5, 10, 25, 50, 200])
    for index in range(5, -1, -1):
        y = 640 - 96 * index
        sheet.box(130, y, 1140, y + 1, fill="#9a9a9a")
        sheet.write(116, y, str(step * index), size - 2, ink, anchor="rm")
    return step


def _bars(brush: Brush) -> Picture:
    sheet, ink, size = _frame(brush)
    rng, words = brush.rng, brush.words
    names = words.some("series", 2)
    _series(sheet, names, ink, size)
    step = _axis(sheet, ink, size)
    months = words.all("month")[: rng.randrange(5, 9)]
    width = 1000 // len(months)
    values = []
    for index in range(len(months)):
        x = 150 + width * index
        for number in range(2):
            share = rng.randrange(12, 96)
            bar = x + number * (width // 3)
            sheet.box(bar, 640 - share * 480 // 100, bar + width // 3 - 2, 639, fill=COLOURS[number])
            values.append((bar + width // 6, 640 - share * 480 // 100, f"{share * step / 20:.0f}"))
    if brush.turn(False, True, True, True):
        for x, y, text in values:
            sheet.write(x, y - 4, text, size - 4, ink, anchor="mb")
    for index, month in enumerate(months):
        sheet.write(150 + width * index + width // 3, 650, month, size, ink, anchor="mt")
        sheet.field("labels", month)
    return finished(sheet, ["chart"])


def _lines(brush: Brush) -> Picture:
    sheet, ink, size = _frame(brush)
    rng, words = brush.rng, brush.words
    names = words.some("series", 2)
    _series(sheet, names, ink, size)
    _axis(sheet, ink, size)
    years = [str(year) for year in range(2016, 2024)]
    for number in range(2):
        points = [(160 + 135 * index, rng.randrange(180, 620)) for index in range(len(years))]
        sheet.line(*points, fill=COLOURS[number], width=4)
    for index, year in enumerate(years):
        sheet.write(160 + 135 * index, 652, year, size, ink, anchor="mt")
    sheet.write(640, 712, "Year", size, ink, anchor="mm")
    sheet.field("labels", "Year")
    return finished(sheet, ["chart"], quality=brush.rng.choice([None, 82]))


def _pie(brush: Brush) -> Picture:
    sheet, ink, size = _frame(brush)
    rng, words = brush.rng, brush.words
    shares = [rng.randrange(12, 30) for _ in range(3)]
    shares.append(100 - sum(shares))
    names = words.some("region", 4)
    start = -90.0
    for number, share in enumerate(shares):
        end = start + 3.6 * share
        sheet.pen.pieslice((180, 160, 700, 680), start, end, fill=COLOURS[number])
        middle = (start + end) / 2
        # Corners of a fixed polygon instead of cosines, which may differ in the last bit between machines.
        x, y = _on_circle(middle)
        sheet.write(440 + x * 160, 420 + y * 160, f"{share}%", size + 2, "#ffffff", anchor="mm", weight="bold")
        start = end
    for number, name in enumerate(names):
        y = 300 + 60 * number
        sheet.box(800, y, 834, y + 24, fill=COLOURS[number])
        sheet.write(850, y + 12, name, size + 2, ink, anchor="lm")
        sheet.field("labels", name)
    return finished(sheet, ["chart"])


def _on_circle(degrees: float) -> tuple[float, float]:

    return round(math.cos(math.radians(degrees)), 4), round(math.sin(math.radians(degrees)), 4)
