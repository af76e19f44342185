"""What can be said of a picture without much text: modest, and true."""

from collections.abc import Iterator

from scopix_server.domain.description import ImageKind, LabelGroup, Perception
from scopix_server.domain.phrases import Statement, article, count_of, listing, quote, quoted_listing
from scopix_server.domain.reading.layout import Layout
from scopix_server.engines.grounded.kinds import plain_backdrop

__all__ = ["describe_drawing", "describe_photo", "photo_tags"]

GROUP_FROM = 0.42
"""From this probability on a group of labels is spoken of, as a likelihood."""
TAG_FROM = 0.80
"""A tag has no "perhaps" to go with it, so a single class needs to be this likely to become one."""
CLASS_FROM = 0.50
"""From this probability on a single class is named, as a likelihood within its group."""
# Of screens and pages the text builders speak; of a group of all sorts only a single class says something.
_UNSPOKEN = frozenset({"screen or page"})
_CATCH_ALL = {"household object": "", "other animal": "animal"}
_UNCOUNTED = frozenset({"food", "clothing", "furniture", "sports equipment"})
_SURE = 0.9  # the recogniser's score from which on a text on a picture is stated as read
_MOST_COLOURS = 4
_MOST_LINES = 16
_LEAST_SHARE = 0.08
_GREY = 0.97


def describe_photo(perception: Perception, layout: Layout, kind: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a photograph."""
    product = kind is ImageKind.PRODUCT_PHOTO
    grey = perception.statistics.get("grey_share", 0.0) >= _GREY
    # What looks like a face on a product is mostly print or a pattern of it.
    faces = 0 if product else len(perception.faces)
    group = _group(perception)
    opening = _opening(perception, product=product, grey=grey)
    if group is not None:
        evidence = {"label": group.name, "probability": round(group.probability, 3)}
        yield Statement(f"{opening} that most likely shows {_shown(group)}.", evidence)
        if faces:
            yield Statement(f"{_visible_faces(faces).capitalize()} visible.", {"faces": faces})
    elif faces:
        yield Statement(f"{opening} in which {_visible_faces(faces)} visible.", {"faces": faces})
    elif product:
        yield Statement(f"{opening}.", {"figures": ["border_white_share", "border_spread"]})
    else:
        # Pixels alone do not tell a photograph from a picture made to look like one.
        said = f"{opening} or photo-like picture; what it shows could not be told with confidence."
        yield Statement(said, {"labels": "none certain"})
    yield from _colours(perception, grey=grey)
    yield from _texts(perception, layout, "Text on it:" if product else "Visible text:")


def _opening(perception: Perception, *, product: bool, grey: bool) -> str:
    if product and plain_backdrop(perception):
        return "A product shot on a plain light background"
    noun = "product photo" if product else "photo"
    return f"A {_shape(perception)} {'black-and-white ' if grey else ''}{noun}"


def describe_drawing(perception: Perception, layout: Layout, kind: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a drawn picture with little text: a graphic, an icon, one colour."""
    heading = layout.heading() if kind is ImageKind.DRAWING else None
    size = f"{perception.width} × {perception.height} pixels"
    if kind is ImageKind.BLANK:
        yield Statement("A blank image of one colour.", {"figures": ["colour_count", "contrast"]})
    elif kind is ImageKind.ICON:
        yield Statement(f"A small image ({size}).", {"size": size})
    else:
        title = f" headed {quote(heading.text)}" if heading else ""
        evidence = {"figures": ["equal_neighbour_share"], "regions": [heading.index] if heading else []}
        yield Statement(f"A graphic{title}.", evidence)
    yield from _colours(perception, grey=False)
    yield from _texts(perception, layout.without([heading]) if heading else layout, "Visible text:")


def photo_tags(perception: Perception, *, product: bool) -> Iterator[str]:
    """Yield tags for a photograph: its likely group, faces, main colours, shape."""
    group = _group(perception)
    if group is not None:
        yield from _CATCH_ALL.get(group.name, group.name).split(" or ")
        if group.best_probability >= TAG_FROM:
            yield group.best
    if perception.faces and not product:
        yield from ("person", "face")
    if perception.statistics.get("grey_share", 0.0) >= _GREY:
        yield "black and white"
    else:
        yield from (colour.name for colour in perception.colours[:3] if colour.share >= 0.15)
    yield _shape(perception)


def _visible_faces(number: int) -> str:
    return f"{count_of(number, 'face')} {'is' if number == 1 else 'are'}"


def _group(perception: Perception) -> LabelGroup | None:
    best = next((label for label in perception.labels if label.name not in _UNSPOKEN), None)
    if best is None or not best.probability >= GROUP_FROM:
        return None
    return best if _CATCH_ALL.get(best.name, best.name) or best.best_probability >= CLASS_FROM else None


def _shown(group: LabelGroup) -> str:
    """Return what the group is called, and its class where one is likely and says more than the group."""
    name = _CATCH_ALL.get(group.name, group.name)
    says_more = not set(group.best.lower().split()) & set(name.lower().split())
    named = group.best_probability >= CLASS_FROM and says_more
    if not name:
        return article(group.best)
    shown = name if name in _UNCOUNTED else " or ".join(article(part) for part in name.split(" or "))
    return f"{shown}, perhaps {article(group.best)}" if named else shown


def _shape(perception: Perception) -> str:
    ratio = perception.width / max(1, perception.height)
    if ratio > 2.2:
        return "panoramic"
    return "landscape-format" if ratio > 1.08 else "portrait-format" if ratio < 0.92 else "square"


def _colours(perception: Perception, *, grey: bool) -> Iterator[Statement]:
    named = [colour for colour in perception.colours if colour.share >= _LEAST_SHARE][:_MOST_COLOURS]
    if not named or grey:
        return
    noun = "The dominant colours are" if len(named) > 1 else "The dominant colour is"
    evidence = {"colours": {colour.name: round(colour.share, 2) for colour in named}}
    yield Statement(f"{noun} {listing([colour.name for colour in named])}.", evidence)


def _texts(perception: Perception, layout: Layout, opening: str) -> Iterator[Statement]:
    read = [line for line in layout.lines if any(character.isalnum() for character in line.text)]
    sure = [line for line in read if perception.text[line.index].confidence >= _SURE]
    # A single letter read without certainty is mostly a shape: a ring is an "O".
    unsure = [line for line in read if line not in sure and len(line.text) > 1]
    for lines, said in ((sure, opening), (unsure, "Text that could not be read with certainty:")):
        if lines:
            texts = quoted_listing([line.text for line in lines], _MOST_LINES)
            yield Statement(f"{said} {texts}.", {"regions": [line.index for line in lines[:_MOST_LINES]]})
