"""Titles, kinds and labels as outside pictures have them; the pictures are made up."""

import pytest

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import ImageKind
from scopix_server.reading.fields import may_label
from scopix_server.reading.kinds import judge_kind
from scopix_server.reading.layout import read_layout
from scopix_server.reading.pages import document_noun
from scopix_server.reading.screens import read_screen
from scopix_server.reading.titles import map_title, title_of, top_title
from tests.support.perceptions import DRAWN, Written, page

DARK = {**DRAWN, "bright_share": 0.01, "white_share": 0.0, "border_white_share": 0.0, "top_colour_share": 0.6}


def test_title_of_two_lines_is_whole() -> None:
    body: list[Written] = [("some words of running text stand here", 100, 200 + 40 * number) for number in range(6)]
    found = title_of(read_layout(page([("How the River", 100, 40, 40), ("Came to Town", 100, 84, 40), *body])))
    assert found is not None and found.text == "How the River Came to Town" and found.indices == (0, 1)


def test_legend_entries_and_column_heads_are_no_titles() -> None:
    twice: list[Written] = [
        ("Model Alpha", 100, 60, 40),
        ("Model Alpha", 700, 60, 40),
        ("0.5", 100, 300),
        ("0.7", 100, 400),
    ]
    heads: list[Written] = [
        ("Amount", 100, 60, 40),
        ("Number", 400, 60, 40),
        ("Status", 800, 60, 40),
        ("open", 100, 300),
    ]
    assert read_layout(page(twice)).heading() is None
    assert read_layout(page([*heads, ("shut", 100, 350), ("open", 100, 400)])).heading() is None


def test_map_is_known_by_its_credits_and_titled_wherever_the_title_stands() -> None:
    rows: list[Written] = [("PORTVALE", 100, 300), ("EASTMOOR", 600, 320), ("NORTHERN", 900, 700, 60)]
    rows += [("RIVERS", 900, 765, 60), ("Data: OpenStreetMap", 100, 860, 16)]
    perception = page(rows)
    title = map_title(read_layout(perception))
    assert judge_kind(perception, read_layout(perception)) is ImageKind.MAP
    assert title is not None and title.text == "NORTHERN RIVERS"
    told = GroundedComposer().describe(perception, "general")
    assert 'A map titled "NORTHERN RIVERS"' in told.text and "northern rivers" in told.tags
    assert '"Data' not in told.text


def test_boxes_on_a_dark_ground_are_a_diagram_without_a_title() -> None:
    boxes: list[Written] = [
        ("Storage", 60, 60, 30),
        ("Process 1", 500, 64),
        ("Process 2", 500, 300),
        ("Queue", 90, 330),
    ]
    boxes += [("Gateway", 900, 200), ("Client", 900, 500), ("Worker", 500, 520)]
    perception = page(boxes, statistics={**DARK, "line_share": 0.75})
    layout = read_layout(perception)
    assert judge_kind(perception, layout) is ImageKind.DIAGRAM
    assert top_title(layout) is None
    assert GroundedComposer().describe(perception, "general").text.startswith("A diagram. ")


def test_log_is_a_screenshot() -> None:
    rows: list[Written] = [(f"[INFO] 172.16.0.{n}:57434 completed step {n}", 60, 60 + 40 * n) for n in range(1, 9)]
    perception = page(rows, statistics=DARK)
    assert judge_kind(perception, read_layout(perception)) is ImageKind.SCREENSHOT


def test_receipt_is_told_by_its_sender_not_by_a_stamp() -> None:
    rows: list[Written] = [("seen by clerk", 100, 20, 50), ("CORNER HARDWARE SDN BHD", 100, 90), ("RECEIPT", 100, 130)]
    rows += [("NAILS", 100, 200), ("2.00", 700, 200), ("GLUE", 100, 240), ("3.00", 700, 240)]
    rows += [("TOTAL", 100, 300), ("5.00", 700, 300)]
    told = GroundedComposer().describe(page(rows), "general")
    assert 'A receipt in landscape format from "CORNER HARDWARE SDN BHD".' in told.text
    assert "seen by clerk" not in told.tags


@pytest.mark.parametrize(
    ("last", "noun"), [("Paid by card", "receipt"), ("VISA 1234", "receipt"), ("See you soon", "page of text")]
)
def test_one_item_a_total_and_how_it_was_paid_make_a_receipt(last: str, noun: str) -> None:
    rows: list[Written] = [("CORNER HARDWARE", 100, 90), ("Drill 189.00 EUR", 100, 200)]
    rows += [("TOTAL 189.00 EUR", 100, 300), (last, 100, 360)]
    assert document_noun(read_layout(page(rows))) == noun


@pytest.mark.parametrize("text", ["Name", "Date of birth", "No.", "GST ID", "date", "Round 2 winner"])
def test_labels(text: str) -> None:
    assert may_label(text)


@pytest.mark.parametrize("text", ["in a specified time", "journey; travel. ME jorney", "N. Rennie | Data", "[INFO]"])
def test_running_text_and_code_are_no_labels(text: str) -> None:
    assert not may_label(text)


def test_heads_of_a_table_and_names_of_plots_head_no_screen() -> None:
    table: list[Written] = [("Run now", 60, 40), ("Limit 50", 400, 40)]
    table += [
        (text, 60 + 200 * number, 120, size)
        for number, (text, size) in enumerate(
            [("Operation", 26), ("Type", 34), ("Status", 20), ("Start", 24), ("Duration", 22)]
        )
    ]
    table += [(f"step {row}", 60, 200 + 60 * row) for row in range(5)]
    assert read_screen(read_layout(page(table))).heading is None
    plots: list[Written] = [("Seconds a minute", 40, 40, 34), ("Spans collected", 440, 40, 34)]
    plots += [("Logs collected", 840, 40, 34), *((f"{50 * row}", 40, 150 + 70 * row) for row in range(6))]
    assert read_screen(read_layout(page(plots))).heading is None


def test_an_editor_with_a_menu_has_no_heading_and_a_page_has() -> None:
    menu: list[Written] = [("File", 20, 10), ("Edit", 120, 10), ("View", 220, 10), ("Help", 320, 10)]
    rest: list[Written] = [
        ("Monthly report", 300, 120, 40),
        *((f"a line of words {n}", 300, 250 + 50 * n) for n in range(6)),
    ]
    assert read_screen(read_layout(page([*menu, *rest]))).heading is None
    heading = read_screen(read_layout(page(rest))).heading
    assert heading is not None and heading.text == "Monthly report"


def test_a_short_word_in_a_box_is_no_title_of_a_diagram() -> None:
    boxes: list[Written] = [(f"layer number {n}", 500, 100 + 60 * n, 26) for n in range(8)]
    assert top_title(read_layout(page([("Wimm", 500, 30, 22), *boxes]))) is None
    title = top_title(read_layout(page([("How it works", 500, 20, 40), *boxes])))
    assert title is not None and title.text == "How it works"
