"""Which fields are right, and which claims no evidence supports."""

import pytest

from scopix_server.domain.description import Description, ImageKind
from scopix_server.evaluation.claims import unsupported_claims
from scopix_server.evaluation.fields import FieldCount, compare_fields, reported_fields
from scopix_server.evaluation.truth import Truth

TRUTH = Truth(
    kinds=(ImageKind.MAP,),
    lines=(
        "Map of Kelby",
        "Legend",
        "Footpath",
        "Main road",
        "Scale 1:25,000",
        "12 March 2024",
        "State",
        "Twice",
        "Twice",
    ),
    fields={"legend": ("Footpath", "Main road")},
    labels=("landscape",),
    faces=1,
    derived=("44.5",),
)


def said(text, *, kind=ImageKind.MAP, tags=(), evidence=(), data=None):
    return Description(text, tuple(tags), None, kind, "test", "test", data or {}, tuple(evidence))


def claims(text, **given):
    return unsupported_claims(said(text, **given), TRUTH, (1400, 1050))


@pytest.mark.parametrize(
    "text",
    [
        'A map titled "Map of Kelby". The legend lists "Footpath" and "Main road".',
        'It reads "Main rood".',  # a letter misread is no claim of its own
        "Scale 1:25,000; 1400 × 1050 pixels; the areas add up to 44.5 m².",
        "One face is visible.",
        'Names: "Footpath" and 3 more.',
        "A landscape-format photo of a landscape.",
        'Under "State" stand "Twice" (1).',
        "The legend lists 2 entries.",
        'Entries: "Footpath" (1) and "Main road" (1).',
    ],
)
def test_what_the_picture_supports(text):
    assert claims(text) == []


@pytest.mark.parametrize(
    "text",
    [
        'It reads "Railway station".',
        'It reads "13 March 2024".',  # a digit misread is a false fact
        "The scale is 1:50,000.",
        'Entries: "Footpath" (2).',
        "Two faces are visible.",
        "A photo that most likely shows a dog.",
    ],
)
def test_what_it_does_not(text):
    assert len(claims(text)) == 1


def test_a_wrong_kind_and_a_wrong_tag_are_claims():
    assert len(claims("A chart.", kind=ImageKind.CHART)) == 1
    assert len(claims("A map.", tags=["map", "watercraft"])) == 1
    assert len(claims("A map, perhaps a yurt.", evidence=[{"statement": "", "class": "yurt"}])) == 1


def test_what_the_truth_does_not_speak_of_is_not_checked():
    description = said('A photo of a dog that reads "anything" and 99.')
    assert unsupported_claims(description, Truth(), (1, 1)) == []


def test_values_are_compared_without_case_and_colons_but_with_spaces():
    truth = {"fields": [("Name:", "Amara Okafor"), ("Date", "2024-05-01")], "rooms": ["Kitchen"]}
    found = {"fields": [("name", "Amara Okafor"), ("Date", "2024-05-07")], "rooms": ["Kitchen", "Hall"]}
    assert compare_fields(truth, found) == {"fields": FieldCount(2, 2, 1), "rooms": FieldCount(1, 2, 1)}
    assert compare_fields({"rooms": ["Living room"]}, {"rooms": ["Livingroom"]})["rooms"].right == 0


def test_fields_come_from_the_data_or_from_the_statements():
    evidence = [{"statement": "x", "fields": {"rooms": ["Hall"], "legend": ["Stream"]}}]
    data = {"rooms": [{"name": "Kitchen", "area": "12 m²"}], "empty": None}
    found = reported_fields(said("", evidence=evidence, data=data))
    assert found["rooms"] == ["Kitchen"]
    assert found["legend"] == ["Stream"]
    assert "empty" not in found


def test_labelled_values_come_in_several_shapes():
    for shape in ([["Name", "Ada"]], [{"label": "Name", "value": "Ada"}], {"Name": "Ada"}):
        assert reported_fields(said("", data={"fields": shape}))["fields"] == [("Name", "Ada")]


def test_entries_of_a_title_block_go_by_what_their_label_says():
    truth = {"title_block": [("DRAWN BY", "A. Khan"), ("SHEET NO.", "C-101")]}
    found = {"title_block": [("drawn_by", "A. Khan"), ("sheet", "C-101")]}
    assert compare_fields(truth, found)["title_block"].right == 2


def test_the_format_of_a_page_is_no_landscape():
    text = "A page of text in landscape format."
    assert unsupported_claims(said(text), Truth(labels=()), (1, 1)) == []
    assert len(unsupported_claims(said("A photo of a landscape."), Truth(labels=()), (1, 1))) == 1


def test_what_is_said_of_the_look_is_held_against_the_truth() -> None:
    truth = Truth(look=("blurred", "tan in middle"))

    def told(text: str, *look: str) -> list[str]:
        return unsupported_claims(said(text, evidence=[{"statement": text, "look": list(look)}]), truth, (100, 100))

    assert told("No part of it is sharp.", "blurred") == []
    assert told("Its colours.", "tan in middle", "warm colours") == ["a look that it does not have: warm colours"]
    assert told("A black-and-white photo of a dog.") == ["a look that it does not have: black-and-white"]
    assert told('A sign reads "blurry sepia".') == []
    assert unsupported_claims(said("A blurry photo."), Truth(look=()), (1, 1)) == [
        "a look that it does not have: blurred"
    ]
    assert unsupported_claims(said("A blurry photo."), Truth(), (1, 1)) == []


def test_what_stands_in_the_metadata_may_be_told() -> None:
    text = 'Taken on 17 August 2024 with a camera called "Nikon Z 6" at f/8.'
    known = Truth(lines=(), metadata=("17 August 2024", "Nikon Z 6", "f/8"))
    assert unsupported_claims(said(text), known, (100, 100)) == []
    assert len(unsupported_claims(said(text), Truth(lines=()), (100, 100))) == 4


def test_vehicle_is_a_label_like_any_group() -> None:
    assert unsupported_claims(said("It shows a vehicle."), Truth(labels=()), (1, 1))
    assert not unsupported_claims(said("It shows a vehicle."), Truth(labels=("vehicle",)), (1, 1))
