"""What kind of sheet of a civil engineering plan set it is: by its title, or by the convention of its number."""

import re

from scopix_server.domain.patterns import late
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.title_block import title_block

__all__ = ["sheet_type"]

_KINDS = (
    r"plan ?(?:and|/) ?profile",
    r"plan-profile",
    r"profile",
    r"general plan and elevation",
    r"general plan",
    r"general notes",
    r"(?:construction|project) notes|notes and legend",
    r"cover sheet",
    r"title sheet",
    r"index of (?:sheets|drawings)",
    r"sheet index",
    r"key (?:plan|map)",
    r"(?:typical |roadway )?cross[- ]sections?",
    r"typical (?:road(?:way)? |street )?sections?",
    r"(?:rough |fine |site |mass )?grading(?: and (?:drainage|paving|erosion control))? plan",
    r"(?:storm |site |surface |road )?(?:water )?drainage(?: and (?:grading|utilit(?:y|ies)|sewer(?:age)?))? plan",
    r"storm ?water management plan",
    r"storm (?:drain|sewer)(?:age)?(?: system)? plan",
    r"(?:sanitary )?sewer(?:age)? plan",
    r"water (?:main|supply|distribution|line) plan",
    r"(?:composite |site |wet |dry |existing )?utilit(?:y|ies)(?: layout| relocation)? plan",
    r"erosion(?:(?: and |/)sediment(?:ation)?)? control plan",
    r"sediment(?:ation)? control plan",
    r"(?:temporary )?traffic (?:control|management|signal|signs?) plan",
    r"maintenance of traffic(?: plan)?",
    r"(?:signing|signage)(?: and |/)?(?:striping|pavement markings?)? plan",
    r"(?:pavement marking|striping|road marking)s?(?: and signing| and signage)? plan",
    r"(?:street |road |site )?lighting plan",
    r"(?:road(?:way)? |site |general |paving |street |horizontal |geometric )?layout(?: plan)?",
    r"(?:setting[- ]out|parking) (?:layout|plan)",
    r"(?:road(?:way)?|street|paving|pavement) plan",
    r"alignment (?:plan|sheet)",
    r"(?:existing |overall |preliminary |final )?site(?: development| improvement)? plan",
    r"demolition(?: and removals?)? plan",
    r"existing conditions?(?: plan)?",
    r"(?:topographic(?:al)?|boundary|alta|land|site) survey(?: plan)?",
    r"landscap(?:e|ing) plan",
    r"(?:(?:ground|upper|lower|first|second|third|fourth|\d(?:st|nd|rd|th)) )?floor plans?|roof plan|basement plan",
    r"(?:(?:north|south|east|west|front|rear|side) )?elevations?|(?:building )?sections?(?: and details?)?",
    r"phasing plan|staging plan",
    r"right[- ]of[- ]way (?:plan|map)",
    r"foundation plan|piling plan",
    r"(?:bridge|culvert|wall|retaining wall|abutment|pier|deck|structural|reinforcement|drainage|utility|paving) "
    r"(?:and [a-z]+ )?(?:details?|plan|elevations?|sections?|layout)",
    r"(?:standard |construction |miscellaneous |typical |civil |erosion control |sewer |manhole |curb )*details?",
    r"longitudinal sections?|long[- ]sections?|vertical alignment",
    r"bar bending schedule|reinforcement schedule|schedule of (?:quantities|materials)|quantity sheet",
    r"lageplan|höhenplan|längsschnitt|regelquerschnitt|querprofile?|entwässerungsplan|absteckplan|bewehrungsplan"
    r"|schalplan|leitungsplan|übersichtsplan|übersichtslageplan|baugrubenplan|deckenhöhenplan",
    r"plan de situation|profils? en long|profils? en travers(?: types?)?|plan d'assainissement|plan de masse"
    r"|plan de terrassement|plan de ferraillage|plan de coffrage|plan d'ensemble|coupes? types?",
    r"plano de situación|perfil longitudinal|perfiles? transversal(?:es)?|sección tipo|planta general"
    r"|plano de drenaje|planta y perfil",
)
_PREFIX = r"(?:proposed |preliminary |final |overall |partial |enlarged |civil |phase \w{1,3} |street |road(?:way)? )?"
_KIND = late(rf"{_PREFIX}(?:{'|'.join(_KINDS)})", re.IGNORECASE)
# What may come before and behind the kind on a title line: "C-3.1 GRADING PLAN", "GRADING PLAN - SHEET 2 OF 4".
_BEFORE = late(r"(?:[A-Z]{1,3}[-.]?\d{1,3}(?:\.\d{1,2})?\s*[-–—:]?\s*|\d{1,2}[.)]\s+)?")
_BEHIND = late(r"\s*(?:$|[-–—:,(/]|sta\b|station\b|sheet\b|no\b|\d|[A-Z]$|north|south|east|west)", re.IGNORECASE)
_AS_LARGE = 0.9

_NUMBER = late(r"C(?:[A-Z])?[- ]?([0-9])\d{2}(?:\.\d{1,2})?")
_BY_DIGIT = {"0": "general", "1": "plans", "2": "elevations", "3": "sections", "5": "details", "6": "schedules"}
"""The sheet type designators of the US National CAD Standard: first digit of the number after the discipline "C"."""


def sheet_type(layout: Layout) -> tuple[str, Line] | None:
    """Return the kind in lower case, and the line that says so: the title block's title, the largest title, or the
    sheet's number. None where nothing says it, or where titles of the same size say different things.
    """
    block = title_block(layout)
    by_index = {line.index: line for line in layout.lines}
    for name in ("title", "sheet"):
        entry = block.get(name)
        kind = _kind(entry.value) if entry else None
        if entry and kind:
            return kind, by_index[entry.indices[-1]]
    titles = [(kind, line) for line in layout.lines if (kind := _kind(line.text)) is not None]
    if titles:
        largest = max(line.size for _, line in titles)
        first = [(kind, line) for kind, line in titles if line.size >= _AS_LARGE * largest]
        return first[0] if len({kind for kind, _ in first}) == 1 else None
    for name in ("sheet", "drawing_number"):
        entry = block.get(name)
        number = _NUMBER.match(entry.value) if entry else None
        if entry and number and number[1] in _BY_DIGIT:
            return _BY_DIGIT[number[1]], by_index[entry.indices[-1]]
    return None


def _kind(text: str) -> str | None:
    text = re.sub(r"\s*[&+]\s*", " and ", text)
    start = match.end() if (match := _BEFORE.match(text)) else 0
    kind = _KIND.match(text, start)
    if kind is None or not _BEHIND.match(text, kind.end()):
        return None
    return " ".join(kind[0].lower().replace("/", " and ").split())
