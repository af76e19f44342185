"""What a person types into a search, understood: words, phrases, and conditions such as `tag:roof` or `people>=2`.

Nothing that is typed is an error. What is no condition is searched as words, and a sentence says why, so that somebody
who meant one learns which there are. Each condition becomes a filter with one thing in it, the same as lists have.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.domain.dates import parse_span
from scopix_server.domain.listing import FieldCondition, FileFilter, TextField
from scopix_server.domain.object_names import resolve_name
from scopix_server.domain.words import words_of

__all__ = ["FIELDS", "Condition", "Lookup", "SearchQuery", "Term", "parse_search"]

MAX_TERMS = 16
"""As many as lists took before there were conditions: a sentence has fewer, and each is looked up by itself."""
MAX_CONDITIONS = 20
"""More than anybody types; each adds a condition to one statement."""
_MAX_LENGTH = 1_000  # characters of a query that are looked at
_MAX_NUMBER = 100  # of things of one label, as in lists
_TEXTS = {
    "title": TextField.TITLE,
    "description": TextField.DESCRIPTION,
    "text": TextField.TEXT,
}
_WRITTEN = ("keyword", "caption", "place", "credit")  # what people wrote into the file
_MAX_STARS = 5
_NAMES = ("tag", "category", "type", "status", "taken", "has", "title", "description", "text", *_WRITTEN, "field.NAME")
FIELDS = (*(f"{name}:" for name in _NAMES), "rating>=", "THING>=")
"""How conditions begin, as people are told."""
_CONDITION = re.compile(r'(-?)("[^"]+"|[^\W\d_][\w.\-]*)(:|>=|<=|>|<|=)("[^"]*"|[^\s"]\S*)')
_FIELD = re.compile(r'(-?)field\.("[^"]+"|[\w.\-]+)(:|>=|<=|>|<|=)("[^"]*"|[^\s"]\S*)', re.IGNORECASE)
_WORDS = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand together in a text, the last of which may go on.

    `field` is the only text that they count in, None for all. Words in quotation marks (`is_quoted`) are meant as they
    are: they find no longer words, and are not taken for slips. No file that has an excluded term is found.
    """

    words: tuple[str, ...]
    field: TextField | None = None
    is_quoted: bool = False
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """A term, the texts that it is looked for in, and single words that stand for it as well."""

    term: Term
    fields: tuple[TextField, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter that a file must meet or, excluded, must not meet."""

    criteria: FileFilter
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query understood; a file must meet all of it. `notes` are sentences about what was not understood.

    `plain` are the words that no more is meant by than what they say, as they were typed; `strict` is all the rest:
    conditions, and words in quotation marks, in a field, or excluded.
    """

    terms: tuple[Term, ...] = ()
    conditions: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()
    plain: str = ""
    strict: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for, as by signs alone."""
        return not self.terms and not self.conditions


def parse_search(query: str) -> SearchQuery:
    """Understand a query: its first 1,000 characters, 16 terms and 20 conditions; the rest is left out."""
    text = query[:_MAX_LENGTH]
    terms: list[Term] = []
    conditions: list[Condition] = []
    notes: list[str] = []
    plain: list[str] = []
    strict: list[str] = []
    place = 0
    while (place := _next(text, place)) < len(text):
        match = _FIELD.match(text, place) or _CONDITION.match(text, place)
        understood = _understand(match) if match else None
        if match and isinstance(understood, str):
            notes.append(understood)
        if match is None or understood is None or isinstance(understood, str):
            match = _WORDS.match(text, place)
            assert match is not None  # there is no space at this place
            understood = _plain_term(match)
        terms += [each for each in understood if isinstance(each, Term) and each.words]
        conditions += [each for each in understood if isinstance(each, Condition)]
        (plain if all(map(_is_plain, understood)) else strict).append(match[0])
        place = match.end()
    return SearchQuery(
        tuple(terms[:MAX_TERMS]),
        tuple(conditions[:MAX_CONDITIONS]),
        tuple(dict.fromkeys(notes)),
        " ".join(plain),
        " ".join(strict),
    )


Understood = list[Term | Condition]


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _is_plain(understood: Term | Condition) -> bool:
    return isinstance(understood, Term) and not (understood.field or understood.is_quoted or understood.is_excluded)


def _plain_term(match: re.Match[str]) -> Understood:
    minus, quoted, bare = match.groups()
    return [Term(tuple(words_of(quoted or bare or "")), is_quoted=quoted is not None, is_excluded=bool(minus))]


def _understand(match: re.Match[str]) -> Understood | str | None:
    """Return what a condition asks for; a sentence about why it is none; None where nobody can have meant one."""
    minus, name, operator, value = match.groups()
    is_quoted = value.startswith('"')
    name, value = name.strip('"').casefold(), value.strip('"')
    is_excluded = bool(minus)
    if match.re is _FIELD:
        criteria = FileFilter(fields=(FieldCondition("_".join(words_of(name.replace(".", " "))), operator, value),))
        return [Condition(criteria, is_excluded)] if words_of(name) and value else None
    if name == "rating" or (name in _WRITTEN and operator in (":", "=")):
        return _written(name, operator, value, is_excluded)
    if operator != ":" or (resolve_name(name) and value.isdigit()):
        return _things(name, operator, value, is_excluded)
    if name in _TEXTS:
        return [Term(tuple(words_of(value)), _TEXTS[name], is_quoted, is_excluded)]
    if (criteria_of := _CRITERIA.get(name)) is None:
        # An address, a path or a sentence's colon.
        is_text = value.startswith(("/", "\\")) or match.group(2).startswith('"')
        return None if is_text else f"There is no field '{name}'; there are {', '.join(FIELDS)}."
    criteria_or_reason = criteria_of(value)
    if isinstance(criteria_or_reason, str):
        return criteria_or_reason
    return [Condition(criteria_or_reason, is_excluded)]


def _things(name: str, operator: str, value: str, is_excluded: bool) -> Understood | str:
    label = resolve_name(name)
    if label is None:
        return f"'{name}' is nothing that is counted on photographs, so '{name}{operator}{value}' is searched as words."
    if not value.isdigit() or not value.isascii() or int(value) > _MAX_NUMBER:
        return f"'{name}{operator}' takes a number up to {_MAX_NUMBER}, such as {name}>=2."
    number = int(value)
    at_least, more = _at_least(label, number), _at_least(label, number + 1)
    if operator in (":", ">="):
        return [Condition(at_least, is_excluded)]
    if operator == ">":
        return [Condition(more, is_excluded)]
    if operator == "<":
        return [Condition(at_least, not is_excluded)]
    if operator == "<=":
        return [Condition(more, not is_excluded)]
    if is_excluded:
        return f"'-{name}={value}' cannot be excluded; write {name}<{value} or {name}>{value}."
    return [Condition(at_least), Condition(more, is_excluded=True)]


def _written(name: str, operator: str, value: str, is_excluded: bool) -> Understood | str | None:
    if name == "rating" and not (value.isdigit() and value.isascii() and 1 <= int(value) <= _MAX_STARS):
        return f"'rating{operator}' takes one to five stars, such as rating>=4."
    criteria = FileFilter(written=(FieldCondition(name, operator, value),))
    return [Condition(criteria, is_excluded)] if value else None


def _at_least(label: str, number: int) -> FileFilter:
    return FileFilter(objects=((label, number),))


def _media_type(value: str) -> FileFilter | str:
    known = [kind.value for kind in MediaType]
    return _one_of("type", value, known) or FileFilter(media_types=(value.casefold(),))


def _status(value: str) -> FileFilter | str:
    known = [status.value for status in DescriptionStatus]
    return _one_of("status", value, known) or FileFilter(statuses=(value.casefold(),))


def _has(value: str) -> FileFilter | str:
    if reason := _one_of("has", value, ["text", "description"]):
        return reason
    return FileFilter(has_text=True) if value.casefold() == "text" else FileFilter(has_description=True)


def _one_of(field: str, value: str, known: list[str]) -> str:
    return "" if value.casefold() in known else f"'{field}:{value}' is unknown; there are {', '.join(known)}."


def _taken(value: str) -> FileFilter | str:
    span = parse_span(value)
    if span is None:
        return f"'taken:{value}' is no time such as taken:2024-05, taken:2024-05-17 or taken:2024-05..2024-07."
    return FileFilter(date_from=span[0], date_to=span[1])


_CRITERIA: dict[str, Callable[[str], FileFilter | str]] = {
    "tag": lambda value: FileFilter(tags=(value,)),
    "category": lambda value: FileFilter(categories=(value.casefold(),)),
    "type": _media_type,
    "status": _status,
    "taken": _taken,
    "has": _has,
}
