"""How lines are set, pages turned upright, and what follows from it for the kind."""

import pytest

from scopix_server.domain.description import Box, ImageKind, Perception, TextRegion
from scopix_server.reading.alignment import Alignment, alignment_of
from scopix_server.reading.kinds import judge_kind
from scopix_server.reading.layout import read_layout
from scopix_server.reading.lines import read_lines

FLAT = {
    "grey_share": 0.5,
    "colour_count": 300.0,
    "equal_neighbour_share": 0.97,
    "contrast": 0.3,
    "top_colour_share": 0.7,
}


def region(text, x, y, width, height=0.03):
    box = Box(x, y, width, height)
    right, bottom = x + width, y + height
    return TextRegion(text, box, 0.99, ((x, y), (right, y), (right, bottom), (x, bottom)))


def seen(*regions, width=1000, height=1000, **figures):
    return Perception(width=width, height=height, text=regions, statistics={**FLAT, **figures})


def kind_of(perception):
    return judge_kind(perception, read_layout(perception))


BOXES = [
    region(text, x + (0.2 - width) / 2, y, width)
    for x, y in ((0.05, 0.2), (0.4, 0.2), (0.75, 0.2), (0.4, 0.6))
    for text, width, y in (("Application", 0.2, y), ("Server", 0.1, y + 0.05))
]
VALUES = ("Host", "database", "Port", "5432")
DIALOG = [
    region("Connect", 0.1, 0.1, 0.2, 0.05),
    *(
        region(text, 0.1, 0.2 + 0.07 * row, 0.05 * len(text))
        for row, text in enumerate(("Host", "database", "Port", "5432"))
    ),
]


def test_centred_and_left_aligned_pairs_are_counted():
    assert alignment_of(read_layout(seen(*BOXES)).lines) == Alignment(left=0, centred=4, centres=3)
    assert alignment_of(read_layout(seen(*DIALOG)).lines).left >= 2


def test_dark_boxes_are_a_diagram_and_a_dark_dialog_is_a_screen():
    dark = {"bright_share": 0.02, "line_share": 0.7}
    assert kind_of(seen(*BOXES, **dark)) is ImageKind.DIAGRAM
    assert kind_of(seen(*DIALOG, **dark)) is ImageKind.SCREENSHOT


def test_a_white_sheet_with_nothing_but_type_is_a_page():
    lines = [region(f"Some line of text number {n}", 0.1, 0.1 + 0.05 * n, 0.6) for n in range(3)]
    white = {"white_share": 0.99, "bright_share": 0.99, "line_share": 0.0}
    assert kind_of(seen(*lines, **white)) is ImageKind.DOCUMENT
    inked = {**white, "white_share": 0.9}  # more ink than the type has: something is drawn
    assert kind_of(seen(*lines, **inked)) is not ImageKind.DOCUMENT


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_read_upright(turns):
    upright = [region("The first line", 0.1, 0.1, 0.5), region("and the second one", 0.1, 0.2, 0.7)]
    turned = upright
    for _ in range(turns):
        turned = [clockwise(line) for line in turned]
    aspect = 1.25 if turns % 2 else 0.8
    lines, level = read_lines(turned, aspect)
    expected, _ = read_lines(upright, 0.8)
    assert level == pytest.approx(0.8)
    assert [line.vertical for line in lines] == [False, False]
    assert [(line.left, line.top) for line in lines] == [pytest.approx((line.left, line.top)) for line in expected]


def clockwise(line):
    quad = tuple((1 - y, x) for x, y in line.quad)
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return TextRegion(line.text, Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)), 0.99, quad)
