"""Process flow diagrams."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import records, schema_of, text, texts

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

CATEGORY = Category(
    name="pfd",
    title="Process flow diagram",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "drawing_number": text("The drawing's number as written.", longest=80),
            "equipment": records(
                "Tags of vessels, pumps, exchangers and the like.",
                {"tag": text("The tag.", longest=40), "name": text("The name beside it.", longest=100)},
            ),
            "streams": texts("Streams, feeds and products.", most=60, longest=100),
            "conditions": texts("Temperatures, pressures, flows, as written.", most=60, longest=60),
        }
    ),
)
