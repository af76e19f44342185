"""Fields: what an engine reports of a picture as data, and how much of it is there and right.

An engine reports fields in `category_data`; the built-in engine also notes, statement by statement, the fields that it
speaks of (`fields` of the evidence). A field has a name, such as `legend` or `room`, and values: texts, or pairs of a
label and a value.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scopix_server.domain.description import Description
from scopix_server.evaluation.text import plain

__all__ = ["FieldCount", "Value", "compare_fields", "reported_fields"]

Value = str | tuple[str, str]
_NUMBER_WORDS = re.compile(r"[\s.]*\b(?:no|nr|number)\b\.?")


@dataclass(frozen=True, slots=True)
class FieldCount:
    """Values that are on the picture, values reported, and how many of these are right."""

    there: int
    reported: int
    right: int

    def __add__(self, other: "FieldCount") -> "FieldCount":
        return FieldCount(self.there + other.there, self.reported + other.reported, self.right + other.right)

    @property
    def recall(self) -> float | None:
        """The share of the picture's values that was reported; None where there is none."""
        return self.right / self.there if self.there else None

    @property
    def precision(self) -> float | None:
        """The share of the reported values that is right; None where none was reported."""
        return self.right / self.reported if self.reported else None


def reported_fields(description: Description) -> dict[str, list[Value]]:
    """Return the fields of an answer by name; `category_data` goes before what the statements speak of."""
    found: dict[str, list[Value]] = {}
    for statement in description.evidence:
        for name, values in dict(statement.get("fields") or {}).items():
            found.setdefault(name, []).extend(_values(values))
    for name, values in description.category_data.items():
        if values not in (None, [], {}, ""):
            found[name] = list(_values(values))
    return found


def compare_fields(
    truth: Mapping[str, Iterable[Value]], reported: Mapping[str, Iterable[Value]]
) -> dict[str, FieldCount]:
    """Count, for each field that the truth speaks of, what is there, what was reported, and what of this is right.

    Two values are the same when they are in the plain form of `text.plain`, in lower case and without a colon, a full
    stop or brackets at their ends. Spaces count: "TarrowWood" is not "Tarrow Wood".
    """
    counts = {}
    for name, values in truth.items():
        there, found = Counter(map(_same, values)), Counter(map(_same, reported.get(name, ())))
        counts[name] = FieldCount(there.total(), found.total(), (there & found).total())
    return counts


def _same(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_bare(value),)
    label, content = value
    # "SHEET NO." and a field called "sheet" are the same label, as are "Drawn by" and "drawn_by".
    return (_NUMBER_WORDS.sub(" ", _bare(label).replace("_", " ")).strip(" :."), _bare(content))


def _bare(text: str) -> str:
    return plain(text).casefold().strip(" :.()")


def _values(values: Any) -> Iterator[Value]:
    """Texts and pairs out of whatever JSON an engine answers with: lists, objects, lists of objects."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            for inner in _values(value):
                yield (str(name), inner if isinstance(inner, str) else " ".join(inner))
    elif isinstance(values, (list, tuple)):
        for value in values:
            if isinstance(value, Mapping):
                yield _of_object(value)
            elif isinstance(value, (list, tuple)) and len(value) == 2:
                yield (str(value[0]), str(value[1]))
            else:
                yield str(value)
    else:
        yield str(values)


def _of_object(value: Mapping[str, Any]) -> Value:
    """A label and its value, or the first of what names a thing."""
    label = next((value[key] for key in ("label", "name", "field", "key") if value.get(key)), None)
    content = next((value[key] for key in ("value", "text") if value.get(key)), None)
    if label is not None and content is not None:
        return (str(label), str(content))
    return str(label if label is not None else content if content is not None else next(iter(value.values()), ""))
