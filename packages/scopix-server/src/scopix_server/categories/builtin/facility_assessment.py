"""Assessments of buildings and plants: photographs of their parts, and pages of reports."""

import re
from collections.abc import Iterator

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.reading.entities import find_entities
from scopix_server.reading.layout import Layout, read_layout
from scopix_server.reading.terms import phrases, terms_in

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

_SCHEMA = schema_of(
    {
        "facility": text("The facility or asset as written."),
        "systems": texts("Systems that are seen or named.", max_length=80),
        "condition": text("The rating as written.", max_length=60),
        "defects": texts("Damage that is seen or named."),
        "recommendations": texts("Measures that are written.", max_items=20, max_length=300),
        "identifiers": texts("Asset tags, makers, models, serial numbers.", max_length=80),
        "dates": texts("Dates, as written.", max_length=60),
    }
)

_SYSTEMS = phrases(
    *("roof", "roofing", "hvac", "hvac system", "boiler", "chiller", "cooling tower", "air handling unit", "ahu"),
    *("rooftop unit", "heat pump", "electrical system", "electrical panel", "switchgear", "emergency generator"),
    *("plumbing", "fire alarm", "fire alarm system", "sprinkler", "sprinkler system", "fire suppression", "elevator"),
    *("lift", "escalator", "facade", "façade", "exterior wall", "curtain wall", "window", "door", "foundation"),
    *("structural frame", "flooring", "ceiling", "drainage", "stormwater system", "parking lot", "lighting"),
    *("water heater", "pump", "compressor", "transformer", "ductwork", "insulation", "stairs", "guardrail"),
)
_DEFECT = re.compile(
    r"\b(?:crack(?:s|ed|ing)?|corro(?:sion|ded|ding)|rust(?:ed|ing|y)?|leak(?:s|ing|age)?|stain(?:s|ed|ing)?|spall(?:s|ed|ing)|"
    r"mou?ld(?:y)?|mildew|damaged?|missing|deteriorat\w+|settlement|"
    r"ponding|efflorescence|rot(?:ted|ting)?|delaminat\w+|"
    r"water ingress|broken|blocked|worn|peeling|blister\w+|exposed (?:rebar|reinforcement|wiring)|"
    r"overheat\w+|defect(?:s|ive)?|"
    r"riss(?:e)?|undicht|feucht\w*|schimmel|fissures?|fuite|humidité|corrosión|grietas?|humedad)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"(?:[-•*]\s?|\d{1,2}[.)]\s?)?(?:replace|repair|install|inspect|monitor|clean|repaint|reseal|seal|upgrade|remove|test|"
    r"re-?roof|re-?point|recommend(?:ed)?|it is recommended)\b.{3,}",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?:(?:overall |general )?(?:condition|rating|condition rating|fci)\s?[:=]\s*(?P<rated>\S.{0,40})|"
    r"(?:.{0,60}\b)?in (?P<said>excellent|very good|good|satisfactory|fair|poor|very poor|critical|failed) condition\b"
    r".{0,60})",
    re.IGNORECASE,
)
_FACILITY = re.compile(r"(?:facility|building|property|asset|site|plant)(?: name)?\s?:\s*(\S.{1,100})", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"(?:asset(?: tag| no\.?| id)?|serial(?: no\.?| number)?|s/n|model(?: no\.?)?|manufacturer|make|tag(?: no\.?)?|"
    r"equipment id)\s?[:#]\s*(?P<code>\S.{1,60})",
    re.IGNORECASE,
)


def extract(perception: Perception) -> Extraction:
    """Find what a report or a name plate states, by its labels and its words."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for entry, indices in _entries(layout):
        for name, pattern in (("facility", _FACILITY), ("condition", _CONDITION)):
            match = pattern.fullmatch(entry)
            if match is not None:
                found.put(name, next(group for group in match.groups() if group).strip(), regions=indices)
        identifier = _IDENTIFIER.fullmatch(entry)
        if identifier is not None:
            found.add("identifiers", identifier["code"], regions=indices)
    for line in layout.lines:
        if _MEASURE.fullmatch(line.text):
            found.add("recommendations", line.text, regions=[line.index])
        elif _DEFECT.search(line.text):
            found.add("defects", line.text, regions=[line.index])
    named = found.regions("facility")
    for term, line in terms_in(layout.without([line for line in layout.lines if line.index in named]), _SYSTEMS):
        found.add("systems", term, regions=[line.index])
    for date, index in find_entities((line.index, line.text) for line in layout.lines).get("date", []):
        found.add("dates", date, regions=[index])
    found.say("facility", "The facility is named {}.")
    found.say("condition", "The condition is given as {}.")
    found.say("systems", "Systems named on it: {}.")
    found.say("defects", "Damage named on it: {}.")
    found.say("recommendations", "Measures it asks for: {}.", max_length=120)
    found.say("identifiers", "Identifiers on it: {}.")
    found.say("dates", "Dates on it: {}.", shown=str)
    found.tag("systems", "condition")
    return found.extraction()


def _entries(layout: Layout) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield "label: value" wherever a label has a value, in one line or beside it, and every other line as it is."""
    used: set[int] = set()
    for pair in layout.fields():
        used |= set(pair.indices)
        yield f"{pair.label.rstrip(' :')}: {pair.value}", pair.indices
    for line in layout.lines:
        if line.index not in used:
            yield line.text, (line.index,)


CATEGORY = Category(
    name="facility_assessment",
    title="Facility assessment",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
)
