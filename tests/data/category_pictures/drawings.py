"""Plans and diagrams: civil sheets, blueprints, maps, diagrams of parts and of processes."""

from random import Random
from typing import Any

from tests.data.category_pictures.sheet import INK, Drawn, Sheet, scanned

SHEET_TYPES = (
    "PLAN AND PROFILE",
    "GRADING AND DRAINAGE PLAN",
    "EROSION CONTROL PLAN",
    "TYPICAL SECTIONS",
    "STORM DRAIN PLAN",
    "SITE UTILITY PLAN",
    "TRAFFIC CONTROL PLAN",
    "GENERAL NOTES",
)
STANDARDS = (
    ("Reinforcing steel shall conform to {}.", ("ASTM A615", "ASTM A706", "DIN 488-1", "BS 4449:2005")),
    ("Concrete shall meet the requirements of {}.", ("ACI 318-19", "EN 206-1", "AASHTO M 85", "DIN EN 1992-1-1")),
    ("Pipe bedding as per {}.", ("ASTM D2321", "EN 1610", "AS/NZS 2566.2", "AWWA C900")),
    ("Compact fill to 95% as per {}.", ("ASTM D1557", "AASHTO T 180", "ISO 22476-2")),
    ("Signs and markings shall conform to {}.", ("MUTCD 2009", "AASHTO M 268")),
)
AREAS = (
    ("City of Oakridge", "County of Lane", "State of Oregon"),
    ("Town of Millbrook", "Dutchess County"),
    ("City of San Amaro", "Department of Public Works"),
    ("Montana Department of Transportation",),
    ("Township of Elmhurst", "Commonwealth of Virginia"),
    ("Stadt Lindenau", "Landkreis Hainburg"),
)
TITLE_ENTRIES = (
    (
        "project",
        ("PROJECT", "Project", "PROJECT NAME"),
        ("Harrow Lane Bridge", "Mill Creek Extension", "Villa Asplund"),
    ),
    ("client", ("CLIENT", "Client", "OWNER"), ("Northway Estates", "Orchard Trust", "Lumen Holdings")),
    ("drawing_number", ("DRAWING NO.", "Drawing No", "DWG NO."), ("NB-2041-07", "HL-118-C", "P-0092")),
    ("revision", ("REV", "Revision", "REV."), ("B", "C2", "03")),
    ("date", ("DATE", "Date"), ("2026-02-17", "14 May 2025", "03/11/2025")),
    ("drawn_by", ("DRAWN BY", "Drawn", "DRAWN"), ("K. Moreau", "A. Lindqvist", "T. Obi")),
    ("checked_by", ("CHECKED BY", "Checked"), ("J. Petrov", "M. Silva", "R. Haas")),
)
ROOMS = ("LIVING ROOM", "KITCHEN", "BEDROOM 1", "BEDROOM 2", "BATHROOM", "HALL", "STUDY", "UTILITY", "DINING ROOM")
LEGEND = ("Footpath", "Cycle lane", "Railway", "Woodland", "Marsh", "Campsite", "Contour line", "Ferry", "Parking")
PLACES = ("Orrin", "Kelby", "Stonehaven", "Mill Pond", "Tarn Head", "Eastry", "Black Moor")


def ce_plan(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1900, 1300)
    sheet.box(20, 20, 1880, 1280, width=4)
    kind, areas = rng.choice(SHEET_TYPES), rng.choice(AREAS)
    for _ in range(6):
        y = rng.randrange(180, 760)
        points = [(x, y + rng.randrange(-14, 15)) for x in range(60, 1380, 60)]
        sheet.pen.line(points, fill=rng.choice(["#555555", "#2a6f9c", "#86552a"]), width=2)
    for place in range(5):
        sheet.box(140 + 240 * place, 400, 260 + 240 * place, 440, fill="#ffffff", outline=None)
        sheet.write(200 + 240 * place, 420, f"STA {10 + place}+{rng.randrange(10, 99)}", 20, anchor="mm")
    notes, codes = [], []
    for number, (note, choices) in enumerate(rng.sample(STANDARDS, 3), 1):
        code = rng.choice(choices)
        notes.append(f"{number}. {note.format(code)}")
        codes.append(code)
    notes.append("4. See grading plan for spot elevations.")
    sheet.write(70, 880, "NOTES", 24, bold=True)
    sheet.lines(70, 920, notes, rng.randrange(19, 23), 1.7)
    upper = rng.random() < 0.6
    named = [area.upper() if upper else area for area in areas]
    if rng.random() < 0.5:
        sheet.box(1420, 40, 1860, 1260)
        sheet.lines(1440, 80, named, 24, 1.7, bold=True)
        sheet.lines(1440, 420, [kind], 26 if len(kind) > 20 else 30, bold=True)
        sheet.write(1440, 1150, f"SHEET NO.  C-{rng.randrange(100, 600)}", 24)
    else:
        sheet.box(20, 1130, 1880, 1280)
        sheet.lines(50, 1146, named, 20, 1.8)
        sheet.write(720, 1185, kind, 34, bold=True)
        sheet.write(1560, 1190, f"SHEET C-{rng.randrange(1, 9)}.{rng.randrange(1, 9)}", 24)
    truth = {"sheet_type": kind.lower(), "standards": codes, "jurisdiction": ", ".join(named)}
    return Drawn(scanned(sheet.image, rng) if rng.random() < 0.4 else sheet.image, truth)


def blueprint(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1700, 1200)
    size = rng.randrange(20, 25)
    chosen, rooms = rng.sample(ROOMS, 6), []
    imperial = rng.random() < 0.4
    for place, name in enumerate(chosen):
        left, top = 140 + 340 * (place % 3), 180 + 330 * (place // 3)
        sheet.box(left, top, left + 340, top + 330, width=6)
        sheet.write(left + 170, top + 140, name, size, anchor="mm", bold=rng.random() < 0.5)
        if imperial:
            measure = (
                f"{rng.randrange(8, 19)}'-{rng.randrange(0, 12)}\" x {rng.randrange(8, 15)}'-{rng.randrange(0, 12)}\""
            )
            rooms.append({"name": name, "dimensions": measure})
        else:
            measure = f"{rng.randrange(40, 390) / 10:.1f} m²"
            rooms.append({"name": name, "area": measure})
        sheet.write(left + 170, top + 140 + 1.35 * size, measure, size - 2, anchor="mm")
    chain = [str(rng.randrange(240, 520) * 10) for _ in range(3)] if not imperial else []
    for place, text in enumerate(chain):
        sheet.pen.line((140 + 340 * place, 150, 480 + 340 * place, 150), fill="#555555")
        sheet.write(310 + 340 * place, 132, text, size - 3, anchor="mm")
    title = rng.choice(["GROUND FLOOR PLAN", "FIRST FLOOR PLAN", "UPPER FLOOR PLAN"])
    scale = rng.choice(['1/4" = 1\'-0"', '1/8" = 1\'-0"']) if imperial else rng.choice(["1:50", "1:100", "1:75"])
    block = _title_block(sheet, rng, title, scale)
    truth: dict[str, Any] = {"title_block": block, "scale": scale, "rooms": rooms}
    if chain:
        truth["dimensions"] = chain
    return Drawn(scanned(sheet.image, rng) if rng.random() < 0.3 else sheet.image, truth)


def _title_block(sheet: Sheet, rng: Random, title: str, scale: str) -> dict[str, str]:
    """Cells beneath each other at the right, a strip at the bottom, or lines with colons."""
    entries = [(name, rng.choice(labels), rng.choice(values)) for name, labels, values in TITLE_ENTRIES]
    entries.insert(3, ("scale", rng.choice(["SCALE", "Scale"]), scale))
    style = rng.choice(["cells", "strip", "colons"])
    if style == "cells":
        sheet.write(140, 60, title, 38, bold=True)
        for row, (_, label, value) in enumerate(entries):
            top = 300 + 96 * row
            sheet.box(1290, top, 1660, top + 96)
            sheet.write(1300, top + 8, label, 16, "#333333")
            sheet.write(1304, top + 44, value, 26)
    elif style == "strip":
        sheet.box(40, 1040, 1660, 1160)
        sheet.write(60, 1060, title, 28, bold=True)
        for column, (_, label, value) in enumerate(entries[:4]):
            sheet.pen.line((520 + 290 * column, 1040, 520 + 290 * column, 1160), fill=INK, width=2)
            sheet.write(532 + 290 * column, 1046, label, 15)
            sheet.write(532 + 290 * column, 1068, value, 22)
        for column, (_, label, value) in enumerate(entries[4:]):
            sheet.write(532 + 290 * column, 1104, label, 15)
            sheet.write(532 + 290 * column, 1126, value, 22)
    else:
        sheet.write(140, 60, title, 38, bold=True)
        sheet.lines(1290, 420, [f"{label.rstrip('.')}: {value}" for _, label, value in entries], 23, 2.0)
    block = {name: value for name, _, value in entries if name != "scale"}
    return {**block, "title": title}


def map(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1500, 1050, "#eef3e4")
    sheet.write(60, 30, rng.choice(["Valley of Orrin walking map", "Eastry cycle routes map", "Kelby trail map"]), 44)
    for _ in range(9):
        points = [(rng.randrange(60, 1000), rng.randrange(140, 980)) for _ in range(4)]
        sheet.pen.line(points, fill=rng.choice(["#b06a3a", "#4a7fb5", "#6f9a4e", "#c03a3a"]), width=rng.choice([2, 4]))
    for place, name in enumerate(rng.sample(PLACES, 4)):
        x, y = 160 + 220 * place, 240 + rng.randrange(0, 560)
        sheet.box(x - 10, y - 6, x + 190, y + 36, fill="#eef3e4", outline=None)
        sheet.write(x, y, name, 26)
    entries = rng.sample(LEGEND, rng.randrange(4, 8))
    size, word = rng.randrange(20, 26), rng.choice(["Legend", "LEGEND", "Key", "Map key"])
    columns = 2 if rng.random() < 0.3 else 1
    left, top = (1080, 200) if columns == 1 else (980, 640)
    sheet.box(left - 30, top - 30, 1470, top + 60 + 56 * len(entries), fill="#ffffff")
    sheet.write(left, top, word, size + 5, bold=True)
    half = -(-len(entries) // columns)
    for place, entry in enumerate(entries):
        x, y = left + 240 * (place // half), top + 64 + 50 * (place % half)
        sheet.pen.line((x, y + 14, x + 50, y + 14), fill=rng.choice(["#b06a3a", "#4a7fb5", "#c03a3a"]), width=5)
        sheet.write(x + 72, y, entry, size)
    sheet.write(60, 1000, f"Scale 1:{rng.choice(['25,000', '50,000', '10,000'])}", 22)
    return Drawn(sheet.image, {"legend": entries})


def technical_diagram(rng: Random) -> Drawn:
    if rng.random() < 0.5:
        return _circuit(rng)
    sheet = Sheet(rng, 1300, 850)
    kind = rng.choice(["Block diagram", "Network diagram", "Data flow diagram"])
    title = f"{rng.choice(['Booking system', 'Sensor gateway', 'Payment service'])} – {kind.lower()}"
    sheet.write(650, 50, title, 34, bold=True, anchor="mm")
    names = rng.sample(
        ["Web client", "API gateway", "Message broker", "Worker", "Database", "Cache", "Auth service"], 6
    )
    size = rng.randrange(22, 27)
    for place in range(len(names)):
        x, y = 220 + 430 * (place % 3), 260 + 330 * (place // 3)
        if place % 3:
            sheet.pen.line((x - 430, y, x, y), fill="#444444", width=3)
    for place, name in enumerate(names):
        x, y = 220 + 430 * (place % 3), 260 + 330 * (place // 3)
        sheet.pen.rounded_rectangle((x - 140, y - 60, x + 140, y + 60), 12, fill="#e4eefb", outline=INK, width=3)
        sheet.write(x, y, name, size, anchor="mm")
    return Drawn(sheet.image, {"title": title, "diagram_type": kind.lower(), "components": names})


def _circuit(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1300, 850)
    title = rng.choice(["Power supply – circuit diagram", "Motor driver – circuit diagram"])
    sheet.write(60, 40, title, 34, bold=True)
    tags = [f"R{n}" for n in rng.sample(range(1, 30), 3)] + [f"C{n}" for n in rng.sample(range(1, 20), 2)]
    tags += [f"Q{rng.randrange(1, 9)}", f"IC{rng.randrange(1, 5)}", f"D{rng.randrange(1, 9)}"]
    for place, tag in enumerate(tags):
        x, y = 170 + 300 * (place % 4), 280 + 300 * (place // 4)
        sheet.pen.line((x - 120, y, x + 180, y), fill=INK, width=2)
        sheet.box(x - 45, y - 18, x + 45, y + 18, fill="#ffffff", width=3)
        sheet.write(x, y - 50, tag, 28, anchor="mm")
    return Drawn(sheet.image, {"title": title, "diagram_type": "circuit diagram", "labels": tags})


def pid(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1600, 1100)
    sheet.write(60, 40, rng.choice(["FEED SECTION P&ID", "REFLUX SYSTEM P&ID"]), 34, bold=True)
    number = f"PID-{rng.randrange(100, 999)}-{rng.randrange(10, 99)}"
    sheet.write(1180, 1030, f"DRAWING NO.: {number}", 24)
    loop = rng.randrange(101, 160)
    letters = rng.sample(["FIC", "PT", "TI", "LIC", "PSHH", "TT", "FT", "LG"], 5)
    tags = []
    sheet.pen.line((100, 560, 1500, 560), fill=INK, width=4)
    for place, code in enumerate(letters):
        x, y = 220 + 270 * place, 330
        sheet.pen.line((x, y, x, 560), fill="#555555", width=2)
        sheet.pen.ellipse((x - 52, y - 52, x + 52, y + 52), fill="#ffffff", outline=INK, width=3)
        sheet.write(x, y - 16, code, 26, anchor="mm")
        sheet.write(x, y + 18, str(loop + place), 26, anchor="mm")
        tags.append(f"{code}-{loop + place}")
    lines = []
    for place in range(2):
        text = f'{rng.choice([2, 3, 4, 6, 8])}"-P-{rng.randrange(1001, 1099)}-A1A'
        lines.append(text)
        sheet.box(260 + 620 * place, 520, 620 + 620 * place, 552, fill="#ffffff", outline=None)
        sheet.write(440 + 620 * place, 538, text, 24, anchor="mm")
    equipment = []
    for place, (letter, name) in enumerate((("P", "FEED PUMP"), ("E", "FEED HEATER"), ("V", "FEED DRUM"))):
        tag = f"{letter}-{loop}{'A/B' if letter == 'P' else ''}"
        x = 320 + 450 * place
        sheet.pen.ellipse((x - 70, 700, x + 70, 840), outline=INK, width=4)
        sheet.write(x, 872, tag, 26, anchor="mm", bold=True)
        sheet.write(x, 906, name, 22, anchor="mm")
        equipment.append({"tag": tag, "name": name})
    valve = f"FV-{loop}"
    sheet.write(1380, 610, valve, 24, anchor="mm")
    truth = {"drawing_number": number, "instruments": tags, "equipment": equipment, "lines": lines, "valves": [valve]}
    return Drawn(sheet.image, truth)


def pfd(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1500, 950)
    sheet.write(60, 40, "PROCESS FLOW DIAGRAM", 34, bold=True)
    number = f"PFD-{rng.randrange(1000, 9999)}"
    sheet.write(1120, 890, f"Drawing No.: {number}", 24)
    parts = (
        ("T-201", "DISTILLATION COLUMN"),
        ("E-202", "REBOILER"),
        ("D-203", "REFLUX DRUM"),
        ("P-204", "REFLUX PUMP"),
    )
    sheet.pen.line((60, 470, 1440, 470), fill=INK, width=4)
    for place, (tag, name) in enumerate(parts):
        x = 230 + 340 * place
        sheet.box(x - 70, 360, x + 70, 580, fill="#ffffff", width=4)
        sheet.write(x, 620, tag, 26, anchor="mm", bold=True)
        sheet.write(x, 654, name, 19, anchor="mm")
    streams = rng.sample(["FEED", "STEAM", "COOLING WATER", "OVERHEAD VAPOUR", "BOTTOMS PRODUCT"], 3)
    for place, name in enumerate(streams):
        sheet.write(260 + 440 * place, 200, name, 24, anchor="mm")
    conditions = [
        f"{rng.randrange(40, 260)} °C",
        f"{rng.randrange(1, 30)}.{rng.randrange(1, 9)} bar",
        f"{rng.randrange(100, 990)} kg/h",
    ]
    for place, text in enumerate(conditions):
        sheet.write(260 + 440 * place, 250, text, 24, anchor="mm")
    truth = {
        "drawing_number": number,
        "equipment": [{"tag": tag, "name": name} for tag, name in parts],
        "streams": streams,
        "conditions": conditions,
    }
    return Drawn(sheet.image, truth)
