"""Unsupported claims: what an answer says and the picture does not show.

What can be checked of a text without understanding it is checked:

* what stands in quotation marks is on the picture: up to a fifth of its letters may be misread, its digits may not;
* what is quoted with a count, as in `"Open" (5)`, is there at least so many times;
* a number outside quotation marks is on the picture, or is its size, a count of what is on it, or in `derived`;
* the sort of picture is one of the truth's `kinds`;
* a group of things ("cat", "building") that is named, in the text or as a tag, is among the truth's `labels`;
* not more faces are counted than the truth has;
* what is said of light, colours, composition and sharpness is among the truth's `look`: the built-in engine names it in
  its evidence, of other engines a few words are understood.

What stands in the file's metadata (`metadata`) may be told as well as what is on the picture.
"""

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from rapidfuzz import fuzz

from scopix_server.domain.description import Description
from scopix_server.evaluation.text import plain, squeezed
from scopix_server.evaluation.truth import Truth

__all__ = ["unsupported_claims"]

_QUOTED = re.compile(r'"([^"]*)"')
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_COUNTED = re.compile(r'"([^"]*)" \((\d+)\)')
_DIGITS = re.compile(r"\d+")
_MORE = re.compile(r"\band \d+ more\b")
_ALIKE = 80.0
"""Percent of a quotation's characters that are on the picture (Indel similarity with its best fitting part)."""
_MIN_FUZZY = 4
"""Characters; a shorter quotation must be there exactly."""
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_FACES = re.compile(rf"\b({'|'.join(_NUMBERS)}|\d+) (?:human )?faces?\b")
_LOOK = {
    "black-and-white": re.compile(r"\bblack[- ]and[- ]white (?:photo|picture|image)|\bmonochrome\b", re.IGNORECASE),
    "toned": re.compile(r"\bsepia\b", re.IGNORECASE),
    "blurred": re.compile(r"\b(?:blurred|blurry)\b", re.IGNORECASE),
}
_UNSPECIFIC = frozenset({"household object", "screen or page", "other animal", "person"})


def unsupported_claims(description: Description, truth: Truth, size: tuple[int, int]) -> list[str]:
    """Return what is claimed and not shown, each as a few words for the report; `size` is the image's, in pixels."""
    text = description.text
    claims = list(_kind(description, truth))
    if truth.lines is not None:
        claims += _quotations(text, truth)
        claims += _counts(text, truth.lines)
        claims += _numbers(_COUNTED.sub("", text), truth, size)
    if truth.labels is not None:
        claims += _labels(description, truth.labels)
    if truth.faces is not None:
        claims += _faces(text, truth.faces)
    if truth.look is not None:
        claims += _look(description, truth.look)
    return claims


def _kind(description: Description, truth: Truth) -> Iterator[str]:
    if truth.kinds is not None and description.kind not in truth.kinds:
        expected = " or ".join(kind.value for kind in truth.kinds)
        yield f"it is told for {description.kind.value}, not {expected}"


def _quotations(text: str, truth: Truth) -> Iterator[str]:
    there = (*(truth.lines or ()), *truth.tolerated, *truth.metadata)
    written, digits = squeezed(" ".join(there)), set(_DIGITS.findall(plain(" ".join(there))))
    for quotation in _QUOTED.findall(text):
        expected = squeezed(quotation.removesuffix("…"))
        if not expected or expected in written:
            continue
        alike = len(expected) >= _MIN_FUZZY and bool(written) and fuzz.partial_ratio(expected, written) >= _ALIKE
        if not alike or not set(_DIGITS.findall(plain(quotation))) <= digits:
            yield f"quoted, but not on the picture: {quotation!r}"


def _counts(text: str, lines: tuple[str, ...]) -> Iterator[str]:
    """What is quoted with a count behind it, as in "Open" (5), stands on the picture at least so many times.

    It may be there more often: a count may speak of one column of a table.
    """
    for quotation, number in _COUNTED.findall(text):
        times = sum(squeezed(line) == squeezed(quotation) for line in lines)
        if times < int(number):
            yield f"{quotation!r} counted {number} times instead of {times}"


def _numbers(text: str, truth: Truth, size: tuple[int, int]) -> Iterator[str]:
    written = plain(" ".join((*(truth.lines or ()), *truth.tolerated, *truth.metadata, *truth.derived)))
    counts = {len(values) for values in (truth.fields or {}).values()} | {len(truth.lines or ()), *size}
    for number in _NUMBER.findall(plain(_MORE.sub("", _QUOTED.sub("", text)))):
        if number not in written and not (number.isdigit() and int(number) in counts):
            yield f"a number that is not on the picture: {number}"


def _labels(description: Description, labels: tuple[str, ...]) -> Iterator[str]:
    shown = {label.casefold() for label in labels}
    text = _QUOTED.sub("", description.text).casefold()
    named = {word for word in _groups() if re.search(rf"\b{re.escape(word)}\b(?!-| format)", text)}
    named |= _groups() & {tag.casefold() for tag in description.tags}
    # The single class, where the built-in engine names one: no list of words can tell it from other words.
    named |= {str(statement["class"]).casefold() for statement in description.evidence if statement.get("class")}
    for word in sorted(named - shown):
        yield f"a label that contradicts the truth: {word}"


def _faces(text: str, faces: int) -> Iterator[str]:
    for number in _FACES.findall(_QUOTED.sub("", text).casefold()):
        count = _NUMBERS.index(number) if number in _NUMBERS else int(number)
        if count > faces:
            yield f"{count} faces instead of {faces}"


def _look(description: Description, look: tuple[str, ...]) -> Iterator[str]:
    stated = {str(word) for statement in description.evidence for word in statement.get("look") or ()}
    unquoted = _QUOTED.sub("", description.text)
    stated |= {word for word, pattern in _LOOK.items() if pattern.search(unquoted)}
    for word in sorted(stated - set(look)):
        yield f"a look that it does not have: {word}"


@cache
def _groups() -> frozenset[str]:
    """The names of the groups that the built-in label network knows, each word of "tree or plant" on its own."""
    text = resources.files("scopix_server.perception").joinpath("data/imagenet_groups.tsv").read_text("utf-8")
    rows = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t")
    groups = {row["group"] for row in rows} - _UNSPECIFIC
    return frozenset(part for group in groups for part in group.split(" or ")) | {"animal", "vehicle"}
