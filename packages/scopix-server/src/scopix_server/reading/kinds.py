"""What sort of picture it is, judged from pixel figures and text. A photo is the fallback: the others need evidence."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.photographic import looks_photographic, looks_taken
from scopix_server.reading.axes import horizontal_axis, percentages, scales, vertical_axis
from scopix_server.reading.entities import AREA, MONEY, SCALE
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import columns_of, letters, mostly_letters, words_in
from scopix_server.reading.pages import empty_labels, form_noun
from scopix_server.reading.places import PLACE
from scopix_server.reading.rooms import DIMENSIONS, find_rooms
from scopix_server.reading.sheets import has_title_block
from scopix_server.reading.titles import map_title
from scopix_server.reading.words import (
    CODE,
    CONTROL,
    LEGEND,
    LOG,
    MAP_DATA,
    MAP_TITLE,
    PAPER,
    PLAN_TITLE,
    ROOM,
    STRONG_CONTROL,
    noun_of,
)

__all__ = ["is_photographic", "judge_kind", "plain_backdrop", "priced_rows"]

_MAP_SCALE = re.compile(r"\d+(?:[.,]\d+)?\s?(?:km|mi|miles?)", re.IGNORECASE)
_DEGREES = re.compile(r"\d{1,3}(?:\.\d{1,6})?\s?°\s?(?:\d{1,2}\s?['’′]\s?)?[NSEWO](?![a-z])")
_A_MAP = re.compile(r"\b(?:map|karte|mapa|carte)\b", re.IGNORECASE)
_THIS_MAP = re.compile(r"\bthis map\b|\bdiese karte\b|\bcette carte\b", re.IGNORECASE)
_CREDIT = re.compile(r"(?:.{0,40}\|\s?)?(?:data|source|daten|quelle|données|fuente)\s?[:|]", re.IGNORECASE)
_MAX_ON_A_MAP, _MAX_SENTENCES = (
    40,
    6,
)  # lines, and those of running text, with which a picture may be a map by its credits
_MAX_ABOUT_A_MAP = 10  # lines of running text on a picture that speaks of "this map"
_CLOCK = re.compile(r"[01]?\d[:.][0-5]\d|2[0-3][:.][0-5]\d")
_CONTACT = re.compile(r"(?:tel|phone|mobile|fax|e-?mail|mail|web|www|url|twitter|instagram)\b.{0,12}", re.IGNORECASE)

_FIGURES = frozenset({"grey_share", "colour_count", "equal_neighbour_share", "bright_share"})
_SMALL_SIDE = 128
_PAPER = 0.93  # share of bright pixels
_MAX_ON_A_PRODUCT = 20
_SENTENCE_WORDS = 6
_STATUS_BAR = 0.06  # of the height
_TALL = 0.75  # width / height of a telephone's screen, at most
_DARK = 0.35  # share of bright pixels, at most
_UNREAD_PAGE = 12  # lines in a script that is not read, and as many as are read: only pages have so many
_DARK_GROUND = 0.5  # mean luma
_EMPTY_FIELDS = 4
_OF_A_FORM = 0.08  # fields to a line: with fewer they are remarks on something else
_LINES_OF_A_LOG = 4
_BOXED_IN_DARK = 0.6  # of the ink on straight lines: dark screens of code and forms have up to 0.5
_SHORT, _MAX_BOXES = 4, 40  # words of a label, and labels
_BOXED = 0.5  # of the ink on straight lines, at least
_APART = 3.0  # line heights between rows of boxes
_RULED = 0.4  # of the ink on straight lines: large type alone has up to 0.3
_LISTED = 4  # lines that start at the same x are a list, not labels of boxes
_LINES_OF_A_PAGE = 8
_ALL_PAPER = 0.8  # share of bright pixels
_SHADED, _SHADES = 0.2, 150  # share of the commonest colour, and number of colours, of what is shaded all over
_BOXES_CENTRED = 2  # pairs of centred lines, and twice as many as pairs that start alike, in a diagram's boxes
_BOXES = 2  # places: all of a certificate is centred on one
_CENTRED, _FILLED = 6, 0.75  # pairs of centred lines, and share of white, where labels stand in boxes of pale colours
_FOOT = 0.85  # of the height
_BOXED_FAINTLY = 0.3  # of the ink on straight lines, where the lines are centred as well
_DARK_RULED = 0.4  # of the ink on straight lines: dark maps have up to .32, dark dialogs from .45 on
_SET_LEFT = 3  # pairs of lines that start alike, from which on it is set as screens are
_NUMBERED = 0.4  # of the lines: a drawing has dimensions, a dialog few numbers
_INK_OF_TYPE = 0.4  # of the boxes around it: type inks 15 to 25 %
_LARGE_TYPE = 0.08  # of the height: a lone line so high is a sign or a name rather than text
_SIDEWAYS = 0.5  # of the lines
_UNRULED = 0.35  # of the ink on straight lines: coasts and borders have few
_MIN_SIDEWAYS = 6  # lines
_PLOTS = 2
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
    plotted = vertical_axis(layout) and horizontal_axis(layout)
    mapped = not photographic and _is_map(layout.lines, "")
    if _is_product(perception, layout) and (photographic or _rich(figures)) and not (plotted or mapped):
        return ImageKind.PRODUCT_PHOTO
    if plotted and layout.table() is None:
        return ImageKind.CHART
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
    if not photographic and not drawn and (kind := _by_setting(perception, layout)) is not None:
        return kind
    if drawn:
        return ImageKind.DIAGRAM
    if _is_form(layout):
        return ImageKind.FORM
    if len(priced_rows(layout)) >= 3 or noun_of(title) is not None:
        return ImageKind.DOCUMENT
    return ImageKind.DOCUMENT if _sentences(layout) >= (8 if photographic else 4) else None


def _sentences(layout: Layout) -> int:
    return sum(words_in(line.text) >= _SENTENCE_WORDS for line in layout.lines)


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
    # Whose data a map is made of, and degrees of latitude: on a page of text these are spoken of.
    surveyed = (
        any(MAP_DATA.search(line.text) for line in lines) or sum(bool(_DEGREES.search(line.text)) for line in lines) > 0
    )
    placed = bool(PLACE.search(title)) and (named or any(_CREDIT.match(line.text) for line in lines))
    sentences = sum(len(line.text.split()) >= _SENTENCE_WORDS for line in lines)
    few = len(lines) <= _MAX_ON_A_MAP and sentences <= _MAX_SENTENCES
    # What speaks of "this map" may say more about it.
    spoken_of = sentences <= _MAX_ABOUT_A_MAP and any(_THIS_MAP.search(line.text) for line in lines)
    return (
        (named and (legend or scale))
        or (legend and scale)
        or (few and (surveyed or placed or bool(_A_MAP.search(title))))
        or (len(lines) <= _MAX_ON_A_MAP and spoken_of)
    )


def _is_chart(layout: Layout) -> bool:
    if layout.table() is not None:
        return False
    if vertical_axis(layout) or horizontal_axis(layout) or _is_pie(layout):
        return True
    numbers = sum(_is_number(line.text) for line in layout.lines)
    return numbers >= _NUMBERED * len(layout.lines) and scales(layout) >= _PLOTS


def _is_number(text: str) -> bool:
    return any(sign.isdigit() for sign in text) and letters(text) <= 1


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
    # A word counts once: what stands in five boxes of a diagram names no five buttons.
    strong = len({line.text for line in lines if STRONG_CONTROL.fullmatch(line.text)})
    controls = len({line.text for line in lines if CONTROL.fullmatch(line.text)})
    # Boxes of a diagram may be called "Archive", "Search index" or "Login", as a screen's buttons are.
    boxed = _is_boxes(perception, layout) or _by_setting(perception, layout) is ImageKind.DIAGRAM
    if strong >= 2 or ((strong or controls >= 2) and not boxed):
        return True
    if len(lines) >= 4 and sum(bool(CODE.fullmatch(line.text)) for line in lines) >= 2:
        return True
    if sum(bool(LOG.match(line.text)) for line in lines) >= _LINES_OF_A_LOG:
        return True
    tall = perception.width <= _TALL * perception.height
    return tall and any(line.middle < _STATUS_BAR and _CLOCK.fullmatch(line.text) for line in lines)


def _is_boxes(perception: Perception, layout: Layout) -> bool:
    """Whether a few short labels stand far apart among many straight lines, neither in lists nor in a table."""
    heading = layout.heading()
    lines = [line for line in layout.lines if line is not heading]
    short = [line for line in lines if len(line.text.split()) <= _SHORT]
    if not 4 <= len(lines) <= _MAX_BOXES or len(short) < 0.8 * len(lines):
        return False
    if perception.statistics.get("line_share", 0.0) < _BOXED or layout.table() is not None:
        return False
    listed = sum(len(column) for column in columns_of(lines, 3))
    rows = sorted(row[0].middle for row in layout.rows)
    gaps = [after - before for before, after in pairwise(rows)]
    return listed < 0.34 * len(lines) and bool(gaps) and median(gaps) >= _APART * median(line.height for line in lines)


def _by_setting(perception: Perception, layout: Layout) -> ImageKind | None:
    """Return DIAGRAM where few short labels are centred in boxes, SCREENSHOT for dark ruled lists, else None."""
    figures, lines = perception.statistics, layout.lines
    if not figures or not lines or layout.table() is not None:
        return None
    setting = layout.alignment
    ruled = figures.get("line_share", 0.0)
    short = sum(len(line.text.split()) <= _SHORT for line in lines) >= 0.7 * len(lines)
    centred = setting.centred >= max(_BOXES_CENTRED, 2 * setting.left) and setting.centres >= _BOXES
    if short and centred and ruled >= _BOXED_FAINTLY and len(lines) <= _MAX_BOXES:
        return ImageKind.DIAGRAM
    dark = _is_dark(figures, 1.0)
    if dark and ruled >= _DARK_RULED and setting.left > 2 * setting.centred:
        return ImageKind.SCREENSHOT
    return None


def _is_form(layout: Layout) -> bool:
    fields = layout.fields()
    sentences = _sentences(layout)
    if sentences >= max(4, len(fields)) and form_noun(layout) != "form":
        return False  # a memo, a recipe: text with a few labelled values above it
    table = layout.table()
    if table is not None and len(table.rows) >= len(fields) and form_noun(layout) != "form":
        return False  # a statement of account: a table with a few labelled values above it
    if len(fields) >= 3 and len(fields) >= _OF_A_FORM * len(layout.lines):
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
    paper = perception.statistics.get("bright_share", 0.0) > _PAPER or len(layout.lines) > _MAX_ON_A_PRODUCT
    return plain_backdrop(perception) and not paper


def _is_dark(figures: dict[str, float], bright_share: float) -> bool:
    """Whether it is set on a dark ground; what has strong colours has as few pixels that are bright and grey."""
    return figures.get("bright_share", bright_share) <= _DARK and figures.get("brightness", 0.0) <= _DARK_GROUND


def _is_white(figures: dict[str, float]) -> bool:
    """Whether all of it is one white sheet."""
    return figures.get("top_colour_share", 0.0) >= _ONE_PAPER and figures.get("white_share", 0.0) >= _ONE_PAPER


def _rich(figures: dict[str, float]) -> bool:
    """Whether there are more tones and fewer equal neighbours than anything drawn has, beside the backdrop's."""
    return figures.get("colour_count", 0.0) >= 2500 and figures.get("equal_neighbour_share", 1.0) <= 0.8


def _by_look(perception: Perception, layout: Layout) -> ImageKind:
    lines, figures = layout.lines, perception.statistics
    dark = _is_dark(figures, 0.0)
    short = [line for line in lines if len(line.text.split()) <= 4]
    if layout.table() is not None:
        return ImageKind.SCREENSHOT if dark or layout.navigation() else ImageKind.DOCUMENT
    if _is_only_text(perception, layout):
        return ImageKind.DOCUMENT
    if len(lines) >= _MIN_SIDEWAYS and sum(line.vertical for line in lines) > _SIDEWAYS * len(lines):
        return ImageKind.DIAGRAM  # words along axes and rows; a page on its side is turned upright before
    setting = layout.alignment
    ruled = figures.get("line_share", 0.0) >= (_BOXED_IN_DARK if dark else _RULED)
    listed = sum(len(column) for column in columns_of(lines, _LISTED)) >= 0.6 * len(lines)
    if len(short) >= 4 and len(short) >= 0.7 * len(lines) and ruled and not listed:
        numbers = sum(_is_number(line.text) for line in lines)
        dialog = setting.left >= max(_SET_LEFT, 2 * setting.centred) and numbers < _NUMBERED * len(lines)
        return ImageKind.SCREENSHOT if dialog else ImageKind.DIAGRAM
    if perception.height > perception.width and len(lines) >= _LINES_OF_A_PAGE and not ruled and _is_white(figures):
        return ImageKind.DOCUMENT
    if perception.height > perception.width and figures.get("unread_lines", 0.0) >= max(_UNREAD_PAGE, len(lines)):
        return ImageKind.DOCUMENT
    if _is_credited(layout):
        return _map_or_drawing(perception, layout)
    if setting.centred >= max(_CENTRED, 2 * setting.left) and not _sentences(layout) and _is_shaded_paper(figures):
        return ImageKind.DIAGRAM
    if len(lines) >= 12:
        panels = figures.get("top_colour_share", 1.0) < _ONE_PAPER and not ruled
        paper = figures.get("bright_share", 0.0) >= 0.8 and not (panels and layout.navigation())
        if paper:
            return ImageKind.DOCUMENT
        if setting.left >= max(_SET_LEFT, setting.centred):
            # A portrait sheet on which something is printed: telephones' screens were known by their clock before.
            return ImageKind.DOCUMENT if perception.height > perception.width and not dark else ImageKind.SCREENSHOT
    # A white sign before a pale wall is as bright as paper, but not all over.
    taken = figures.keys() >= _FIGURES and looks_taken(figures) and figures["bright_share"] < _ALL_PAPER
    if taken or _is_shaded(lines, figures):
        return ImageKind.PHOTO
    return _map_or_drawing(perception, layout)


def _map_or_drawing(perception: Perception, layout: Layout) -> ImageKind:
    lines, figures = layout.lines, perception.statistics
    title = map_title(layout)
    # What is drawn, unruled and titled with a country is a map; charts of countries have axes, or are ruled.
    place = title is not None and PLACE.search(title.text) is not None and len(lines) <= _MAX_ON_A_MAP
    return ImageKind.MAP if place and figures.get("line_share", 1.0) <= _UNRULED else ImageKind.DRAWING


def _is_credited(layout: Layout) -> bool:
    """Whether it says at its foot whose data or work it is, as graphics do, and has little running text."""
    foot = any(line.middle >= _FOOT and _CREDIT.match(line.text) for line in layout.lines)
    return foot and _sentences(layout) <= _MAX_SENTENCES


def _is_shaded_paper(figures: dict[str, float]) -> bool:
    """Whether large parts of what is bright are not white: boxes filled with pale colours."""
    return figures.get("bright_share", 0.0) >= _ALL_PAPER and figures.get("white_share", 1.0) <= _FILLED


def _is_only_text(perception: Perception, layout: Layout) -> bool:
    """Whether all that is on a white sheet is type: no more ink than its lines account for."""
    white = perception.statistics.get("white_share", 0.0)
    boxes = sum(region.box.width * region.box.height for region in perception.text)
    large = len(layout.lines) == 1 and layout.lines[0].height > _LARGE_TYPE
    return bool(layout.lines) and not large and white >= _ONE_PAPER and 1 - white <= _INK_OF_TYPE * boxes


def _is_shaded(lines: Sequence[Line], figures: dict[str, float]) -> bool:
    """Whether it is all soft shades, as a photograph of a pale room: what is drawn has one flat colour behind it."""
    flat = figures.get("top_colour_share", 1.0) >= _SHADED
    return len(lines) <= 1 and not flat and figures.get("colour_count", 0.0) >= _SHADES
