"""What things and people a photograph shows, where, and in what surroundings: what a description opens with.

Numbers are said as the evidence allows: "two dogs" where neither detector half sees a third, else "at least two".
Nobody's age, gender or name is ever said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scopix_server.domain.description import Box, Perception, Scene, SeenObject
from scopix_server.domain.object_names import object_name
from scopix_server.domain.phrases import Statement, article, count_of, listing

__all__ = [
    "SCENE_WORDS",
    "SeenThings",
    "describe_things",
    "is_depicted",
    "is_eaten",
    "likely_scene",
    "seen_things",
    "thing_tags",
]

SCENE_FROM = 0.40
"""From this sum on surroundings are spoken of, as a likelihood: of 160 photographs of houses 121 of 122 rightly."""
SCENE_ALONE, SECOND_SCENE = 0.34, 0.50
"""The same where nothing else is seen and others are at most half as likely. At .30 a label in a hand is a shop."""
TELLING = {
    "bed": "bedroom",
    "toilet": "bathroom",
    "refrigerator": "kitchen",
    "oven": "kitchen",
    "microwave": "kitchen",
}
TELLING_ADDS = 0.30
"""What a thing adds to the probability of the surroundings that it is typical of."""
SCENE_WORDS = {
    "house from outside": "a house from outside",
    "library": "a library, or of shelves of books",
    "mountains": "mountains or a cliff",
    "shop or packaged goods": "a shop, or of packaged goods",
}
"""Surroundings that are not said as "a kitchen" is."""
PERSON = "person"
FIGURES = "figure or picture"
"""The scene that is no place (see `perception/data/scenes.tsv`)."""
FIGURES_FROM = 0.20
"""From this probability of statues, masks, comics or puzzles on it depicts what is seen, rather than shows it."""
SCREENS = frozenset({"screen", "laptop", "mobile phone", "book"})
"""What lies in one of these is a picture on it."""
_ON_SCREEN = 0.85  # of a thing's box, inside the screen's
_FILLS_WIDTH, _FILLS_HEIGHT = 0.80, 0.60
_LEFT, _RIGHT, _UPPER, _LOWER = 0.36, 0.64, 0.30, 0.72  # of width and height, where a box's middle lies
_LARGE = 0.25  # of the picture: a thing of that size is what it is about, wherever it stands
_CLOSE = 0.40  # of the picture: a hand that holds something up is as large, and is a person to the detectors
_MAX_KINDS = 8  # in a sentence; what is counted stands in `perception.objects` in full
_EDGE = 0.01  # of width and height: so near to it a box ends at the picture's edge
_SEVERAL, _CUT_OFF = 3, 2  # things of a label, and those cut off, from which on more may be there
_PEOPLE = 3  # from so many on they are a group


@dataclass(frozen=True, slots=True)
class SeenThings:
    """All things of one label: their boxes, largest first, whether there may be more, and how many at least."""

    label: str
    boxes: tuple[Box, ...]
    may_be_more: bool
    least: int

    @property
    def area(self) -> float:
        """The largest one's share of the picture."""
        return max(box.width * box.height for box in self.boxes)

    @property
    def is_aside(self) -> bool:
        """Whether it is a single thing, not large, that stands elsewhere than in the middle."""
        return len(self.boxes) == 1 and self.area < _LARGE and _place(self.boxes[0]) != "in the middle"

    def counted(self) -> str:
        """ "a dog", "two dogs", "at least two dogs", "at least one dog"."""
        if self.label == PERSON and self.least == 1 and self.area >= _CLOSE:
            return "a person, or part of one"
        name = object_name(self.label)
        plural = name.plural if name else f"{self.label}s"
        number = count_of(self.least, self.label, plural)
        if self.may_be_more:
            return f"at least {number}"
        return article(self.label) if self.least == 1 else number


def seen_things(perception: Perception) -> list[SeenThings]:
    """Return what is seen by label: people first, then animals, then the largest. Pictures on screens are left out."""
    screens = [each for each in perception.objects if each.label in SCREENS]
    shown = [each for each in perception.objects if not _is_on_screen(each, screens)]
    found = []
    for label in dict.fromkeys(each.label for each in shown):
        boxes = tuple(each.box for each in shown if each.label == label)
        # One box may hold a whole row of people; their faces tell.
        faces = len(perception.faces) if label == PERSON else 0
        more = label in perception.uncounted or _goes_on(boxes) or faces > len(boxes)
        found.append(SeenThings(label, boxes, more, least=max(len(boxes), faces)))
    return sorted(found, key=lambda things: (things.label != PERSON, _group(things.label) != "animal", -things.area))


def _goes_on(boxes: Sequence[Box]) -> bool:
    """Whether several things are cut off by the picture's edge: of what reaches in farther away, less is recognised.

    The lower edge does not count: it cuts people and tables of every picture.
    """
    cut = sum(min(box.x, box.y, 1 - box.x - box.width) <= _EDGE for box in boxes)
    return len(boxes) >= _SEVERAL and cut >= _CUT_OFF


def _is_on_screen(thing: SeenObject, screens: Sequence[SeenObject]) -> bool:
    return any(
        screen is not thing and screen.label != thing.label and _share_inside(thing.box, screen.box) >= _ON_SCREEN
        for screen in screens
    )


def _share_inside(inner: Box, outer: Box) -> float:
    width = min(inner.x + inner.width, outer.x + outer.width) - max(inner.x, outer.x)
    height = min(inner.y + inner.height, outer.y + outer.height) - max(inner.y, outer.y)
    return max(0.0, width) * max(0.0, height) / (inner.width * inner.height + 1e-9)


def _group(label: str) -> str:
    name = object_name(label)
    return name.group if name else ""


def describe_things(things: Sequence[SeenThings], *, depicted: bool) -> Statement:
    """Return what is there and where: "Two people and a dog; a bicycle on the left."

    Args:
        depicted: it is a picture of a picture, or of figures: then it is said to depict them.
    """
    spoken = list(things[:_MAX_KINDS])
    main = [each for each in spoken if not each.is_aside]
    aside = [each for each in spoken if each.is_aside]
    if len(spoken) == 1:
        sentence = f"{spoken[0].counted()}{_where(spoken[0])}"
    else:
        parts = [listing([each.counted() for each in main])] if main else []
        if aside:
            parts.append(listing([f"{each.counted()} {_place(each.boxes[0])}" for each in aside]))
        sentence = "; ".join(parts)
    sentence = f"It depicts {sentence}." if depicted else f"{sentence[:1].upper()}{sentence[1:]}."
    return Statement(sentence, {"objects": [_evidence(each) for each in spoken]})


def _evidence(things: SeenThings) -> dict[str, Any]:
    boxes = [_rounded(box) for box in things.boxes]
    return {"label": things.label, "count": len(boxes), "more": things.may_be_more, "boxes": boxes}


def _rounded(box: Box) -> list[float]:
    return [round(value, 3) for value in (box.x, box.y, box.width, box.height)]


def _where(things: SeenThings) -> str:
    box = things.boxes[0]
    if len(things.boxes) > 1:
        return ""
    if box.width > _FILLS_WIDTH and box.height > _FILLS_HEIGHT:
        if things.may_be_more:
            return ""
        return ", which fills most of the picture" if things.label != PERSON else ", close up"
    return f" {_place(box)}"


def _place(box: Box) -> str:
    """Where the middle of a box is: "in the middle", "on the left", "in the upper right"."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    column = "left" if x < _LEFT else "right" if x > _RIGHT else ""
    row = "upper" if y < _UPPER else "lower" if y > _LOWER else ""
    if row:
        return f"in the {row} {column or 'middle'}"
    return f"on the {column}" if column else "in the middle"


def is_eaten(label: str) -> bool:
    """Whether a thing of this label is fruit, vegetables or other food."""
    return _group(label) == "food"


def is_depicted(perception: Perception) -> bool:
    """Whether what is seen may be a figure, or printed: a statue, a mask, a comic, a puzzle."""
    return any(scene.name == FIGURES and scene.probability >= FIGURES_FROM for scene in perception.scenes)


def likely_scene(perception: Perception) -> Scene | None:
    """Return the surroundings that are likely enough to be spoken of; things typical of a room speak for it."""
    sums = {scene.name: scene.probability for scene in perception.scenes if scene.name != FIGURES}
    for label in {each.label for each in perception.objects} & TELLING.keys():
        sums[TELLING[label]] = min(1.0, sums.get(TELLING[label], 0.0) + TELLING_ADDS)
    name, probability = max(sums.items(), key=lambda item: item[1], default=("", 0.0))
    second = max((other for each, other in sums.items() if each != name), default=0.0)
    alone = not perception.objects and second <= SECOND_SCENE * probability
    return Scene(name, probability) if probability >= (SCENE_ALONE if alone else SCENE_FROM) else None


def thing_tags(things: Sequence[SeenThings]) -> list[str]:
    """Return the labels with the group of each ("animal"), and what several people are."""
    tags: list[str] = []
    for each in things:
        tags += [each.label, _group(each.label)]
        if each.label == PERSON and len(each.boxes) > 1:
            tags += ["people", *(["group of people"] if len(each.boxes) >= _PEOPLE else [])]
    return [tag for tag in tags if tag]
