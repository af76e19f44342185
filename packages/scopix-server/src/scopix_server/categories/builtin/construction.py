"""Construction sites and active building projects."""

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, texts
from scopix_server.categories.vocabulary import EQUIPMENT, MATERIALS, SAFETY, STRUCTURE
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout
from scopix_server.reading.terms import terms_in

__all__ = ["CATEGORY"]

_PROMPT = """
The image shows a construction site or an active building project. Say which stage the work is in, what is being done,
and where things stand.
- safety: protective equipment that is worn or demanded, barriers, signs (as written), and hazards that can be seen,
  such as an open edge. Say that something is missing only where the image shows clearly that it is.
- equipment: machines, vehicles, cranes, scaffolds and tools that are seen or named.
- materials: building materials that are seen or named.
- structural_elements: columns, beams, slabs, walls, trusses, foundations, formwork, reinforcement and the like that are
  seen or named.
"""

_SCHEMA = schema_of(
    {
        "safety": texts("Protective equipment, barriers, signs, hazards."),
        "equipment": texts("Machines, vehicles, scaffolds, tools.", max_length=80),
        "materials": texts("Building materials.", max_length=80),
        "structural_elements": texts("Columns, beams, slabs, formwork and the like.", max_length=80),
    }
)

_MACHINES = frozenset(
    {
        *("construction crane", "drilling rig", "forklift", "tractor", "half-track", "snowplow", "semi-trailer truck"),
        *("tow truck", "wheelbarrow", "shovel", "hammer", "power drill", "chainsaw", "tool kit", "screwdriver"),
    }
)
"""Classes of the label network that are equipment of a site."""
_CERTAIN = 0.8  # a label's probability from which on it is a value


def extract(perception: Perception) -> Extraction:
    """Find words of safety, machines, materials and structure; a machine also by its label, where that is sure."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for line in layout.lines:
        if SAFETY.search(line.text):
            found.add("safety", line.text, regions=[line.index])
    for term, line in terms_in(layout, EQUIPMENT):
        found.add("equipment", term, regions=[line.index])
    for label in perception.labels:
        if label.best in _MACHINES and label.best_probability >= _CERTAIN:
            found.add("equipment", label.best, labels=[label.name])
    for term, line in terms_in(layout, MATERIALS, EQUIPMENT, STRUCTURE, SAFETY):
        found.add("materials", term, regions=[line.index])
    for term, line in terms_in(layout, STRUCTURE, EQUIPMENT):
        found.add("structural_elements", term, regions=[line.index])
    found.say("safety", "Safety notices on it read {}.")
    found.say("equipment", "Equipment named on it: {}.")
    found.say("materials", "Materials named on it: {}.")
    found.say("structural_elements", "Structural elements named on it: {}.")
    found.tag("equipment", "materials", "structural_elements")
    return found.extraction()


CATEGORY = Category(
    name="construction", title="Construction", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract
)
