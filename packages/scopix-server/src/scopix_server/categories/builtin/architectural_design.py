"""Architectural photographs and renders."""

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, text, texts
from scopix_server.categories.vocabulary import MATERIALS
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import Layout, read_layout
from scopix_server.reading.terms import phrases, terms_in
from scopix_server.reading.words import ROOM

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

_SCHEMA = schema_of(
    {
        "style": text("The architectural or interior style.", max_length=80),
        "room_type": text("The kind of room or building part.", max_length=80),
        "materials": texts("Materials that are seen or written.", max_length=80),
    }
)

_STYLES = phrases(
    *("mid-century modern", "scandinavian", "industrial", "minimalist", "minimalism", "art deco", "art nouveau"),
    *("victorian", "georgian", "edwardian", "tudor", "gothic", "gothic revival", "neo-gothic", "baroque", "rococo"),
    *("neoclassical", "classical", "renaissance", "romanesque", "colonial", "mediterranean", "craftsman"),
    *("bauhaus", "brutalist", "brutalism", "modernist", "postmodern", "deconstructivist", "contemporary", "rustic"),
    *("farmhouse style", "bohemian", "japandi", "wabi-sabi", "shabby chic", "high-tech", "parametric", "biedermeier"),
    *("jugendstil", "gründerzeit", "modern style"),
)
_PARTS = phrases(*("facade", "façade", "atrium", "courtyard", "roof terrace", "mezzanine", "auditorium", "gallery"))
_BUILDINGS = {
    "library": "library",
    "restaurant": "restaurant",
    "church": "church",
    "barbershop": "barbershop",
    "bakery": "bakery",
    "bookstore": "bookstore",
    "greenhouse": "greenhouse",
    "movie theater": "movie theatre",
    "home theater": "home theatre",
    "patio": "patio",
    "grocery store": "grocery store",
    "toy store": "toy store",
    "shoe store": "shoe store",
    "butcher shop": "butcher shop",
    "prison": "prison",
    "planetarium": "planetarium",
}
"""Classes of the label network that are a kind of room, and what they are called."""
_CERTAIN = 0.8


def extract(perception: Perception) -> Extraction:
    """Find style, kind of room and materials where they are written; a kind of room also by its label, where sure."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for term, line in terms_in(layout, _STYLES):
        found.put("style", term, regions=[line.index])
    _find_room(found, layout)
    for label in perception.labels:
        if label.best in _BUILDINGS and label.best_probability >= _CERTAIN:
            found.put("room_type", _BUILDINGS[label.best], labels=[label.name])
    for term, line in terms_in(layout, MATERIALS):
        found.add("materials", term, regions=[line.index])
    found.say("style", "The style named on it is {}.")
    found.say("room_type", "The room named on it is {}.")
    found.say("materials", "Materials named on it: {}.")
    found.tag("style", "room_type", "materials")
    return found.extraction()


def _find_room(found: Findings, layout: Layout) -> None:
    """Take the room that is named, if it is one; a plan names many, and shows none of them."""
    named = {line.text.casefold(): line for line in layout.lines if ROOM.fullmatch(line.text)}
    if len(named) == 1:
        (line,) = named.values()
        found.put("room_type", line.text, regions=[line.index])
    for term, line in terms_in(layout, _PARTS):
        found.put("room_type", term, regions=[line.index])


CATEGORY = Category(
    name="architectural_design",
    title="Architectural design",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
)
