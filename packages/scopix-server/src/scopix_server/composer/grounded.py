"""The grounded composer: from what was perceived to a description, tags and visible text, without a language model."""

from collections.abc import Callable, Iterable, Iterator

from scopix_server.composer.charts import describe_chart, describe_map
from scopix_server.composer.descriptive import describe_descriptive
from scopix_server.composer.drawings import describe_diagram, describe_plan
from scopix_server.composer.file_form import describe_file_form
from scopix_server.composer.papers import describe_document, describe_form
from scopix_server.composer.photo import describe_drawing, describe_photo, photo_tags
from scopix_server.composer.screens import describe_screenshot
from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.domain.phrases import Statement, clean, count_of
from scopix_server.domain.visible_text import visible_text
from scopix_server.reading.kinds import judge_kind
from scopix_server.reading.layout import Layout, read_layout
from scopix_server.reading.legend import map_legend
from scopix_server.reading.pages import document_noun, form_noun, is_firm_document, page_title
from scopix_server.reading.rooms import find_rooms
from scopix_server.reading.screens import read_screen
from scopix_server.reading.sheets import drawing_noun, has_title_block
from scopix_server.reading.titles import map_title, title_of, top_title

__all__ = ["GroundedComposer"]

Builder = Callable[[Perception, Layout, ImageKind], Iterator[Statement]]
_MAX_TAGS, _MAX_TAG_LENGTH = 40, 50
_WRITTEN = 3  # lines of text from which on a picture may be taken for what its category says
_UNREAD, _UNREAD_SHARE = 2, 0.3  # lines from which on it is said that they could not be read
_SIGNS_FIRST = frozenset({"construction", "mining", "robotics"})
_MAX_DESCRIPTION = 4_000

_BUILDERS: dict[ImageKind, Builder] = {
    ImageKind.PHOTO: describe_photo,
    ImageKind.PRODUCT_PHOTO: describe_photo,
    ImageKind.SCREENSHOT: describe_screenshot,
    ImageKind.FORM: describe_form,
    ImageKind.DOCUMENT: describe_document,
    ImageKind.FLOOR_PLAN: describe_plan,
    ImageKind.MAP: describe_map,
    ImageKind.CHART: describe_chart,
    ImageKind.DIAGRAM: describe_diagram,
    ImageKind.DRAWING: describe_drawing,
    ImageKind.ICON: describe_drawing,
    ImageKind.BLANK: describe_drawing,
}

_LOOSE = frozenset({ImageKind.DRAWING, ImageKind.PHOTO, ImageKind.ICON})
_SKETCHED = _LOOSE | {ImageKind.FORM, ImageKind.DIAGRAM, ImageKind.MAP}
# What the caller says a picture is, and the kinds that give way to it. The others were judged by firm evidence, such
# as a legend or an invoice's words, and say more, and nothing false, when they are described as what they are.
_OVERRIDES: dict[str, tuple[ImageKind, frozenset[ImageKind]]] = {
    "blueprint": (ImageKind.FLOOR_PLAN, _SKETCHED),
    "ce_plan": (ImageKind.FLOOR_PLAN, _SKETCHED),
    "technical_diagram": (ImageKind.DIAGRAM, _LOOSE | {ImageKind.FORM}),
    "pid": (ImageKind.DIAGRAM, _LOOSE | {ImageKind.FORM}),
    "pfd": (ImageKind.DIAGRAM, _LOOSE | {ImageKind.FORM}),
    "screenshot": (
        ImageKind.SCREENSHOT,
        frozenset({ImageKind.DRAWING, ImageKind.DIAGRAM, ImageKind.DOCUMENT, ImageKind.FORM}),
    ),
    "map": (ImageKind.MAP, _LOOSE),
    "document": (ImageKind.DOCUMENT, _LOOSE | {ImageKind.SCREENSHOT}),
}


class GroundedComposer:
    """Describes an image from its perception alone. Pure, deterministic, and offline."""

    name = "builtin"
    model = "grounded-composer 2"

    def describe(self, perception: Perception, category: str) -> Description:
        """Return what can be said of an image; every statement rests on a text region, a label or a figure.

        Args:
            perception: what was perceived; any, also an empty one.
            category: the caller's word for what it is, such as "general" or "map"; steers what is said.
        """
        layout = read_layout(perception)
        kind = _kind(perception, layout, category)
        stated = [*_BUILDERS[kind](perception, layout, kind), *_unread(perception), *describe_file_form(perception)]
        stated += describe_descriptive(perception.descriptive)
        statements = _within_bounds(_in_order(stated, category))
        return Description(
            text=" ".join(statement.text for statement in statements),
            tags=_tidy(_tags(perception, layout, kind, category)),
            visible_text=visible_text(perception),
            kind=kind,
            engine=self.name,
            model=self.model,
            evidence=tuple({"statement": s.text, **s.evidence} for s in statements),
        )


def _kind(perception: Perception, layout: Layout, category: str) -> ImageKind:
    judged = judge_kind(perception, layout)
    # A picture that bears no writing is not made a map or a page by its category.
    if category not in _OVERRIDES or len(layout.lines) < _WRITTEN:
        return judged
    kind, giving_way = _OVERRIDES[category]
    loose_page = judged is ImageKind.DOCUMENT and not is_firm_document(layout)
    return kind if judged in giving_way or loose_page else judged


def _unread(perception: Perception) -> Iterator[Statement]:
    """Say that there is text that could not be read, where it is a good part of the text there is."""
    number = int(perception.statistics.get("unread_lines", 0))
    if number >= _UNREAD and number >= _UNREAD_SHARE * (number + len(perception.text)):
        lines = count_of(number, "line").capitalize()
        sentence = (
            f"{lines} that look like text could not be read: in a script that is not known here, by hand, or unclear."
        )
        yield Statement(sentence, {"figure": "unread_lines", "value": number})


def _in_order(statements: list[Statement], category: str) -> list[Statement]:
    """Put forward what the category asks for: on a site or a mine the signs come before the colours."""
    if category not in _SIGNS_FIRST:
        return statements
    return statements[:1] + sorted(statements[1:], key=lambda statement: "regions" not in statement.evidence)


def _within_bounds(statements: list[Statement]) -> list[Statement]:
    """Leave out the statements with which the description would become too long; the others stay whole."""
    kept: list[Statement] = []
    length = 0
    for statement in statements:
        if length + len(statement.text) < _MAX_DESCRIPTION:
            kept.append(statement)
            length += len(statement.text) + 1
    return kept


def _tags(perception: Perception, layout: Layout, kind: ImageKind, category: str) -> Iterator[str]:
    yield from _kind_tags(layout, kind)
    if category != "general":
        yield category.replace("_", " ")
    if kind in {ImageKind.PHOTO, ImageKind.PRODUCT_PHOTO}:
        yield from photo_tags(perception, product=kind is ImageKind.PRODUCT_PHOTO)
    if kind is ImageKind.FLOOR_PLAN:
        yield from (room.name for room in find_rooms(layout))
    if kind is ImageKind.MAP:
        yield from (line.text for line in map_legend(layout))
    if kind in {ImageKind.SCREENSHOT, ImageKind.DOCUMENT, ImageKind.FORM} and layout.table() is not None:
        yield "table"
    yield from _title_tags(layout, kind)
    if perception.text:
        yield "text"


def _title_tags(layout: Layout, kind: ImageKind) -> Iterator[str]:
    """The title that the description tells, if any; what is written across a photograph is no name for it."""
    if kind is ImageKind.SCREENSHOT:
        heading = read_screen(layout).heading
        if heading is not None:
            yield heading.text
    elif kind is ImageKind.MAP:
        yield from (title.text for title in [map_title(layout)] if title is not None)
    elif kind is ImageKind.DIAGRAM and not has_title_block(layout):
        yield from (title.text for title in [top_title(layout)] if title is not None)
    elif kind is ImageKind.DOCUMENT:
        yield from (title.text for title in [page_title(layout)] if title is not None)
    elif kind not in {ImageKind.PHOTO, ImageKind.PRODUCT_PHOTO}:
        yield from (title.text for title in [title_of(layout)] if title is not None)


def _kind_tags(layout: Layout, kind: ImageKind) -> Iterator[str]:
    if kind is ImageKind.FLOOR_PLAN:
        yield drawing_noun(layout)
    elif kind is ImageKind.FORM:
        yield form_noun(layout)
        yield "document"
    elif kind is ImageKind.DOCUMENT:
        yield "document"
        yield document_noun(layout)
    else:
        yield kind.value.replace("_", " ")


def _tidy(tags: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for tag in tags:
        plain = clean(tag).strip(" .,:;–-").lower()
        if 2 <= len(plain) <= _MAX_TAG_LENGTH:
            kept.setdefault(plain)
    return tuple(kept)[:_MAX_TAGS]
