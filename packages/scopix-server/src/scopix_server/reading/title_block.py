"""The title block of a drawing: labels of a known few, each with what stands in its cell."""

import re
from collections.abc import Collection, Iterator, Sequence

from scopix_server.domain.patterns import late
from scopix_server.reading.fields import Pair
from scopix_server.reading.layout import Layout, Line

__all__ = ["is_head", "title_block"]

_LABELS = {
    "project": r"project(?: name| title)?|job(?: name| title)?|bauvorhaben|bauprojekt|projekt|projet|proyecto|progetto",
    "client": r"client|owner|customer|employer|prepared for|bauherr|auftraggeber|maître d'ouvrage|cliente|committente",
    "title": r"(?:drawing |sheet |dwg\.? |plan )?(?:title|name)|subject|planinhalt|titre|título|titolo|bezeichnung",
    "drawing_number": r"(?:drawing|dwg\.?|plan|document|doc\.?)[ .-]*(?:no|nr|number|num|#|№|n°)\.?|"
    r"plan(?:nummer|nr)\.?|zeichnungs(?:nummer|-?nr)\.?|zeichn\.? ?nr\.?|(?:n°|numéro) (?:de |du )?plan|plano n[.°º]?",
    "sheet": r"(?:sheet|sht\.?)(?: ?(?:no|nr|number|#))?\.?|blatt(?:nr)?\.?|feuille|folio|hoja",
    "revision": r"rev(?:ision|\.)?(?: ?(?:no|nr|number))?\.?|indice|revisión",
    "date": r"(?:issue |drawn |plot )?date|date of issue|datum|fecha",
    "drawn_by": r"drawn(?: by)?|dr(?:w?n|\.)(?: by)?|gezeichnet|gez\.|dessiné(?: par)?|dibujado(?: por)?",
    "checked_by": r"checked(?: by)?|ch(?:e?c)?k(?:'?d|\.)?(?: by)?|geprüft|gepr\.|vérifié(?: par)?|revisado(?: por)?",
    "approved_by": r"approved(?: by)?|app(?:'?d|r|\.)(?: by)?|freigegeben|freig\.|genehmigt|approuvé(?: par)?|"
    r"aprobado(?: por)?",
    "scale": r"scales?|maßstab|massstab|échelle|escala|scala|schaal",
}
_PATTERNS = {name: late(rf"(?:{label})", re.IGNORECASE) for name, label in _LABELS.items()}
# What follows one of these without a colon is its value if it looks like one: "SCALE 1:100", "SHEET A-101 OF 7".
_CODES = {"drawing_number", "sheet", "revision", "scale", "date"}
_CODE = late(
    r"(?:[A-Z]{0,4}[-.]?\d|[A-Z0-9]{1,2}$|n\.?t\.?s|not to scale|\w{3,9}\.? \d|as (?:shown|noted))", re.IGNORECASE
)
_HEAD = late(
    r"(?:name|signature|signatur|sign|unterschrift|date|datum|material|werkstoff|finish|weight|gewicht|size|format|"
    r"tolerances?|toleranzen|änderung|modification|surface (?:finish|treatment)|change description|projection|"
    r"benennung|zeichnungsnr|produktion|production|mfg|q\.?a|qualität|quality|group|department|abteilung|remarks?|description)",
    re.IGNORECASE,
)
"""Other labels of title blocks: what stands in such a cell is none of another one's value."""
_SIGNED = late(r"(?:signature|signatur|sign|unterschrift)", re.IGNORECASE)
_FORMS = {
    **dict.fromkeys(("drawn_by", "checked_by", "approved_by"), late(r"(?=(?:.{0,40}[^\W\d]){2}).{2,60}")),
    **dict.fromkeys(("project", "client", "title"), late(r"(?=(?:.{0,60}[^\W\d]){2}).{2,160}")),
    **dict.fromkeys(("date", "sheet"), late(r"(?=.{0,60}\d).{1,80}|[A-Z]{1,2}")),
    "scale": late(r"(?=.{0,60}\d).{1,80}|n\.?t\.?s\.?|not to scale|as (?:shown|noted)", re.IGNORECASE),
    "revision": late(r".{1,12}"),
}
"""What each sort of value looks like: a date is nobody's name."""
_BESIDE = 12.0  # line heights from a label to a value right of it, at most
_BENEATH = 1.6  # line heights from a label to a value beneath it, at most
_MAX_LABELS = 100
_NEAR = 4.0  # line heights: a value so close on the same row is the label's before one beneath it


def title_block(layout: Layout) -> dict[str, Pair]:
    """Return the entries by what they state: project, client, title, drawing_number, sheet, revision, date, scale,
    drawn_by, checked_by, approved_by. Of several entries of a sort the first that has a value counts.
    """
    labels = {line.index: name for line in layout.lines if (name := _label(line.text)) is not None}
    heads = _column_heads(layout)
    looked_at = [line for line in layout.lines if line.index in labels.keys() - heads and not line.vertical]
    looked_at = looked_at[:_MAX_LABELS]
    found: dict[str, Pair] = {}
    used: set[int] = set()
    for line in layout.lines:
        pair = _inline(line)
        if pair is not None and _fits(pair[0], pair[1].value):
            found.setdefault(pair[0], pair[1])
            used.add(line.index)
    right_of = {line.index: row[place + 1 :] for row in layout.rows for place, line in enumerate(row)}
    for line in looked_at:
        name = labels[line.index]
        if name in found:
            continue
        value = _value(line, right_of.get(line.index, ()), layout.lines, labels, used)
        if value is not None and _fits(name, value.text):
            found[name] = Pair(line.text.rstrip(" :."), value.text, (line.index, value.index))
            used.add(value.index)
    return found


def is_head(text: str) -> bool:
    """Whether it is a label of title blocks, or an entry with its own label."""
    plain = _first_language(text)
    return _label(text) is not None or _HEAD.fullmatch(plain) is not None or _inline_of(text) is not None


def _column_heads(layout: Layout) -> set[int]:
    """The heads "name", "signature", "date" over the rows of who drew and checked it: none of them is a label."""
    rows = [row for row in layout.rows if any(_SIGNED.fullmatch(_first_language(line.text)) for line in row)]
    return {line.index for row in rows for line in row if is_head(line.text)}


def _fits(name: str, value: str) -> bool:
    form = _FORMS.get(name)
    return form is None or form.fullmatch(value) is not None


def _first_language(text: str) -> str:
    """A label without its translation: "Scale" of "Scale/skala"."""
    return re.split(r"\s?/\s?", text.strip(" :."), maxsplit=1)[0].strip(" :.")


def _label(text: str) -> str | None:
    plain = _first_language(text)
    return next((name for name, pattern in _PATTERNS.items() if pattern.fullmatch(plain)), None)


def _inline(line: Line) -> tuple[str, Pair] | None:
    """Return the entry that one line holds, such as "DRAWN BY: JS" or "SCALE 1:100"."""
    entry = _inline_of(line.text)
    return None if entry is None else (entry[0], Pair(entry[1], entry[2], (line.index,)))


def _inline_of(text: str) -> tuple[str, str, str] | None:
    """Return sort, label and value."""
    for name, value_at in _starts(text):
        rest = text[value_at:]
        colon = re.match(r"\s*[:=]\s*", rest)
        value = (rest[colon.end() :] if colon else rest).strip()
        if value and (colon or (rest[:1] == " " and name in _CODES and _CODE.match(value))):
            return name, text[:value_at], value
    return None


def _starts(text: str) -> Iterator[tuple[str, int]]:
    """Yield each label the text begins with, the longest first, and where it ends."""
    matches = [(name, match.end()) for name, pattern in _PATTERNS.items() if (match := pattern.match(text))]
    return iter(sorted(matches, key=lambda match: -match[1]))


def _value(
    label: Line, right: Sequence[Line], lines: Sequence[Line], labels: Collection[int], used: Collection[int]
) -> Line | None:
    beside = right[0] if right and _free(right[0], labels, used) else None
    gap = (beside.left - label.right) / label.height if beside else _BESIDE
    if beside is not None and gap < _NEAR:
        return beside
    under = [
        line
        for line in lines
        if not line.vertical
        and -0.5 < (line.top - label.bottom) / label.height < _BENEATH
        and (abs(line.left - label.left) < 1.5 * label.height or line.left <= label.centre <= line.right)
    ]
    beneath = min(under, key=lambda line: line.top, default=None)
    if beneath is not None and _free(beneath, labels, used):
        return beneath
    return beside if gap < _BESIDE else None


def _free(line: Line, labels: Collection[int], used: Collection[int]) -> bool:
    plain = any(character.isalnum() for character in line.text) and not is_head(line.text)
    return plain and line.index not in labels and line.index not in used and not line.text.endswith(":")
