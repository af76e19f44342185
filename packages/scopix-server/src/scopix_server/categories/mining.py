"""Mining operations and geological surveys."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image shows a mining operation or belongs to a geological survey (open pit, underground working, drill core,
outcrop, section, map, log). Say what it shows, the geology that can be seen or is written, the work that is going on,
and what matters for safety.
- site: the mine, pit, hole or project as written.
- equipment: machines that are seen or written (such as "haul truck", "drill rig", "conveyor").
- minerals: rocks, minerals and grades that are written. Name a mineral by its look only as "possibly ...".
- geological_features: layers, faults, veins, folds and the like that are seen or written.
- measurements: depths, grades, coordinates, angles and samples, as written with their units.
- safety: signs, barriers, protective equipment and hazards that are seen or written.
"""

CATEGORY = Category(
    name="mining",
    title="Mining and geology",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "site": text("The mine, pit, hole or project as written."),
            "equipment": texts("Machines that are seen or written.", longest=80),
            "minerals": texts("Rocks, minerals and grades.", longest=80),
            "geological_features": texts("Layers, faults, veins and the like.", longest=100),
            "measurements": texts("Depths, grades, coordinates and samples, as written.", longest=80),
            "safety": texts("Signs, barriers, protective equipment, hazards."),
        }
    ),
)
