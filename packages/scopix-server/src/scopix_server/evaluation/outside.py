"""Truth that other people's sets hold: plain text, entities, a title, a subject. Compared more freely than our own.

Other sets were transcribed by many hands, so capitals are folded; they call things by names of their own, so an entity
or a subject counts under any name.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import fuzz

from scopix_server.domain.description import Description, ImageKind
from scopix_server.evaluation.fields import FieldCount, reported_fields
from scopix_server.evaluation.text import ErrorCount, compare_lines, errors_in_order, plain, squeezed
from scopix_server.evaluation.truth import BadTruth, Case, Truth

__all__ = ["Judged", "OutsideScore", "TitleCount", "claimed_title", "read_judged", "score_outside"]

Judged = Mapping[tuple[str, str], bool]
"""Whether a statement about a picture is true, by (name of the picture, SHA-256 of the statement), as people judged."""

_TITLED = re.compile(r"\b(?:titled|headed|(?<!camera )called) \"([^\"]*)\"")
_FIGURES = {ImageKind.MAP, ImageKind.CHART, ImageKind.DIAGRAM, ImageKind.FLOOR_PLAN, ImageKind.DRAWING}
_QUOTED = re.compile(r'"([^"]*)"')
_SAME = 85.0
"""Percent of likeness without spaces and capitals from which on two titles or addresses are one: a letter or two of a
dozen may be misread."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class TitleCount:
    """Pictures with a known title (`there`), titles told, right ones, and ones told where there is none or another."""

    there: int = 0
    claimed: int = 0
    right: int = 0

    def __add__(self, other: "TitleCount") -> "TitleCount":
        return TitleCount(self.there + other.there, self.claimed + other.claimed, self.right + other.right)


@dataclass(frozen=True, slots=True)
class OutsideScore:
    """The figures of one picture by outside truth; None where the truth does not speak of it.

    `words` counts words of the truth, words read, and those in both. `judged` counts true and all judged statements.
    `subject` is whether an accepted name of the subject is told; `other_subject` whether only other things are.
    """

    ordered: ErrorCount | None = None
    unordered: ErrorCount | None = None
    words: FieldCount | None = None
    entities: Mapping[str, FieldCount] = field(default_factory=dict)
    title: TitleCount | None = None
    subject: bool | None = None
    other_subject: bool = False
    objects: FieldCount | None = None
    judged: tuple[int, int] = (0, 0)


def score_outside(case: Case, description: Description | None, judged: Judged) -> OutsideScore:
    """Measure an answer by what outside truth says; one that failed counts as an answer that says nothing."""
    truth = case.truth
    read = [line.casefold() for line in (description.visible_text or "").splitlines()] if description else []
    lines = None if truth.lines is None else [line.casefold() for line in truth.lines]
    named = None if truth.subjects is None else _names(description, truth.subjects)
    return OutsideScore(
        ordered=None if lines is None or _has_no_order(truth) else errors_in_order(lines, read),
        unordered=None if lines is None else compare_lines(lines, read)[0],
        words=None if lines is None else _words(lines, read),
        entities={name: _entity(values, description) for name, values in (truth.entities or {}).items()},
        title=_title(truth, description),
        subject=named,
        other_subject=named is False and bool(_things(description)),
        objects=None if truth.objects is None else _objects(truth.objects, description),
        judged=_judged(case.name, description, judged),
    )


def _has_no_order(truth: Truth) -> bool:
    """Whether it can only be a figure: what stands about on one is read in any order."""
    return truth.kinds is not None and set(truth.kinds) <= _FIGURES


def claimed_title(description: Description) -> str | None:
    """Return the title that the description or its fields give the picture, if any."""
    match = _TITLED.search(description.text)
    return match[1] if match else str(description.category_data.get("title") or "") or None


def read_judged(path: Path) -> dict[tuple[str, str], bool]:
    """Read judgements: a JSON object a line with `image`, `statement` and `true`. Raises BadTruth.

    Instead of a statement that quotes what others wrote, its SHA-256 may stand there, in hex, as `sha256`.
    """
    found = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
            digest = str(entry["sha256"]) if "sha256" in entry else _digest(str(entry["statement"]))
            found[str(entry["image"]), digest] = bool(entry["true"])
        except (ValueError, KeyError, TypeError) as error:
            message = f"{path}, line {number}: not an object with image, statement and true ({error})"
            raise BadTruth(message) from error
    return found


def _digest(statement: str) -> str:
    return hashlib.sha256(statement.encode()).hexdigest()


def _words(truth: Sequence[str], read: Sequence[str]) -> FieldCount:
    there, found = (Counter(_WORD.findall(plain(" ".join(lines)))) for lines in (truth, read))
    return FieldCount(there.total(), found.total(), (there & found).total())


def _entity(values: Iterable[str], description: Description | None) -> FieldCount:
    """Whether one of the accepted values is told: as a field under any name, or quoted in a statement."""
    claimed = [] if description is None else [*_texts(description), *_QUOTED.findall(description.text)]
    accepted = [squeezed(value) for value in values]
    # Digits decide of dates and sums; names and addresses may have a letter misread.
    right = any(
        squeezed(text) == value or (len(value) > 12 and fuzz.ratio(squeezed(text), value) >= _SAME)
        for text in claimed
        for value in accepted
    )
    return FieldCount(1, int(bool(claimed)), int(right))


def _texts(description: Description) -> Iterable[str]:
    for values in reported_fields(description).values():
        for value in values:
            yield from (value,) if isinstance(value, str) else value


def _title(truth: Truth, description: Description | None) -> TitleCount | None:
    if truth.title is None:
        return None
    accepted = [truth.title] if isinstance(truth.title, str) else list(truth.title)
    expected = [squeezed(title) for title in accepted if title]
    claimed = squeezed(claimed_title(description) or "") if description else ""
    right = bool(claimed) and any(fuzz.ratio(claimed, title) >= _SAME for title in expected)
    # Where it may be description to have none, to tell none is no miss.
    there = bool(expected) and (bool(claimed) or "" not in accepted)
    return TitleCount(int(there), int(bool(claimed)), int(right))


def _names(description: Description | None, subjects: Iterable[str]) -> bool:
    """Whether the text outside quotations, or a tag, names one of the accepted subjects."""
    if description is None:
        return False
    text = " ".join([_QUOTED.sub("", description.text), *description.tags]).casefold()
    return any(re.search(rf"\b{re.escape(subject.casefold())}(?:e?s)?\b", text) for subject in subjects)


def _things(description: Description | None) -> list[str]:
    """Return what the evidence claims to see: objects, scenes, classes."""
    found: list[str] = []
    for entry in description.evidence if description else ():
        found += [str(each["label"]) for each in entry.get("objects") or () if isinstance(each, Mapping)]
        found += [str(entry[key]) for key in ("scene", "class", "label") if entry.get(key)]
    return found


def _objects(truth: Iterable[str], description: Description | None) -> FieldCount:
    there, found = {each.casefold() for each in truth}, {each.casefold() for each in _things(description)}
    return FieldCount(len(there), len(found), len(there & found))


def _judged(name: str, description: Description | None, judged: Judged) -> tuple[int, int]:
    claimed = [entry["statement"] for entry in (description.evidence if description else ()) if "statement" in entry]
    known = [judged[key] for statement in claimed if (key := (name, _digest(statement))) in judged]
    return sum(known), len(known)
