"""What can be said of a picture without much text: modest, and true."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scopix_server.domain.description import Face, ImageKind, LabelGroup, Perception
from scopix_server.domain.phrases import Statement, article, count_of, quote, quoted_listing
from scopix_server.domain.reading.layout import Layout
from scopix_server.engines.grounded.capture import LONG_EXPOSURE, describe_capture
from scopix_server.engines.grounded.kinds import plain_backdrop
from scopix_server.engines.grounded.look import describe_colours, describe_faces, describe_look, is_grey, look_tags

__all__ = ["describe_drawing", "describe_photo", "photo_tags"]

GROUP_FROM = 0.42
"""From this probability on a group of labels is spoken of, as a likelihood."""
PARENT_FROM = 0.50
"""From this probability on groups that belong together are spoken of together, when none of them is likely enough."""
TAG_FROM = 0.80
"""A tag has no "perhaps" to go with it, so a single class needs to be this likely to become one."""
CLASS_FROM = 0.50
"""From this probability on a single class is named, as a likelihood within its group."""
# Of screens and pages the text builders speak; of a group of all sorts only a single class says something.
_UNSPOKEN = frozenset({"screen or page"})
_CATCH_ALL = {"household object": "", "other animal": "animal"}
_UNCOUNTED = frozenset({"food", "clothing", "furniture", "sports equipment"})
_ANIMALS = ("cat", "dog", "bird", "fish", "insect or spider", "other animal")
_VEHICLES = ("road vehicle", "aircraft", "watercraft", "train")
_PARENTS: dict[str, tuple[str, ...]] = {
    "animal": _ANIMALS,
    "vehicle": _VEHICLES,
    "furniture or household things": ("furniture", "household object", "electronic device"),
}
_PARENT_TAGS = {
    **dict.fromkeys(_ANIMALS, "animal"),
    **dict.fromkeys(_VEHICLES, "vehicle"),
}
_WORN = "clothing"
_SURE = 0.9  # the recogniser's score from which on a text on a picture is stated as read
_MOST_LINES = 16
_PORTRAIT = 0.15  # of the height, from which on one face makes a portrait
_GROUP = 3


@dataclass(frozen=True, slots=True)
class _Likely:
    """What it most likely shows, in words, with the evidence."""

    said: str
    evidence: dict[str, Any]


def describe_photo(perception: Perception, layout: Layout, kind: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a photograph."""
    product = kind is ImageKind.PRODUCT_PHOTO
    # What looks like a face on a product is mostly print or a pattern of it.
    faces = () if product else perception.faces
    yield from _opening(perception, faces, product=product)
    yield from describe_faces(faces)
    if not product:
        yield from describe_look(perception)
    yield from describe_colours(perception)
    yield from describe_capture(perception.capture)
    yield from _texts(perception, layout, "Text on it:" if product else "Visible text:")


def _opening(perception: Perception, faces: tuple[Face, ...], *, product: bool) -> Iterator[Statement]:
    """Yield what it shows, or that this could not be told."""
    opening = _noun(perception, product=product)
    grey = ["black-and-white"] if is_grey(perception) else []
    likely = _likely(perception)
    # That a person whose face is seen wears something need not be told.
    if likely is not None and not (faces and likely.evidence["label"] == _WORN and "class" not in likely.evidence):
        yield Statement(f"{opening} that most likely shows {likely.said}.", {**likely.evidence, "look": grey})
        if faces:
            yield Statement(f"{_visible_faces(len(faces)).capitalize()} visible.", {"faces": len(faces)})
    elif faces:
        said = f"{opening} in which {_visible_faces(len(faces))} visible."
        yield Statement(said, {"faces": len(faces), "look": grey})
    elif product:
        yield Statement(f"{opening}.", {"figures": ["border_white_share", "border_spread"]})
    else:
        # Pixels alone do not tell a photograph from a picture made to look like one.
        said = f"{opening} or photo-like picture; what it shows could not be told with confidence."
        yield Statement(said, {"labels": "none certain", "look": grey})


def _noun(perception: Perception, *, product: bool) -> str:
    if product and plain_backdrop(perception):
        return "A product shot on a plain light background"
    noun = "product photo" if product else "photo"
    return f"A {_shape(perception)} {'black-and-white ' if is_grey(perception) else ''}{noun}"


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
    yield from describe_colours(perception, drawn=True)
    yield from _texts(perception, layout.without([heading]) if heading else layout, "Visible text:")


def photo_tags(perception: Perception, *, product: bool) -> Iterator[str]:
    """Yield tags for a photograph: its likely group, faces, light, main colours, shape."""
    group = _group(perception)
    if group is not None:
        yield from _CATCH_ALL.get(group.name, group.name).split(" or ")
        if group.best_probability >= TAG_FROM:
            yield group.best
        yield _PARENT_TAGS.get(group.name, "")
    elif (parent := _parent(perception)) is not None:
        yield from (part for part in parent[0].split(" or ") if part != "household things")
    if perception.faces and not product:
        yield from ("person", "face")
        if len(perception.faces) >= _GROUP:
            yield "group of people"
        elif len(perception.faces) == 1 and perception.faces[0].box.height >= _PORTRAIT:
            yield "portrait"
    yield from look_tags(perception)
    if perception.capture is not None and (perception.capture.exposure or 0.0) >= LONG_EXPOSURE:
        yield "long exposure"
    yield _shape(perception)


def _visible_faces(number: int) -> str:
    return f"{count_of(number, 'face')} {'is' if number == 1 else 'are'}"


def _likely(perception: Perception) -> _Likely | None:
    group = _group(perception)
    if group is not None:
        evidence = {"label": group.name, "probability": round(group.probability, 3)}
        if _names_class(group):
            evidence["class"] = group.best
        return _Likely(_shown(group), evidence)
    parent = _parent(perception)
    if parent is None:
        return None
    name, probability = parent
    shown = article(name) if name in ("animal", "vehicle") else name
    return _Likely(shown, {"label": name, "probability": round(probability, 3)})


def _group(perception: Perception) -> LabelGroup | None:
    best = next((label for label in perception.labels if label.name not in _UNSPOKEN), None)
    if best is None or not best.probability >= GROUP_FROM:
        return None
    return best if _CATCH_ALL.get(best.name, best.name) or best.best_probability >= CLASS_FROM else None


def _parent(perception: Perception) -> tuple[str, float] | None:
    """Return the likeliest of the groups taken together, with its probability, if that is enough."""
    sums = {
        parent: sum(label.probability for label in perception.labels if label.name in members)
        for parent, members in _PARENTS.items()
    }
    name, probability = max(sums.items(), key=lambda item: item[1])
    return (name, probability) if probability >= PARENT_FROM else None


def _names_class(group: LabelGroup) -> bool:
    """Whether its likeliest class is named: it is likely, and says more than the group."""
    name = _CATCH_ALL.get(group.name, group.name)
    says_more = not set(group.best.lower().split()) & set(name.lower().split())
    return group.best_probability >= CLASS_FROM and says_more


def _shown(group: LabelGroup) -> str:
    """Return what the group is called, and its class where that is named too."""
    name = _CATCH_ALL.get(group.name, group.name)
    if not name:
        return article(group.best)
    shown = name if name in _UNCOUNTED else " or ".join(article(part) for part in name.split(" or "))
    return f"{shown}, perhaps {article(group.best)}" if _names_class(group) else shown


def _shape(perception: Perception) -> str:
    ratio = perception.width / max(1, perception.height)
    if ratio > 2.2:
        return "panoramic"
    return "landscape-format" if ratio > 1.08 else "portrait-format" if ratio < 0.92 else "square"


def _texts(perception: Perception, layout: Layout, opening: str) -> Iterator[Statement]:
    read = [line for line in layout.lines if any(character.isalnum() for character in line.text)]
    sure = [line for line in read if perception.text[line.index].confidence >= _SURE]
    # A single letter read without certainty is mostly a shape: a ring is an "O".
    unsure = [line for line in read if line not in sure and len(line.text) > 1]
    for lines, said in ((sure, opening), (unsure, "Text that could not be read with certainty:")):
        if lines:
            texts = quoted_listing([line.text for line in lines], _MOST_LINES)
            yield Statement(f"{said} {texts}.", {"regions": [line.index for line in lines[:_MOST_LINES]]})
