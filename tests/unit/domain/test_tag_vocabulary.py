"""A tenant's own list of tags: what a description says is brought onto it, in each mode."""

import pytest

from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.tag_vocabulary import (
    MAX_TERMS,
    TagVocabulary,
    Term,
    VocabularyMode,
    check_terms,
    tags_by,
    with_term,
)

TERMS = check_terms(
    [
        Term("Vehicle", ("car", "lorry", "pick-up truck")),
        Term("person", ("man", "woman", "pedestrian")),
        Term("hard hat", ("safety helmet",)),
        Term("Straße", ("road",)),
    ]
)
PREFER, ONLY = TagVocabulary(VocabularyMode.PREFER, TERMS), TagVocabulary(VocabularyMode.ONLY, TERMS)


@pytest.mark.parametrize(
    ("tags", "text", "expected"),
    [
        (["cars", "tree"], "", ["Vehicle", "tree"]),
        (["red car"], "", ["Vehicle", "red car"]),
        (["tree"], "Two women cross the ROAD.", ["person", "Straße", "tree"]),
        (["STRASSE"], "", ["Straße"]),
        ([], "A worker with safety helmets; a pick-up truck behind.", ["hard hat", "Vehicle"]),
        ([], "A carpet and a roadster.", []),
        (["car", "cars", "vehicle"], "A car.", ["Vehicle"]),
    ],
)
def test_what_is_said_gets_the_term(tags: list[str], text: str, expected: list[str]) -> None:
    assert list(tags_by(PREFER, tags, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No people or cars are visible.", []),
        ("An empty road without cars.", ["Straße"]),
        ("No people; a car is parked.", ["Vehicle"]),
        ("A road with no cars, but a woman waits.", ["Straße", "person"]),
        ("Not one pedestrian. A lorry.", ["Vehicle"]),
        ("A street without trees and a car.", ["Vehicle"]),
    ],
)
def test_what_is_denied_gets_none(text: str, expected: list[str]) -> None:
    assert list(tags_by(PREFER, [], text)) == expected


def test_modes() -> None:
    tags, text = ["tree", "car"], "A woman beside a car."
    assert list(tags_by(PREFER, tags, text)) == ["Vehicle", "person", "tree"]
    assert list(tags_by(ONLY, tags, text)) == ["Vehicle", "person"]
    assert list(tags_by(TagVocabulary(VocabularyMode.FREE, TERMS), tags, text)) == tags
    assert list(tags_by(TagVocabulary(VocabularyMode.ONLY), tags, text)) == tags
    assert len(tags_by(PREFER, [f"own {number}" for number in range(60)], text)) == 40


@pytest.mark.parametrize(
    "terms",
    [
        [Term("car"), Term("Cars")],
        [Term("car"), Term("vehicle", ("CAR",))],
        [Term("car"), Term("car")],
        [Term("...")],
        [Term("a, b")],
        [Term("x" * 51)],
        [Term("x", tuple(f"s{number}" for number in range(31)))],
        [Term(f"t{number}") for number in range(MAX_TERMS + 1)],
    ],
)
def test_lists_that_cannot_be_followed_are_refused(terms: list[Term]) -> None:
    with pytest.raises(ValidationFailed):
        check_terms(terms)


def test_a_term_is_added_or_merged() -> None:
    more = with_term(PREFER, Term("tree"))
    assert [term.name for term in more.terms] == ["Vehicle", "person", "hard hat", "Straße", "tree"]
    merged = with_term(more, Term("Trees", ("oak",)))
    assert merged.terms[-1] == Term("tree", ("oak",))
    with pytest.raises(ValidationFailed, match="stands for both"):
        with_term(merged, Term("oak"))
