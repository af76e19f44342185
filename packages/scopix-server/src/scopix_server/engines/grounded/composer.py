"""The grounded composer: from what was perceived to a description, tags and visible text, without a language model."""

from collections.abc import Callable, Iterable, Iterator

from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.engines.grounded.drawings import (
    describe_chart,
    describe_map,
    describe_plan,
    legend_entries,
    room_names,
)
from scopix_server.engines.grounded.kinds import judge_kind
from scopix_server.engines.grounded.layout import Layout, read_layout
from scopix_server.engines.grounded.papers import describe_document, describe_form, document_noun
from scopix_server.engines.grounded.photo import describe_drawing, describe_photo, photo_tags
from scopix_server.engines.grounded.phrases import Statement, clean
from scopix_server.engines.grounded.screens import describe_screenshot

__all__ = ["GroundedComposer"]

Builder = Callable[[Perception, Layout, ImageKind], Iterator[Statement]]
_MAX_TAGS, _MAX_TAG_LENGTH = 40, 50
_MAX_TEXT = 20_000

_BUILDERS: dict[ImageKind, Builder] = {
    ImageKind.PHOTO: describe_photo,
    ImageKind.PRODUCT_PHOTO: describe_photo,
    ImageKind.SCREENSHOT: describe_screenshot,
    ImageKind.FORM: describe_form,
    ImageKind.DOCUMENT: describe_document,
    ImageKind.FLOOR_PLAN: describe_plan,
    ImageKind.MAP: describe_map,
    ImageKind.CHART: describe_chart,
    ImageKind.DIAGRAM: describe_drawing,
    ImageKind.DRAWING: describe_drawing,
    ImageKind.ICON: describe_drawing,
    ImageKind.BLANK: describe_drawing,
}

# What the caller says the picture is outweighs what it looks like; other categories leave the judgement to the look.
_KIND_OF_CATEGORY: dict[str, ImageKind] = {
    "blueprint": ImageKind.FLOOR_PLAN,
    "ce_plan": ImageKind.FLOOR_PLAN,
    "technical_diagram": ImageKind.DIAGRAM,
    "pid": ImageKind.DIAGRAM,
    "pfd": ImageKind.DIAGRAM,
    "product_photo": ImageKind.PRODUCT_PHOTO,
    "screenshot": ImageKind.SCREENSHOT,
    "map": ImageKind.MAP,
}
# A chart or a form under these categories says more when it is described as what it is.
_KEPT: dict[str, frozenset[ImageKind]] = {
    "map": frozenset({ImageKind.CHART, ImageKind.DIAGRAM}),
    "document": frozenset({ImageKind.FORM, ImageKind.DOCUMENT}),
    "product_photo": frozenset({ImageKind.DRAWING, ImageKind.PHOTO}),
}


class GroundedComposer:
    """Describes an image from its perception alone. Pure, deterministic, and offline."""

    name = "builtin"
    model = "grounded-composer 1"

    def describe(self, perception: Perception, category: str) -> Description:
        """Return what can be said of an image; every statement rests on a text region, a label or a figure.

        Args:
            perception: what was perceived; any, also an empty one.
            category: the caller's word for what it is, such as "general" or "map"; steers what is said.
        """
        layout = read_layout(perception)
        kind = _kind(perception, layout, category)
        statements = list(_BUILDERS[kind](perception, layout, kind))
        return Description(
            text=" ".join(statement.text for statement in statements),
            tags=_tidy(_tags(perception, layout, kind, category)),
            visible_text=_visible_text(perception),
            kind=kind,
            engine=self.name,
            model=self.model,
            category_data=_category_data(layout, kind),
            evidence=tuple({"statement": s.text, **s.evidence} for s in statements),
        )


def _kind(perception: Perception, layout: Layout, category: str) -> ImageKind:
    judged = judge_kind(perception, layout)
    if category == "document" and judged not in _KEPT["document"]:
        return ImageKind.FORM if len(layout.pairs()) >= 2 else ImageKind.DOCUMENT
    if judged in _KEPT.get(category, frozenset()) or judged is ImageKind.BLANK:
        return judged
    return _KIND_OF_CATEGORY.get(category, judged)


def _tags(perception: Perception, layout: Layout, kind: ImageKind, category: str) -> Iterator[str]:
    names = {
        ImageKind.PRODUCT_PHOTO: "product photo",
        ImageKind.FLOOR_PLAN: "floor plan" if room_names(layout) else "technical drawing",
    }
    yield names.get(kind, kind.value.replace("_", " "))
    if category != "general":
        yield category.replace("_", " ")
    if kind is ImageKind.DOCUMENT:
        yield document_noun(layout)
    if kind in {ImageKind.PHOTO, ImageKind.PRODUCT_PHOTO}:
        yield from photo_tags(perception)
    if kind is ImageKind.FLOOR_PLAN:
        yield from (line.text for line in room_names(layout))
    if kind is ImageKind.MAP:
        yield from (line.text for line in legend_entries(layout))
    table = layout.table() if kind in {ImageKind.SCREENSHOT, ImageKind.DOCUMENT} else None
    if table is not None:
        yield "table"
    heading = layout.heading()
    if heading is not None:
        yield heading.text
    if perception.text:
        yield "text"


def _tidy(tags: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for tag in tags:
        plain = clean(tag).strip(" .,:;–-").lower()
        if 2 <= len(plain) <= _MAX_TAG_LENGTH:
            kept.setdefault(plain)
    return tuple(kept)[:_MAX_TAGS]


def _visible_text(perception: Perception) -> str | None:
    text = "\n".join(line for region in perception.text if (line := clean(region.text)))
    return text[:_MAX_TEXT] or None


def _category_data(layout: Layout, kind: ImageKind) -> dict[str, object]:
    if kind is ImageKind.MAP:
        return {"legend": [line.text for line in legend_entries(layout)]}
    return {}
