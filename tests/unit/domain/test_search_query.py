"""What people type into a search, understood; and that nothing they type is an error."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.listing import FieldCondition, FileFilter, TextField
from scopix_server.domain.search_query import FIELDS, MAX_TERMS, Condition, Term, parse_search


def day(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def end(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, 59, 59, 999_999, tzinfo=UTC)


def people(number: int) -> FileFilter:
    return FileFilter(objects=(("person", number),))


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("red roof", [Term(("red",)), Term(("roof",))]),
        ('"red roof" x', [Term(("red", "roof"), is_quoted=True), Term(("x",))]),
        ("co-op -pink", [Term(("co", "op")), Term(("pink",), is_excluded=True)]),
        ('-"pink roof"', [Term(("pink", "roof"), is_quoted=True, is_excluded=True)]),
        ("text:total title:Plan", [Term(("total",), TextField.TEXT), Term(("plan",), TextField.TITLE)]),
        ('-Text:"net sum"', [Term(("net", "sum"), TextField.TEXT, is_quoted=True, is_excluded=True)]),
        ('"open', [Term(("open",))]),
        ("— - ?! \"\"", []),
        ("東京", [Term(("東", "京"))]),
        # No conditions, and nobody can have meant one.
        ("https://example.org", [Term(("https", "example", "org"))]),
        ("12:30 Total: 5", [Term(("12", "30")), Term(("total",)), Term(("5",))]),
        ("C:\\plans", [Term(("c", "plans"))]),
    ],
)  # fmt: skip
def test_words(query: str, terms: list[Term]) -> None:
    found = parse_search(query)
    assert (list(found.terms), found.conditions, found.notes) == (terms, (), ())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tag:roof", [FileFilter(tags=("roof",))]),
        ('tag:"Floor Plan"', [FileFilter(tags=("Floor Plan",))]),
        ("Category:Document", [FileFilter(categories=("document",))]),
        ("type:image status:FAILED", [FileFilter(media_types=("image",)), FileFilter(statuses=("failed",))]),
        ("has:text", [FileFilter(has_text=True)]),
        ("has:description", [FileFilter(has_description=True)]),
        ("taken:2024", [FileFilter(date_from=day(2024, 1), date_to=end(2024, 12, 31))]),
        ("taken:2024-05..2024-07", [FileFilter(date_from=day(2024, 5), date_to=end(2024, 7, 31))]),
        ("taken:2024-12..", [FileFilter(date_from=day(2024, 12))]),
        ("taken:..2024-02-29", [FileFilter(date_to=end(2024, 2, 29))]),
        ("people>=2 dog:1", [people(2), FileFilter(objects=(("dog", 1),))]),
        ("people>2", [people(3)]),
        ('"wine glass">=2', [FileFilter(objects=(("wine glass", 2),))]),
        ('keyword:"Forth Bridge"', [FileFilter(written=(FieldCondition("keyword", ":", "Forth Bridge"),))]),
        ("credit=Kari", [FileFilter(written=(FieldCondition("credit", "=", "Kari"),))]),
        ("Rating>=4", [FileFilter(written=(FieldCondition("rating", ">=", "4"),))]),
        ("field.total>100", [FileFilter(fields=(FieldCondition("total", ">", "100"),))]),
        ('field."Invoice no":7', [FileFilter(fields=(FieldCondition("invoice_no", ":", "7"),))]),
        ("field.total.amount<=5,50", [FileFilter(fields=(FieldCondition("total_amount", "<=", "5,50"),))]),
    ],
)
def test_conditions(query: str, expected: list[FileFilter]) -> None:
    found = parse_search(query)
    assert [(each.criteria, each.is_excluded) for each in found.conditions] == [(each, False) for each in expected]
    assert (found.terms, found.notes) == ((), ())


def test_what_must_not_be() -> None:
    assert parse_search("-tag:roof").conditions == (Condition(FileFilter(tags=("roof",)), True),)
    assert parse_search("people<2").conditions == (Condition(people(2), True),)
    assert parse_search("people<=2").conditions == (Condition(people(3), True),)
    assert parse_search("-people<2").conditions == (Condition(people(2), False),)
    assert parse_search("people=2").conditions == (Condition(people(2)), Condition(people(3), True))


@pytest.mark.parametrize(
    ("query", "note", "words"),
    [
        ("colour:red", "There is no field 'colour'; there are " + ", ".join(FIELDS), ("colour", "red")),
        ("taken:soon", "taken:2024-05", ("taken", "soon")),
        ("taken:2024-13", "taken:2024-05", ("taken", "2024", "13")),
        ("taken:9999..9999-12-32", "taken:2024-05", ("taken", "9999", "9999", "12", "32")),
        ("people>=many", "such as people>=2", ("people", "many")),
        ("people>=101", "up to 100", ("people", "101")),
        ("people>=²", "such as people>=2", ("people", "2")),
        ("unicorns>=2", "'unicorns' is nothing that is counted", ("unicorns", "2")),
        ("rating:6", "one to five stars", ("rating", "6")),
        ("rating>=good", "such as rating>=4", ("rating", "good")),
        ("keyword>3", "'keyword' is nothing that is counted", ("keyword", "3")),
        ("type:sound", "image, document", ("type", "sound")),
        ("has:wings", "text, description", ("has", "wings")),
    ],
)
def test_what_is_no_condition_is_searched_as_words_and_told(query: str, note: str, words: tuple[str, ...]) -> None:
    found = parse_search(query)
    assert (found.terms, found.conditions) == ((Term(words),), ())
    assert len(found.notes) == 1
    assert note in found.notes[0]


_pieces = [*'ab1:<>=-". ', "tag", "field.", "taken", "people", "..", "2024-05", "猫", "\n"]
_signs = st.lists(st.sampled_from(_pieces), max_size=30).map("".join)


@given(st.one_of(st.text(max_size=60), _signs))
def test_nothing_that_is_typed_is_an_error(query: str) -> None:
    found = parse_search(query)
    assert len(found.terms) <= MAX_TERMS
    assert all(term.words for term in found.terms)


def test_the_rest_of_a_long_query_is_left_out() -> None:
    assert len(parse_search("word " * 500).terms) == MAX_TERMS
    assert len(parse_search("x" * 5_000).terms[0].words[0]) == 255
