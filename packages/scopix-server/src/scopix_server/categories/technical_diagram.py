"""Technical diagrams and schematics."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import records, schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a technical diagram or schematic. Say what kind it is (block diagram, flow chart, circuit, wiring diagram,
network, sequence, state machine, exploded view), what it is about, and how the parts are connected, in the order of
the flow where there is one.
- title: the title as written.
- diagram_type: the kind of diagram in lower case, such as "block diagram".
- components: the named parts (boxes, devices, states, actors), as written.
- labels: reference designators, tags and other codes, such as "R12", "Q3", "TB-2".
- connections: only those whose both ends can be followed along a line; source and target as written, and the text
  on the line as label. A line whose end is unclear is left out.
"""

CATEGORY = Category(
    name="technical_diagram",
    title="Technical diagram",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "title": text("The diagram's title."),
            "diagram_type": text('The kind of diagram, such as "block diagram".', longest=80),
            "components": texts("The named parts, as written.", most=60, longest=100),
            "labels": texts("Reference designators, tags and codes.", most=60, longest=60),
            "connections": records(
                "Connections that can be followed from end to end.",
                {
                    "source": text("The part where it begins.", longest=100),
                    "target": text("The part where it ends.", longest=100),
                    "label": text("The text on it.", longest=100),
                },
            ),
        }
    ),
)
