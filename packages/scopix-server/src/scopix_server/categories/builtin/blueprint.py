"""Architectural and engineering blueprints."""

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import record, records, schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.domain.phrases import Statement, listing, quote
from scopix_server.reading.entities import AREA
from scopix_server.reading.layout import Layout, read_layout
from scopix_server.reading.measures import drawing_scale, lengths
from scopix_server.reading.rooms import find_rooms
from scopix_server.reading.sheets import drawing_title
from scopix_server.reading.title_block import title_block
from scopix_server.reading.words import PLAN_TITLE

__all__ = ["CATEGORY"]

_PROMPT = """
The image is an architectural or engineering blueprint. Say what kind of drawing it is (floor plan, elevation, section,
detail, site plan, part drawing), what it shows and how the parts lie to each other.
- title_block: copy each entry of the title block to its field; the drawing's title is the largest text there.
- scale: as written, such as "1:100" or 1/4" = 1'-0". Never derive a scale from lengths.
- rooms: every named room or space in reading order, with the area and the dimensions written inside it. A room without
  a written area has area null; never compute one.
- dimensions: the lengths on dimension lines, as written, with their unit signs. Do not repeat those of rooms.
Do not count doors, windows or fixtures unless a schedule on the sheet states the number.
"""

_SCHEMA = schema_of(
    {
        "title_block": record(
            "What the title block states.",
            {
                "project": text("The project's name."),
                "client": text("The client or owner."),
                "title": text("The drawing's title."),
                "drawing_number": text("The drawing's number."),
                "sheet": text('The sheet, such as "A-101" or "2 of 7".'),
                "revision": text("The revision."),
                "date": text("The date, as written."),
                "drawn_by": text("Who drew it."),
                "checked_by": text("Who checked it."),
                "approved_by": text("Who approved it."),
            },
        ),
        "scale": text('The scale as written, such as "1:100".'),
        "rooms": records(
            "The named rooms and spaces.",
            {
                "name": text("The name as written."),
                "area": text("The area as written, with its unit."),
                "dimensions": text("The dimensions as written."),
            },
            max_items=60,
        ),
        "dimensions": texts("Lengths on dimension lines, as written.", max_items=60, max_length=40),
    }
)


def extract(perception: Perception) -> Extraction:
    """Find the title block's entries, the scale, the rooms with their measures, and the dimensions."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    _fill_title_block(found, layout)
    scale = drawing_scale(layout)
    if scale is not None:
        found.put("scale", scale[0], regions=[scale[1].index])
    rooms = find_rooms(layout)
    for room in rooms:
        sort = "area" if AREA.fullmatch(room.measure) else "dimensions"
        value = {"name": room.name, **({sort: room.measure} if room.measure else {})}
        found.add("rooms", value, regions=room.indices)
    inside = {index for room in rooms for index in room.indices}
    for line in lengths(layout):
        if line.index not in inside:
            found.add("dimensions", line.text, regions=[line.index])
    found.say("scale", "The scale is {}.", shown=_primes)
    found.say("dimensions", "Dimensions written on it: {}.", shown=_primes, max_items=16)
    return found.extraction()


def _fill_title_block(found: Findings, layout: Layout) -> None:
    entries = {name: pair for name, pair in title_block(layout).items() if name != "scale"}
    for name, pair in entries.items():
        found.put(f"title_block/{name}", pair.value, regions=pair.indices)
    if entries:
        shown = [f"{name.replace('_', ' ')} {quote(pair.value, 60)}" for name, pair in entries.items()]
        regions = sorted({index for pair in entries.values() for index in pair.indices})
        found.state(Statement(f"Its title block gives {listing(shown, 12)}.", {"regions": regions}))
    title = drawing_title(layout)
    if title is not None and PLAN_TITLE.search(title.text):
        found.put("title_block/title", title.text, regions=[title.index])


def _primes(text: str) -> str:
    """Return feet and inches with signs that are no quotation marks."""
    return text.replace('"', "″").replace("'", "′")


CATEGORY = Category(name="blueprint", title="Blueprint", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract)
