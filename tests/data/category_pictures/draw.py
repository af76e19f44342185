"""One drawer for each category."""

from collections.abc import Callable
from random import Random

from tests.data.category_pictures import drawings, pages, scenes
from tests.data.category_pictures.sheet import Drawn

__all__ = ["DRAWERS", "Drawn", "draw"]

DRAWERS: dict[str, Callable[[Random], Drawn]] = {
    "ce_plan": drawings.ce_plan,
    "blueprint": drawings.blueprint,
    "map": drawings.map,
    "technical_diagram": drawings.technical_diagram,
    "pid": drawings.pid,
    "pfd": drawings.pfd,
    "document": pages.document,
    "screenshot": pages.screenshot,
    "real_estate": pages.real_estate,
    "mining": pages.mining,
    "facility_assessment": pages.facility_assessment,
    "construction": scenes.construction,
    "architectural_design": scenes.architectural_design,
    "product_photo": scenes.product_photo,
    "artwork": scenes.artwork,
    "robotics": scenes.robotics,
}


def draw(category: str, seed: int) -> Drawn:
    """The picture of this category and seed; the same on every run."""
    return DRAWERS[category](Random(f"{category} {seed}"))
