"""What can be said of plans, maps and charts."""

import re
from collections.abc import Iterator, Sequence

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.engines.grounded.entities import AREA, SCALE, find_entities, parse_number
from scopix_server.engines.grounded.kinds import LEGEND, ROOM, axis_numbers
from scopix_server.engines.grounded.layout import Layout, Line
from scopix_server.engines.grounded.papers import found_in_text
from scopix_server.engines.grounded.phrases import Statement, article, count_of, listing, quote, quoted_listing

__all__ = ["describe_chart", "describe_map", "describe_plan", "legend_entries", "place_names", "room_names"]

_LEGEND_GAP = 3.2  # line heights between two entries at most
_LEGEND_SHIFT = 6.0  # line heights between the header's left edge and its entries' at most


def describe_plan(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a floor plan or a technical drawing: title, rooms, areas, title block."""
    heading = layout.heading()
    rooms = room_names(layout)
    noun = "floor plan" if rooms else "technical drawing"
    grey = perception.statistics.get("grey_share", 0.0) >= 0.97
    opening = article(f"black-and-white {noun}" if grey else noun).capitalize()
    title = f" titled {quote(heading.text)}" if heading else ""
    yield Statement(f"{opening}{title}.", {"regions": [heading.index] if heading else []})
    if rooms:
        count = count_of(len(rooms), "room or space", "rooms and spaces")
        said = f"It names {count}: {quoted_listing([room.text for room in rooms], 24)}."
        yield Statement(said, {"regions": [room.index for room in rooms]})
    yield from _areas(layout)
    yield from _rest_of_plan(layout, heading, rooms)
    yield from found_in_text(layout)


def describe_map(_perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a map: title, legend, names, scale."""
    heading = layout.heading()
    title = f" titled {quote(heading.text)}" if heading else ""
    yield Statement(f"A map{title}.", {"regions": [heading.index] if heading else []})
    legend = legend_entries(layout)
    if legend:
        said = f"The legend lists {quoted_listing([line.text for line in legend], 20)}."
        yield Statement(said, {"regions": [line.index for line in legend]})
    places = place_names(layout, heading, legend)
    if places:
        said = f"Names on the map: {quoted_listing([line.text for line in places], 20)}."
        yield Statement(said, {"regions": [line.index for line in places]})
    yield from found_in_text(layout)


def describe_chart(_perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a chart: title, axes, other labels. Its values are not read off."""
    heading = layout.heading()
    axis = axis_numbers(layout)
    title = f" titled {quote(heading.text)}" if heading else ""
    yield Statement(f"A chart{title}.", {"regions": [heading.index] if heading else []})
    if axis:
        said = f"Its vertical axis runs from {axis[-1].text} to {axis[0].text}."
        yield Statement(said, {"regions": [line.index for line in axis]})
    bottom = _bottom_labels(layout, axis)
    if bottom:
        said = f"Along the bottom stand {quoted_listing([line.text for line in bottom], 14)}."
        yield Statement(said, {"regions": [line.index for line in bottom]})
    said_already = {line.index for line in [*axis, *bottom]} | ({heading.index} if heading else set())
    others = [line for line in layout.lines if line.index not in said_already and _letters(line.text) >= 3]
    if others:
        said = f"Other labels: {quoted_listing([line.text.strip(' ()') for line in others], 12)}."
        yield Statement(said, {"regions": [line.index for line in others]})


def room_names(layout: Layout) -> list[Line]:
    """Return the lines that name a room or a space."""
    return [line for line in layout.lines if ROOM.fullmatch(line.text)]


def legend_entries(layout: Layout) -> list[Line]:
    """Return the lines beneath the word "Legend", as long as they follow each other closely."""
    header = next((line for line in layout.lines if LEGEND.fullmatch(line.text)), None)
    if header is None:
        return []
    below = [
        line
        for line in layout.lines
        if line.middle > header.middle
        and abs(line.left - header.left) < _LEGEND_SHIFT * header.height
        and any(character.isalpha() for character in line.text)
    ]
    entries: list[Line] = []
    last = header
    for line in sorted(below, key=lambda line: line.middle):
        if line.middle - last.middle > _LEGEND_GAP * max(line.height, header.height):
            break
        entries.append(line)
        last = line
    return entries


def place_names(layout: Layout, heading: Line | None, legend: Sequence[Line]) -> list[Line]:
    """Return what is written on a map beside its title, its legend and its scale."""
    said = {line.index for line in legend} | ({heading.index} if heading else set())
    return [
        line
        for line in layout.lines
        if line.index not in said
        and not LEGEND.fullmatch(line.text)
        and not SCALE.search(line.text)
        and not any(character.isdigit() for character in line.text)
        and _letters(line.text) >= 3
        and len(line.text.split()) <= 4
    ]


def _areas(layout: Layout) -> Iterator[Statement]:
    marked = [(match[0], line.index) for line in layout.lines if (match := AREA.search(line.text))]
    if not marked:
        return
    values = [parse_number(text) for text, _ in marked]
    total = sum(value for value in values if value is not None)
    metric = all(re.search(r"m²|m2|sqm|sq\.?\s?m", text) for text, _ in marked) and None not in values
    sum_of_all = f" (together {total:g} m²)" if metric and len(marked) > 1 else ""
    said = f"Areas marked: {listing([text for text, _ in marked], 24)}{sum_of_all}."
    yield Statement(said, {"regions": [index for _, index in marked]})


def _rest_of_plan(layout: Layout, heading: Line | None, rooms: Sequence[Line]) -> Iterator[Statement]:
    said = {line.index for line in rooms} | ({heading.index} if heading else set())
    rest = [
        line
        for line in layout.lines
        if line.index not in said
        and not AREA.search(line.text)
        and _letters(line.text) >= 3
        and not find_entities([(line.index, line.text)])
    ]
    if rest:
        text = f"Other notes: {quoted_listing([line.text for line in rest], 12)}."
        yield Statement(text, {"regions": [line.index for line in rest[:12]]})


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


def _bottom_labels(layout: Layout, axis: Sequence[Line]) -> list[Line]:
    """Return the row of labels just beneath the vertical axis' lowest number."""
    if not axis:
        return []
    lowest = max(line.middle for line in axis)
    axis_indices = {line.index for line in axis}
    for row in layout.rows:
        labels = [line for line in row if line.index not in axis_indices and line.left > axis[0].right]
        if len(labels) >= 3 and 0 <= labels[0].middle - lowest < 5 * labels[0].height:
            return labels
    return []
