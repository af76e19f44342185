"""Piping and instrumentation diagrams."""

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import records, schema_of, text, texts
from scopix_server.categories.tags import (
    LINE_NUMBER,
    equipment_tags,
    instrument_function,
    instrument_tags,
    shown_equipment,
)
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout
from scopix_server.reading.title_block import title_block

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

_SCHEMA = schema_of(
    {
        "drawing_number": text("The drawing's number as written.", max_length=80),
        "instruments": records(
            "Instrument tags.",
            {"tag": text("The tag.", max_length=40), "function": text("What its letters mean.", max_length=100)},
            max_items=80,
        ),
        "equipment": records(
            "Tags of vessels, pumps, exchangers and the like.",
            {"tag": text("The tag.", max_length=40), "name": text("The name beside it.", max_length=100)},
        ),
        "lines": texts("Line numbers.", max_items=60, max_length=60),
        "valves": texts("Tags of valves.", max_items=60, max_length=40),
    }
)


def extract(perception: Perception) -> Extraction:
    """Find tags by the usual code of letters and numbers, also where a circle has them on two lines."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    number = title_block(layout).get("drawing_number")
    if number is not None:
        found.put("drawing_number", number.value, regions=number.indices)
    for tag, indices in instrument_tags(layout):
        if tag.split("-")[0].endswith("V"):
            found.add("valves", tag, regions=indices)
        else:
            function = instrument_function(tag)
            found.add("instruments", {"tag": tag, **({"function": function} if function else {})}, regions=indices)
    for tag, name, indices in equipment_tags(layout):
        found.add("equipment", {"tag": tag, **({"name": name} if name else {})}, regions=indices)
    for line in layout.lines:
        for match in LINE_NUMBER.finditer(line.text):
            found.add("lines", match[0], regions=[line.index])
    found.say("instruments", "Instruments tagged on it: {}.", shown=lambda value: str(value["tag"]), max_items=24)
    found.say("valves", "Valves tagged on it: {}.", shown=str, max_items=24)
    found.say("equipment", "Equipment tagged on it: {}.", shown=shown_equipment, max_items=16)
    found.say("lines", "Line numbers on it: {}.", shown=lambda value: str(value).replace('"', "″"), max_items=16)
    found.say("drawing_number", "The drawing number is {}.")
    return found.extraction()


CATEGORY = Category(
    name="pid",
    title="Piping and instrumentation diagram",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
)
