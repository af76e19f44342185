"""A tenant's own list of tags, and how what a description says is brought onto it.

A term of the list has synonyms. Whatever of them a description says, in its tags or its sentences, the picture carries
the term. Words are compared without case, accents and the English plural; other inflections are synonyms.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Protocol

from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import MAX_TAG_LENGTH, MAX_TAGS
from scopix_server.domain.words import words_of

__all__ = [
    "MAX_TERMS",
    "TagCount",
    "TagVocabulary",
    "TagVocabularyRepository",
    "Term",
    "VocabularyMode",
    "check_terms",
    "tags_by",
    "with_term",
]

MAX_TERMS = 1_000
"""Of one list: the row stays below a megabyte, and looking for all of them takes milliseconds."""
MAX_SYNONYMS = 30

_CLAUSE_END = re.compile(r"[.;:!?()\n]|,\s*(?:and|with|but)\b|\bbut\b|\bwith an?\b|\band (?:an?|the)\b")
_NEGATORS = frozenset({"no", "not", "without", "neither", "nor", "never", "none", "kein", "keine", "keinen", "ohne"})
_REACH = 4
"""So many words behind a "no" are denied: "no people or cars are visible"."""
_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
    "loaves": "loaf",
    "wolves": "wolf",
    "halves": "half",
}
_HISSING = ("ses", "xes", "zes", "ches", "shes")


class VocabularyMode(str, Enum):
    """What the list is to a description: nothing, the tags that come first, or all tags there may be."""

    FREE = "free"
    PREFER = "prefer"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Term:
    """A tag of the list, and what else is said for it."""

    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TagVocabulary:
    """A tenant's list; an empty one in mode FREE where none was made."""

    mode: VocabularyMode = VocabularyMode.FREE
    terms: tuple[Term, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag that descriptions found, and on how many files it is."""

    tag: str
    files: int


class TagVocabularyRepository(Protocol):
    """The lists of tenants."""

    def get(self, tenant_id: str, *, to_change: bool = False) -> TagVocabulary:
        """Return the tenant's list. Of those who read it `to_change` it, each waits until the one before is done."""

    def put(self, tenant_id: str, vocabulary: TagVocabulary) -> None:
        """Keep it, in the place of what was there."""

    def in_use(self, tenant_id: str, *, limit: int) -> Sequence[TagCount]:
        """Return the tags that descriptions found, the most frequent first, in lower case."""

    def described(self, tenant_id: str, after: str, *, limit: int) -> Sequence[str]:
        """Return the ids of the next files with a description, in their order."""

    def retag(self, file_id: str, revision: int, tags: Sequence[str], given: Sequence[str]) -> None:
        """Replace the tags of a file's current version; `given` are those its engine gave."""


def check_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms in order, without blanks and doubles.

    Raises:
        ValidationFailed: there are too many, one is too long or holds no word, or two claim the same word.
    """
    kept: list[Term] = []
    claimed: dict[tuple[str, ...], str] = {}
    for term in terms:
        name = _checked(term.name)
        synonyms = tuple(dict.fromkeys(_checked(one) for one in term.synonyms if one.strip()))
        if len(synonyms) > MAX_SYNONYMS:
            raise ValidationFailed(f"'{name}' has more than {MAX_SYNONYMS} synonyms.", field="terms")
        for words in (name, *synonyms):
            other = claimed.setdefault(_form(words), name)
            if other != name:
                raise ValidationFailed(f"'{words}' stands for both '{other}' and '{name}'.", field="terms")
        kept.append(Term(name, tuple(one for one in synonyms if one != name)))
    names = [term.name for term in kept]
    if len(set(names)) != len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise ValidationFailed(f"'{double}' is there twice.", field="terms")
    if len(kept) > MAX_TERMS:
        raise ValidationFailed(f"There are {len(kept)} terms; at most {MAX_TERMS} are allowed.", field="terms")
    return tuple(kept)


def with_term(vocabulary: TagVocabulary, term: Term) -> TagVocabulary:
    """Return the list with a term more, or with more synonyms of one that it has. Raises as `check_terms`."""
    form = _form(term.name)
    others = [one for one in vocabulary.terms if _form(one.name) != form]
    same = next((one for one in vocabulary.terms if _form(one.name) == form), None)
    if same is not None:
        term = Term(same.name, (*same.synonyms, *term.synonyms))
        others.insert(vocabulary.terms.index(same), term)
    else:
        others.append(term)
    return replace(vocabulary, terms=check_terms(others))


def tags_by(vocabulary: TagVocabulary, tags: Sequence[str], text: str) -> tuple[str, ...]:
    """Return a description's tags as the list has them: its terms first, and in mode PREFER the others behind them."""
    if vocabulary.mode is VocabularyMode.FREE or not vocabulary.terms:
        return tuple(tags)
    forms = _forms(vocabulary.terms)
    found: dict[str, None] = {}
    rest: list[str] = []
    for tag in tags:
        words = [_stem(word) for word in words_of(tag)]
        found |= dict.fromkeys(name for name, _ in _mentions(words, forms))
        if not words or tuple(words) not in forms.get(words[0], {}):
            rest.append(tag)
    found |= dict.fromkeys(_stated_in(text, forms))
    own = rest if vocabulary.mode is VocabularyMode.PREFER else []
    return tuple(dict.fromkeys([*found, *own]))[:MAX_TAGS]


Forms = dict[str, dict[tuple[str, ...], str]]
"""By their first word, what may be said and the term that it stands for."""


@lru_cache(maxsize=64)
def _forms(terms: tuple[Term, ...]) -> Forms:
    forms: Forms = {}
    for term in terms:
        for words in map(_form, (term.name, *term.synonyms)):
            forms.setdefault(words[0], {})[words] = term.name
    return forms


def _stated_in(text: str, forms: Forms) -> Iterator[str]:
    for clause in _CLAUSE_END.split(text):
        words = words_of(clause or "")
        for name, place in _mentions([_stem(word) for word in words], forms):
            if _NEGATORS.isdisjoint(words[max(0, place - _REACH) : place]):
                yield name


def _mentions(words: Sequence[str], forms: Forms) -> Iterator[tuple[str, int]]:
    """Yield the terms that are said, each with the place of its first word."""
    for place, word in enumerate(words):
        for form, name in forms.get(word, {}).items():
            if tuple(words[place : place + len(form)]) == form:
                yield name, place


def _form(text: str) -> tuple[str, ...]:
    return tuple(_stem(word) for word in words_of(text))


def _stem(word: str) -> str:
    """Take the English plural away, the same way on both sides of a comparison."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(_HISSING) else word[:-1]


def _checked(text: str) -> str:
    kept = " ".join(text.split())
    if not _form(kept) or "," in kept:
        raise ValidationFailed(f"'{kept[:50]}' is no tag: it needs a word, and may hold no comma.", field="terms")
    if len(kept) > MAX_TAG_LENGTH:
        raise ValidationFailed(f"The tag '{kept[:20]}...' has more than {MAX_TAG_LENGTH} characters.", field="terms")
    return kept
