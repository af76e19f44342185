"""What can be said of maps and charts: title, legend, names, axes. No value is read off a drawing."""

from collections.abc import Iterator, Sequence

from scopix_server.composer.papers import found_in_text, texts_of
from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.phrases import Statement, listing, quote, quoted_listing
from scopix_server.reading.axes import horizontal_axis, percentages, vertical_axis
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.legend import map_legend, place_names
from scopix_server.reading.lines import letters
from scopix_server.reading.titles import Title, map_title, title_of

__all__ = ["describe_chart", "describe_map"]

_AS_LARGE = 0.8  # of the title's type, as for headings


def describe_map(_perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a map: title, legend, names, scale."""
    heading = map_title(layout)
    title = f" titled {quote(heading.text)}" if heading else ""
    yield Statement(f"A map{title}.", {"regions": list(heading.indices) if heading else []})
    legend = map_legend(layout)
    if legend:
        sentence = f"The legend lists {quoted_listing([line.text for line in legend], 20)}."
        yield Statement(sentence, {"regions": [line.index for line in legend], "fields": {"legend": texts_of(legend)}})
    title_lines = [line for line in layout.lines if heading and line.index in heading.indices]
    places = place_names(layout, None, [*legend, *title_lines])
    if places:
        # Whether a word names a place, an entry of a legend or who drew it, its letters do not tell.
        sentence = f"Also written on the map: {quoted_listing([line.text for line in places], 20)}."
        yield Statement(sentence, {"regions": [line.index for line in places], "fields": {"places": texts_of(places)}})
    yield from found_in_text(layout, drawn=True)


def describe_chart(_perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a chart: title, axes, other labels. Its values are not read off."""
    heading = _only_title(layout)
    title = f" titled {quote(heading.text)}" if heading else ""
    yield Statement(f"A chart{title}.", {"regions": list(heading.indices) if heading else []})
    upright, level = vertical_axis(layout), horizontal_axis(layout)
    if upright:
        sentence = f"Numbers stand along its vertical axis, from {upright[-1].text} to {upright[0].text}."
        yield Statement(sentence, {"regions": [line.index for line in upright]})
    if level:
        # Without an upright axis it may be a scale of colours.
        along = "stand along its horizontal axis" if upright else "run across it"
        sentence = f"Numbers {along}, from {level[0].text} to {level[-1].text}."
        yield Statement(sentence, {"regions": [line.index for line in level]})
    bottom = [] if level else _bottom_labels(layout, upright)
    if bottom:
        sentence = f"Along the bottom stand {quoted_listing([line.text for line in bottom], 14)}."
        yield Statement(sentence, {"regions": [line.index for line in bottom], "fields": {"labels": texts_of(bottom)}})
    used = {line.index for line in [*upright, *level, *bottom]} | set(heading.indices if heading else ())
    others = [line for line in layout.lines if line.index not in used and _is_word(line.text)]
    if others:
        texts = [line.text.strip(" ()") for line in others]
        sentence = f"Other labels: {quoted_listing(texts, 14)}."
        yield Statement(sentence, {"regions": [line.index for line in others], "fields": {"labels": texts}})
    shares = percentages(layout) if not (upright or level) else []
    if shares:
        sentence = f"Percentages written on it: {listing([line.text for line in shares], 12)}."
        yield Statement(sentence, {"regions": [line.index for line in shares]})


def _only_title(layout: Layout) -> Title | None:
    """Return the title, unless another one as large stands beside it: then each of several plots has its own."""
    title = title_of(layout)
    if title is None:
        return None
    first = next(line for line in layout.lines if line.index == title.indices[0])
    row = next(row for row in layout.rows if first in row)
    return None if any(line.size >= _AS_LARGE * first.size for line in row if line is not first) else title


def _is_word(text: str) -> bool:
    """Whether it is more than a number with a unit: "Q3 2025" is, "40k" is not."""
    return letters(text) >= 3 or (letters(text) >= 1 and len(text) >= 4 and text[0].isalpha())


def _bottom_labels(layout: Layout, axis: Sequence[Line]) -> list[Line]:
    """Return the row of labels just beneath the vertical axis' lowest number."""
    if not axis:
        return []
    lowest = max(line.middle for line in axis)
    # The lowest number may not have been read; then the labels stand a step of the axis further down.
    step = (lowest - min(line.middle for line in axis)) / (len(axis) - 1)
    axis_indices = {line.index for line in axis}
    for row in layout.rows:
        labels = [line for line in row if line.index not in axis_indices and line.left > axis[0].right]
        if len(labels) >= 3 and 0 <= labels[0].middle - lowest < step + 5 * labels[0].height:
            return labels
    return []
