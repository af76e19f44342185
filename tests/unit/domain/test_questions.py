"""Questions become words and conditions of a search, by rules."""

from datetime import UTC, datetime

import pytest

from scopix_server.domain.question_words import number_of, singular
from scopix_server.domain.questions import Goal, Understood, understand
from scopix_server.domain.search_query import parse_search

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIELDS = {"total", "sender", "date", "kind", "area", "invoice_no"}


def read(question: str) -> Understood:
    return understand(question, FIELDS.__contains__, NOW)


@pytest.mark.parametrize(
    ("question", "search"),
    [
        ("Which receipts are over 100 euros?", "receipt field.total>100"),
        ("Which receipts have a total of at least $1,240.50?", "receipt field.total>=1240.50"),
        ("Which invoices between €50 and €100 were taken last month?",
         "invoice field.total>=50 field.total<=100 taken:2026-10..2026-10"),
        ("rooms with an area over 20", "room field.area>20"),
        ("photos with two dogs and a cat", "cat dog>=2 type:image"),
        ("photos with more than three people", "person>3 type:image"),
        ("photos without people in August", "-person>=1 type:image taken:2026-08"),
        ("show me pictures of a beach at sunset", "beach sunset type:image"),
        ("Which files failed?", "status:failed"),
        ('find "floor plan" with tag:roof', '"floor plan" tag:roof'),
        ("receipts where field.total<5", "receipt field.total<5"),
        ("what may I find here?", "may"),
        ("documents that mention the warranty", "document warranty"),
        ("pictures taken yesterday", "type:image taken:2026-11-29"),
        ("photos from 17 May 2024", "type:image taken:2024-05-17"),
        ("bills from before March 2024", "bill field.date:..2024-02"),
        ("how much did I spend in May 2024?", "field.date:2024-05"),
        ("letters taken in May 2024", "letter taken:2024-05"),
        ("photos of the last 3 weeks", "type:image taken:2026-11-09.."),
        ("photos from May to July 2024", "type:image taken:2026-05..2024-07"),
        ("Welche Quittungen sind über 100 Euro?", "quittungen field.total>100"),
        ("wie viele Fotos mit mehr als drei Personen gibt es?", "person>3 type:image"),
        ("receipts over 30 bananas", "receipt banana>30"),
    ],
)  # fmt: skip
def test_question_is_understood_as_a_search(question: str, search: str) -> None:
    understood = read(question)
    assert understood.search == search
    # Every condition is one that searches have.
    assert parse_search(understood.conditions).notes == ()


@pytest.mark.parametrize(
    ("question", "goal", "field", "things"),
    [
        ("How many photos show a boat?", Goal.COUNT, None, ()),
        ("how many dogs are in the pictures?", Goal.COUNT, None, ("dog",)),
        ("What is the total of all receipts from May 2024?", Goal.SUM, "total", ()),
        ("how much did I spend at Rewe?", Goal.SUM, "total", ()),
        ("average area of the rooms", Goal.AVERAGE, "area", ()),
        ("Which receipt is the most expensive?", Goal.MAXIMUM, "total", ()),
        ("cheapest invoice of 2023", Goal.MINIMUM, "total", ()),
        ("the largest dog", Goal.LIST, None, ()),
        ("Which receipts are over 100 euros?", Goal.LIST, None, ()),
    ],
)
def test_goal_of_a_question(question: str, goal: Goal, field: str | None, things: tuple[str, ...]) -> None:
    understood = read(question)
    assert (understood.goal, understood.field, understood.things) == (goal, field, things)


def test_fields_that_are_asked_for_are_shown() -> None:
    assert read("who issued the receipt from May?").fields == ("sender",)
    assert read("What is the sender and date of the invoices?").fields == ("sender", "date")
    assert read("receipts over 10 euros").fields == ("sender", "date", "total")
    assert read("photos of dogs").fields == ()


def test_question_of_any_length_and_of_signs_is_no_error() -> None:
    assert read("?" * 5000).search == ""
    assert len(read("receipt " * 5000).words) == 1
    assert read("over over over 5 and and between").goal is Goal.LIST


@pytest.mark.parametrize(
    ("text", "number"),
    [("100", "100"), ("1,240.50", "1240.50"), ("1.240,50", "1240.50"), ("12,5", "12.5"), ("1,000", "1000"),
     ("1.000", "1000"), ("1'000'000", "1000000"), ("twelve", "12"), ("zwei", "2"), ("1,234,567", "1234567")],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, number: str) -> None:
    assert number_of(text) == number


def test_plurals_of_english() -> None:
    assert [singular(word) for word in ("receipts", "boxes", "parties", "glasses", "bus", "glass", "dogs", "gas")] == [
        "receipt", "box", "party", "glass", "bus", "glass", "dog", "gas",
    ]  # fmt: skip
