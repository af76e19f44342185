"""Reading what a vision-language engine wrote: tolerant of form, strict about bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.engines.answers import Answer, NoAnswer, read_answer, without_repetition

SCHEMA = {
    "properties": {
        "legend": {"type": ["array", "null"], "items": {"type": "string"}},
        "scale": {"type": ["string", "null"], "maxLength": 10},
        "rooms": {"type": "integer"},
    }
}


def read(content: str, *, cut_off: bool = False, max_description: int = 200) -> Answer:
    return read_answer(content, schema=SCHEMA, max_description=max_description, max_tags=5, cut_off=cut_off)


@pytest.mark.parametrize(
    "content",
    [
        '{"description": "A cat.", "tags": ["cat"]}',
        '```json\n{"description": "A cat.", "tags": ["cat"]}\n```',
        'Sure, here it is:\n{"description": "A cat.", "tags": ["cat"]}\nAnything else?',
        '<think>{"description": "a dog?"}</think>{"description": "A cat.", "tags": ["Cat"]}',
        '{"Description": "A\ncat.", "Tags": "cat",}',
        '{"note": 1} {"description": "A cat.", "tags": ["cat", "CAT", "#cat"]}',
    ],
)
def test_the_same_answer_in_many_wrappings(content: str) -> None:
    assert read(content) == Answer("A cat.", ("cat",))


@pytest.mark.parametrize("content", ["", "  \n", "<think>nothing to see</think>", '{"description": ""}'])
def test_an_empty_answer_is_an_answer(content: str) -> None:
    assert read(content).description == ""


@pytest.mark.parametrize(
    "content",
    ["I cannot help with that.", "{}", "[1, 2]", '{"description": 3}', '{"description": "A cat on', "{" * 5000],
)
def test_what_is_no_answer(content: str) -> None:
    with pytest.raises(NoAnswer):
        read(content)


def test_tokens_that_ran_out_before_the_answer_are_no_answer() -> None:
    with pytest.raises(NoAnswer, match="tokens"):
        read("<think>let me see", cut_off=True)


def test_an_answer_that_breaks_off_keeps_its_whole_parts() -> None:
    answer = read('{"description": "A map, drawn by hand.", "tags": ["map", "hand"], "category_data": {"legend": ["Ro')
    assert answer.description == "A map, drawn by hand."
    assert answer.tags == ("map", "hand")
    assert "truncated" in answer.notes


def test_fields_that_do_not_meet_the_schema_are_left_out() -> None:
    data = {"legend": ["Road", "", "Road", "Path"], "scale": "1:25,000 or so", "rooms": 4, "owner": "me"}
    answer = read(json.dumps({"description": "A map.", "tags": [], "category_data": data}))
    assert answer.category_data == {"legend": ["Road", "Path"], "rooms": 4}
    assert answer.notes == ("fields",)


def test_null_fields_are_not_there() -> None:
    answer = read('{"description": "A map.", "tags": [], "category_data": {"legend": [], "scale": null}}')
    assert answer.category_data == {}
    assert answer.notes == ()


def test_a_prompt_that_leaks_into_the_tags_stays_out() -> None:
    tags = ["map", "tags are at most 20 short lowercase nouns", "x" * 80, 7, "a"]
    assert read(json.dumps({"description": "A map.", "tags": tags})).tags == ("map",)


def test_tags_and_descriptions_are_capped() -> None:
    text = "First sentence here. " + " ".join(str(number) for number in range(100))
    content = json.dumps({"description": text, "tags": [f"tag {n}" for n in range(30)]})
    answer = read_answer(content, schema={}, max_description=30, max_tags=5)
    assert answer.description == "First sentence here."
    assert len(answer.tags) == 5


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The cat sits. " + "The dog runs. " * 40, "The cat sits. The dog runs."),
        ("A table with lines" + " and lines" * 90, "A table with lines and"),
        ("Ein Bild. " + "图片 " * 50, "Ein Bild. 图片"),
        ("A rule: " + "-" * 500, "A rule"),
    ],
)
def test_a_text_that_loops_is_cut(text: str, left: str) -> None:
    assert without_repetition(text) == (left, True)


@pytest.mark.parametrize(
    "text", ["Ha ha ha ha, says the sign.", "Rooms: 12, 12, 12 and 12 m².", "Row ........ 12", "no no no"]
)
def test_a_text_that_only_repeats_a_little_is_left_alone(text: str) -> None:
    assert without_repetition(text) == (text, False)


def test_nothing_but_repetition_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="repeats"):
        read(json.dumps({"description": "la la " * 300}))


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_read_or_refused(content: str, cut_off: bool) -> None:
    try:
        answer = read(content, cut_off=cut_off)
    except NoAnswer:
        return
    assert len(answer.description) <= 200


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=12,
    ),
    st.integers(0, 400),
)
def test_any_json_cut_anywhere_is_read_or_refused(value: object, cut: int) -> None:
    content = json.dumps({"description": "A cat.", "tags": value, "category_data": value})[: cut + 1]
    try:
        answer = read(content)
    except NoAnswer:
        return
    assert answer.description in {"A cat.", ""}
