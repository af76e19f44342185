"""The kind of a picture, from figures and text; a photo is the fallback, the others need evidence."""

from dataclasses import replace

import pytest

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.reading.kinds import judge_kind
from scopix_server.reading.layout import read_layout
from tests.support.perceptions import DRAWN, PHOTOGRAPHED, Written, page

PROSE: list[Written] = [(f"a line of {n} running words on a page", 100, 100 + 40 * n) for n in range(9)]
AXIS: list[Written] = [(str(100 * n), 100 - 10 * len(str(100 * n)), 700 - 120 * n) for n in range(5)]
ROOMS: list[Written] = [("Kitchen", 100, 200), ("Bathroom", 500, 200), ("12.0 m²", 100, 225), ("6.5 m²", 500, 225)]
PRICES: list[Written] = [
    row
    for n, name in enumerate(("Soup", "Bread", "Tea"))
    for row in ((name, 100, 100 + 60 * n), ("4.50", 800, 100 + 60 * n))
]


BOXES: list[Written] = [
    ("Message flow", 500, 30, 40),
    *(
        (name, 120 + 400 * (n % 3), 200 + 300 * (n // 3))
        for n, name in enumerate(("Search index", "Archive", "Report generator", "Login", "Upload", "Mail server"))
    ),
]
DIALOG: list[Written] = [
    *(("Welcome back", 450, 200, 40), ("E-mail", 450, 300), ("Password", 450, 400), ("Remember me", 450, 450)),
    *(("Forgot password?", 650, 450), ("Sign in", 550, 520)),
]


def judge(perception: Perception) -> ImageKind:
    return judge_kind(perception, read_layout(perception))


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (ROOMS, ImageKind.FLOOR_PLAN),
        ([("Grundriss", 100, 30, 40), ("Küche", 100, 200), ("Diele", 500, 200)], ImageKind.FLOOR_PLAN),
        ([("City map", 100, 30, 40), ("2 km", 100, 800), ("Docks", 300, 300)], ImageKind.MAP),
        ([("Key", 900, 500), ("Path", 900, 540), ("1:5,000", 100, 800)], ImageKind.MAP),
        (AXIS, ImageKind.CHART),
        ([(f"{n}%", 200 + 170 * n, 300 + 41 * n * n) for n in (1, 2, 3)], ImageKind.CHART),
        (PRICES, ImageKind.DOCUMENT),
        (PROSE, ImageKind.DOCUMENT),
        ([("Type a message", 40, 800), ("hello", 40, 300)], ImageKind.SCREENSHOT),
        (
            [("$ git status", 20, 20), ("def run(self):", 20, 60), ("ok", 20, 90), ("done", 20, 120)],
            ImageKind.SCREENSHOT,
        ),
        ([("Name: Ada", 50, 50), ("Born: 1815", 50, 90), ("Town: London", 50, 130)], ImageKind.FORM),
        ([("Tel: 12 34", 50, 50), ("Fax: 12 35", 50, 90), ("Web: a.example", 50, 130)], ImageKind.DRAWING),
        ([("SHEET NO.", 50, 50), ("DRAWN BY", 50, 90), ("SCALE", 50, 130), ("C-1", 300, 50)], ImageKind.DIAGRAM),
        ([("hello", 50, 50)], ImageKind.DRAWING),
        ([], ImageKind.DRAWING),
    ],
)
def test_kind_of_drawn_pages(lines: list[Written], kind: ImageKind) -> None:
    assert judge(page(lines)) is kind


def test_unmeasured_and_photographic_pictures_fall_back_to_photo() -> None:
    assert judge(Perception(800, 600)) is ImageKind.PHOTO
    assert judge(page([("STOP", 100, 100, 80)], statistics=PHOTOGRAPHED)) is ImageKind.PHOTO
    assert judge(page(AXIS, statistics=PHOTOGRAPHED)) is ImageKind.PHOTO


def test_small_drawn_pictures_are_icons_and_one_colour_is_blank() -> None:
    assert judge(page([], 64, 64)) is ImageKind.ICON
    assert judge(page([], statistics={**DRAWN, "colour_count": 1.0, "contrast": 0.0})) is ImageKind.BLANK


def test_a_thing_before_white_is_a_product_and_noisy_paper_is_not() -> None:
    white = {**PHOTOGRAPHED, "border_white_share": 1.0, "border_spread": 0.02}
    assert judge(page([("Green Tea", 400, 400, 60)], statistics=white)) is ImageKind.PRODUCT_PHOTO
    assert judge(page(PROSE, statistics={**white, "bright_share": 0.98})) is ImageKind.DOCUMENT


CIVIL: list[Written] = [
    ("LEGEND", 900, 60),
    ("Silt fence", 940, 100),
    ("Water main", 940, 140),
    ("SHEET NO.", 900, 700),
    ("DRAWN BY", 900, 740),
    ("SCALE 1:500", 900, 780),
]


def test_a_sheet_with_a_title_block_is_no_map_though_it_has_a_legend_and_a_scale() -> None:
    assert judge(page([("GRADING", 40, 30, 40), *CIVIL])) is ImageKind.DIAGRAM
    assert judge(page([("Trail map of Kelby", 40, 30, 40), *CIVIL])) is ImageKind.MAP


def test_a_list_of_invoices_beside_a_navigation_is_a_screen() -> None:
    navigation: list[Written] = [(name, 20, 100 + 46 * n) for n, name in enumerate(("Home", "Orders", "Team", "Help"))]
    rows: list[Written] = [
        cell
        for n, row in enumerate((("Invoice", "Total", "State"), *[("INV-1", "12.00", "Open")] * 5))
        for cell in zip(row, (400, 600, 800), (120 + 50 * n,) * 3, strict=True)
    ]
    assert judge(page([*navigation, *rows, ("VAT", 400, 600)])) is ImageKind.SCREENSHOT
    assert judge(page([*rows, ("VAT", 400, 600)])) is ImageKind.DOCUMENT


def test_boxes_of_a_diagram_may_be_called_like_buttons() -> None:
    ruled = {**DRAWN, "line_share": 0.75}
    assert judge(page(BOXES, statistics=ruled)) is ImageKind.DIAGRAM
    # The same words without a line between them are those of a screen.
    assert judge(page(BOXES)) is ImageKind.SCREENSHOT
    assert judge(page(DIALOG, statistics=ruled)) is ImageKind.SCREENSHOT


def test_a_field_for_searching_is_a_screens() -> None:
    for told in ("Search products...", "Search in mail", "Search for a street"):
        assert judge(page([(told, 40, 40), ("Harbour", 40, 300)])) is ImageKind.SCREENSHOT
    assert judge(page([("Search index", 40, 40), ("Harbour", 40, 300)])) is ImageKind.DRAWING


def test_soft_shades_without_text_are_photo_like() -> None:
    pale = {**DRAWN, "bright_share": 0.98, "colour_count": 900.0, "top_colour_share": 0.08}
    assert judge(page([], statistics=pale)) is ImageKind.PHOTO
    assert judge(page([], statistics={**pale, "top_colour_share": 0.6})) is ImageKind.DRAWING
    assert judge(page([], statistics={**pale, "colour_count": 40.0})) is ImageKind.DRAWING


def test_a_graphic_that_says_whose_data_it_is_made_of_is_no_page() -> None:
    tiles: list[Written] = [("ABC", 100 + 90 * (n % 9) + 37 * (n // 9), 200 + 60 * (n // 9)) for n in range(30)]
    title: Written = ("Dictators or parliaments?", 100, 40, 40)
    assert judge(page([title, *tiles])) is not ImageKind.DRAWING
    assert judge(page([title, *tiles, ("Data: a yearbook", 100, 850)])) is ImageKind.DRAWING


def test_running_text_about_this_map_is_on_a_map() -> None:
    told: list[Written] = [("This map shows how far the towns are apart", 100, 100)]
    told += [(f"and says in line {n} more of what it is about", 100, 140 + 40 * n) for n in range(6)]
    assert judge(page([("How far is it?", 100, 30, 40), *told])) is ImageKind.MAP
    more: list[Written] = [(f"a line {n} of a book that speaks of this map", 100, 400 + 30 * n) for n in range(9)]
    assert judge(page([*told, *more])) is ImageKind.DOCUMENT


def test_labels_in_boxes_of_pale_colours_are_a_diagram() -> None:
    names = [
        "input",
        "convolution 64",
        "pool",
        "convolution 128 / 2",
        "sum",
        "convolution 256 / 2",
        "pooling",
        "head of it",
    ]
    layers: list[Written] = [(name, 600 - 5 * len(name), 60 + 60 * n) for n, name in enumerate(2 * names)]
    figures = {**DRAWN, "white_share": 0.6, "bright_share": 0.92, "top_colour_share": 0.6}
    assert judge(page(layers, height=1100, statistics=figures)) is ImageKind.DIAGRAM


def test_a_few_remarks_with_colons_make_no_form() -> None:
    remarks: list[Written] = [("Length: 55", 100, 60), ("Length: 30", 700, 60), ("Words: 5", 700, 800)]
    code: list[Written] = [("<td> </td>", 100 + 90 * (n % 8), 120 + 60 * (n // 8)) for n in range(60)]
    assert judge(page([*remarks, *code])) is not ImageKind.FORM


def test_a_matrix_in_strong_colours_is_no_dark_screen() -> None:
    heads: list[Written] = [(name, 400 + 150 * n, 100) for n, name in enumerate(["red", "green", "blue", "grey"])]
    cells: list[Written] = [(str(n * row % 2), 400 + 150 * n, 100 + 80 * row) for row in range(1, 5) for n in range(4)]
    figures = {**DRAWN, "bright_share": 0.3, "white_share": 0.1, "brightness": 0.7}
    assert judge(page([*heads, *cells], statistics=figures)) is not ImageKind.SCREENSHOT
    assert judge(page([*heads, *cells], statistics={**figures, "brightness": 0.2})) is ImageKind.SCREENSHOT


def test_a_page_in_a_script_that_is_not_read_is_a_page() -> None:
    bits: list[Written] = [("?", 100, 100), ("SJ", 500, 700), ("r", 300, 900)]
    seen = page(bits, 900, 1200, statistics={**DRAWN, "bright_share": 0.02, "white_share": 0.0})
    assert judge(seen) is not ImageKind.DOCUMENT
    assert judge(replace(seen, statistics={**seen.statistics, "unread_lines": 22.0})) is ImageKind.DOCUMENT


def test_tabs_of_an_application_make_a_screen() -> None:
    tabs: list[Written] = [("Overview", 40, 30), ("Explorer", 200, 30), ("Monitoring", 360, 30)]
    assert judge(page([*tabs, *((f"a row of words {n}", 40, 200 + 60 * n) for n in range(5))])) is ImageKind.SCREENSHOT
