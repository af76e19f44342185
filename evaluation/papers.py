"""Paper: forms, invoices, receipts, letters, articles, tables."""

from evaluation.canvas import Brush, Picture, Sheet, finished, photographed, scanned

INKS = ("#14206c", "#1c1c1c", "#203a8c")


def form(brush: Brush) -> Picture:
    """A form filled in, scanned: labels with a colon, beside a line, or above a box."""
    rng, words = brush.rng, brush.words
    first, last = words.one("first"), words.one("last")
    pairs = [
        ("Surname", last),
        ("First name", first),
        ("Date of birth", words.date()),
        ("Address", f"{rng.randrange(1, 90)} {words.one('street')}"),
        ("Town", words.one("town")),
        ("Telephone", words.phone()),
        ("E-mail", words.mail(first, last)),
        ("Company", words.one("company")),
        ("Date of visit", words.date()),
        ("Reference no.", f"{rng.choice('ABKRT')}{words.number(5)}"),
    ]
    pairs = pairs[: rng.randrange(6, 11)]
    style = brush.turn("colon", "beside", "above", "colon")
    size = rng.randrange(20, 27)
    sheet = Sheet(brush, rng.randrange(1100, 1400, 50), 1600, rng.choice(["#ffffff", "#fbf9f0", "#f4f7fb"]))
    title = rng.choice(["VISITOR REGISTRATION FORM", "Library card application", "PARKING PERMIT APPLICATION"])
    sheet.write(90, 80, title, size + 16, weight="bold")
    pitch = rng.randrange(72, 92) if style != "above" else rng.randrange(104, 124)
    ink = rng.choice(INKS)
    for row, (label, value) in enumerate(pairs):
        y = 210 + row * pitch
        sheet.write(100, y, label + (":" if style == "colon" else ""), size)
        if style == "above":
            sheet.write(108, y + size + 14, value, size + 3, ink, weight="italic")
            sheet.box(100, y + size + 8, 900, y + 2 * size + 28, outline="#777777")
        else:
            sheet.write(430, y - 2, value, size + 3, ink, weight="italic")
            sheet.box(420, y + size + 12, 1000, y + size + 13, fill="#888888")
        sheet.field("fields", (label, value))
    sheet.write(100, 1500, "Please return this form to the front desk.", size - 4)
    return finished(sheet, ["form"], scanned(sheet), quality=rng.choice([50, 70, 85]))


def invoice(brush: Brush) -> Picture:
    """An invoice with a table, as a clean page or a scan."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 1240, 1754)
    size = rng.randrange(20, 25)
    company = words.one("company")
    sheet.write(90, 80, company, size + 10, weight="bold")
    sheet.write(1150, 76, "INVOICE", size + 22, weight="bold", anchor="ra")
    sheet.write(90, 140, f"{rng.randrange(2, 80)} {words.one('street')}, {words.one('town')}", size - 2, "#444444")
    facts = [
        ("Invoice no.", f"{rng.randrange(2021, 2027)}-{words.number(4)}"),
        ("Date", words.date()),
        ("Due date", words.date()),
        ("Customer no.", words.number(5)),
    ]
    for row, (label, value) in enumerate(facts):
        sheet.write(720, 260 + row * (size + 18), label, size)
        sheet.write(1150, 260 + row * (size + 18), value, size, anchor="ra")
        sheet.field("fields", (label, value))
    sheet.write(90, 430, words.person(), size)
    sheet.write(90, 430 + size + 14, words.one("town"), size)
    columns = (("Item", 96, "la"), ("Qty", 700, "ra"), ("Unit price", 900, "ra"), ("Amount", 1140, "ra"))
    top, pitch, total = 600, size + rng.randrange(26, 40), 0.0
    sheet.box(90, top - 14, 1150, top + size + 12, fill="#e8ecf2")
    for name, x, anchor in columns:
        sheet.write(x, top, name, size, anchor=anchor, weight="bold")
        sheet.field("table_header", name)
    for row, item in enumerate(words.some("goods", rng.randrange(4, 8)), 1):
        number, price = rng.randrange(1, 12), rng.randrange(150, 9000) / 100
        total += number * price
        cells = (item, str(number), f"{price:,.2f}", f"{number * price:,.2f}")
        for (_, x, anchor), cell in zip(columns, cells, strict=True):
            sheet.write(x, top + row * pitch, cell, size, anchor=anchor)
        y = top + (row + 1) * pitch - 10
        sheet.box(90, y, 1150, y + 1, fill="#c8c8c8")
    y = top + (row + 2) * pitch
    for label, amount in (("Subtotal", total), ("VAT 20 %", total * 0.2), ("Total EUR", total * 1.2)):
        sheet.write(900, y, label, size, anchor="ra", weight="bold" if "Total" in label else "regular")
        sheet.write(1140, y, f"{amount:,.2f}", size, anchor="ra", weight="bold" if "Total" in label else "regular")
        sheet.field("fields", (label, f"{amount:,.2f}"))
        y += size + 18
    sheet.write(90, 1640, "Thank you for your order. Please pay within 14 days.", size - 2, "#444444")
    if brush.turn(True, False):
        return finished(sheet, ["document"])
    return finished(sheet, ["document"], scanned(sheet), quality=rng.choice([50, 80]))


def receipt(brush: Brush) -> Picture:
    """A till receipt, scanned or photographed on a surface."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 560, 1100, rng.choice(["#fafaf6", "#f4f2ea"]))
    sheet.write(280, 60, words.one("shop"), 34, anchor="mm", weight="bold")
    ink = brush.turn("#1c1c1c", "#3c3c44", "#6a6a6a")
    sheet.write(280, 110, f"{rng.randrange(1, 90)} {words.one('street')}", 22, anchor="mm")
    sheet.write(280, 144, words.one("town"), 22, anchor="mm")
    total, y = 0.0, 220
    for name in words.some("food", rng.randrange(4, 8)):
        price = rng.randrange(60, 1900) / 100
        total += price
        sheet.write(36, y, name, 25, ink)
        sheet.write(524, y, f"{price:.2f}", 25, ink, anchor="ra")
        sheet.field("fields", (name, f"{price:.2f}"))
        y += 48
    sheet.box(36, y, 524, y + 2, fill="#444444")
    sheet.write(36, y + 24, "TOTAL EUR", 29, weight="bold")
    sheet.write(524, y + 24, f"{total:.2f}", 29, anchor="ra", weight="bold")
    sheet.field("fields", ("TOTAL EUR", f"{total:.2f}"))
    paid = rng.choice(["CARD", "CASH"])
    sheet.write(36, y + 90, paid, 25)
    sheet.field("fields", (paid, f"{total:.2f}"))
    sheet.write(524, y + 90, f"{total:.2f}", 25, anchor="ra")
    sheet.write(36, y + 160, f"{words.date()} {rng.randrange(8, 20):02d}:{rng.randrange(60):02d}", 22)
    sheet.write(280, y + 240, "Thank you for your visit", 24, anchor="mm")
    if brush.turn(True, False):
        return finished(sheet, ["document"], scanned(sheet, most=1.5), quality=80)
    image = photographed(sheet.image.crop((0, 0, 560, y + 300)), rng, (1200, 1600), tilt=0.03)
    return finished(sheet, ["document"], image, quality=85)


def letter(brush: Brush) -> Picture:
    """A letter, scanned."""
    rng, words = brush.use("serif" if brush.rng.random() < 0.6 else "sans").rng, brush.words
    sheet = Sheet(brush, 1240, 1754, rng.choice(["#ffffff", "#fdfcf7"]))
    size = rng.randrange(22, 27)
    company = words.one("company")
    sheet.write(1130, 90, company, size + 12, weight="bold", anchor="ra")
    sheet.write(1130, 150, f"{rng.randrange(1, 60)} {words.one('street')}, {words.one('town')}", size - 4, anchor="ra")
    y = 320.0
    for line in (words.person(), f"{rng.randrange(1, 90)} {words.one('street')}", words.one("town")):
        sheet.write(120, y, line, size)
        y += size + 12
    sheet.write(120, y + 60, words.date(), size)
    sheet.write(120, y + 140, f"Dear {words.one('first')} {words.one('last')},", size)
    y += 140 + 2 * size
    for _ in range(rng.randrange(3, 5)):
        y = sheet.paragraph(120, y, words.prose(rng.randrange(3, 5)), size, 1000) + size
    sheet.write(120, y + 20, "Yours sincerely,", size)
    sheet.write(120, y + 140, words.person(), size)
    return finished(sheet, ["document"], scanned(sheet), quality=rng.choice([45, 65, 85]))


def article(brush: Brush) -> Picture:
    """A page of an article in two columns, scanned."""
    rng, words = brush.use("serif").rng, brush.words
    sheet = Sheet(brush, 1240, 1754)
    noun, other = words.some("noun", 2)
    title = f"The {words.one('adjective')} {noun} and the {other}"
    sheet.write(620, 130, title, 44, anchor="mm", weight="bold")
    sheet.write(620, 200, f"{words.person()} and {words.person()}", 24, anchor="mm", weight="italic")
    size = rng.randrange(18, 22)
    number = 1
    for left in (100, 650):
        y = 280.0
        while y < 1480:
            heading = f"{number} {words.one('adjective').capitalize()} {words.one('noun')}"
            sheet.write(left, y, heading, size + 4, weight="bold")
            number += 1
            y = sheet.paragraph(left, y + 2 * size, words.prose(rng.randrange(4, 7)), size, 490) + size
    return finished(sheet, ["document"], scanned(sheet, most=0.6), quality=rng.choice([55, 80]))


def table(brush: Brush) -> Picture:
    """A page that is mostly a table, ruled or not, scanned or clean."""
    rng, words = brush.rng, brush.words
    sheet = Sheet(brush, 1500, 1060)
    size = rng.randrange(20, 24)
    title = rng.choice(["Delivery schedule", "Equipment register", "Stock count of the week"])
    sheet.write(70, 56, title, size + 14, weight="bold")
    makers = {
        "No.": lambda: words.number(4),
        "Name": words.person,
        "Town": lambda: words.one("town"),
        "Date": words.date,
        "State": lambda: words.one("status"),
        "Amount": words.price,
    }
    names = ["No.", *rng.sample([name for name in makers if name != "No."], rng.randrange(3, 5))]
    step = 1360 // len(names)
    top, pitch = 160, rng.randrange(54, 70)
    ruled = brush.turn(True, False)
    for number, name in enumerate(names):
        sheet.write(80 + number * step, top, name, size, weight="bold")
        sheet.field("table_header", name)
    rows = rng.randrange(6, 12)
    for row in range(1, rows + 1):
        for number, name in enumerate(names):
            sheet.write(80 + number * step, top + row * pitch, makers[name](), size)
    for row in range(rows + 2) if ruled else (0, 1):
        y = top - 16 + row * pitch
        sheet.box(66, y, 1430, y + 1, fill="#555555")
    for number in range(len(names) + 1) if ruled else ():
        x = min(66 + number * step, 1429)
        sheet.box(x, top - 16, x + 1, top - 16 + (rows + 1) * pitch, fill="#555555")
    if brush.turn(True, True, False):
        return finished(sheet, ["document"], scanned(sheet, most=0.8), quality=78)
    return finished(sheet, ["document"])
