"""What can be said of a screenshot: heading, navigation, table, buttons."""

from collections.abc import Iterator

from scopix_server.composer.papers import found_in_text, texts_of
from scopix_server.composer.tables import describe_table
from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.phrases import Statement, quote, quoted_listing
from scopix_server.reading.layout import Layout
from scopix_server.reading.screens import read_screen

__all__ = ["describe_screenshot"]

_MAX_LINES = 16


def describe_screenshot(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a screenshot of an application or a web page."""
    screen = read_screen(layout)
    heading, navigation = screen.heading, screen.navigation
    size = f"{perception.width} × {perception.height} pixels"
    title = f" headed {quote(heading.text)}" if heading else ""
    yield Statement(
        f"A screenshot ({size}) of an application or web page{title}.", {"regions": [heading.index] if heading else []}
    )
    if navigation:
        sentence = f"A column on the left lists {quoted_listing([line.text for line in navigation], 12, 40)}."
        fields = {"navigation": texts_of(navigation)}
        yield Statement(sentence, {"regions": [line.index for line in navigation], "fields": fields})
    if screen.table is not None:
        yield describe_table(screen.table)
    if screen.actions:
        actions = list(dict.fromkeys(line.text for line in screen.actions))
        sentence = f"Texts that name actions: {quoted_listing(actions, 10, 40)}."
        yield Statement(sentence, {"regions": [line.index for line in screen.actions], "fields": {"actions": actions}})
    rest = screen.others
    if rest:
        sentence = f"Also on it: {quoted_listing([line.text for line in rest], _MAX_LINES)}."
        yield Statement(sentence, {"regions": [line.index for line in rest[:_MAX_LINES]]})
    elif screen.table is None:
        yield from found_in_text(layout)
