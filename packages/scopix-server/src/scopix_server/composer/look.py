"""What can be said of a photograph's light, colours, composition and sharpness: what was measured, where it is clear.

Each statement names in its evidence, as `look`, what it says in a word or two, so that an evaluation can hold it
against the truth (`docs/reference/evaluation.md`). Figures that were not measured, as in perceptions kept from earlier
versions, say nothing.
"""

from collections.abc import Iterator

from scopix_server.domain.description import Box, Face, Perception
from scopix_server.domain.object_names import object_name
from scopix_server.domain.phrases import Statement, listing

__all__ = ["describe_colours", "describe_faces", "describe_look", "is_grey", "look_tags"]

_GREY, _GREY_CHROMA = 0.97, 0.004
_DARK, _BRIGHT = 0.20, 0.75
_MIN_SHADOW = 0.40
_STRONG, _LITTLE = 0.30, 0.06
_HALVES_DIFFER = 0.30
_SYMMETRIC = 0.85
# By 55 photographs, each toned in four ways and compressed: spread by chroma 0.02 to 0.1, chroma at most 0.31; untoned
# ones have a spread of 0.086 and more, or a chroma beyond.
_TONED_SPREAD, _MIN_TONED, _MAX_TONED = 0.07, 0.06, 0.33
_SEPIA = (40.0, 100.0)
_WARM, _WARM_CHROMA = 0.90, 0.15
_COOL, _COOL_CHROMA = 0.85, 0.10
_WEAK_CHROMA, _STRONG_CHROMA = 0.05, 0.40
_BLURRED = 0.60
_MOVED, _MOVED_APART = 0.62, 0.27
_CENTRE_DETAIL = 0.55
_EVEN = 0.16  # pictures with plain areas among the detail have from .17 on
_MAX_COLOURS = 4
_MIN_SHARE, _MIN_ACCENT = 0.08, 0.03
_DULL = frozenset(
    {"black", "dark grey", "grey", "light grey", "white", "brown", "dark brown", "tan", "beige", "olive", "dark red"}
)
"""Colours that strike nobody when there is little of them."""
_SHARES = (
    (0.07, "less than a tenth"),
    (0.14, "about a tenth"),
    (0.225, "about a fifth"),
    (0.29, "about a quarter"),
    (0.41, "about a third"),
    (0.58, "about half"),
    (0.70, "about two thirds"),
    (0.85, "about three quarters"),
)


def is_grey(perception: Perception) -> bool:
    """Whether it is black-and-white, rather than a picture in colours of something white or grey."""
    figures = perception.statistics
    return figures.get("grey_share", 0.0) >= _GREY and figures.get("chroma", 0.0) < _GREY_CHROMA


def describe_faces(faces: tuple[Face, ...]) -> Iterator[Statement]:
    """Yield where the faces stand and how large the largest is."""
    if not faces:
        return
    largest = max(faces, key=lambda face: face.box.height).box
    size = f"{_part(largest.height)} of the picture's height"
    if len(faces) == 1:
        place = _place(largest)
        yield Statement(f"The face is {place} and takes {size}.", {"faces": 1, "look": [f"face {place}"]})
    else:
        place = _place(_around([face.box for face in faces]))
        yield Statement(
            f"The faces are {place}; the largest takes {size}.", {"faces": len(faces), "look": [f"faces {place}"]}
        )


def describe_look(perception: Perception) -> Iterator[Statement]:
    """Yield sentences about composition, light, tone and sharpness."""
    yield from _composition(perception)
    yield from _light(perception.statistics)
    yield from _tone(perception)
    yield from _sharpness(perception.statistics)


def _composition(perception: Perception) -> Iterator[Statement]:
    composition, figures = perception.composition, perception.statistics
    subject, divide = composition.subject, composition.divide
    # Off the middle it is as often a window, a shadow or a wave: of ten such areas five were nothing of their own.
    # Where things are seen, it is at times a part of one, or what lies between them.
    if subject is not None and not perception.objects and (place := _place(subject)) == "in the middle":
        size = f"{_part(subject.width)} of the width and {_part(subject.height)} of the height"
        sentence = f"One area stands out from its surroundings: it is {place} and takes {size}."
        yield Statement(sentence, {"composition": "subject", "look": [f"subject {place}"]})
    if divide is not None:
        upper = figures.get("upper_brightness", 0.0) > figures.get("lower_brightness", 0.0)
        sentence = f"A nearly level line divides it at {_part(divide)} of its height from the top; it is "
        sentence += f"{'lighter' if upper else 'darker'} above than beneath."
        yield Statement(sentence, {"composition": "divide", "look": ["level line"]})
    elif (halves := _halves(figures)) is not None:
        lighter, darker = halves
        sentence = f"The {lighter} half is much lighter than the {darker} half."
        evidence = {"figures": [f"{lighter}_brightness", f"{darker}_brightness"], "look": [f"lighter {lighter} half"]}
        yield Statement(sentence, evidence)
    if figures.get("symmetry", 0.0) >= _SYMMETRIC:
        sentence = "In light and dark, its left and right halves nearly mirror each other."
        yield Statement(sentence, {"figures": ["symmetry"], "look": ["symmetric"]})
    if figures.get("centre_detail", 0.0) >= _CENTRE_DETAIL:
        sentence = "Most of its fine detail is in the middle; what lies around is smooth or out of focus."
        yield Statement(sentence, {"figures": ["centre_detail"], "look": ["detail in the middle"]})
    elif figures.get("detail_spread", 1.0) <= _EVEN and not _is_of_something(perception):
        sentence = "Fine detail covers all of it evenly, as on a textured surface or many small things."
        yield Statement(sentence, {"figures": ["detail_spread"], "look": ["even detail"]})


def _is_of_something(perception: Perception) -> bool:
    """Whether people, animals or things are seen, other than food: then it is about them, not all one texture."""
    names = [object_name(each.label) for each in perception.objects]
    return bool(perception.faces) or any(name is None or name.group != "food" for name in names)


def _halves(figures: dict[str, float]) -> tuple[str, str] | None:
    """The lighter and the darker half, where two opposite ones differ much; "upper", "lower", "left" or "right"."""
    pairs = (("upper", "lower"), ("left", "right"))
    found: list[tuple[float, str, str]] = []
    for one, other in pairs:
        apart = figures.get(f"{one}_brightness", 0.0) - figures.get(f"{other}_brightness", 0.0)
        found.append((abs(apart), *((one, other) if apart > 0 else (other, one))))
    apart, lighter, darker = max(found)
    return (lighter, darker) if apart >= _HALVES_DIFFER else None


def _light(figures: dict[str, float]) -> Iterator[Statement]:
    brightness, contrast = figures.get("brightness"), figures.get("contrast")
    if brightness is None or contrast is None:
        return
    if brightness < _DARK:
        yield Statement("It is dark as a whole.", {"figures": ["brightness"], "look": ["dark"]})
    elif brightness > _BRIGHT and figures.get("shadow_level", 0.0) > _MIN_SHADOW:
        sentence = "It is bright as a whole, with hardly any dark area."
        yield Statement(sentence, {"figures": ["brightness", "shadow_level"], "look": ["bright"]})
    if contrast >= _STRONG:
        yield Statement("Light and dark differ strongly.", {"figures": ["contrast"], "look": ["strong contrast"]})
    elif contrast < _LITTLE and "symmetry" in figures:
        yield Statement("It has little contrast.", {"figures": ["contrast"], "look": ["little contrast"]})


def _tone(perception: Perception) -> Iterator[Statement]:
    figures = perception.statistics
    chroma = figures.get("chroma")
    if chroma is None or is_grey(perception):
        return
    if _is_toned(perception):
        name = " (sepia)" if _is_sepia(figures) else ""
        sentence = f"It is toned in one colour{name}: lightness alone varies."
        yield Statement(sentence, {"figures": ["tint_spread", "tint_hue"], "look": ["toned"]})
        return
    if chroma < _WEAK_CHROMA:
        yield Statement("It has hardly any colour.", {"figures": ["chroma"], "look": ["weak colours"]})
        return
    words, look = [], []
    if chroma >= _STRONG_CHROMA:
        words, look = ["strong"], ["strong colours"]
    if figures["warm_share"] >= _WARM and chroma >= _WARM_CHROMA:
        words, look = [*words, "warm, from red to yellow"], [*look, "warm colours"]
    elif figures["cool_share"] >= _COOL and chroma >= _COOL_CHROMA:
        words, look = [*words, "cool, from turquoise to violet"], [*look, "cool colours"]
    if words:
        evidence = {"figures": ["chroma", "warm_share", "cool_share"], "look": look}
        yield Statement(f"Its colours are {' and '.join(words)}.", evidence)


def _is_toned(perception: Perception) -> bool:
    figures = perception.statistics
    varied = figures.get("contrast", 0.0) >= _LITTLE and not is_grey(perception)
    chroma = figures.get("chroma", 0.0)
    in_range = _MIN_TONED <= chroma <= _MAX_TONED
    return varied and in_range and figures.get("tint_spread", 1.0) < _TONED_SPREAD * chroma


def _is_sepia(figures: dict[str, float]) -> bool:
    return _SEPIA[0] <= figures["tint_hue"] <= _SEPIA[1]


def _sharpness(figures: dict[str, float]) -> Iterator[Statement]:
    sort = _blur(figures)
    evidence = {"figures": ["blur_across", "blur_down"]}
    if sort == "blurred":
        sentence = "No part of it is sharp: it is out of focus, was moved, or shows nothing that has edges."
        yield Statement(sentence, {**evidence, "look": ["blurred"]})
    elif sort is not None:
        sentence = f"It is smeared {sort}, as by a movement while it was taken."
        yield Statement(sentence, {**evidence, "look": ["moved"]})


def _blur(figures: dict[str, float]) -> str | None:
    """The word "blurred", or the direction of a movement, or None."""
    across, down = figures.get("blur_across"), figures.get("blur_down")
    if across is None or down is None:
        return None
    if min(across, down) >= _BLURRED:
        return "blurred"
    if max(across, down) >= _MOVED and abs(across - down) >= _MOVED_APART:
        return "sideways" if across > down else "up and down"
    return None


def describe_colours(perception: Perception, *, drawn: bool = False) -> Iterator[Statement]:
    """Yield the dominant colours, with the half or the middle that holds nearly all of one, and an accent.

    Black and white are the colours of a drawing; of a photograph they are tones.
    """
    if not drawn and (is_grey(perception) or _is_toned(perception)):
        yield from _tones_placed(perception)
        return
    named = [colour for colour in perception.colours if colour.share >= _MIN_SHARE][:_MAX_COLOURS]
    if not named:
        return
    spoken = {colour.name for colour in named}
    small = [colour for colour in perception.colours if _MIN_ACCENT <= colour.share < _MIN_SHARE]
    accent = next((colour for colour in small if colour.name not in spoken | _DULL), None)
    places = perception.composition.colour_places
    noun = "The dominant colours are" if len(named) > 1 else "The dominant colour is"
    sentence = f"{noun} {listing([_placed(colour.name, places) for colour in named])}"
    if accent is not None:
        sentence += f"; there is some {_placed(accent.name, places)}"
    mentioned = [*named, *([accent] if accent else [])]
    evidence = {
        "colours": {colour.name: round(colour.share, 2) for colour in mentioned},
        "look": [f"{colour.name} in {places[colour.name]}" for colour in mentioned if colour.name in places],
    }
    yield Statement(f"{sentence}.", evidence)


def _tones_placed(perception: Perception) -> Iterator[Statement]:
    """Yield where the tones of a picture without colours lie, if they lie in one place."""
    places = perception.composition.colour_places
    placed = [c.name for c in perception.colours if c.share >= _MIN_SHARE and c.name in places][:_MAX_COLOURS]
    if placed and is_grey(perception):
        tones = listing([f"{name} lies mostly in the {places[name]}" for name in placed])
        yield Statement(f"Of its tones, {tones}.", {"look": [f"{name} in {places[name]}" for name in placed]})


def _placed(name: str, places: dict[str, str]) -> str:
    return f"{name} (in the {places[name]})" if name in places else name


def look_tags(perception: Perception) -> Iterator[str]:
    """Yield tags for light, tone, sharpness and the main colours, each with its family ("blue" for "dark blue")."""
    figures = perception.statistics
    if is_grey(perception):
        yield "black and white"
    elif _is_toned(perception):
        yield "sepia" if _is_sepia(figures) else "toned"
    else:
        names = [colour.name for colour in perception.colours[:3] if colour.share >= 0.15]
        yield from names
        yield from (name.removeprefix("dark ").removeprefix("light ") for name in names)
    brightness = figures.get("brightness", 0.5)
    if brightness < _DARK:
        yield "dark"
    elif brightness > _BRIGHT and figures.get("shadow_level", 0.0) > _MIN_SHADOW:
        yield "bright"
    if _blur(figures) is not None:
        yield "blurred"


def _part(share: float) -> str:
    return next((words for limit, words in _SHARES if share < limit), "nearly all")


def _place(box: Box) -> str:
    """Where the middle of a box is: "in the middle", "on the left", "in the upper right"."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    side = "left" if x < 0.38 else "right" if x > 0.62 else ""
    level = "upper" if y < 0.38 else "lower" if y > 0.62 else ""
    if side and level:
        return f"in the {level} {side}"
    if side:
        return f"on the {side}"
    return f"in the {level} middle" if level else "in the middle"


def _around(boxes: list[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)
