"""Maps, and diagrams and charts with a legend."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a map, or a diagram or chart that is read by its legend. Say what it maps, which area or which quantities
it covers, and what can be read from it: the course of routes and borders, where things cluster, highs and lows.
- title: the title as written.
- legend: every entry of the legend, as written, in its order, without the symbol. If there is no legend, null.
- scale: the scale as written, such as "1:25,000" or the longest figure of a scale bar with its unit.
- places: named places and features, as written.
"""

CATEGORY = Category(
    name="map",
    title="Map",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "title": text("The title as written."),
            "legend": texts("The entries of the legend, as written.", most=60, longest=120),
            "scale": text("The scale as written.", longest=60),
            "places": texts("Named places and features.", most=60, longest=100),
        }
    ),
)
