"""Architectural and engineering blueprints."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import record, records, schema_of, text, texts

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

CATEGORY = Category(
    name="blueprint",
    title="Blueprint",
    prompt=instructions(_PROMPT),
    schema=schema_of(
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
                most=60,
            ),
            "dimensions": texts("Lengths on dimension lines, as written.", most=60, longest=40),
        }
    ),
)
