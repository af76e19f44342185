"""Assessments of buildings and plants: photographs of their parts, and pages of reports."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image belongs to the assessment of a facility: a photograph of a part of a building or plant, a name plate, or a
page of a report. Say which part or system it shows, what condition it is in, and which damage can be seen and where.
- facility: the facility or asset as written.
- systems: building or plant systems that are seen or named (such as "roof", "HVAC", "electrical", "plumbing").
- condition: the rating as written, such as "fair"; null if none is written.
- defects: damage that is seen or named (crack, corrosion, leak, stain, spalling, missing part), each with its place.
- recommendations: measures that are written. Recommend nothing yourself.
- identifiers: asset tags, makers, models and serial numbers, as written.
- dates: dates of inspection, installation or next check, as written.
"""

CATEGORY = Category(
    name="facility_assessment",
    title="Facility assessment",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "facility": text("The facility or asset as written."),
            "systems": texts("Systems that are seen or named.", longest=80),
            "condition": text("The rating as written.", longest=60),
            "defects": texts("Damage that is seen or named."),
            "recommendations": texts("Measures that are written.", most=20, longest=300),
            "identifiers": texts("Asset tags, makers, models, serial numbers.", longest=80),
            "dates": texts("Dates, as written.", longest=60),
        }
    ),
)
