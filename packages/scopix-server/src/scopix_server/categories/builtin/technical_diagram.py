"""Technical diagrams and schematics."""

import re
from statistics import median

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import records, schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout
from scopix_server.reading.lines import letters
from scopix_server.reading.sheets import diagram_title
from scopix_server.reading.terms import phrases, terms_in

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

_SCHEMA = schema_of(
    {
        "title": text("The diagram's title."),
        "diagram_type": text('The kind of diagram, such as "block diagram".', max_length=80),
        "components": texts("The named parts, as written.", max_items=60, max_length=100),
        "labels": texts("Reference designators, tags and codes.", max_items=60, max_length=60),
        "connections": records(
            "Connections that can be followed from end to end.",
            {
                "source": text("The part where it begins.", max_length=100),
                "target": text("The part where it ends.", max_length=100),
                "label": text("The text on it.", max_length=100),
            },
        ),
    }
)

_TYPES = phrases(
    *("block diagram", "flow chart", "flow diagram", "flowchart", "data flow diagram", "circuit diagram"),
    *("wiring diagram", "wiring schematic", "schematic diagram", "schematic", "network diagram", "network topology"),
    *("sequence diagram", "state diagram", "state machine", "class diagram", "component diagram", "deployment diagram"),
    *("entity relationship diagram", "er diagram", "use case diagram", "activity diagram", "single-line diagram"),
    *("one-line diagram", "exploded view", "ladder diagram", "timing diagram", "architecture diagram", "p&id"),
    *("system overview", "system architecture", "hydraulic diagram", "pneumatic diagram", "piping diagram"),
    *("organisation chart", "organization chart", "gantt chart", "venn diagram", "mind map", "tree diagram"),
    *("schaltplan", "blockschaltbild", "ablaufdiagramm", "schéma électrique", "organigramme", "diagrama de flujo"),
)
_DESIGNATOR = re.compile(
    r"(?:[RCLQDUJKFXYTVZ]|IC|TB|TP|SW|LED|CN|PS|CR|MOV|BT|FB|JP|TR|RV|VR|SB|KM|QF|FU|HL|XT)-?\d{1,4}[A-Z]?"
)
_SMALL = 0.85  # of the usual type: smaller labels stand on lines, not in boxes
_MAX_WORDS = 6


def extract(perception: Perception) -> Extraction:
    """Find title and type by their words, designators by their form, and named parts by the size of their type."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    title = diagram_title(layout)
    if title is not None:
        found.put("title", title.text, regions=[title.index])
    for kind, line in terms_in(layout, _TYPES):
        found.put("diagram_type", kind.lower(), regions=[line.index])
    labels = [line for line in layout.lines if line is not title and len(line.text.split()) <= _MAX_WORDS]
    words = [line for line in labels if letters(line.text) >= 3 and not _DESIGNATOR.fullmatch(line.text)]
    wordy = {line.index for line in words}
    usual = median(line.size for line in words) if words else 0.0
    for line in labels:
        if _DESIGNATOR.fullmatch(line.text):
            found.add("labels", line.text, regions=[line.index])
        elif line.index in wordy and line.size >= _SMALL * usual:
            found.add("components", line.text, regions=[line.index])
    found.say("diagram_type", "By its own words it is of the type {}.", shown=str)
    found.say("components", "Parts named on it: {}.", max_items=20)
    found.say("labels", "Reference designators on it: {}.", max_items=20)
    found.tag("diagram_type", "components")
    return found.extraction()


CATEGORY = Category(
    name="technical_diagram",
    title="Technical diagram",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
    looked_at=frozenset({"connections"}),
)
