"""Rows, headings, columns at the edge, tables and fields, from lines written down by hand."""

import math

from scopix_server.domain.description import Perception, TextRegion
from scopix_server.reading.facts import labelled_facts
from scopix_server.reading.grid import Table, has_names_elsewhere
from scopix_server.reading.layout import Layout, read_layout
from tests.support.perceptions import Written, page


def layout(lines: list[Written]) -> Layout:
    return read_layout(page(lines))


def turned(perception: Perception, degrees: float) -> Perception:
    """The same page, turned clockwise about its top left corner."""
    angle, aspect = math.radians(degrees), perception.width / perception.height

    def move(x: float, y: float) -> tuple[float, float]:
        x *= aspect
        return (x * math.cos(angle) - y * math.sin(angle)) / aspect, x * math.sin(angle) + y * math.cos(angle)

    text = (TextRegion(r.text, r.box, r.confidence, tuple(move(x, y) for x, y in r.quad)) for r in perception.text)
    return Perception(perception.width, perception.height, tuple(text), statistics=perception.statistics)


GRID: list[Written] = [
    (cell, x, 100 + 40 * row)
    for row, cells in enumerate(
        [("Item", "Count", "State"), ("bolt", "4", "new"), ("nut", "9", "old"), ("pin", "", "new")]
    )
    for cell, x in zip(cells, (100, 400, 700), strict=True)
    if cell
]


def test_lines_of_a_skewed_page_stand_in_rows() -> None:
    lines: list[Written] = [("left side of it", 100, 100 + 60 * n) for n in range(5)]
    lines += [("right side of it", 800, 100 + 60 * n) for n in range(5)]
    rows = read_layout(turned(page(lines), 3)).rows
    assert [[line.text for line in row] for row in rows] == [["left side of it", "right side of it"]] * 5


def test_the_heading_is_the_first_of_the_largest_lines() -> None:
    body: list[Written] = [("plain words of a page", 100, 300 + 40 * n) for n in range(6)]
    assert layout([("The title", 100, 60, 40), ("A subtitle", 100, 120, 38), *body]).heading().text == "The title"
    assert layout([("1234 5678", 100, 60, 40), *body]).heading() is None
    assert layout(body).heading() is None
    assert layout([*body, ("At the bottom", 100, 800, 40)]).heading() is None


def test_a_table_has_a_header_and_rows_with_empty_cells() -> None:
    table = layout(GRID).table()
    assert table is not None
    assert table.header == ("Item", "Count", "State")
    assert table.rows == (("bolt", "4", "new"), ("nut", "9", "old"), ("pin", "", "new"))
    assert table.indices == frozenset(range(len(GRID)))


def test_right_aligned_cells_belong_to_their_column() -> None:
    lines: list[Written] = [(cell, 100, 100 + 40 * row) for row, cell in enumerate(("Name", "bolt", "nut", "pin"))]
    for row, (count, price) in enumerate((("Count", "Price"), ("4", "1.20"), ("12", "10.50"), ("250", "3.00"))):
        lines += [(count, 500 - 10 * len(count), 100 + 40 * row), (price, 800 - 10 * len(price), 100 + 40 * row)]
    table = layout(lines).table()
    assert table is not None and table.rows[1] == ("nut", "12", "10.50")


def test_prose_and_two_columns_of_it_are_no_table() -> None:
    prose: list[Written] = [(f"running words {n} of a text", x, 100 + 30 * n) for n in range(9) for x in (50, 650)]
    assert layout(prose).table() is None


def test_navigation_is_a_dense_column_apart_from_the_rest() -> None:
    entries: list[Written] = [(f"entry {chr(97 + n)}", 20, 200 + 48 * n) for n in range(5)]
    brand: list[Written] = [("Brand", 20, 20)]
    shifted: list[Written] = [(row[0], row[1] + 300, row[2] + 7) for row in GRID]
    found = layout([*brand, *entries, *shifted])
    assert [line.text for line in found.navigation()] == [row[0] for row in entries]
    assert found.table() is not None and found.table().header == ("Item", "Count", "State")


def test_the_first_column_of_a_table_is_no_navigation() -> None:
    lines: list[Written] = [
        (f"{name} {row}" if row else name, x, 100 + 40 * row)
        for row in range(6)
        for name, x in (("Stop", 40), ("Early", 500), ("Late", 800))
    ]
    found = layout(lines)
    assert found.navigation() == []
    assert found.table() is not None and found.table().header == ("Stop", "Early", "Late")


def test_colons_make_pairs_and_empty_labels_do_not() -> None:
    lines: list[Written] = [("Name:", 50, 100), ("Ada", 300, 100), ("Born: 1815", 50, 150), ("Sign:", 50, 200)]
    lines += [("Town:", 50, 250), ("Date:", 500, 250), ("today", 700, 250), ("Open daily 9:00", 50, 300)]
    pairs = [(pair.label, pair.value) for pair in layout(lines).pairs()]
    assert pairs == [("Name", "Ada"), ("Born", "1815"), ("Date", "today")]


def test_labels_without_colons_are_known_by_their_words_beside_their_values() -> None:
    labels = ("Surname", "Date of birth", "Wohnort", "Favourite tree", "Signature")
    lines: list[Written] = [(label, 60, 100 + 70 * n) for n, label in enumerate(labels)]
    lines += [(value, 500, 100 + 70 * n) for n, value in enumerate(("Ash", "1.2.1990", "Ulm", "Oak"))]
    pairs = [(pair.label, pair.value) for pair in layout(lines).fields()]
    assert pairs == [("Surname", "Ash"), ("Date of birth", "1.2.1990"), ("Wohnort", "Ulm"), ("Favourite tree", "Oak")]


def test_labels_without_colons_are_known_by_their_words_above_their_values() -> None:
    lines: list[Written] = []
    for n, (label, value) in enumerate(
        (("Surname", "Ash"), ("Postcode", "89073"), ("E-mail", "a@b.example"), ("Town", ""))
    ):
        lines += [(label, 60, 100 + 120 * n), (value, 64, 128 + 120 * n)] if value else [(label, 60, 100 + 120 * n)]
    pairs = [(pair.label, pair.value) for pair in layout(lines).fields()]
    assert pairs == [("Surname", "Ash"), ("Postcode", "89073"), ("E-mail", "a@b.example")]


def test_labels_of_an_empty_form_get_no_values() -> None:
    lines: list[Written] = [(label, 60, 100 + 30 * n) for n, label in enumerate(("Surname", "Town", "Date", "E-mail"))]
    assert layout(lines).fields() == []


def test_columns_of_text_make_no_pairs_with_each_other() -> None:
    left = ["the harbour keeps records of the", "cargo and the berth. Fees are due", "on the day that ships leave, for"]
    left += ["a copy of the record: write to", "the office and name the ship and", "the day on which it left the port"]
    right = [
        "Records older than thirty years",
        "ten cents a page and are sent by post",
        "stand in the archive of the city",
    ]
    right += ["the harbour master, first floor", "which is open on all days but one", "from nine to noon for everybody"]
    columns: list[Written] = [(text, 100, 100 + 40 * n) for n, text in enumerate(left)]
    columns += [(text, 900, 100 + 40 * n) for n, text in enumerate(right)]
    read = layout(columns)
    assert labelled_facts(read) == [] == read.fields()
    labels: list[Written] = [(f"{text}:", 100, 100 + 40 * n) for n, text in enumerate(("Owner", "Ship", "Port", "Day"))]
    values = [(text, 900, y) for text, _, y in columns[6:10]]
    assert len(labelled_facts(layout([*labels, *values]))) == 4


def test_a_title_block_beneath_notes_keeps_its_entries() -> None:
    note = "the station prepared an open garden near it"
    notes: list[Written] = [(note, left, 100 + 40 * n) for n in range(8) for left in (100, 700)]
    block: list[Written] = [
        row
        for n, (label, value) in enumerate([("PROJECT:", "Foundry Lane"), ("SCALE:", "1:50"), ("DATE:", "3 May")])
        for row in ((label, 100, 560 + 40 * n), (value, 700, 560 + 40 * n))
    ]
    assert len(layout([*notes, *block]).fields()) == 3


def test_a_table_whose_items_are_named_in_lines_of_their_own_is_one_of_halves() -> None:
    halves = Table(("Item", "Qty", "Total"), (("$7.10", "1", "$7.10"), ("$0.50", "1", "$0.50")), frozenset())
    whole = Table(("Item", "Qty", "Total"), (("Rice", "1", "$7.10"), ("Tea", "1", "$0.50")), frozenset())
    numbered = Table(("Pos", "Description", "Total"), (("1", "Rice", "$7.10"), ("2", "Tea", "$0.50")), frozenset())
    assert has_names_elsewhere(halves)
    assert not has_names_elsewhere(whole) and not has_names_elsewhere(numbered)


def test_what_the_rows_of_a_table_are_of_is_no_navigation() -> None:
    heads: list[Written] = [(name, 400 + 150 * n, 100) for n, name in enumerate(["red", "green", "blue", "grey"])]
    cells: list[Written] = [(str(n * row), 400 + 150 * n, 100 + 80 * row) for row in range(1, 5) for n in range(4)]
    rows: list[Written] = [(name, 40, 180 + 80 * n) for n, name in enumerate(["north", "east", "south", "west"])]
    found = layout([*heads, *cells, *rows])
    assert found.table() is not None and found.navigation() == []
    more: list[Written] = [
        (name, 40, 100 + 60 * n) for n, name in enumerate(["Home", "Files", "Users", "Groups", "Log"])
    ]
    assert len(layout([*heads, *cells, *more]).navigation()) == 5


def test_axes_of_several_plots_are_no_table() -> None:
    heads: list[Written] = [("Seconds", 100, 100), ("Spans", 500, 100), ("Logs", 900, 100)]
    numbers = [("250", "35", "6"), ("200", "30", "5"), ("150", "20", "3"), ("100", "15", "2")]
    axes = [(text, 100 + 400 * n, 160 + 60 * row) for row, cells in enumerate(numbers) for n, text in enumerate(cells)]
    assert layout([*heads, *axes]).table() is None
    rising = [(text, left, 780 - top) for text, left, top in axes[:9]]
    assert layout([*heads, *rising, *axes[9:]]).table() is not None
