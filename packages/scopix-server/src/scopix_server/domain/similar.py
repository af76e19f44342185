"""How alike two images are, and when they are the same picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from scopix.types.vocabulary import Likeness
from scopix_server.domain.description import Perception
from scopix_server.domain.embedding import VectorRows
from scopix_server.domain.file import File
from scopix_server.domain.words import words_of

__all__ = ["MIN_SCORE", "SimilarFile", "VectorRepository", "is_near_duplicate", "read_alike"]

T = TypeVar("T")

MIN_SCORE = 0.5
"""What is usually shown at least. Of pairs of pictures of different things, 99 in 100 are below (see the docs)."""

# The three were chosen on the tuning split of the evaluation (docs/how-to/similar-images.md).
_SAME_PICTURE = 0.85
# Pages of one layout look the same whatever they say: of those, what is read on them decides.
_SAME_WORDS = 0.7
_SAME_NUMBERS = 0.8
_FEW_WORDS = 3


@dataclass(frozen=True, slots=True)
class SimilarFile:
    """An image that looks like another. `score` is the cosine of their vectors, 0..1.

    `likeness` tells what the two have to do with each other; None where a fingerprint is missing.
    """

    file: File
    score: float
    is_near_duplicate: bool
    likeness: Likeness | None = None


class VectorRepository(VectorRows, Protocol):
    """The vectors of all images that were looked at, deleted files' among them: one a file, with the number 0."""

    def keep(self, file_id: str, embedding: Sequence[float]) -> None:
        """Keep the direction of a file's embedding, a signed byte a number; replaces what was there."""

    def existing(self, file_ids: Sequence[str]) -> set[str]:
        """Return those of the files that are not deleted."""


def read_alike(one: Perception, other: Perception) -> bool:
    """Whether the words on two images agree, as those of one page do; so they do where hardly any were read."""
    words, numbers = _read_on(one)
    others_words, others_numbers = _read_on(other)
    if words.total() + others_words.total() < 2 * _FEW_WORDS:
        return True
    return _agreement(words, others_words) >= _SAME_WORDS and _agreement(numbers, others_numbers) >= _SAME_NUMBERS


def is_near_duplicate(score: float, one: Perception, other: Perception) -> bool:
    """Whether two images that are alike to `score` are one picture: saved again, resized, trimmed, or taken twice."""
    return score >= _SAME_PICTURE and read_alike(one, other)


def _read_on(perception: Perception) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """Each word, with the one before it on its line; and those with digits in them."""
    words: Counter[tuple[str, str]] = Counter()
    for region in perception.text:
        line = words_of(region.text)
        words.update(zip(["", *line], line, strict=False))
    return words, Counter(word for _, word in words.elements() if any(map(str.isdigit, word)))


def _agreement(one: Counter[T], other: Counter[T]) -> float:
    """The share of both that is common, 0..1; 1 where both are empty."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0
