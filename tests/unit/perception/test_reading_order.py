"""Reading order: pages drawn as boxes, with the order a person would read them."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.description import Box, TextRegion
from scopix_server.perception.reading_order import in_reading_order

WIDTH, HEIGHT = 1000.0, 1400.0
LINE = 20.0


def line(text: str, x: float, y: float, width: float, height: float = LINE) -> TextRegion:
    """A level line, in pixels of a 1000 x 1400 page."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return region(text, corners, WIDTH, HEIGHT)


def region(text: str, corners: list[tuple[float, float]], width: float, height: float) -> TextRegion:
    quad = tuple((x / width, y / height) for x, y in corners)
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return TextRegion(text, Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)), 0.99, quad)


def prose(name: str, x: float, y: float, width: float, count: int, pitch: float = 28) -> list[TextRegion]:
    return [line(f"{name} line number {n:02d} of running text", x, y + n * pitch, width) for n in range(count)]


def turned(regions: list[TextRegion], degrees: float) -> tuple[list[TextRegion], float]:
    """The page turned clockwise about its middle, and the aspect of the sheet that then holds it."""
    angle = math.radians(degrees)
    sheet = math.hypot(WIDTH, HEIGHT)

    def move(x: float, y: float) -> tuple[float, float]:
        x, y = x * WIDTH - WIDTH / 2, y * HEIGHT - HEIGHT / 2
        return (
            x * math.cos(angle) - y * math.sin(angle) + sheet / 2,
            x * math.sin(angle) + y * math.cos(angle) + sheet / 2,
        )

    return [region(r.text, [move(*corner) for corner in r.quad], sheet, sheet) for r in regions], 1.0


def read(regions: list[TextRegion], aspect: float = WIDTH / HEIGHT) -> list[str]:
    shuffled = list(regions)
    random.Random(7).shuffle(shuffled)
    return [r.text for r in in_reading_order(shuffled, aspect)]


def texts(regions: list[TextRegion]) -> list[str]:
    return [r.text for r in regions]


def two_columns(offset: float = 0.0) -> list[TextRegion]:
    heading = line("A heading over the whole width of the page", 60, 40, 880, 40)
    footer = line("A footnote that also runs over the whole width", 60, 1300, 880)
    return [heading, *prose("left", 60, 120, 420, 30), *prose("right", 520, 120 + offset, 420, 30), footer]


def three_columns() -> list[TextRegion]:
    return [*prose("one", 40, 100, 280, 20), *prose("two", 360, 100, 280, 20), *prose("three", 680, 100, 280, 20)]


def table() -> list[TextRegion]:
    return [
        line(f"r{row} c{column}", x, 100 + 40 * row, 90)
        for row in range(12)
        for column, x in enumerate((60, 300, 520, 800))
    ]


def form() -> list[TextRegion]:
    rows = [("Name", "Amara Okafor"), ("Company", "Delta Pumps"), ("Date", "14/03/2023"), ("Host", "J. Lindqvist")]
    regions = [line("VISITOR REGISTRATION FORM", 300, 40, 400, 36)]
    for number, (label, value) in enumerate(rows):
        regions += [line(label, 80, 150 + 60 * number, 90), line(value, 400, 148 + 60 * number, 180, 24)]
    return regions


def sidebar() -> list[TextRegion]:
    menu = [line(f"menu {n}", 20, 80 + 47 * n, 100) for n in range(8)]
    return [*menu, *prose("body", 240, 60, 700, 24)]


PAGES = {
    "two columns": two_columns(),
    "two columns, lines not level": two_columns(11),
    "three columns": three_columns(),
    "table": table(),
    "form": form(),
    "side bar": sidebar(),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_read_as_a_person_reads_them(name):
    assert read(PAGES[name]) == texts(PAGES[name])


@pytest.mark.parametrize("degrees", [-3, -1.5, 0.6, 3, 90, 180, 270, 88, 271.5])
@pytest.mark.parametrize("name", PAGES)
def test_skew_and_turns_change_nothing(name, degrees):
    regions, aspect = turned(PAGES[name], degrees)
    assert read(regions, aspect) == texts(PAGES[name])


def test_headings_come_before_the_columns_beneath_them():
    lower = [*prose("third", 60, 1000, 420, 8), *prose("fourth", 520, 1000, 420, 8)]
    page = [
        line("First heading over both of the columns", 60, 40, 880, 36),
        *prose("first", 60, 100, 420, 25),
        *prose("second", 520, 100, 420, 25),
        line("Second heading over both of the columns", 60, 900, 880, 36),
        *lower,
    ]
    assert read(page) == texts(page)


def test_a_table_under_columns_is_read_by_rows():
    rows = [line(f"r{row} c{column}", 60 + 460 * column, 1000 + 40 * row, 80) for row in range(6) for column in (0, 1)]
    page = [*two_columns()[:-1], line("Table 1: what was measured on the days of the trial", 60, 960, 880), *rows]
    assert read(page) == texts(page)


def test_the_heading_of_a_chart_comes_before_its_axis():
    axis = [line(f"{300 - 50 * n}", 20, 100 + 60 * n, 40) for n in range(7)]
    legend = [line("Bergen", 600, 130, 80), line("Oslo", 600, 165, 80)]
    page = [line("Rainfall by month", 300, 30, 400, 34), *axis, *legend]
    assert read(page) == texts(page)


def test_the_long_row_under_a_chart_is_not_torn_apart():
    legend = [line("Bergen", 220, 100, 80), line("Oslo", 320, 135, 80)]
    months = [line(f"M{n:02d}", 60 + 75 * n, 500, 40) for n in range(12)]
    page = [*legend, *months, line("Month", 400, 550, 80)]
    assert read(page) == texts(page)


def test_a_vertical_label_beside_level_text_keeps_its_place():
    axis = region("Temperature", [(30, 700), (30, 400), (54, 400), (54, 700)], WIDTH, HEIGHT)
    page = [line("Weather in the month of October", 60, 40, 700, 30), axis, *prose("text", 100, 100, 800, 40)]
    assert sorted(read(page)) == sorted(texts(page))
    body = [text for text in read(page) if text.startswith("text")]
    assert body == texts(page)[2:]


def test_regions_without_quads_are_ordered_by_their_boxes():
    page = [TextRegion(r.text, r.box, r.confidence) for r in two_columns()]
    assert read(page) == texts(page)


def test_nothing_and_one_line():
    assert in_reading_order([], 1.0) == ()
    assert read([line("only", 10, 10, 50)]) == ["only"]


coordinate = st.floats(0, 1)
regions_ = st.builds(
    lambda text, x, y, w, h, quad: TextRegion(text, Box(x, y, min(w, 1 - x), min(h, 1 - y)), 0.9, quad),
    st.text(max_size=30),
    coordinate,
    coordinate,
    st.floats(0, 0.9),
    st.floats(0, 0.1),
    st.one_of(st.just(()), st.tuples(*[st.tuples(coordinate, coordinate)] * 4)),
)


@given(st.lists(regions_, max_size=25), st.floats(0.05, 20), st.randoms(use_true_random=False))
def test_any_page_is_a_permutation_and_does_not_depend_on_the_order_given(regions, aspect, rng):
    shuffled = list(regions)
    rng.shuffle(shuffled)
    ordered = in_reading_order(regions, aspect)
    assert ordered == in_reading_order(shuffled, aspect)
    assert sorted(map(repr, ordered)) == sorted(map(repr, regions))


@given(st.integers(1, 6), st.integers(1, 30), st.floats(-3, 3))
def test_any_grid_of_short_cells_is_read_by_rows(columns, rows, degrees):
    cells = [
        line(f"{row}/{column}", 40 + 900 / columns * column, 30 + 1300 / rows * row, 60)
        for row in range(rows)
        for column in range(columns)
    ]
    regions, aspect = turned(cells, degrees)
    assert read(regions, aspect) == texts(cells)


def test_a_page_of_thousands_of_lines_is_ordered():
    page = [line(f"{n}", 10 + 95 * (n % 10), 2 + 3.4 * (n // 10), 60, 3) for n in range(4000)]
    assert read(page) == texts(page)


def test_a_map_of_thousands_of_scattered_names_is_ordered():
    rng = random.Random(3)
    page = [line(f"{n}", rng.uniform(0, 900), rng.uniform(0, 1390), 60, 8) for n in range(3000)]
    assert sorted(read(page)) == sorted(texts(page))


def test_a_staircase_of_lines_is_ordered_without_cubic_work():
    page = [line(f"{n}", n / 3, n * 0.3, 0.16, 1) for n in range(3000)]
    assert read(page) == texts(page)
