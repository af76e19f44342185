"""Maps, and diagrams and charts with a legend."""

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, texts
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout
from scopix_server.reading.legend import map_legend

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a map, or a diagram or chart that is read by its legend. Say what it maps, which area or which quantities
it covers, and what can be read from it: the course of routes and borders, where things cluster, highs and lows. Give
title, scale and the largest names as written.
- legend: every entry of the legend, as written, in its order, without the symbol. If there is no legend, null.
"""

_SCHEMA = schema_of({"legend": texts("The entries of the legend, as written.", max_items=60, max_length=120)})


def extract(perception: Perception) -> Extraction:
    """Find the entries of the legend."""
    found = Findings(_SCHEMA)
    for line in map_legend(read_layout(perception)):
        found.add("legend", line.text, regions=[line.index])
    found.say("legend", "The legend lists {}.", max_items=20)
    found.tag("legend")
    return found.extraction()


CATEGORY = Category(name="map", title="Map", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract)
