"""What can be said of a picture without much text: modest, and true."""

from collections.abc import Iterator

from scopix_server.domain.description import ImageKind, LabelGroup, Perception
from scopix_server.engines.grounded.kinds import plain_backdrop
from scopix_server.engines.grounded.layout import Layout
from scopix_server.engines.grounded.phrases import Statement, article, count_of, listing, quote, quoted_listing

__all__ = ["describe_drawing", "describe_photo", "photo_tags"]

GROUP_FROM = 0.42
"""From this probability on a group of labels is spoken of, as a likelihood."""
CLASS_FROM = 0.50
"""From this probability on a single class is named, as a likelihood within its group."""
# On a picture these groups say nothing: the text builders speak of screens and pages.
_UNSPOKEN = frozenset({"screen or page"})
_MOST_COLOURS = 4
_MOST_LINES = 16
_LEAST_SHARE = 0.08


def describe_photo(perception: Perception, layout: Layout, kind: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a photograph."""
    group = _group(perception)
    shape = _shape(perception)
    grey = perception.statistics.get("grey_share", 0.0) >= 0.97
    product = kind is ImageKind.PRODUCT_PHOTO
    opening = _opening(perception, shape, product=product, grey=grey)
    # What looks like a face on a product is mostly print or a pattern of it.
    faces = 0 if product else len(perception.faces)
    if group is not None:
        best = (
            f", perhaps {article(group.best)}" if _names_class(group.best_probability, group.name, group.best) else ""
        )
        evidence = {"label": group.name, "probability": round(group.probability, 3)}
        yield Statement(f"{opening} that most likely shows {_shown(group.name)}{best}.", evidence)
    elif faces:
        yield Statement(f"{opening} in which {_visible_faces(faces)} visible.", {"faces": faces})
    else:
        yield Statement(f"{opening}; what it shows could not be told with confidence.", {"labels": "none certain"})
    if faces and group is not None:
        yield Statement(f"{_visible_faces(faces).capitalize()} visible.", {"faces": faces})
    yield from _colours(perception, grey=grey)
    yield from _texts(layout, "Text on it:" if product else "Visible text:")


def _opening(perception: Perception, shape: str, *, product: bool, grey: bool) -> str:
    if product and plain_backdrop(perception):
        return "A product shot on a plain light background"
    noun = "product photo" if product else "photo"
    return f"A {shape} {'black-and-white ' if grey else ''}{noun}"


def describe_drawing(perception: Perception, layout: Layout, kind: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a drawn picture with little text: a graphic, an icon, one colour."""
    heading = layout.heading() if kind is ImageKind.DRAWING else None
    size = f"{perception.width} × {perception.height} pixels"
    if kind is ImageKind.BLANK:
        yield Statement("A blank image of one colour.", {"figures": ["colour_count", "contrast"]})
    elif kind is ImageKind.ICON:
        yield Statement(f"A small graphic or icon ({size}).", {"size": size})
    else:
        title = f" headed {quote(heading.text)}" if heading else ""
        evidence = {"figures": ["equal_neighbour_share"], "regions": [heading.index] if heading else []}
        yield Statement(f"A graphic{title}.", evidence)
    yield from _colours(perception, grey=False)
    yield from _texts(layout.without([heading]) if heading else layout, "Visible text:")


def photo_tags(perception: Perception) -> Iterator[str]:
    """Yield tags for a photograph: its likely group, faces, main colours, shape."""
    group = _group(perception)
    if group is not None:
        yield from group.name.split(" or ")
        if group.best_probability >= CLASS_FROM:
            yield group.best
    if perception.faces:
        yield from ("person", "face")
    if perception.statistics.get("grey_share", 0.0) >= 0.97:
        yield "black and white"
    else:
        yield from (colour.name for colour in perception.colours[:3] if colour.share >= 0.15)
    yield _shape(perception)


def _visible_faces(number: int) -> str:
    return f"{count_of(number, 'face')} {'is' if number == 1 else 'are'}"


def _group(perception: Perception) -> LabelGroup | None:
    best = next((label for label in perception.labels if label.name not in _UNSPOKEN), None)
    return best if best is not None and best.probability >= GROUP_FROM else None


def _names_class(probability: float, group: str, name: str) -> bool:
    return probability >= CLASS_FROM and not set(name.lower().split()) & set(group.lower().split())


def _shown(group: str) -> str:
    plural = {"food", "clothing", "furniture", "sports equipment"}
    return group if group in plural else " or ".join(article(part) for part in group.split(" or "))


def _shape(perception: Perception) -> str:
    ratio = perception.width / max(1, perception.height)
    if ratio > 2.2:
        return "panoramic"
    return "landscape-format" if ratio > 1.08 else "portrait-format" if ratio < 0.92 else "square"


def _colours(perception: Perception, *, grey: bool) -> Iterator[Statement]:
    names = [colour.name for colour in perception.colours if colour.share >= _LEAST_SHARE][:_MOST_COLOURS]
    if not names or grey:
        return
    evidence = {"colours": {c.name: round(c.share, 2) for c in perception.colours[:_MOST_COLOURS]}}
    noun = "The dominant colours are" if len(names) > 1 else "The dominant colour is"
    yield Statement(f"{noun} {listing(names)}.", evidence)


def _texts(layout: Layout, opening: str) -> Iterator[Statement]:
    lines = [line for line in layout.lines if any(character.isalnum() for character in line.text)]
    if lines:
        said = f"{opening} {quoted_listing([line.text for line in lines], _MOST_LINES)}."
        yield Statement(said, {"regions": [line.index for line in lines[:_MOST_LINES]]})
