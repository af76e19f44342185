"""References to codes and standards, such as "ASTM A615" or "DIN EN 206-1:2014"."""

import re
from collections.abc import Iterator

from scopix_server.domain.patterns import late
from scopix_server.reading.layout import Layout, Line

__all__ = ["standards"]

_YEAR = r"(?:[-:/–]\s?(?:19|20)?\d{2})"
_PARTS = rf"(?:[-/.]\d{{1,3}}){{0,3}}(?:R|M)?{_YEAR}?(?:\+A\d)?"
_NUMBER = rf"\d{{2,6}}{_PARTS}"
_FAMILIES = (
    # the code after the publisher's name; where a list goes on ("ASTM A615 and A706"), what its further codes look like
    ("ASTM", rf"[A-G]\s?\d{{1,4}}M?(?:/[A-G]?\d{{1,4}}M?)?{_YEAR}?", r"[A-G]\d{2,4}M?"),
    ("AASHTO", rf"(?:(?:M|T|R|PP|TP)\s?-?\d{{1,3}}M?{_YEAR}?|LRFD|HS-?20(?:-44)?|HL-?93)", r"[MTR]\s?\d{2,3}M?"),
    ("ACI", rf"\d{{3}}(?:\.\d{{1,2}})?R?{_YEAR}?", r"\d{3}R?(?:-\d{2})?"),
    ("AISC", rf"\d{{3}}{_YEAR}?", None),
    ("ANSI", rf"(?:/\s?[A-Z]{{2,6}}\s)?\s?[A-Z]?\d{{1,4}}(?:\.\d{{1,3}}){{0,2}}{_YEAR}?", None),
    ("ASCE", rf"(?:/SEI\s)?\s?\d{{1,2}}{_YEAR}?", None),
    ("AWS", rf"[A-Z]\d\.\d{{1,2}}M?{_YEAR}?", None),
    ("AWWA", rf"[A-Z]\d{{3}}{_YEAR}?", r"[A-Z]\d{3}"),
    ("NFPA", rf"\d{{1,4}}[A-Z]?{_YEAR}?", None),
    ("API", rf"(?:STD |SPEC |RP |5L)\s?\d{{0,4}}[A-Z]{{0,2}}{_YEAR}?", None),
    ("ASME", rf"[A-Z]\d{{1,3}}(?:\.\d{{1,3}}){{0,2}}{_YEAR}?", None),
    ("CSA", rf"[A-Z]\d{{2,4}}(?:\.\d{{1,3}})?{_YEAR}?", None),
    ("BS EN ISO", _NUMBER, None),
    ("BS EN", _NUMBER, None),
    ("BS", _NUMBER, None),
    ("DIN EN ISO", _NUMBER, None),
    ("DIN EN", _NUMBER, None),
    ("DIN ISO", _NUMBER, None),
    ("DIN", _NUMBER, None),
    ("NF EN", _NUMBER, None),
    ("NF P", rf"\d{{2}}(?:-\d{{3}})?{_YEAR}?", None),
    ("UNE EN", _NUMBER, None),
    ("UNI EN", _NUMBER, None),
    ("SN EN", _NUMBER, None),
    ("ÖNORM", rf"(?:EN |[A-Z] )?{_NUMBER}", None),
    ("SIA", rf"\d{{3}}(?:/\d{{1,3}})?{_YEAR}?", None),
    ("EN ISO", _NUMBER, None),
    ("EN", rf"\d{{3,5}}{_PARTS}", None),
    ("ISO/IEC", _NUMBER, None),
    ("ISO", _NUMBER, None),
    ("IEC", _NUMBER, None),
    ("AS/NZS", rf"(?:ISO )?\d{{4}}(?:\.\d{{1,3}}){{0,3}}{_YEAR}?", None),
    ("AS", rf"\d{{4}}(?:\.\d{{1,3}}){{0,3}}{_YEAR}?", None),
    ("NZS", rf"\d{{4}}(?:\.\d{{1,3}})?{_YEAR}?", None),
    ("JIS", rf"[A-Z]\s?\d{{4}}{_YEAR}?", None),
    ("GB/T", rf"\d{{3,6}}{_YEAR}?", None),
    ("GB", rf"\d{{4,6}}{_YEAR}?", None),
    ("IRC", rf"[: ]\s?(?:SP[: -]\s?)?\d{{1,3}}{_YEAR}?", None),
    ("IS", rf"[: ]?\s?\d{{3,5}}{_YEAR}?", None),
    ("DMRB", r"[A-Z]{2}\s?\d{3}", None),
    ("IBC", r"\s?20\d\d", None),
    ("MUTCD", r"(?:\s20\d\d)?", None),
    ("UFC", r"\d-\d{3}-\d{2}[A-Z]{0,2}", None),
)


def _loose(name: str) -> str:
    """Return a pattern for a publisher's name as readings have it: with stray spaces, and an l or a 1 for an I."""
    letters = ("[Il1]" if letter == "I" else re.escape(letter) for letter in name.replace(" ", ""))
    return r"\s?".join(letters)


_PATTERN = late(
    "|".join(
        rf"(?<![A-Za-z0-9])(?P<f{n}>{_loose(name)})"
        rf"\s?-?\s?(?P<c{n}>{code})(?![A-Za-z0-9])"
        for n, (name, code, _) in enumerate(_FAMILIES)
    )
)
_MORE = {
    n: late(rf"\s*(?:,|and|&|or|/|;)\s*(?:and\s+)?({further})(?![A-Za-z0-9])")
    for n, (_, _, further) in enumerate(_FAMILIES)
    if further is not None
}
_EUROCODE = late(r"\bEurocode\s?\d\b", re.IGNORECASE)


def standards(layout: Layout) -> Iterator[tuple[str, Line]]:
    """Yield each reference with its line; a space that the reading lost between publisher and code is put back."""
    for line in layout.lines:
        for match in _PATTERN.finditer(line.text):
            n = next(int(name[1:]) for name, text in match.groupdict().items() if name[0] == "f" and text is not None)
            publisher, code = _FAMILIES[n][0], match[f"c{n}"].strip(" :")
            yield f"{publisher} {code}".strip(), line
            yield from ((f"{publisher} {other}", line) for other in _others(line.text, match.end(), n))
        for match in _EUROCODE.finditer(line.text):
            yield match[0], line


def _others(text: str, place: int, family: int) -> Iterator[str]:
    """Yield the further codes of a list, whose publisher is named once."""
    pattern = _MORE.get(family)
    while pattern is not None and (match := pattern.match(text, place)) is not None:
        yield match[1]
        place = match.end()
