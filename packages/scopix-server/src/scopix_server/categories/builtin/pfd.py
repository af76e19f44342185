"""Process flow diagrams."""

import re
import unicodedata

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import records, schema_of, text, texts
from scopix_server.categories.tags import equipment_tags, shown_equipment
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout
from scopix_server.reading.terms import phrases
from scopix_server.reading.title_block import title_block

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a process flow diagram. Say what process it shows, from which feeds to which products, and follow the main
streams through the equipment in the order of the flow.
- drawing_number: as written.
- equipment: tags of vessels, pumps, exchangers and the like (such as "P-101"), with the name written beside them.
- streams: names or numbers of streams, feeds and products, as written.
- conditions: temperatures, pressures, flows and compositions, as written with their units.
Copy tags sign by sign; a tag that cannot be read in full is left out.
"""

_SCHEMA = schema_of(
    {
        "drawing_number": text("The drawing's number as written.", max_length=80),
        "equipment": records(
            "Tags of vessels, pumps, exchangers and the like.",
            {"tag": text("The tag.", max_length=40), "name": text("The name beside it.", max_length=100)},
        ),
        "streams": texts("Streams, feeds and products.", max_items=60, max_length=100),
        "conditions": texts("Temperatures, pressures, flows, as written.", max_items=60, max_length=60),
    }
)

_STREAM = phrases(
    *(
        "feed",
        "product",
        "steam",
        "cooling water",
        "condensate",
        "overhead",
        "vapour",
        "vapor",
        "bottoms",
        "distillate",
    ),
    *("reflux", "recycle", "purge", "off-gas", "flue gas", "fuel gas", "natural gas", "vent", "flare", "crude oil"),
    *("naphtha", "kerosene", "diesel", "brine", "effluent", "waste water", "boiler feed water", "hydrogen", "nitrogen"),
    *("instrument air", "slurry", "raffinate", "extract", "solvent", "hot oil", "make-up", "blowdown", "syngas"),
)
_STREAM_NUMBER = re.compile(r"stream (?:no\.? ?)?\d{1,3}[A-Z]?", re.IGNORECASE)
_CONDITION = re.compile(
    r"(?<![\w.])-?\d{1,6}(?:[.,]\d{1,3})?\s?(?:°\s?[CF]|[℃℉]|K|bar\s?[ag]?|mbar|[kM]?Pa(?:[ag])?|psi[ag]?|kg/h|t/h|kg/s|"
    r"N?m[³3]/h|l/min|L/min|gpm|bpd|kmol/h|[kM]W|wt\s?%|mol\s?%|vol\s?%|ppm)(?![\w/])"
)
_MAX_WORDS = 4


def extract(perception: Perception) -> Extraction:
    """Find equipment by its tags, streams by their usual names, conditions by their units."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    number = title_block(layout).get("drawing_number")
    if number is not None:
        found.put("drawing_number", number.value, regions=number.indices)
    named: set[int] = set()
    for tag, name, indices in equipment_tags(layout):
        found.add("equipment", {"tag": tag, **({"name": name} if name else {})}, regions=indices)
        named |= set(indices)
    for line in layout.lines:
        short = line.index not in named and len(line.text.split()) <= _MAX_WORDS
        if short and (_STREAM.search(line.text) or _STREAM_NUMBER.fullmatch(line.text)):
            found.add("streams", line.text, regions=[line.index])
        for match in _CONDITION.finditer(line.text):
            found.add("conditions", unicodedata.normalize("NFKC", match[0]), regions=[line.index])
    found.say("equipment", "Equipment tagged on it: {}.", shown=shown_equipment, max_items=16)
    found.say("streams", "Streams named on it: {}.")
    found.say("conditions", "Conditions written on it: {}.", shown=str)
    found.say("drawing_number", "The drawing number is {}.")
    return found.extraction()


CATEGORY = Category(
    name="pfd", title="Process flow diagram", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract
)
