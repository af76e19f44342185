"""Where the words of a search are in a file, as people see its texts."""

import dataclasses
from datetime import UTC, datetime

from scopix.types.vocabulary import MediaType
from scopix_server.domain.description import Box, Description, ImageKind, Perception, TextRegion
from scopix_server.domain.file import File
from scopix_server.domain.hits import MAX_HITS, Hit, find_hits
from scopix_server.domain.listing import TextField
from scopix_server.domain.search_query import Lookup, parse_search

AT = datetime(2026, 1, 1, tzinfo=UTC)
FILE = File("f", "t", "IMG 7.jpg", "image/jpeg", MediaType.IMAGE, 1, "0" * 64, "k", AT, AT, title="Der Café-Garten")
LINES = ["RE16 TGK", "Zahlbar zum Monats-", "ende, Café 12.5", "東京タワー"]


def box(number: int) -> Box:
    return Box(0.1, number / 10, 0.5, 0.1)


def hits(search: str, *others: str, lines: list[str] | None = None) -> list[Hit]:
    regions = tuple(TextRegion(line, box(number), 0.9) for number, line in enumerate(LINES if lines is None else lines))
    made = Description("A long view. " * 20 + "The garden lies behind.", ("garden",), None, ImageKind.PHOTO, "b", "1")
    lookups = [Lookup(term, tuple(TextField), others) for term in parse_search(search).terms]
    return find_hits(lookups, FILE, made, Perception(10, 10, text=regions))


def found(search: str, *others: str) -> list[tuple[str, list[str], Box | None]]:
    return [(h.field.value, [h.text[a:b] for a, b in h.places], h.box) for h in hits(search, *others)]


def test_every_text_with_the_words_is_there_with_its_place() -> None:
    assert found("garten") == [("title", ["Garten"], None)]
    assert found("cafe") == [("title", ["Café"], None), ("visible_text", ["Café"], box(2))]
    assert found("img") == [("title", ["IMG"], None)]
    assert [field for field, _, _ in found("garden")] == ["tags", "description"]
    assert found("RE1") == [("visible_text", ["RE16"], box(0))]
    assert found('"re16 t"') == [("visible_text", ["RE16 TGK"], box(0))]
    assert found("12.5") == [("visible_text", ["12.5"], box(2))]
    assert found("京タ") == [("visible_text", ["京タ"], box(3))]
    assert found("nothing") == found("-cafe") == []


def test_words_that_stand_for_the_searched_one_are_hits() -> None:
    assert found("arte", "garten") == [("title", ["Garten"], None)]
    assert found("arte") == []


def test_a_word_that_a_lines_end_divides_is_at_its_first_half() -> None:
    assert found("monatsende") == [("visible_text", ["Monats-\nende"], box(1))]
    assert found("ende") == [("visible_text", ["ende"], box(2))]


def test_of_a_long_text_the_piece_around_the_words_is_shown() -> None:
    (hit,) = [each for each in hits("lies") if each.field is TextField.DESCRIPTION]
    assert len(hit.text) <= 160
    assert hit.text.endswith("The garden lies behind.")
    ((start, end),) = hit.places
    assert hit.text[start:end] == "lies"


def test_words_count_in_their_own_field_and_are_no_more_than_a_few() -> None:
    (term,) = parse_search("title:cafe").terms
    assert [h.field for h in find_hits([Lookup(term, (TextField.TITLE,))], FILE, None, None)] == [TextField.TITLE]
    assert len(hits("line", lines=[f"line {number}" for number in range(50)])) == MAX_HITS
    bare = dataclasses.replace(FILE, title=None)
    assert find_hits([Lookup(term, tuple(TextField))], bare, None, None) == []


def test_a_file_without_read_text_is_searched_by_its_other_texts() -> None:
    assert [hit.field for hit in hits("garden", lines=[])] == [TextField.TAGS, TextField.DESCRIPTION]
    assert hits("tower", lines=[]) == []
