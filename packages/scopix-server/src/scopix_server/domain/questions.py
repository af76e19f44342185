"""Questions about a library, as people ask them, turned into a search: by rules over their words, without a model.

"Which receipts are over 100 euros?" becomes `receipt field.total>100`, in the words and conditions of `search_query`:
whoever asks sees how the question was understood, and can go on from there. What no rule knows stays a word.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from scopix_server.domain import question_words as known
from scopix_server.domain.object_names import resolve_name
from scopix_server.domain.question_times import find_times
from scopix_server.domain.search_query import parse_search
from scopix_server.domain.words import words_of

__all__ = ["MAX_QUESTION", "Goal", "Understood", "understand"]

MAX_QUESTION = 1_000
"""Characters, as of a search."""
MAX_FIELDS = 8
"""Columns of a table of which somebody still takes in a row."""
TOTAL = "total"
DATE = "date"
_OF_BILLS = ("sender", DATE)
"""What tells one bill from another, beside its sum."""
_GAP = " \n "
"""Stands where a phrase was understood: words around it are no neighbours."""
_LINKS = frozenset({"is", "are", "was", "were", "of", "ist", "sind", "a", "an", "the"})
_SIZES = re.compile("large|big|great|small|größ|klein|max|min|mean|high|low")
_SEARCHED = re.compile(r'-?(?:[\w.\-]*(?:[:=]|[<>]=?))?"[^"]+"|\S*[^\W\d](?:[:=]|[<>]=?)\S+')
_NAMED_FIELD = re.compile(
    r"\b(?:what|which|the|and|show|list|its|their|with|,)\s+(?:is |are |was |were )?(?:the )?([^\W\d_]+)"
)


class Goal(str, Enum):
    """What is to be told of the files that a question is about."""

    LIST = "list"
    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


@dataclass(frozen=True, slots=True)
class Understood:
    """A question understood.

    `search` is a query of words and conditions, `conditions` the latter alone. `fields` are the names of fields that
    are shown, `field` the one that is summed up, averaged, or whose most or least is sought. `things` are labels whose
    number is asked for.
    """

    goal: Goal
    search: str
    conditions: str
    words: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    field: str | None = None
    things: tuple[str, ...] = ()


@dataclass
class _Reading:
    """A question as far as it is understood: `rest` is what is left to be read, `used` words of it that are."""

    rest: str
    has_field: Callable[[str], bool]
    goal: Goal = Goal.LIST
    subject: str | None = None
    conditions: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def field_of(self, word: str) -> str | None:
        """Return the name of the field that a word stands for, if files have one."""
        one = known.singular(word)
        names = (word, one, known.ALIASES.get(word), known.ALIASES.get(one))
        return next((name for name in names if name is not None and self.has_field(name)), None)


def understand(question: str, has_field: Callable[[str], bool], now: datetime) -> Understood:
    """Understand a question; of what is longer than MAX_QUESTION the beginning.

    Args:
        has_field: whether a file of the library has a field of that name.
        now: what "last month" is reckoned from.
    """
    reading = _Reading(" ".join(question[:MAX_QUESTION].split()), has_field)
    _take_searched(reading)
    reading.rest = reading.rest.casefold()
    times, reading.rest = find_times(reading.rest, now, _GAP)
    _take_comparisons(reading)
    _take_goal(reading)
    _take_states(reading)
    _take_fields(reading)
    words = [word for word in dict.fromkeys(known.plain_words(reading.rest)) if word not in reading.used]
    if _is_about_bills(reading, question):
        times = [f"field.{DATE}:{time.removeprefix('taken:')}" for time in times]
    conditions = list(dict.fromkeys([*reading.conditions, *times]))
    subject = [reading.subject] if reading.subject else []
    fields = list(dict.fromkeys([*reading.fields, *subject]))
    return Understood(
        reading.goal,
        " ".join([*words, *conditions]),
        " ".join(conditions),
        tuple(words),
        tuple(fields[:MAX_FIELDS]),
        reading.subject,
        tuple(dict.fromkeys(reading.things)),
    )


def _is_about_bills(reading: _Reading, question: str) -> bool:
    """Whether times are those that papers bear, rather than when a picture of them was taken."""
    words = words_of(question)
    about = TOTAL in (reading.subject, *reading.fields) or not known.BILLS.isdisjoint(map(known.singular, words))
    return about and reading.has_field(DATE) and known.TAKEN.isdisjoint(words)


def _take(reading: _Reading, pattern: re.Pattern[str], understood: Callable[[re.Match[str]], bool]) -> None:
    """Take out of the rest whatever fits a pattern and is understood."""
    reading.rest = pattern.sub(lambda match: _GAP if understood(match) else match[0], reading.rest)


def _take_searched(reading: _Reading) -> None:
    """Take what is a condition of searches already, or stands in quotation marks."""

    def is_condition(match: re.Match[str]) -> bool:
        word = match[0].rstrip("?!.,;")
        query = parse_search(word)
        if query.notes or not query.strict:
            return False
        reading.conditions.append(word)
        reading.fields += [each.name for one in query.conditions for each in one.criteria.fields]
        return True

    _take(reading, _SEARCHED, is_condition)


def _take_comparisons(reading: _Reading) -> None:
    def between(match: re.Match[str]) -> bool:
        return _compare(reading, match, ">=", match["low"]) and _compare(reading, match, "<=", match["high"])

    def compared(match: re.Match[str]) -> bool:
        return _compare(reading, match, known.OPERATORS[match["operator"]], match["number"])

    def counted(match: re.Match[str]) -> bool:
        label = _label(match["thing"])
        if label is not None:
            reading.conditions.append(_things(label, ">=", match["number"]))
        return label is not None

    _take(reading, known.BETWEEN, between)
    _take(
        reading,
        known.COMPARED,
        lambda match: _compare(reading, match, known.OPERATORS[match["operator"]], match["number"]),
    )
    _take(reading, known.COUNTED, counted)


def _compare(reading: _Reading, match: re.Match[str], operator: str, number: str) -> bool:
    """Note what a number is to be compared with: things that are counted, a field, or else an amount of money."""
    unit = match["unit"]
    is_money = bool(match["sign"]) or unit in known.MONEY
    label = _label(unit) if unit and not is_money else None
    if label is not None:
        reading.conditions.append(_things(label, operator, number))
        return True
    before = [word for word in words_of(match.string[: match.start()].rpartition("\n")[2]) if word not in _LINKS]
    name = reading.field_of(before[-1]) if before else None
    if name is not None:
        reading.used |= {before[-1], known.singular(before[-1])}
    elif unit and not is_money and (name := reading.field_of(unit)) is None:
        return False
    name = name or TOTAL
    reading.conditions.append(f"field.{name}{operator}{known.number_of(number)}")
    reading.fields += [*_beside(name), name]
    return True


def _label(word: str) -> str | None:
    return known.GERMAN_THINGS.get(word) or resolve_name(word)


def _things(label: str, operator: str, number: str) -> str:
    name = f'"{label}"' if " " in label else label
    return f"{name}{operator}{known.number_of(number)}"


def _beside(name: str) -> tuple[str, ...]:
    return _OF_BILLS if name == TOTAL else ()


def _take_goal(reading: _Reading) -> None:
    """Find out whether files are listed or counted, or what is told of a field of theirs."""
    if match := known.COUNT.search(reading.rest):
        reading.goal = Goal.COUNT
        reading.rest = f"{reading.rest[: match.start()]}{_GAP}{reading.rest[match.end() :]}"
        following = words_of(reading.rest[match.start() :])
        label = _label(following[0]) if following else None
        if label is not None and not any(pattern.match(following[0]) for _, pattern in known.FILES):
            reading.things.append(label)
        return
    for goal, pattern in known.AGGREGATES:
        if match := pattern.search(reading.rest):
            subject = _subject(reading, match)
            if (
                subject is None
                and goal in ("maximum", "minimum")
                and "expens" not in match[0]
                and "cheap" not in match[0]
            ):
                continue  # "the largest dog"
            reading.goal, reading.subject = Goal(goal), subject or TOTAL
            reading.fields += _beside(reading.subject)
            reading.rest = pattern.sub(_GAP, reading.rest)
            return


def _subject(reading: _Reading, match: re.Match[str]) -> str | None:
    """Return the field that is summed up, averaged or the like: the nearest word that names one, those behind first."""
    behind = words_of(reading.rest[match.end() :])
    before = words_of(reading.rest[: match.start()])[::-1]
    for word in (*behind[:4], *before[:4]):
        if (name := reading.field_of(word)) is not None:
            reading.used |= {word, known.singular(word)}
            return name
    return None


def _take_states(reading: _Reading) -> None:
    for condition, pattern in (*known.STATES, *known.FILES):
        if pattern.search(reading.rest):
            reading.conditions.append(condition)
            reading.rest = pattern.sub(_GAP, reading.rest)


def _take_fields(reading: _Reading) -> None:
    """Find the fields that are asked for: by a question about them, or by their names."""
    for name, pattern in known.REQUESTED:
        if reading.has_field(name) and pattern.search(reading.rest):
            reading.fields.append(name)
            reading.rest = pattern.sub(_GAP, reading.rest)

    def named(match: re.Match[str]) -> bool:
        word = match[1]
        name = reading.field_of(word)
        if name is not None and name not in reading.fields:
            reading.fields.append(name)
        if name is not None:
            reading.used |= {word, known.singular(word)}
        return False  # what stands before the next may be the end of this one

    for _ in range(2):
        _take(reading, _NAMED_FIELD, named)
