"""Where in a file the words of a search are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix import FileDetails, WordHit
from scopix.cli.matches import find_matches, matches_of


def file(**texts):
    return FileDetails(id="x", original_filename=texts.pop("name", "plan.png"), **texts)


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("A bedroom and a hall", "bedr", ["bedr"]),
        ("A bedroom and a hall", "edroom", []),
        ("A bedroom and a hall", "HALL bedroom", ["bedroom", "hall"]),
        ("living  room, living", '"living room"', ["living room"]),
        ("room living", '"living room"', []),
        ("Übersicht Straße", "ubersicht strasse", ["Übersicht", "Straße"]),
        ("東京の猫", "京の", ["京の"]),
        ("snow_man", "man", ["man"]),
        ("a.b", "*", []),
        ("x (y) [z", "(y) [z", ["y", "z"]),
        ("한국어 text", "한국", ["한국"]),
    ],
)
def test_examples(text, question, marked):
    found = find_matches(file(upload_description=text, name=""), question, mode="all")
    assert [match.text[start:end] for match in found for start, end in match.spans] == marked


def test_every_text_is_looked_through_and_the_mode_narrows():
    known = file(title="red", tags=["red"], upload_description="red", visible_text="red", name="red.png")
    fields = [match.field for match in find_matches(known, "red", mode="all")]
    assert fields == ["title", "file", "tags", "description", "visible text"]
    assert [match.field for match in find_matches(known, "red", mode="visible_text")] == ["visible text"]
    assert "visible text" not in [match.field for match in find_matches(known, "red", mode="metadata")]


def test_a_long_text_is_cut_around_the_words():
    (match,) = find_matches(file(visible_text="lorem " * 100 + "needle " + "ipsum " * 100), "needle", mode="all")
    assert len(match.text) < 120
    assert match.text.startswith("…lorem")
    assert match.text.endswith("ipsum…")
    assert [match.text[start:end] for start, end in match.spans] == ["needle"]


@given(st.text(), st.text())
def test_whatever_is_asked_the_places_are_in_the_line(text, question):
    for match in find_matches(file(upload_description=text, visible_text=text), question, mode="all"):
        assert "\n" not in match.text
        for start, end in match.spans:
            assert 0 <= start < end <= len(match.text)
        match.to_text()


def test_what_the_server_found_is_shown_once_a_text():
    hits = [
        WordHit(field="title", text="Stromrechnung", places=[(0, 13)]),
        WordHit(field="visible_text", text="Rechnung", places=[(0, 8)]),
        WordHit(field="visible_text", text="Rechnungen", places=[(0, 10)]),
    ]
    shown = matches_of(file(title="Stromrechnung", hits=hits), "rechnung", mode="all")
    assert [(match.field, match.text, match.spans) for match in shown] == [
        ("title", "Stromrechnung", ((0, 13),)),
        ("visible text", "Rechnung", ((0, 8),)),
    ]
    assert matches_of(file(title="red"), "red", mode="all")[0].field == "title"
    assert matches_of(file(title="red", hits=[]), "red", mode="all") == []
