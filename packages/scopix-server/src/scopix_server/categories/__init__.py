"""The content categories, one file each: how to look at such a picture, and which fields it fills."""

from pathlib import Path

from scopix_server.categories.builtin.architectural_design import CATEGORY as ARCHITECTURAL_DESIGN
from scopix_server.categories.builtin.artwork import CATEGORY as ARTWORK
from scopix_server.categories.builtin.blueprint import CATEGORY as BLUEPRINT
from scopix_server.categories.builtin.ce_plan import CATEGORY as CE_PLAN
from scopix_server.categories.builtin.construction import CATEGORY as CONSTRUCTION
from scopix_server.categories.builtin.document import CATEGORY as DOCUMENT
from scopix_server.categories.builtin.facility_assessment import CATEGORY as FACILITY_ASSESSMENT
from scopix_server.categories.builtin.general import CATEGORY as GENERAL
from scopix_server.categories.builtin.map import CATEGORY as MAP
from scopix_server.categories.builtin.mining import CATEGORY as MINING
from scopix_server.categories.builtin.pfd import CATEGORY as PFD
from scopix_server.categories.builtin.pid import CATEGORY as PID
from scopix_server.categories.builtin.product_photo import CATEGORY as PRODUCT_PHOTO
from scopix_server.categories.builtin.real_estate import CATEGORY as REAL_ESTATE
from scopix_server.categories.builtin.robotics import CATEGORY as ROBOTICS
from scopix_server.categories.builtin.screenshot import CATEGORY as SCREENSHOT
from scopix_server.categories.builtin.technical_diagram import CATEGORY as TECHNICAL_DIAGRAM
from scopix_server.categories.catalogue import BadCategory, Catalogue
from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.locate import locate

__all__ = [
    "BUILT_IN",
    "BadCategory",
    "Catalogue",
    "Category",
    "Extraction",
    "catalogue_with",
    "get",
    "instructions",
    "locate",
    "names",
]

BUILT_IN = Catalogue(
    (
        GENERAL,
        BLUEPRINT,
        CE_PLAN,
        TECHNICAL_DIAGRAM,
        ARCHITECTURAL_DESIGN,
        PRODUCT_PHOTO,
        REAL_ESTATE,
        MINING,
        ROBOTICS,
        ARTWORK,
        SCREENSHOT,
        DOCUMENT,
        MAP,
        CONSTRUCTION,
        PID,
        PFD,
        FACILITY_ASSESSMENT,
    )
)
"""The categories of the contract."""


def get(name: str) -> Category:
    """Return the built-in category called `name`; the general one for any other name."""
    return BUILT_IN.get(name)


def names() -> tuple[str, ...]:
    """Return the names of the built-in categories."""
    return BUILT_IN.names()


def catalogue_with(folder: Path | None) -> Catalogue:
    """Return the built-in categories and, behind them, those of the files in `folder`.

    Raises:
        BadCategory: a file is no category, or has the name of a built-in one.
    """
    if folder is None:
        return BUILT_IN
    # The library that checks schemas takes a moment to load, and most servers have no category of their own.
    from scopix_server.categories.own import read_categories

    own = read_categories(folder)
    for category in own:
        if category.name in BUILT_IN:
            raise BadCategory(f"{folder}: '{category.name}' is the name of a built-in category; choose another")
    return Catalogue([*BUILT_IN, *own])
