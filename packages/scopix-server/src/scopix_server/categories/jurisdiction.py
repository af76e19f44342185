"""Authorities and administrative areas that a sheet names."""

import re
from collections.abc import Iterator

from scopix_server.domain.patterns import late
from scopix_server.reading.layout import Layout, Line

__all__ = ["jurisdictions"]

# A name: capitalised words, at most four; what the area is called never belongs to the name of the next one.
_STOP = (
    r"(?!(?:Department|Dept|Division|Public|County|City|Town|State|Standards?|Specifications?|Details?|Drawing|Plans?|"
    r"Road|Roads|Route|Highway|Line|Engineer|Engineering|Inspector|Code|Ordinance|And|The|Of|For|Project|Sheet|Scale|"
    r"Approval|Approved|Benchmark|Datum|Permit|Works|Utility|Utilities|Sewer|Water|Requirements?|Ministry|Council|"
    r"Municipality|Province|Commonwealth|All|Shall|Is|Are)\b)"
)
_WORD = rf"{_STOP}[A-ZÀ-ÖØ-Þ][\w'’.-]*"
_NAME = rf"{_WORD}(?:[ ](?:(?:of|de|la|le|del|los|las|am|an der|upon)[ ])?{_WORD}){{0,3}}"

_SMALL, _MIDDLE, _LARGE, _AUTHORITY = range(4)
_OFFICE = (
    r"(?:Department|Dept\.?) of (?:Transportation|Public Works|Highways|Transport|Water Resources|"
    r"Environmental (?:Protection|Quality))"
)
_BODIES = (
    r"National Highways|Transport Scotland|Highways England|Federal Highway Administration|"
    r"U\.?S\.? Army Corps of Engineers"
)
_OF = r"\s?of\s?"  # readings lose the space
_AREAS: tuple[tuple[int, str], ...] = (
    (_SMALL, rf"(?:City|Town|Village|Borough|Municipality|Township|Parish){_OF}{_NAME}(?: {_OFFICE})?"),
    (_SMALL, rf"(?:Stadt|Gemeinde|Markt|Ville de|Commune de|Comune di|Ayuntamiento de|Gemeente) {_NAME}"),
    (_SMALL, rf"{_NAME} (?:(?:City|Borough|Town|District) Council|Township)"),
    (_MIDDLE, rf"(?:Unincorporated )?County{_OF}{_NAME}(?: {_OFFICE})?"),
    (_MIDDLE, rf"{_NAME} County(?: Council| {_OFFICE})?(?! (?:Road|Route|Line|Highway|Standard|Clerk))"),
    (_MIDDLE, rf"(?:Landkreis|Kreis|Département d[eu]|Provincia d[ei]) {_NAME}"),
    (_LARGE, rf"(?:State|Commonwealth|Province|Territory){_OF}{_NAME}(?: {_OFFICE})?"),
    (_LARGE, rf"(?:Freistaat|Kanton|Canton de|Comunidad de|Région) {_NAME}"),
    (_AUTHORITY, rf"(?:{_NAME} )?{_OFFICE}"),
    (_AUTHORITY, rf"Ministry of {_WORD}(?: (?:and )?{_WORD}){{0,3}}"),
    (_AUTHORITY, rf"(?:{_BODIES})"),
    (_AUTHORITY, rf"{_NAME} (?:Water District|Flood Control District|Sanitation District|Port Authority)"),
)
_PATTERNS = tuple((rank, late(rf"(?<!\w){pattern}(?!\w)")) for rank, pattern in _AREAS)
_LABELLED = (
    (
        _SMALL,
        late(r"(?:city|town|municipality|township|gemeinde|commune|municipio)\s?:\s*(\S.{1,60})", re.IGNORECASE),
    ),
    (_MIDDLE, late(r"county\s?:\s*(\S.{1,60})", re.IGNORECASE)),
    (_LARGE, late(r"(?:state|province|bundesland)\s?:\s*(\S.{1,60})", re.IGNORECASE)),
    (_AUTHORITY, late(r"(?:jurisdiction|authority|agency)\s?:\s*(\S.{1,80})", re.IGNORECASE)),
)


def jurisdictions(layout: Layout) -> list[tuple[str, Line]]:
    """Return the names, the smallest area first, each with its line; a name is as written."""
    found: dict[str, tuple[int, str, Line]] = {}
    for line in layout.lines:
        for rank, name in _named(line.text):
            found.setdefault("".join(name.casefold().split()), (rank, name, line))
    # "Lane County" beside "County of Lane" names one area twice; a name within a longer one says nothing more.
    whole = [entry for key, entry in found.items() if not any(key in other and key != other for other in found)]
    return [(name, line) for _, name, line in sorted(whole, key=lambda entry: entry[0])]


def _named(text: str) -> Iterator[tuple[int, str]]:
    for rank, pattern in _LABELLED:
        if (match := pattern.fullmatch(text)) is not None:
            yield rank, match[1].strip(" .,")
            return
    shown = text.title() if text.isupper() else text
    # Title case for the search only, and with the small words that names have; what is returned is the text itself.
    plain = re.sub(r"\b(?:Of|De|La|Le|And)\b", lambda match: match[0].lower(), shown) if text.isupper() else shown
    taken: list[tuple[int, int]] = []
    for rank, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            start, end = match.span()
            if not any(start < other_end and other_start < end for other_start, other_end in taken):
                taken.append((start, end))
                yield rank, re.sub(r"\bof(?=[A-ZÀ-Þ])", "of ", text[start:end].strip(" .,"))
