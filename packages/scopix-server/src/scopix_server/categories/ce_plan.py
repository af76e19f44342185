"""Civil engineering plans."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

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

CATEGORY = Category(
    name="ce_plan",
    title="Civil engineering plan",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "sheet_type": text('The kind of sheet, such as "grading plan".', longest=80),
            "standards": texts("Codes and standards that the sheet refers to, as written.", longest=80),
            "jurisdiction": text("The authority or area named on the sheet."),
        }
    ),
)
