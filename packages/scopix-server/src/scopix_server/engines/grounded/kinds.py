"""What sort of picture it is, judged from pixel figures and text. A photo is the fallback: the others need evidence."""

import re
from collections.abc import Sequence
from itertools import pairwise

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.engines.grounded.entities import AREA, MONEY, SCALE, parse_number
from scopix_server.engines.grounded.layout import Layout, Line
from scopix_server.engines.statistics import looks_photographic

__all__ = ["LEGEND", "ROOM", "axis_numbers", "judge_kind"]

ROOM = re.compile(
    r"(?:master |guest |main |family |utility |store |walk-in |en[- ]?suite |open |covered |front |rear |double "
    r"|single )?"
    r"(?:bed ?room|bath ?room|living(?: room| area)?|dining(?: room| area)?|kitchen(?:ette)?|hall(?:way)?|lounge|study|"
    r"office|garage|pantry|laundry|utility|balcony|terrace|porch|patio|entrance|entry|lobby|foyer|corridor|closet|"
    r"wardrobe|toilet|wc|w\.c\.|shower(?: room)?|en[- ]?suite|nursery|library|storage|store(?: room)?|cellar|attic|"
    r"landing|stairs?|staircase|deck|conservatory|meeting(?: room)?|conference(?: room)?|reception|workshop|plant room|"
    r"lab(?:oratory)?|archive|server room|printer room|break room|canteen|cloakroom|playroom|den|gym|sauna|mud ?room)"
    r"(?:\s?(?:\d{1,3}[a-z]?|[a-z]|[ivx]{1,4}|\(.{1,20}\)))?",
    re.IGNORECASE,
)
LEGEND = re.compile(r"(?:map )?(?:legend|key|legende|légende|leyenda)(?: of .{1,30})?:?", re.IGNORECASE)
_PLAN_TITLE = re.compile(
    r"\b(?:floor|ground|storey|story|level|site|layout)\b.*\bplan\b|\bfloorplan\b|\bgrundriss\b", re.IGNORECASE
)
_MAP_TITLE = re.compile(r"\b(?:map|routes?|trails?|street plan|city plan|transit)\b", re.IGNORECASE)
_MAP_SCALE = re.compile(r"^\d+(?:[.,]\d+)?\s?(?:km|mi|miles?)$", re.IGNORECASE)
_PAPERS = re.compile(
    r"\b(?:invoice|receipt|total|subtotal|vat|tax|amount due|balance due|quotation|purchase order|delivery note)\b",
    re.IGNORECASE,
)
_CONTROLS = re.compile(
    r"(?:search.{0,30}|sign (?:in|out|up)|log ?(?:in|out)|settings|dashboard|home|menu|save(?: .{1,20})?|cancel|ok|"
    r"apply|submit|delete|edit|add .{1,20}|new .{1,20}|export .{1,20}|import .{1,20}|upload|download|"
    r"next ?(?:page)?|previous|back|close|help|profile|notifications?|inbox|file|view|tools|window|reports?|"
    r"users?|account|overview|refresh|filter.{0,20}|share|page \d+ of \d+|rows per page.{0,10})",
    re.IGNORECASE,
)

_FIGURES = frozenset({"grey_share", "colour_count", "equal_neighbour_share", "bright_share"})
_SMALL_SIDE = 128
_ROOMS_FOR_A_PLAN = 2
_PAIRS_FOR_A_FORM = 3
_SENTENCE_WORDS = 6


def judge_kind(perception: Perception, layout: Layout) -> ImageKind:
    """Return the kind that the evidence speaks for."""
    figures = perception.statistics
    photographic = figures.keys() >= _FIGURES and looks_photographic(figures)
    if not layout.lines and figures and figures.get("colour_count", 2.0) <= 2 and figures.get("contrast", 1.0) < 0.01:
        return ImageKind.BLANK
    # Before the text is asked: a label on a product is text too.
    if _plain_backdrop(perception) and (photographic or _rich(figures)):
        return ImageKind.PRODUCT_PHOTO
    kind = _by_text(layout, photographic=photographic)
    if kind is not None:
        return kind
    if max(perception.width, perception.height) <= _SMALL_SIDE:
        return ImageKind.ICON
    if photographic or not figures:
        return ImageKind.PHOTO
    return _by_look(perception, layout)


def _by_text(layout: Layout, *, photographic: bool) -> ImageKind | None:
    lines = layout.lines
    rooms = {line.text.lower() for line in lines if ROOM.fullmatch(line.text)}
    areas = sum(bool(AREA.search(line.text)) for line in lines)
    heading = layout.heading()
    title = heading.text if heading else ""
    if len(rooms) >= _ROOMS_FOR_A_PLAN and (areas >= 2 or any(_PLAN_TITLE.search(line.text) for line in lines)):
        return ImageKind.FLOOR_PLAN
    if _is_map(lines, title):
        return ImageKind.MAP
    if not photographic and len(axis_numbers(layout)) >= 4 and layout.table() is None:
        return ImageKind.CHART
    words = sum(bool(_PAPERS.search(line.text)) for line in lines)
    if words >= 2 and sum(bool(MONEY.search(line.text)) for line in lines) >= 3:
        return ImageKind.DOCUMENT
    if len(_controls(lines)) >= 2 and not photographic:
        return ImageKind.SCREENSHOT
    if len(layout.pairs()) >= _PAIRS_FOR_A_FORM:
        return ImageKind.FORM
    prose = sum(len(line.text.split()) >= _SENTENCE_WORDS for line in lines)
    return ImageKind.DOCUMENT if prose >= (8 if photographic else 4) else None


def _is_map(lines: Sequence[Line], title: str) -> bool:
    legend = any(LEGEND.fullmatch(line.text) for line in lines)
    scale = any(SCALE.search(line.text) or _MAP_SCALE.match(line.text) for line in lines)
    named = bool(_MAP_TITLE.search(title))
    return (named and (legend or scale)) or (legend and scale)


def _controls(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if _CONTROLS.fullmatch(line.text)]


def axis_numbers(layout: Layout) -> list[Line]:
    """Return the numbers along a vertical axis: right-aligned, evenly spaced, in arithmetic progression."""
    numbers = [line for line in layout.lines if not line.vertical and parse_number(line.text) is not None]
    numbers = [line for line in numbers if re.fullmatch(r"[-−]?[\d.,]+\s?[%kM]?", line.text)]
    best: list[Line] = []
    for anchor in numbers[:60]:
        column = [line for line in numbers if abs(line.right - anchor.right) < 0.8 * anchor.height]
        column.sort(key=lambda line: line.middle)
        if len(column) > len(best) and _even([line.middle for line in column], 0.12) and _progression(column):
            best = column
    return best


def _even(values: Sequence[float], tolerance: float) -> bool:
    steps = [b - a for a, b in pairwise(values)]
    if len(steps) < 2 or not all(steps):
        return False
    mean = sum(steps) / len(steps)
    return all(abs(step - mean) <= tolerance * abs(mean) for step in steps)


def _progression(column: Sequence[Line]) -> bool:
    values = [parse_number(line.text) for line in column]
    known = [value for value in values if value is not None]
    return len(known) == len(column) and known[0] > known[-1] and _even(known, 0.01)


def _plain_backdrop(perception: Perception) -> bool:
    figures = perception.statistics
    return figures.get("border_white_share", 0.0) >= 0.95 and figures.get("border_spread", 1.0) <= 0.1


def _rich(figures: dict[str, float]) -> bool:
    """Whether there are more tones and fewer equal neighbours than anything drawn has, beside the backdrop's."""
    return figures.get("colour_count", 0.0) >= 2500 and figures.get("equal_neighbour_share", 1.0) <= 0.8


def _by_look(perception: Perception, layout: Layout) -> ImageKind:
    short = [line for line in layout.lines if len(line.text.split()) <= 4]
    figures = perception.statistics
    if layout.table() is not None:
        return ImageKind.SCREENSHOT if perception.width >= perception.height else ImageKind.DOCUMENT
    if len(short) >= 4 and len(short) >= 0.7 * len(layout.lines) and figures.get("line_share", 0.0) >= 0.2:
        return ImageKind.DIAGRAM
    if len(layout.lines) >= 12:
        return ImageKind.DOCUMENT if figures.get("bright_share", 0.0) >= 0.8 else ImageKind.SCREENSHOT
    return ImageKind.DRAWING
