"""Pairs of a label and its value, as forms, title blocks and receipts have them.

A colon makes a label. Without one, a label is known by its words ("Date of birth", "Postleitzahl"), and its value
stands right of it in the same row, or close beneath it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scopix_server.domain.patterns import late
from scopix_server.reading.lines import Line, columns_of, mostly_letters

__all__ = ["Pair", "colon_pairs", "is_label", "may_label", "worded_pairs"]

_MIN_LABELS = 3  # a word that may be a label is one only in company
_KNOWN_SHARE = 0.5
_BENEATH = 0.9  # line heights between a label and a value beneath it, at most
_MAX_LINES = 300
_MAX_WORDS = 5
_MAX_LABEL_WORDS = 6
# Signs and beginnings that running text, code and lists have before a colon, and labels have not.
_NO_LABEL = late(r"[^|;{}<>=\[\]]{0,60}(?:[|;{}<>=\[\]]|\.\s|, )|[a-z]\S{0,20}(?:\s\S{1,40}){2}")
_SAME_START = 0.4  # line heights

_ENUMERATED = late(r"\d{1,2}[.)]\s+[^\W\d]")
_INLINE_PAIR = late(r"([^\W\d][^:]{0,40}?)\s*:\s+(\S.{0,200})")
_LABEL_WORDS = late(
    r"\b(?:name|surname|forename|born|birth|address|street|city|town|county|country|nationality|post ?code|zip|"
    r"telephone|phone|mobile|fax|e-?mail|occupation|profession|gender|sex|age|company|department|position|employer|"
    r"employee|signature|signed|purpose|reason|date|time|place|location|number|no|nr|id|reference|ref|type|witness|"
    r"supervisor|host|visitor|guest|item|serial|quantity|amount|remarks?|comments?|notes?|vehicle|registration|"
    r"licen[cs]e|patient|doctor|insurance|allerg(?:y|ies)|emergency|contact|parent|child|school|class|project|client|"
    r"customer|order|drawing|drawn by|checked by|approved by|given by|handed in by|received by|found|sheet|scale|"
    r"revision|rev|title|subject|part|owner|model|colou?r|size|weight|height|width|"
    r"vorname|nachname|familienname|geburtsdatum|geboren|geschlecht|anschrift|adresse|straße|strasse|hausnummer|plz|"
    r"postleitzahl|ort|wohnort|land|telefon(?:nummer)?|handy|unterschrift|datum|firma|abteilung|beruf|kunde|"
    r"kundennummer|grund|uhrzeit|staatsangehörigkeit|kind(?:es)?|"
    r"nom|prénom|ville|code postal|téléphone|naissance|signature|pays|rue|courriel|"
    r"nombre|apellidos?|domicilio|dirección|ciudad|teléfono|fecha|firma|correo|provincia|"
    r"cognome|indirizzo|città|telefono|data|firma|"
    r"naam|achternaam|voornaam|adres|woonplaats|geboortedatum|telefoonnummer|handtekening)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and the value that belongs to it, both as they were read, and the indices of their lines."""

    label: str
    value: str
    indices: tuple[int, ...]


def is_label(text: str) -> bool:
    """Whether the words are those of a label: short, without a digit, and with a word that forms ask for."""
    plain = text.rstrip(" :*")
    short = len(plain) <= 40 and len(plain.split()) <= 5
    wordy = mostly_letters(plain) and not any(c.isdigit() or c in "@?!;" for c in plain)
    return short and wordy and _LABEL_WORDS.search(plain) is not None


def colon_pairs(rows: Sequence[Sequence[Line]]) -> list[Pair]:
    """Return label and value wherever a label ends in a colon, in one line or with its value right of it.

    Readings lose a colon now and then: what starts where labels above and beneath it start is a label too.
    """
    lines = [line for row in rows for line in row]
    colons = sorted((line for line in lines if line.text.endswith(":")), key=lambda line: line.left)
    starts = [line.left for line in colons]
    labels = {line.index for line in colons}
    beneath: set[int] = set()
    for line in lines if len(colons) >= _MIN_LABELS - 1 else ():
        near = _SAME_START * line.height
        column = colons[bisect_left(starts, line.left - near) : bisect_right(starts, line.left + near)][:_MAX_LINES]
        if len(column) < _MIN_LABELS - 1 or not _is_wordy(line.text):
            continue
        beneath.add(line.index)
        if _fills_a_gap(line, column):
            labels.add(line.index)
    return [pair for row in rows for pair in _in_row(row, labels, beneath)]


def _fills_a_gap(line: Line, column: Sequence[Line]) -> bool:
    """Whether a label stands one step above the line and one a step beneath it, as the column's labels do."""
    middles = sorted(label.middle for label in column)
    step = 1.5 * min(after - before for before, after in pairwise(middles))
    above = any(0 < line.middle - middle <= step for middle in middles)
    return above and any(0 < middle - line.middle <= step for middle in middles)


def _is_wordy(text: str) -> bool:
    """Whether it is a few words, as labels are."""
    return mostly_letters(text) and len(text.split()) <= _MAX_WORDS


def worded_pairs(lines: Sequence[Line], rows: Sequence[Sequence[Line]]) -> list[Pair]:
    """Return label and value where at least three labels are known by their words, beside or above their values."""
    upright = [line for line in lines if not line.vertical][:_MAX_LINES]
    beside = _beside(upright, rows)
    return beside if len(beside) >= _MIN_LABELS else _beneath(upright)


def _in_row(row: Sequence[Line], labels: Collection[int], no_values: Collection[int]) -> list[Pair]:
    pairs: list[Pair] = []
    skip = False
    for position, line in enumerate(row):
        if skip:
            skip = False
            continue
        label = line.text.rstrip()
        labelled = line.index in labels and may_label(label)
        following = row[position + 1] if position + 1 < len(row) else None
        value = following if following is not None and following.index not in no_values else None
        if labelled and value is not None and _is_value(value.text):
            pairs.append(Pair(label.rstrip(" :"), value.text, (line.index, value.index)))
            skip = True
        elif (inline := _INLINE_PAIR.fullmatch(label)) is not None and may_label(inline[1]) and _is_value(inline[2]):
            pairs.append(Pair(inline[1], inline[2], (line.index,)))
    return pairs


def may_label(text: str) -> bool:
    """Whether what stands before a colon may be a label: a few words, no part of a sentence, no code."""
    plain = text.rstrip(" :")
    return len(plain.split()) <= _MAX_LABEL_WORDS and _NO_LABEL.match(plain) is None


def _is_value(text: str) -> bool:
    """Whether something is written there: no label, and no line to write on."""
    return not text.endswith(":") and any(character.isalnum() for character in text)


def _beside(lines: Sequence[Line], rows: Sequence[Sequence[Line]]) -> list[Pair]:
    """Return the rows of a column of labels; where half are known by their words, their neighbours are labels too."""
    right_of = {a.index: b for row in rows for a, b in pairwise(row)}
    pairs: list[Pair] = []
    for column in columns_of(lines, _MIN_LABELS):
        labels = [line for line in column if mostly_letters(line.text)]
        known = [line for line in labels if is_label(line.text)]
        if len(known) < _MIN_LABELS or len(known) < _KNOWN_SHARE * len(column):
            continue
        values = {label.index: right_of[label.index] for label in labels if label.index in right_of}
        starts = [value.left for value in values.values()]
        for label in labels:
            value = values.get(label.index)
            # A value stands where the other values stand; what stands elsewhere is another label, or no value.
            if value is None or is_label(value.text) or not _in_company(value.left, starts, value.height):
                continue
            pairs.append(Pair(label.text, value.text, (label.index, value.index)))
    return sorted(pairs, key=lambda pair: pair.indices)


def _in_company(start: float, starts: Sequence[float], height: float) -> bool:
    return sum(abs(start - other) < height for other in starts) >= max(_MIN_LABELS, len(starts) / 2)


def _beneath(lines: Sequence[Line]) -> list[Pair]:
    known = [line for line in lines if is_label(line.text)]
    pairs = []
    for label in known:
        under = [
            line
            for line in lines
            if abs(line.left - label.left) < label.height and -0.4 < (line.top - label.bottom) / label.height < _BENEATH
        ]
        value = min(under, key=lambda line: line.top, default=None)
        # A heading such as "NOTES" over a numbered list is no label of its first entry.
        listed = value is not None and _ENUMERATED.match(value.text)
        if value is not None and value is not label and not listed and not is_label(value.text):
            pairs.append(Pair(label.text, value.text, (label.index, value.index)))
    # Labels of empty fields follow each other; where most have no value, the ones found are chance.
    return pairs if len(pairs) >= _MIN_LABELS and len(pairs) >= _KNOWN_SHARE * len(known) else []
