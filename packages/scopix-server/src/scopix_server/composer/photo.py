"""What can be said of a picture without much text: modest, and true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scopix_server.composer.capture import LONG_EXPOSURE, describe_capture
from scopix_server.composer.look import describe_colours, describe_faces, describe_look, is_grey, look_tags
from scopix_server.composer.things import (
    SCENE_WORDS,
    SeenThings,
    describe_things,
    is_depicted,
    is_eaten,
    likely_scene,
    seen_things,
    thing_tags,
)
from scopix_server.domain.description import Face, ImageKind, LabelGroup, Perception, Scene
from scopix_server.domain.phrases import Statement, article, count_of, quote, quoted_listing
from scopix_server.reading.kinds import plain_backdrop
from scopix_server.reading.layout import Layout
from scopix_server.reading.titles import map_title

__all__ = ["describe_drawing", "describe_photo", "photo_tags"]

GROUP_FROM = 0.42
"""From this probability on a group of labels is spoken of, as a likelihood."""
MADE_GROUP_FROM = 0.65
"""The same for groups of made things: the network answers them for shelves and cartons, with up to .63."""
MADE_GROUPS = frozenset({"clothing", "electronic device", "furniture", "household object", "sports equipment"})
MADE_PARENT_FROM = 0.80
"""The same for furniture and household things: shelves of cartons have up to .73."""
PARENT_FROM = 0.50
"""From this probability on groups that belong together are spoken of together, when none of them is likely enough."""
TAG_FROM = 0.80
"""A tag has no "perhaps" to go with it, so a single class needs to be this likely to become one."""
CLASS_FROM = 0.65
"""From this probability on a single class is named, as a likelihood: limes are called lemons up to .51."""
PRODUCE_EACH = 0.10
"""From this probability on of plants and of grocery stores each, produce in a shop is named; both make half."""
SMALL_THINGS = 0.15
"""Of the picture: where no thing is larger, it may be about something else, which the label network names."""
# Of screens and pages the text builders speak; of a group of all sorts only a single class says something.
_UNSPOKEN = frozenset({"screen or page"})
_CATCH_ALL = {"household object": "", "other animal": "animal"}
_UNCOUNTED = frozenset({"food", "clothing", "furniture", "sports equipment"})
_WORN = "clothing"
_ANIMALS = ("cat", "dog", "bird", "fish", "insect or spider", "other animal")
_LIVING_OR_WORN = frozenset({*_ANIMALS, _WORN, "person", "road vehicle"})
"""Groups of which the detectors would have seen something, or which go without saying with people."""
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
_SURROUNDING = frozenset({"building", "landscape", "plant or fruit"})
"""Groups that no thing or person contradicts."""
_SURE = 0.9  # the recogniser's score from which on a text on a picture is stated as read
_SURE_ALONE = 0.95  # the same for a single letter or digit
_MIN_ON_A_PHOTO = 0.75  # below it, of ten texts on photographs eight were none: knobs, folds, scribble
_MAX_LINES = 16
_PORTRAIT = 0.15  # of the height, from which on one face makes a portrait
_GROUP = 3


@dataclass(frozen=True, slots=True)
class _Likely:
    """What it most likely shows, in words, with the evidence."""

    phrase: str
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
    yield from _texts(perception, layout, "Text on it:" if product else "Visible text:", least=_MIN_ON_A_PHOTO)


def _opening(perception: Perception, faces: tuple[Face, ...], *, product: bool) -> Iterator[Statement]:
    """Yield what it shows, or that this could not be told: first what three networks agree on, then what is likely."""
    opening = _noun(perception, product=product)
    grey = ["black-and-white"] if is_grey(perception) else []
    things = seen_things(perception)
    if things:
        yield describe_things(things, depicted=is_depicted(perception))
    scene = _scene(perception, things, product=product)
    likely = None if scene is not None else _likely(perception, things)
    # That a person whose face is seen wears something need not be told.
    if likely is not None and faces and likely.evidence["label"] == _WORN and "class" not in likely.evidence:
        likely = None
    if scene is not None:
        where = SCENE_WORDS.get(scene.name) or article(scene.name)
        evidence = {"scene": scene.name, "probability": round(scene.probability, 3), "look": grey}
        yield Statement(f"{opening}, most likely of {where}.", evidence)
    elif likely is not None:
        also = "also " if things else ""
        yield Statement(f"{opening} that most likely {also}shows {likely.phrase}.", {**likely.evidence, "look": grey})
    elif faces and not things:
        sentence = f"{opening} in which {_visible_faces(len(faces))} visible."
        yield Statement(sentence, {"faces": len(faces), "look": grey})
        return
    elif product or things:
        figures = {"figures": ["border_white_share", "border_spread"]} if product else {"look": grey}
        yield Statement(f"{opening}.", figures)
    else:
        # Pixels alone do not tell a photograph from a picture made to look like one.
        sentence = f"{opening} or photo-like picture; what it shows could not be told with confidence."
        yield Statement(sentence, {"labels": "none certain", "look": grey})
    if faces:
        yield Statement(f"{_visible_faces(len(faces)).capitalize()} visible.", {"faces": len(faces)})


def _scene(perception: Perception, things: Sequence[SeenThings], *, product: bool) -> Scene | None:
    """Return the surroundings to be spoken of: not those of produce, nor where the network names one thing itself.

    A bedroom's probability is made of that of beds and cradles: of a cradle alone it is the thing that is shown.
    """
    group = _group(perception)
    named = group is not None and group.name in MADE_GROUPS and group.best_probability >= CLASS_FROM
    if product or (not things and (named or _produce(perception) is not None)):
        return None
    return likely_scene(perception)


def _noun(perception: Perception, *, product: bool) -> str:
    if product and plain_backdrop(perception):
        return "A product shot on a plain light background"
    noun = "product photo" if product else "photo"
    return f"A {_shape(perception)} {'black-and-white ' if is_grey(perception) else ''}{noun}"


def describe_drawing(perception: Perception, layout: Layout, kind: ImageKind) -> Iterator[Statement]:
    """Yield sentences about a drawn picture with little text: a graphic, an icon, one colour."""
    heading = map_title(layout) if kind is ImageKind.DRAWING else None
    size = f"{perception.width} × {perception.height} pixels"
    if kind is ImageKind.BLANK:
        yield Statement("A blank image of one colour.", {"figures": ["colour_count", "contrast"]})
    elif kind is ImageKind.ICON:
        yield Statement(f"A small image ({size}).", {"size": size})
    else:
        title = f" headed {quote(heading.text)}" if heading else ""
        evidence = {"figures": ["equal_neighbour_share"], "regions": list(heading.indices) if heading else []}
        yield Statement(f"A graphic{title}.", evidence)
    yield from describe_colours(perception, drawn=True)
    inside = heading.indices if heading else ()
    rest = layout.without([line for line in layout.lines if line.index in inside])
    yield from _texts(perception, rest, "Visible text:")


def photo_tags(perception: Perception, *, product: bool) -> Iterator[str]:
    """Yield tags for a photograph: things, surroundings or its likely group, faces, light, main colours, shape."""
    things = seen_things(perception)
    yield from thing_tags(things)
    if not things and _produce(perception) is not None:
        yield from ("fruit or vegetables", "shop")
    scene = _scene(perception, things, product=product)
    group = _group(perception)
    if scene is not None:
        # "a shop, or packaged goods" is one of the two, and no tag.
        yield scene.name if " or " not in scene.name else ""
    elif things and (group is None or not _adds(group.name, things)):
        pass
    elif group is not None:
        yield from _CATCH_ALL.get(group.name, group.name).split(" or ")
        if group.best_probability >= TAG_FROM:
            yield group.best
        yield _PARENT_TAGS.get(group.name, "")
    elif not things and (parent := _parent(perception)) is not None:
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


def _likely(perception: Perception, things: Sequence[SeenThings]) -> _Likely | None:
    """Return what the label network finds likely, unless the things that were seen say otherwise."""
    if not things and (produce := _produce(perception)) is not None:
        return produce
    group = _group(perception)
    if group is not None:
        if things and not _adds(group.name, things):
            return None
        evidence = {"label": group.name, "probability": round(group.probability, 3)}
        if _names_class(group):
            evidence["class"] = group.best
        return _Likely(_shown(group), evidence)
    parent = None if things else _parent(perception)
    if parent is None:
        return None
    name, probability = parent
    shown = article(name) if name in ("animal", "vehicle") else name
    return _Likely(shown, {"label": name, "probability": round(probability, 3)})


def _adds(group: str, things: Sequence[SeenThings]) -> bool:
    """Whether a group says more than the things do, and nothing against them."""
    if group == "plant or fruit" and any(is_eaten(each.label) for each in things):
        return False
    if group in _SURROUNDING:
        return True
    return group not in _LIVING_OR_WORN and max(each.area for each in things) < SMALL_THINGS


def _group(perception: Perception) -> LabelGroup | None:
    best = next((label for label in perception.labels if label.name not in _UNSPOKEN), None)
    if best is None or not best.probability >= (MADE_GROUP_FROM if best.name in MADE_GROUPS else GROUP_FROM):
        return None
    return best if _CATCH_ALL.get(best.name, best.name) or best.best_probability >= CLASS_FROM else None


def _produce(perception: Perception) -> _Likely | None:
    """Return fruit or vegetables in a shop: the network parts such pictures between plants and grocery stores."""
    groups = {label.name: label for label in perception.labels}
    plants, building = groups.get("plant or fruit"), groups.get("building")
    if plants is None or building is None or building.best != "grocery store":
        return None
    probability = plants.probability + building.best_probability
    if min(plants.probability, building.best_probability) < PRODUCE_EACH or probability < PARENT_FROM:
        return None
    return _Likely("fruit or vegetables in a shop", {"label": "produce", "probability": round(probability, 3)})


def _parent(perception: Perception) -> tuple[str, float] | None:
    """Return the likeliest of the groups taken together, with its probability, if that is enough."""
    sums = {
        parent: sum(label.probability for label in perception.labels if label.name in members)
        for parent, members in _PARENTS.items()
    }
    name, probability = max(sums.items(), key=lambda item: item[1])
    enough = PARENT_FROM if name in ("animal", "vehicle") else MADE_PARENT_FROM
    return (name, probability) if probability >= enough else None


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


def _texts(perception: Perception, layout: Layout, opening: str, least: float = 0.0) -> Iterator[Statement]:
    confidence = {line.index: perception.text[line.index].confidence for line in layout.lines}
    read = [line for line in layout.lines if any(character.isalnum() for character in line.text)]
    # A single letter read without certainty is mostly a shape: a ring is an "O", a tripod a "K".
    sure = [line for line in read if confidence[line.index] >= (_SURE if len(line.text) > 1 else _SURE_ALONE)]
    unsure = [line for line in read if line not in sure and len(line.text) > 1 and confidence[line.index] >= least]
    for lines, sentence in ((sure, opening), (unsure, "Text that could not be read with certainty:")):
        if lines:
            texts = quoted_listing([line.text for line in lines], _MAX_LINES)
            yield Statement(f"{sentence} {texts}.", {"regions": [line.index for line in lines[:_MAX_LINES]]})
