"""Pages and screens: documents, screens, reports, logs, adverts."""

from random import Random
from typing import Any

from tests.data.category_pictures.sheet import Drawn, Sheet, scanned

PEOPLE = ("Amara Okafor", "Ingrid Solheim", "Jonas Brinkmann", "Lucia Romero", "Piotr Zielinski", "Mei Tanaka")
STREETS = ("12 Orchard Lane", "7 Mill Road", "48 Station Street", "3 Harbour Avenue")


def date(rng: Random) -> str:
    day, month, year = rng.randrange(10, 28), rng.randrange(1, 13), rng.randrange(2022, 2027)
    name = rng.choice(["January", "March", "April", "June", "October", "December"])
    return rng.choice([f"{day} {name} {year}", f"{day}/{month:02d}/{year}", f"{year}-{month:02d}-{day}"])


def document(rng: Random) -> Drawn:
    drawn = rng.choice([_invoice, _form, _letter, _statement])(rng)
    return Drawn(scanned(drawn.image, rng) if rng.random() < 0.6 else drawn.image, drawn.truth)


def _invoice(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1000, 1300)
    sheet.write(80, 70, rng.choice(["Calder Works Ltd", "Bramley Joinery", "Nordhaus Supply"]), 30, bold=True)
    sheet.write(920, 66, rng.choice(["INVOICE", "Invoice"]), 48, bold=True, anchor="ra")
    when = date(rng)
    pairs = [("Invoice no.", f"{rng.randrange(1000, 9999)}-{rng.randrange(10, 99)}"), ("Invoice date", when)]
    pairs.append(("Customer no.", str(rng.randrange(10000, 99999))))
    for row, (label, value) in enumerate(pairs):
        sheet.write(560, 220 + 40 * row, label, 22)
        sheet.write(920, 220 + 40 * row, value, 22, anchor="ra")
    amounts, total = [], 0
    for x, name, anchor in ((80, "Description", "la"), (640, "Qty", "ra"), (920, "Amount", "ra")):
        sheet.write(x, 420, name, 22, bold=True, anchor=anchor)
    for row, item in enumerate(rng.sample(["Site survey", "Oak boards", "Travel", "Steel brackets", "Paint, 10 l"], 4)):
        cents = rng.randrange(2000, 90000)
        total += cents
        amounts.append(f"{cents / 100:,.2f}")
        sheet.write(80, 470 + 48 * row, item, 22)
        sheet.write(640, 470 + 48 * row, str(rng.randrange(1, 9)), 22, anchor="ra")
        sheet.write(920, 470 + 48 * row, amounts[-1], 22, anchor="ra")
    amounts.append(f"{total / 100:,.2f}")
    sheet.write(700, 720, "Total EUR", 24, bold=True, anchor="ra")
    sheet.write(920, 720, amounts[-1], 24, bold=True, anchor="ra")
    fields = [{"label": label, "value": value} for label, value in [*pairs, ("Total EUR", amounts[-1])]]
    return Drawn(sheet.image, {"kind": "invoice", "fields": fields, "dates": [when], "amounts": amounts})


def _form(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1000, 1300)
    sheet.write(
        500,
        110,
        rng.choice(["VISITOR REGISTRATION FORM", "PERMIT APPLICATION", "DAMAGE REPORT FORM"]),
        38,
        bold=True,
        anchor="mm",
    )
    when = date(rng)
    pairs = [("Name", rng.choice(PEOPLE)), ("Address", rng.choice(STREETS)), ("Date", when)]
    pairs += [("Telephone", f"0{rng.randrange(1000, 9999)} {rng.randrange(100, 999)} {rng.randrange(100, 999)}")]
    pairs += [
        ("Company", rng.choice(["Delta Pumps", "Harbour Crafts"])),
        ("Purpose", rng.choice(["Delivery", "Inspection"])),
    ]
    style = rng.choice(["beside", "beneath"])
    for row, (label, value) in enumerate(pairs):
        if style == "beside":
            sheet.write(100, 240 + 80 * row, f"{label}:", 25)
            sheet.write(380, 240 + 80 * row, value, 26, "#20337a")
        else:
            sheet.box(90, 230 + 110 * row, 900, 325 + 110 * row)
            sheet.write(100, 236 + 110 * row, label, 18, "#444444")
            sheet.write(104, 272 + 110 * row, value, 28, "#20337a")
    fields = [{"label": label, "value": value} for label, value in pairs]
    return Drawn(sheet.image, {"kind": "form", "fields": fields, "dates": [when]})


def _letter(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1000, 1300, family=rng.choice(["serif", "caladea", "lato"]))
    when, amount = date(rng), f"€{rng.randrange(200, 900)}.00"
    sheet.lines(90, 90, [rng.choice(PEOPLE), rng.choice(STREETS)], 24)
    sheet.write(90, 220, when, 24)
    body = [
        "Dear Sir or Madam,",
        "Thank you for the survey of our boundary wall that your office made last",
        f"month. We agree to the price of {amount} for the work, and ask you to begin",
        "as soon as the weather allows. Please tell us two days before you come, so",
        "that the gate by the lower road can be opened for the lorries and the crane.",
        "The neighbours have been told and have no objection to the work at all.",
        "Yours faithfully,",
    ]
    sheet.lines(90, 320, body, 23, 1.9)
    return Drawn(sheet.image, {"kind": "letter", "dates": [when], "amounts": [amount]})


def _statement(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1000, 1300)
    sheet.write(80, 80, "STATEMENT OF ACCOUNT", 38, bold=True)
    pairs = [("Account holder", rng.choice(PEOPLE)), ("Account no.", str(rng.randrange(10**7, 10**8)))]
    for row, (label, value) in enumerate(pairs):
        sheet.write(80, 180 + 44 * row, f"{label}:", 23)
        sheet.write(330, 180 + 44 * row, value, 23)
    for x, name, anchor in ((80, "Date", "la"), (300, "Details", "la"), (920, "Amount", "ra")):
        sheet.write(x, 330, name, 23, bold=True, anchor=anchor)
    dates, amounts = [], []
    for row, item in enumerate(("Rent received", "Repairs", "Insurance", "Interest")):
        dates.append(f"{11 + 3 * row}/04/2026")
        amounts.append(f"{rng.randrange(1000, 99999) / 100:,.2f}")
        sheet.write(80, 380 + 50 * row, dates[-1], 22)
        sheet.write(300, 380 + 50 * row, item, 22)
        sheet.write(920, 380 + 50 * row, amounts[-1], 22, anchor="ra")
    fields = [{"label": label, "value": value} for label, value in pairs]
    return Drawn(sheet.image, {"kind": "statement", "fields": fields, "dates": dates, "amounts": amounts})


def screenshot(rng: Random) -> Drawn:
    return rng.choice([_application, _application, _dialog])(rng)


def _application(rng: Random) -> Drawn:
    dark = rng.random() < 0.4
    paper, panel, ink = ("#1d2229", "#12161b", "#e6e9ed") if dark else ("#f6f7f9", "#22303f", "#1f2328")
    sheet = Sheet(rng, 1280, 800, paper)
    sheet.box(0, 0, 230, 800, fill=panel, outline=None)
    name, heading = (
        rng.choice(["Harborline", "Quillbase", "Storeroom", "Fieldnote"]),
        rng.choice(["Invoices", "Team members", "Sensors", "Open orders"]),
    )
    sheet.write(24, 26, name, 26, "#ffffff", bold=True)
    entries = rng.sample(["Overview", "Customers", "Calendar", "Billing", "Audit log", "Devices", "Messages"], 5)
    for row, entry in enumerate(entries):
        sheet.write(28, 110 + 46 * row, entry, 18, "#c9d3dd")
    sheet.write(270, 40, heading, 34, ink, bold=True)
    actions = rng.sample(["Add new", "Export CSV", "Filter", "Share", "Refresh", "Import"], 2)
    for column, action in enumerate(actions):
        sheet.pen.rounded_rectangle((960 + 150 * column, 40, 1090 + 150 * column, 82), 6, fill="#2f6fd0")
        sheet.write(1025 + 150 * column, 61, action, 17, "#ffffff", anchor="mm")
    for row in range(6):
        cells = (
            ("Name", "City", "State")
            if row == 0
            else (rng.choice(PEOPLE), rng.choice(["Porto", "Leeds", "Brno"]), rng.choice(["Open", "Closed"]))
        )
        for column, cell in enumerate(cells):
            sheet.write(280 + 330 * column, 150 + 52 * row, cell, 18, ink, bold=row == 0)
    message = rng.choice(
        ["Connection failed: could not reach the server", "3 changes have been saved", "No results for this filter"]
    )
    sheet.write(280, 640, message, 18, "#d9822b" if dark else "#a1260d")
    truth = {
        "application": name,
        "headings": [heading],
        "navigation": entries,
        "actions": actions,
        "messages": [message],
    }
    return Drawn(sheet.image, truth)


def _dialog(rng: Random) -> Drawn:
    sheet = Sheet(rng, 900, 620, "#f0f0f0")
    sheet.box(0, 0, 900, 44, fill="#dfe3e8", outline=None)
    app = rng.choice(["Notepad", "LibreOffice Calc", "Visual Studio Code", "Mozilla Firefox"])
    sheet.write(16, 10, f"{rng.choice(['report', 'budget', 'notes'])} - {app}", 19)
    heading = rng.choice(["Account settings", "Export options", "Network settings"])
    sheet.write(40, 80, heading, 30, bold=True)
    pairs = [
        ("User name", "m.tanaka"),
        ("Language", "English"),
        ("Time zone", "Europe/Lisbon"),
        ("Folder", "Documents"),
    ]
    for row, (label, value) in enumerate(pairs):
        sheet.write(40, 170 + 62 * row, f"{label}:", 20)
        sheet.box(260, 162 + 62 * row, 640, 204 + 62 * row, fill="#ffffff", outline="#999999", width=1)
        sheet.write(272, 170 + 62 * row, value, 20)
    for column, action in enumerate(("Cancel", "Apply")):
        sheet.box(560 + 160 * column, 520, 700 + 160 * column, 566, fill="#e1e6ec", outline="#888888", width=1)
        sheet.write(630 + 160 * column, 543, action, 19, anchor="mm")
    fields = [{"label": label, "value": value} for label, value in pairs]
    return Drawn(
        sheet.image, {"application": app, "headings": [heading], "actions": ["Cancel", "Apply"], "fields": fields}
    )


def real_estate(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1200, 900, "#f4efe6")
    sheet.box(0, 0, 1200, 420, fill="#7f97a8", outline=None)
    sheet.pen.polygon(((300, 380), (300, 220), (600, 90), (900, 220), (900, 380)), fill="#b48a66")
    bedrooms, bathrooms = rng.randrange(2, 6), rng.randrange(1, 4)
    sort = rng.choice(["terraced house", "apartment", "bungalow", "semi-detached house"])
    address, price = f"{rng.choice(STREETS)}, Hexham", rng.choice(["£425,000", "€ 310,000", "$1,250 per month"])
    area = f"{rng.randrange(48, 240)} m²"
    features = rng.sample(["balcony", "garden", "fireplace", "garage", "fitted kitchen", "sea view"], 3)
    sheet.write(60, 450, f"{bedrooms} bedroom {sort} for sale", 38, bold=True)
    sheet.write(60, 520, address, 30)
    sheet.write(60, 580, price, 44, "#9c2f2f", bold=True)
    sheet.write(60, 670, f"{bedrooms} bedrooms   ·   {bathrooms} bathrooms   ·   {area}", 28)
    sheet.write(60, 740, f"With {features[0]}, {features[1]} and {features[2]}", 28)
    truth = {"property_type": sort, "address": address, "price": price, "area": area, "bedrooms": bedrooms}
    return Drawn(sheet.image, {**truth, "bathrooms": bathrooms, "features": features})


def mining(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1100, 1300)
    site = rng.choice(["Kestrel Ridge Mine", "Oldfield Quarry", "Blue Hollow Project"])
    hole = f"DDH-{rng.randrange(10, 99)}"
    sheet.write(70, 60, "DRILL LOG", 38, bold=True)
    sheet.write(70, 140, f"Site: {site}", 25)
    sheet.write(70, 185, f"Hole ID: {hole}", 25)
    minerals, depth, measures = (
        rng.sample(["granite", "sandstone", "pyrite", "quartz", "shale", "limestone"], 4),
        0.0,
        [],
    )
    for x, name in ((70, "Depth"), (380, "Rock"), (640, "Grade")):
        sheet.write(x, 260, name, 24, bold=True)
    for row, rock in enumerate(minerals):
        depth += rng.randrange(20, 190) / 10
        grade = f"{rng.randrange(2, 90) / 10:.1f} g/t Au"
        measures += [f"{depth:.1f} m", grade]
        for x, cell in ((70, f"{depth:.1f} m"), (380, rock), (640, grade)):
            sheet.write(x, 310 + 56 * row, cell, 23)
    features = rng.sample(["fault zone", "quartz vein", "shear zone", "bedding plane"], 2)
    sheet.lines(70, 620, [f"Remarks: {features[0]} crossed, then {features[1]}.", "Machine: drill rig 4"], 23, 2)
    truth = {
        "site": site,
        "minerals": minerals,
        "measurements": measures,
        "geological_features": features,
        "equipment": ["drill rig"],
    }
    return Drawn(scanned(sheet.image, rng), truth)


def facility_assessment(rng: Random) -> Drawn:
    sheet = Sheet(rng, 1000, 1300)
    sheet.write(80, 70, "FACILITY CONDITION REPORT", 36, bold=True)
    when, condition = date(rng), rng.choice(["Fair", "Poor", "Good"])
    facility = rng.choice(["Warehouse 4", "Linden Primary School", "Pump Station North"])
    pairs = [
        ("Facility", facility),
        ("Inspection date", when),
        ("Overall condition", condition),
        ("Asset no.", f"AS-{rng.randrange(1000, 9999)}"),
    ]
    for row, (label, value) in enumerate(pairs):
        sheet.write(80, 170 + 46 * row, f"{label}:", 24)
        sheet.write(400, 170 + 46 * row, value, 24)
    systems = rng.sample(["roof", "boiler", "electrical system", "plumbing", "windows"], 2)
    defects = [f"Corrosion on the {systems[0]}", f"Leak at the {systems[1]}"]
    todo = [f"Replace the {systems[0]} within a year.", "Monitor the cracks in the north wall."]
    sheet.write(80, 400, "Findings", 27, bold=True)
    sheet.lines(80, 450, defects, 23, 1.9)
    sheet.write(80, 580, "Recommendations", 27, bold=True)
    sheet.lines(80, 630, todo, 23, 1.9)
    truth: dict[str, Any] = {"facility": facility, "systems": systems, "condition": condition, "defects": defects}
    return Drawn(sheet.image, {**truth, "recommendations": todo, "identifiers": [pairs[3][1]], "dates": [when]})
