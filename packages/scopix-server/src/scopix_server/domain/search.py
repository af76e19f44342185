"""Searches whose answer is in the order of how well it fits: by words, by meaning, or by both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["MIN_SIMILARITY", "Ranked", "SearchBy", "fused"]

MIN_SIMILARITY = 0.2
"""The cosine of question and text from which on a text is found: 19 in 20 right answers are above it, 19 in 20 others
below (60 questions in 7 languages among 100 descriptions), so what means nothing finds next to nothing."""
_K = 60
"""Of reciprocal rank fusion, as published: large enough that a first place in one list does not outdo two good ones."""


class SearchBy(str, Enum):
    """What a search goes by."""

    HYBRID = "hybrid"
    WORDS = "words"
    MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file that was found, by which lists, and its score: 1 is the first place in all of them."""

    file_id: str
    score: float
    found_by: tuple[SearchBy, ...] = field(default=())


def fused(lists: Mapping[SearchBy, Sequence[str]]) -> list[Ranked]:
    """Return the files of all lists, each in the order of its places in them (reciprocal rank fusion), best first.

    Lists need not be of one length. Of files with equal scores, the one that comes first in the first list is first.
    """
    scores: dict[str, float] = {}
    found: dict[str, list[SearchBy]] = {}
    for by, file_ids in lists.items():
        for place, file_id in enumerate(file_ids):
            scores[file_id] = scores.get(file_id, 0.0) + (_K + 1) / (_K + 1 + place)
            found.setdefault(file_id, []).append(by)
    return sorted(
        (Ranked(file_id, score / len(lists), tuple(found[file_id])) for file_id, score in scores.items()),
        key=lambda ranked: -ranked.score,
    )
