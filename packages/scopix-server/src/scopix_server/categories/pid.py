"""Piping and instrumentation diagrams."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import records, schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a piping and instrumentation diagram. Say which unit or system it shows, name the main equipment, and
follow the main process lines from equipment to equipment with the instruments and valves on them.
- drawing_number: as written.
- instruments: every instrument tag as written (such as "FIC-101"), with its meaning only where the letters give it by
  the usual code (F flow, P pressure, T temperature, L level; I indicate, C control, T transmit, A alarm, V valve).
- equipment: tags of vessels, pumps, exchangers and the like, with the name written beside them.
- lines: line numbers as written (such as 6"-P-1001-A1A).
- valves: tags of valves, as written.
Copy tags sign by sign; a tag that cannot be read in full is left out.
"""

CATEGORY = Category(
    name="pid",
    title="Piping and instrumentation diagram",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "drawing_number": text("The drawing's number as written.", longest=80),
            "instruments": records(
                "Instrument tags.",
                {"tag": text("The tag.", longest=40), "function": text("What its letters mean.", longest=100)},
                most=80,
            ),
            "equipment": records(
                "Tags of vessels, pumps, exchangers and the like.",
                {"tag": text("The tag.", longest=40), "name": text("The name beside it.", longest=100)},
            ),
            "lines": texts("Line numbers.", most=60, longest=60),
            "valves": texts("Tags of valves.", most=60, longest=40),
        }
    ),
)
