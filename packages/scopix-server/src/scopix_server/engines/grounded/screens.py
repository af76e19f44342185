"""What can be said of a screenshot: heading, navigation, table, buttons."""

import re
from collections.abc import Iterator

from scopix_server.domain.description import ImageKind, Perception
from scopix_server.engines.grounded.layout import Layout, Line
from scopix_server.engines.grounded.papers import found_in_text
from scopix_server.engines.grounded.phrases import Statement, quote, quoted_listing
from scopix_server.engines.grounded.tables import describe_table
from scopix_server.engines.grounded.words import CODE

__all__ = ["describe_screenshot"]

_MOST_LINES = 16
_LINES_OF_CODE = 2

_ACTION = re.compile(
    r"(?:add|new|create|export|import|save|cancel|apply|submit|delete|edit|upload|download|search|sign (?:in|out|up)|"
    r"log ?(?:in|out)|next|previous|back|close|share|filter|refresh|send|print|buy|check out|ok)"
    r"(?:\s[^\s:;.,]{1,16}){0,3}",
    re.IGNORECASE,
)


def describe_screenshot(perception: Perception, layout: Layout, _: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a screenshot of an application or a web page."""
    navigation = _navigation(layout)
    main = layout.without(navigation)
    # A product's name stands above the heading in almost as large a type; code has no heading.
    code = sum(bool(CODE.fullmatch(line.text)) for line in layout.lines) >= _LINES_OF_CODE
    heading = None if code else main.heading(within=0.4, as_large=0.97)
    size = f"{perception.width} × {perception.height} pixels"
    title = f" headed {quote(heading.text)}" if heading else ""
    yield Statement(
        f"A screenshot ({size}) of an application or web page{title}.", {"regions": [heading.index] if heading else []}
    )
    if navigation:
        said = f"A column on the left lists {quoted_listing([line.text for line in navigation], 12, 40)}."
        yield Statement(said, {"regions": [line.index for line in navigation]})
    table = layout.table()
    inside = table.indices if table else frozenset()
    if table is not None:
        yield describe_table(table)
    actions = [line for line in main.lines if line.index not in inside and _ACTION.fullmatch(line.text)]
    if actions:
        said = f"Texts that name actions: {quoted_listing(list(dict.fromkeys(line.text for line in actions)), 10, 40)}."
        yield Statement(said, {"regions": [line.index for line in actions]})
    rest = [line for line in main.lines if line not in actions and line is not heading and line.index not in inside]
    if rest:
        said = f"Also on it: {quoted_listing([line.text for line in rest], _MOST_LINES)}."
        yield Statement(said, {"regions": [line.index for line in rest[:_MOST_LINES]]})
    elif table is None:
        yield from found_in_text(layout)


def _navigation(layout: Layout) -> list[Line]:
    """Return the column at the left, unless it begins with the page's own heading: then it is the page's text."""
    column = layout.navigation()
    heading = layout.heading(within=0.4, as_large=0.97)
    return [] if heading is not None and heading.index in {line.index for line in column} else column
