"""Architectural photographs and renders."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a photograph or a render of architecture, inside or outside. Describe the space or the building: form,
light, openings, surfaces, furniture and how they work together. Say whether it looks like a photograph or a render.
- style: the architectural or interior style in a few words (such as "mid-century modern", "industrial", "Victorian"),
  only if its marks can be seen; else null.
- room_type: the kind of room or building part (such as "living room", "facade", "lobby"); null if it cannot be told.
- materials: the materials that can be recognised by their look (such as "exposed brick", "oak flooring", "glass"), and
  those that are written on the image.
"""

CATEGORY = Category(
    name="architectural_design",
    title="Architectural design",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "style": text("The architectural or interior style.", longest=80),
            "room_type": text("The kind of room or building part.", longest=80),
            "materials": texts("Materials that are seen or written.", longest=80),
        }
    ),
)
