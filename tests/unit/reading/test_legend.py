"""Legends without a heading: one row or block of like short texts, and what is none."""

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.reading.layout import read_layout
from scopix_server.reading.legend import map_legend
from tests.support.perceptions import Written, page

TITLE: Written = ("A map of the parts of Farland", 300, 40, 40)


def entries(*lines: Written) -> list[str]:
    return [line.text for line in map_legend(read_layout(page([TITLE, *lines])))]


def test_a_row_of_entries_a_few_letters_apart_is_a_legend() -> None:
    row: list[Written] = [("Northern Part", 300, 800), ("Midland", 470, 800), ("Islands", 580, 800)]
    assert entries(*row) == ["Northern Part", "Midland", "Islands"]
    assert (
        'The legend lists "Northern Part", "Midland" and "Islands".'
        in GroundedComposer().describe(page([TITLE, *row, ("1:50,000", 1000, 850), ("Key West", 200, 300)]), "map").text
    )


def test_a_block_of_columns_on_the_same_rows_is_a_legend() -> None:
    left: list[Written] = [
        (text, 200, 700 + 40 * n) for n, text in enumerate(["Glacial erosion", "Processes", "Old fans"])
    ]
    right: list[Written] = [(text, 700, 700 + 40 * n) for n, text in enumerate(["Young fans", "Relict forms", "Other"])]
    assert entries(*left, *right) == ["Glacial erosion", "Processes", "Old fans", "Young fans", "Relict forms", "Other"]


def test_names_of_small_maps_places_and_running_text_are_no_legend() -> None:
    assert entries(("Glasgow", 100, 400), ("Dundee", 500, 400), ("Perth", 900, 400)) == []
    assert entries(("Glasgow", 100, 400), ("Dundee", 260, 440), ("Perth", 390, 520)) == []
    prose = ["There are many other places", "with this name around", "the globe and one moon"]
    assert entries(*((text, 100, 600 + 30 * n) for n, text in enumerate(prose))) == []
    assert entries(("Data: a yearbook", 100, 800), ("Names", 100, 830), ("Towns", 100, 860)) == []
