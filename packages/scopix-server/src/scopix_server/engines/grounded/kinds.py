"""What sort of picture it is, judged from pixel figures and text. A photo is the fallback: the others need evidence."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.reading.entities import AREA, MONEY, SCALE
from scopix_server.domain.reading.layout import Layout, Line
from scopix_server.domain.reading.lines import columns_of, mostly_letters
from scopix_server.domain.reading.pages import empty_labels, form_noun
from scopix_server.domain.reading.rooms import DIMENSIONS, find_rooms
from scopix_server.domain.reading.sheets import has_title_block
from scopix_server.domain.reading.words import (
    CODE,
    CONTROL,
    LEGEND,
    MAP_TITLE,
    PAPER,
    PLAN_TITLE,
    ROOM,
    STRONG_CONTROL,
    noun_of,
)
from scopix_server.engines.grounded.axes import horizontal_axis, percentages, vertical_axis
from scopix_server.engines.statistics import looks_photographic, looks_taken

__all__ = ["is_photographic", "judge_kind", "plain_backdrop", "priced_rows"]

_MAP_SCALE = re.compile(r"\d+(?:[.,]\d+)?\s?(?:km|mi|miles?)", re.IGNORECASE)
_CLOCK = re.compile(r"[01]?\d[:.][0-5]\d|2[0-3][:.][0-5]\d")
_CONTACT = re.compile(r"(?:tel|phone|mobile|fax|e-?mail|mail|web|www|url|twitter|instagram)\b.{0,12}", re.IGNORECASE)

_FIGURES = frozenset({"grey_share", "colour_count", "equal_neighbour_share", "bright_share"})
_SMALL_SIDE = 128
_PAPER = 0.93  # share of bright pixels
_MOST_ON_A_PRODUCT = 20
_SENTENCE_WORDS = 6
_STATUS_BAR = 0.06  # of the height
_TALL = 0.75  # width / height of a telephone's screen, at most
_DARK = 0.35  # share of bright pixels, at most
_EMPTY_FIELDS = 4
_SHORT, _MOST_BOXES = 4, 40  # words of a label, and labels
_BOXED = 0.5  # of the ink on straight lines, at least
_APART = 3.0  # line heights between rows of boxes
_RULED = 0.4  # of the ink on straight lines: large type alone has up to 0.3
_LISTED = 4  # lines that start at the same x are a list, not labels of boxes
_LINES_OF_A_PAGE = 8
_ALL_PAPER = 0.8  # share of bright pixels
_SHADED, _SHADES = 0.2, 150  # share of the commonest colour, and number of colours, of what is shaded all over
_ONE_PAPER = 0.9  # share of the commonest colour: a page has one, an application several areas


def is_photographic(perception: Perception) -> bool:
    """Whether the pixels are those of a photograph; False where nothing was measured."""
    return perception.statistics.keys() >= _FIGURES and looks_photographic(perception.statistics)


def judge_kind(perception: Perception, layout: Layout) -> ImageKind:
    """Return the kind that the evidence speaks for."""
    figures = perception.statistics
    photographic = is_photographic(perception)
    if not layout.lines and figures and figures.get("colour_count", 2.0) <= 2 and figures.get("contrast", 1.0) < 0.01:
        return ImageKind.BLANK
    # Before the text is asked: a label on a product is text too.
    if _is_product(perception, layout) and (photographic or _rich(figures)):
        return ImageKind.PRODUCT_PHOTO
    kind = _by_text(perception, layout, photographic=photographic)
    if kind is not None:
        return kind
    if not photographic and max(perception.width, perception.height) <= _SMALL_SIDE:
        return ImageKind.ICON
    if photographic or not figures:
        return ImageKind.PHOTO
    return _by_look(perception, layout)


def _by_text(perception: Perception, layout: Layout, *, photographic: bool) -> ImageKind | None:
    heading = layout.heading()
    title = heading.text if heading else ""
    if _is_plan(layout, title):
        return ImageKind.FLOOR_PLAN
    # Civil plans have a legend and a scale as maps do, and a title block, which maps do not.
    drawn = not photographic and has_title_block(layout)
    if _is_map(layout.lines, title):
        return ImageKind.DIAGRAM if drawn and not MAP_TITLE.search(title) else ImageKind.MAP
    if not photographic and _is_chart(layout):
        return ImageKind.CHART
    screen = not photographic and _is_screen(perception, layout)
    if _is_paper(layout):
        # A list of invoices in an application has an invoice's words too, but beside a column that leads elsewhere.
        return ImageKind.SCREENSHOT if screen and layout.navigation() else ImageKind.DOCUMENT
    if screen:
        return ImageKind.SCREENSHOT
    if drawn:
        return ImageKind.DIAGRAM
    if _is_form(layout):
        return ImageKind.FORM
    if len(priced_rows(layout)) >= 3 or noun_of(title) is not None:
        return ImageKind.DOCUMENT
    return ImageKind.DOCUMENT if _sentences(layout) >= (8 if photographic else 4) else None


def _sentences(layout: Layout) -> int:
    return sum(len(line.text.split()) >= _SENTENCE_WORDS for line in layout.lines)


def _is_plan(layout: Layout, title: str) -> bool:
    rooms = find_rooms(layout)
    named = len({room.name.lower() for room in rooms if ROOM.fullmatch(room.name)})
    measured = sum(bool(AREA.search(line.text) or DIMENSIONS.search(line.text)) for line in layout.lines)
    entitled = any(PLAN_TITLE.search(line.text) for line in layout.lines)
    if named >= 2 and (measured >= 2 or entitled):
        return True
    if len(rooms) >= 3 and entitled:
        return True
    return PLAN_TITLE.search(title) is not None and any(SCALE.search(line.text) for line in layout.lines)


def _is_map(lines: Sequence[Line], title: str) -> bool:
    legend = any(LEGEND.fullmatch(line.text) for line in lines)
    scale = any(SCALE.search(line.text) or _MAP_SCALE.fullmatch(line.text) for line in lines)
    named = bool(MAP_TITLE.search(title))
    return (named and (legend or scale)) or (legend and scale)


def _is_chart(layout: Layout) -> bool:
    if layout.table() is not None:
        return False
    return bool(vertical_axis(layout) or horizontal_axis(layout)) or _is_pie(layout)


def _is_pie(layout: Layout) -> bool:
    """Whether at least three lone percentages stand about, not in one column or row, with few words beside them."""
    shares = percentages(layout)
    if len(shares) < 3 or len(layout.lines) > 4 * len(shares) + 4:
        return False
    spread_x = max(line.centre for line in shares) - min(line.centre for line in shares)
    spread_y = max(line.middle for line in shares) - min(line.middle for line in shares)
    return min(spread_x, spread_y) > 2 * shares[0].height and not columns_of(shares, 3)


def _is_paper(layout: Layout) -> bool:
    words = sum(bool(PAPER.search(line.text)) for line in layout.lines)
    return words >= 2 and sum(bool(MONEY.search(line.text)) for line in layout.lines) >= 3


def _is_screen(perception: Perception, layout: Layout) -> bool:
    lines = layout.lines
    strong = sum(bool(STRONG_CONTROL.fullmatch(line.text)) for line in lines)
    controls = sum(bool(CONTROL.fullmatch(line.text)) for line in lines)
    # Boxes of a diagram may be called "Archive", "Search index" or "Login", as a screen's buttons are.
    if strong >= 2 or ((strong or controls >= 2) and not _is_boxes(perception, layout)):
        return True
    if len(lines) >= 4 and sum(bool(CODE.fullmatch(line.text)) for line in lines) >= 2:
        return True
    tall = perception.width <= _TALL * perception.height
    return tall and any(line.middle < _STATUS_BAR and _CLOCK.fullmatch(line.text) for line in lines)


def _is_boxes(perception: Perception, layout: Layout) -> bool:
    """Whether a few short labels stand far apart among many straight lines, neither in lists nor in a table."""
    lines = [line for line in layout.lines if line is not layout.heading()]
    short = [line for line in lines if len(line.text.split()) <= _SHORT]
    if not 4 <= len(lines) <= _MOST_BOXES or len(short) < 0.8 * len(lines):
        return False
    if perception.statistics.get("line_share", 0.0) < _BOXED or layout.table() is not None:
        return False
    listed = sum(len(column) for column in columns_of(lines, 3))
    rows = sorted(row[0].middle for row in layout.rows)
    gaps = [after - before for before, after in pairwise(rows)]
    return listed < 0.34 * len(lines) and bool(gaps) and median(gaps) >= _APART * median(line.height for line in lines)


def _is_form(layout: Layout) -> bool:
    fields = layout.fields()
    sentences = _sentences(layout)
    if sentences >= max(4, len(fields)) and form_noun(layout) != "form":
        return False  # a memo, a recipe: text with a few labelled values above it
    table = layout.table()
    if table is not None and len(table.rows) >= len(fields) and form_noun(layout) != "form":
        return False  # a statement of account: a table with a few labelled values above it
    if len(fields) >= 3:
        return any(not _CONTACT.fullmatch(pair.label) for pair in fields)
    return len(empty_labels(layout)) >= max(_EMPTY_FIELDS, len(layout.lines) / 2)


def priced_rows(layout: Layout) -> list[tuple[Line, Line]]:
    """Return the rows that end in an amount of money with words before it, as (words, amount)."""
    rows = (row[-2:] for row in layout.rows if len(row) >= 2)
    return [(a, b) for a, b in rows if MONEY.fullmatch(b.text) and mostly_letters(a.text)]


def plain_backdrop(perception: Perception) -> bool:
    """Whether the frame of the image is white all round, and even."""
    figures = perception.statistics
    return figures.get("border_white_share", 0.0) >= 0.95 and figures.get("border_spread", 1.0) <= 0.1


def _is_product(perception: Perception, layout: Layout) -> bool:
    """Whether something stands before a plain backdrop that is not paper: bright all over, and full of text."""
    paper = perception.statistics.get("bright_share", 0.0) > _PAPER or len(layout.lines) > _MOST_ON_A_PRODUCT
    return plain_backdrop(perception) and not paper


def _is_white(figures: dict[str, float]) -> bool:
    """Whether all of it is one white sheet."""
    return figures.get("top_colour_share", 0.0) >= _ONE_PAPER and figures.get("white_share", 0.0) >= _ONE_PAPER


def _rich(figures: dict[str, float]) -> bool:
    """Whether there are more tones and fewer equal neighbours than anything drawn has, beside the backdrop's."""
    return figures.get("colour_count", 0.0) >= 2500 and figures.get("equal_neighbour_share", 1.0) <= 0.8


def _by_look(perception: Perception, layout: Layout) -> ImageKind:
    lines, figures = layout.lines, perception.statistics
    dark = figures.get("bright_share", 0.0) <= _DARK
    short = [line for line in lines if len(line.text.split()) <= 4]
    if layout.table() is not None:
        return ImageKind.SCREENSHOT if dark or layout.navigation() else ImageKind.DOCUMENT
    ruled = figures.get("line_share", 0.0) >= _RULED and not dark
    listed = sum(len(column) for column in columns_of(lines, _LISTED)) >= 0.6 * len(lines)
    if len(short) >= 4 and len(short) >= 0.7 * len(lines) and ruled and not listed:
        return ImageKind.DIAGRAM
    if perception.height > perception.width and len(lines) >= _LINES_OF_A_PAGE and not ruled and _is_white(figures):
        return ImageKind.DOCUMENT
    if len(lines) >= 12:
        panels = figures.get("top_colour_share", 1.0) < _ONE_PAPER and not ruled
        paper = figures.get("bright_share", 0.0) >= 0.8 and not (panels and layout.navigation())
        return ImageKind.DOCUMENT if paper else ImageKind.SCREENSHOT
    # A white sign before a pale wall is as bright as paper, but not all over.
    taken = figures.keys() >= _FIGURES and looks_taken(figures) and figures["bright_share"] < _ALL_PAPER
    return ImageKind.PHOTO if taken or _is_shaded(lines, figures) else ImageKind.DRAWING


def _is_shaded(lines: Sequence[Line], figures: dict[str, float]) -> bool:
    """Whether it is all soft shades, as a photograph of a pale room: what is drawn has one flat colour behind it."""
    flat = figures.get("top_colour_share", 1.0) >= _SHADED
    return len(lines) <= 1 and not flat and figures.get("colour_count", 0.0) >= _SHADES
