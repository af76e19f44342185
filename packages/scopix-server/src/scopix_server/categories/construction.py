"""Construction sites and active building projects."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, texts

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

CATEGORY = Category(
    name="construction",
    title="Construction",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "safety": texts("Protective equipment, barriers, signs, hazards."),
            "equipment": texts("Machines, vehicles, scaffolds, tools.", longest=80),
            "materials": texts("Building materials.", longest=80),
            "structural_elements": texts("Columns, beams, slabs, formwork and the like.", longest=80),
        }
    ),
)
