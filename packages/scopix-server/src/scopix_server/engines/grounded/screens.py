"""What can be said of a screenshot: heading, navigation, table, buttons."""

from collections.abc import Iterator

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.domain.phrases import Statement, quote, quoted_listing
from scopix_server.domain.reading.layout import Layout
from scopix_server.domain.reading.screens import read_screen
from scopix_server.engines.grounded.papers import found_in_text, texts_of
from scopix_server.engines.grounded.tables import describe_table

__all__ = ["describe_screenshot"]

_MOST_LINES = 16


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
        said = f"A column on the left lists {quoted_listing([line.text for line in navigation], 12, 40)}."
        fields = {"navigation": texts_of(navigation)}
        yield Statement(said, {"regions": [line.index for line in navigation], "fields": fields})
    if screen.table is not None:
        yield describe_table(screen.table)
    if screen.actions:
        actions = list(dict.fromkeys(line.text for line in screen.actions))
        said = f"Texts that name actions: {quoted_listing(actions, 10, 40)}."
        yield Statement(said, {"regions": [line.index for line in screen.actions], "fields": {"actions": actions}})
    rest = screen.others
    if rest:
        said = f"Also on it: {quoted_listing([line.text for line in rest], _MOST_LINES)}."
        yield Statement(said, {"regions": [line.index for line in rest[:_MOST_LINES]]})
    elif screen.table is None:
        yield from found_in_text(layout)
