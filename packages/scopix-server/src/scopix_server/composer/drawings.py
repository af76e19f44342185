"""What can be said of plans and diagrams: title, rooms and areas, labelled entries, notes."""

import re
from collections.abc import Collection, Iterator, Sequence

from scopix_server.composer.papers import describe_field, found_in_text, texts_of
from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.numbers import parse_number
from scopix_server.domain.phrases import Statement, article, count_of, listing, quote, quoted_listing
from scopix_server.reading.entities import AREA, find_entities, full_area
from scopix_server.reading.layout import Layout, Line, Pair
from scopix_server.reading.legend import legend_entries
from scopix_server.reading.lines import letters
from scopix_server.reading.rooms import Room, find_rooms
from scopix_server.reading.sheets import diagram_title, drawing_noun, drawing_title, has_title_block
from scopix_server.reading.title_block import is_head, title_block
from scopix_server.reading.words import TITLE_BLOCK

__all__ = ["describe_diagram", "describe_plan"]

_METRIC = re.compile(r"m²|m2|sqm|sq\.?\s?m", re.IGNORECASE)
_SUM = re.compile(r"\b(?:total|gross|net|gia|gea|gesamt|summe|wohnfläche|site|plot|surface)", re.IGNORECASE)
_MAX_NOTES = 12


def describe_plan(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a floor plan or a technical drawing: title, rooms, areas, title block."""
    title = drawing_title(layout)
    rooms = find_rooms(layout)
    noun = drawing_noun(layout)
    if perception.statistics.get("grey_share", 0.0) >= 0.97:
        noun = f"black-and-white {noun}"
    yield _opening(noun, title)
    if rooms:
        yield _named(rooms)
    yield from _areas(layout, {index for room in rooms for index in room.indices})
    legend = legend_entries(layout)
    yield from _legend(legend)
    used = {index for room in rooms for index in room.indices} | {line.index for line in legend}
    used |= {title.index} if title else set()
    yield from _entries_and_notes(layout, used)


def describe_diagram(_perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a diagram or a technical drawing: title, labels, title block."""
    noun = "technical drawing" if has_title_block(layout) else "diagram"
    title = diagram_title(layout)
    yield _opening(noun, title)
    if noun == "technical drawing":
        legend = legend_entries(layout)
        yield from _legend(legend)
        yield from _entries_and_notes(layout, {line.index for line in [*legend, *([title] if title else [])]})
        return
    labels = [line for line in layout.lines if line is not title and len(line.text) > 1]
    if labels:
        sentence = f"Its labels read {quoted_listing([line.text for line in labels], 16)}."
        yield Statement(sentence, {"regions": [line.index for line in labels], "fields": {"labels": texts_of(labels)}})


def _opening(noun: str, title: Line | None) -> Statement:
    titled = f" titled {quote(title.text)}" if title else ""
    return Statement(f"{article(noun).capitalize()}{titled}.", {"regions": [title.index] if title else []})


def _named(rooms: Sequence[Room]) -> Statement:
    names = [f"{quote(room.name, 60)} ({_measure(room)})" if room.measure else quote(room.name, 60) for room in rooms]
    sentence = f"It names {count_of(len(rooms), 'room or space', 'rooms and spaces')}: {listing(names, 24)}."
    areas = [[room.name, room.measure] for room in rooms if AREA.fullmatch(room.measure)]
    fields = {"rooms": [room.name for room in rooms], "room_areas": areas}
    return Statement(sentence, {"regions": [index for room in rooms for index in room.indices], "fields": fields})


def _legend(legend: Sequence[Line]) -> Iterator[Statement]:
    if legend:
        text = f"The legend lists {quoted_listing([line.text for line in legend], 20)}."
        yield Statement(text, {"regions": [line.index for line in legend], "fields": {"legend": texts_of(legend)}})


def _measure(room: Room) -> str:
    # Feet and inches hold quotation marks of their own.
    return room.measure.replace('"', "″").replace("'", "′")


def _areas(layout: Layout, used: Collection[int]) -> Iterator[Statement]:
    marked = [(match[0], line) for line in layout.lines if (match := AREA.search(line.text))]
    others = [(text, line) for text, line in marked if line.index not in used]
    if others:
        noun = "Areas marked" if len(others) == len(marked) else "Further areas marked"
        parts = [quote(line.text, 60) if letters(line.text) > 3 else full_area(text) for text, line in others]
        yield Statement(f"{noun}: {listing(parts, 24)}.", {"regions": [line.index for _, line in others]})
    values = [parse_number(text) for text, _ in marked]
    metric = all(_METRIC.search(text) for text, _ in marked)
    if len(marked) < 2 or not metric or None in values or any(_SUM.search(line.text) for _, line in marked):
        return
    total = sum(value for value in values if value is not None)
    yield Statement(f"The areas add up to {total:.7g} m².", {"regions": [line.index for _, line in marked]})


def _entries_and_notes(layout: Layout, used: Collection[int]) -> Iterator[Statement]:
    """Yield the entries of a title block, the other writing, and dates and scales that are in neither."""
    pairs = [pair for pair in _entries(layout) if not set(pair.indices) & set(used)]
    if pairs:
        text = f"Labelled entries: {'; '.join(describe_field(pair) for pair in pairs)}."
        fields = {"title_block": [[pair.label, pair.value] for pair in pairs]}
        yield Statement(text, {"regions": [index for pair in pairs for index in pair.indices], "fields": fields})
    gone = {*used, *(index for pair in pairs for index in pair.indices)}
    rest = [
        line
        for line in layout.lines
        if line.index not in gone
        and not AREA.search(line.text)
        and letters(line.text) >= 3
        and not find_entities([(line.index, line.text)], drawn=True)
    ]
    if rest:
        text = f"Other notes: {quoted_listing([line.text for line in rest], _MAX_NOTES)}."
        yield Statement(text, {"regions": [line.index for line in rest[:_MAX_NOTES]]})
    yield from found_in_text(layout, but={pair.value for pair in pairs}, drawn=True)


def _entries(layout: Layout) -> list[Pair]:
    """Return labels with their values; a value without digits in capitals may be the next column's head.

    Such a one counts behind a colon, or where the label is one of those that title blocks have.
    """
    block = list(title_block(layout).values())
    sure = {pair.indices for pair in block}
    gone = {index for pair in block for index in pair.indices}
    others = [pair for pair in layout.fields() if pair.indices in sure or not gone.intersection(pair.indices)]
    known = {pair.indices for pair in others}
    pairs = [*(pair for pair in block if pair.indices not in known), *others]
    kept = [pair for pair in pairs if pair.indices in sure or _may_be_value(pair)]
    return sorted(kept, key=lambda pair: pair.indices)[:_MAX_NOTES]


def _may_be_value(pair: Pair) -> bool:
    """Whether it is no other label, and no note in capitals that happens to stand on the label's row."""
    if TITLE_BLOCK.fullmatch(pair.value.rstrip(" :")) or is_head(pair.value):
        return False
    return len(pair.indices) == 1 or not pair.value.isupper() or any(sign.isdigit() for sign in pair.value)
