"""Fields of one image from two witnesses: what was read, and what an engine saw."""

from typing import Any

from scopix_server.analysis.seen_and_read import with_fields_read
from scopix_server.categories import Category, Extraction
from scopix_server.domain.description import Description, ImageKind, Perception
from tests.support.perceptions import page

SCHEMA = {
    "properties": {
        "scale": {"type": ["string", "null"]},
        "signs": {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 3},
        "rooms": {"type": ["array", "null"], "items": {"type": "object"}},
        "title_block": {"type": ["object", "null"], "properties": {"number": {"type": ["string", "null"]}}},
        "style": {"type": ["string", "null"], "maxLength": 10},
    }
}


def joined(read: dict[str, Any], seen: dict[str, Any], evidence: list[dict[str, Any]] | None = None) -> Description:
    category = Category("c", "C", "", SCHEMA, lambda _: Extraction(read, evidence or []))
    said = Description("Text.", (), None, ImageKind.PHOTO, "vlm", "m", category_data=seen)
    return with_fields_read(said, category, Perception(1, 1))


def test_what_was_read_is_not_overruled() -> None:
    assert joined({"scale": "1:100"}, {"scale": "1:1000"}).category_data == {"scale": "1:100"}


def test_what_was_seen_fills_the_rest() -> None:
    said = joined({"scale": "1:100"}, {"style": "gothic"}, [{"field": "/scale", "regions": [4]}])
    assert said.category_data == {"scale": "1:100", "style": "gothic"}
    assert said.evidence == ({"field": "/scale", "regions": [4]}, {"field": "/style", "engine": "vlm"})


def test_lists_hold_both_without_repeats_and_within_their_bounds() -> None:
    said = joined({"signs": ["HARD HAT AREA", "Exit"]}, {"signs": ["exit!", "Helmets worn", "Barrier", "Crane"]})
    assert said.category_data["signs"] == ["HARD HAT AREA", "Exit", "Helmets worn"]


def test_records_are_told_apart_by_their_first_word() -> None:
    said = joined({"rooms": [{"name": "Kitchen", "area": "12 m²"}]}, {"rooms": [{"name": "KITCHEN"}, {"name": "Hall"}]})
    assert said.category_data["rooms"] == [{"name": "Kitchen", "area": "12 m²"}, {"name": "Hall"}]


def test_objects_are_joined_part_by_part() -> None:
    said = joined({"title_block": {"number": "A-1"}}, {"title_block": {"number": "A-7", "date": "2024"}})
    assert said.category_data["title_block"] == {"number": "A-1", "date": "2024"}


def test_nothing_read_and_nothing_to_read() -> None:
    assert joined({}, {"style": "gothic"}).category_data == {"style": "gothic"}
    plain = Category("c", "C", "", SCHEMA)
    said = Description("Text.", (), None, ImageKind.PHOTO, "vlm", "m", category_data={"style": "gothic"})
    assert with_fields_read(said, plain, Perception(1, 1)).category_data == said.category_data


def test_what_was_seen_and_can_be_read_names_its_lines() -> None:
    seen = page([("Scale 1:100", 50, 50), ("Fire exit", 50, 100)])
    read = Extraction({"scale": "1:100"}, [{"field": "/scale", "regions": [0]}])
    category = Category("c", "C", "", SCHEMA, lambda _: read)
    answer = {"scale": "1:100", "signs": ["Fire exit", "No smoking"]}
    said = Description("Text.", (), None, ImageKind.PHOTO, "vlm", "m", category_data=answer)
    evidence = with_fields_read(said, category, seen).evidence
    assert [entry for entry in evidence if "regions" in entry] == [
        {"field": "/scale", "regions": [0]},
        {"field": "/signs/0", "regions": [1]},
    ]
