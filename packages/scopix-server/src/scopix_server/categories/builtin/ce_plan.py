"""Civil engineering plans."""

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.jurisdiction import jurisdictions
from scopix_server.categories.schema import schema_of, text, texts
from scopix_server.categories.sheet_types import sheet_type
from scopix_server.categories.standards import standards
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a sheet of a civil engineering plan set. Say what kind of sheet it is, which works it shows (road, bridge,
drainage, utilities, grading, erosion control, traffic control, survey), between which stations or limits, and what its
notes demand.
- sheet_type: the kind of sheet in lower case, such as "plan and profile", "grading plan", "drainage plan",
  "cross sections", "typical sections", "erosion control plan", "general notes", "cover sheet". Take it from the sheet's
  title; null if no title or convention on the sheet shows it.
- standards: every code or standard the sheet refers to, as written (such as "ASTM A615", "AASHTO M 145", "EN 1992-1-1",
  "ACI 318-19"), once each. A standard that usually applies but is not written on the sheet is left out.
- jurisdiction: the authority or administrative area named on the sheet (city, county, state, department, country), as
  written, from the smallest to the largest, joined by commas. Never infer it from an address or a style.
"""

_SCHEMA = schema_of(
    {
        "sheet_type": text('The kind of sheet, such as "grading plan".', max_length=80),
        "standards": texts("Codes and standards that the sheet refers to, as written.", max_length=80),
        "jurisdiction": text("The authority or area named on the sheet."),
    }
)


def extract(perception: Perception) -> Extraction:
    """Find the kind of sheet by its title or its number, standards by their codes, authorities by their names."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    kind = sheet_type(layout)
    if kind is not None:
        found.put("sheet_type", kind[0], regions=[kind[1].index])
        found.say("sheet_type", "By its title or number it is a sheet of the type {}.", shown=str)
    for code, line in standards(layout):
        found.add("standards", code, regions=[line.index])
    named = jurisdictions(layout)
    if named:
        regions = sorted({line.index for _, line in named})
        found.put("jurisdiction", ", ".join(name for name, _ in named), regions=regions)
    found.say("standards", "It refers to the standards {}.", shown=str, max_items=20)
    found.say("jurisdiction", "The jurisdiction named on it is {}.", shown=str)
    found.tag("sheet_type", "standards")
    return found.extraction()


CATEGORY = Category(
    name="ce_plan", title="Civil engineering plan", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract
)
