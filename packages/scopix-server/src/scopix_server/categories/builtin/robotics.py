"""Scenes for robots: curation of data sets for machine learning."""

import re

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import records, schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.domain.phrases import Statement, article, listing, quote
from scopix_server.reading.layout import read_layout

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a scene that a robot is to perceive and act in; the description goes into a data set. Name the objects that
can be handled, the surfaces they stand on, the room between them and what is in the way.
- object_affordances: each object that can be recognised, with what can be done to it (such as "graspable", "openable",
  "pourable", "pushable", "stackable"). Only what its visible form allows.
- grasp_strategies: for an object that can be grasped, how: kind of grasp (pinch, power, suction, two-handed), where to
  take hold, from which side. Leave out objects whose form or surface cannot be seen well enough.
- spatial_relationships: subject, relation and object, from the camera's view, such as mug / "left of" / plate.
- perception_challenges: what makes the scene hard to perceive: transparent or shining surfaces, occlusion, clutter,
  motion blur, low light, missing texture. Only what is there.
"""

_SCHEMA = schema_of(
    {
        "object_affordances": records(
            "Objects and what can be done to them.",
            {
                "object": text("The object.", max_length=80),
                "affordances": texts("What can be done to it.", max_items=10, max_length=60),
            },
        ),
        "grasp_strategies": records(
            "How objects can be grasped.",
            {
                "object": text("The object.", max_length=80),
                "strategy": text("Kind of grasp, where and from which side."),
            },
        ),
        "spatial_relationships": records(
            "How objects lie to each other, from the camera's view.",
            {
                "subject": text("The one object.", max_length=80),
                "relation": text('The relation, such as "left of".', max_length=60),
                "object": text("The other object.", max_length=80),
            },
        ),
        "perception_challenges": texts("What makes the scene hard to perceive.", max_items=20),
    }
)

_HELD, _POURED, _OPENED, _PRESSED = (
    ("graspable", "liftable"),
    ("graspable", "fillable", "pourable"),
    ("openable",),
    ("pressable",),
)
_TOOL, _ROLLED, _PUSHED, _STACKED = (
    ("graspable", "usable as a tool"),
    ("graspable", "rollable"),
    ("pushable",),
    ("graspable", "stackable"),
)
_AFFORDANCES: dict[tuple[str, ...], tuple[str, ...]] = {
    _POURED: (
        "mug",
        "coffee mug",
        "cup",
        "tea cup",
        "bottle",
        "water bottle",
        "wine bottle",
        "beer bottle",
        "soda bottle",
        "water jug",
        "drink pitcher",
        "teapot",
        "coffeepot",
        "goblet",
        "beer glass",
        "glass",
        "milk can",
        "bucket",
        "vase",
        "beaker",
        "measuring cup",
        "watering can",
        "can",
    ),
    _TOOL: (
        "screwdriver",
        "hammer",
        "power drill",
        "wrench",
        "pliers",
        "scissors",
        "spatula",
        "ladle",
        "wooden spoon",
        "spoon",
        "fork",
        "knife",
        "whisk",
        "broom",
        "mop",
        "shovel",
        "paintbrush",
        "can opener",
        "corkscrew",
        "cleaver",
        "chainsaw",
        "plunger",
        "brush",
    ),
    _STACKED: (
        "bowl",
        "soup bowl",
        "mixing bowl",
        "plate",
        "cardboard box",
        "box",
        "crate",
        "crate box",
        "book",
        "tray",
        "brick",
        "block",
        "cube",
    ),
    _ROLLED: (
        "ball",
        "tennis ball",
        "soccer ball",
        "basketball",
        "baseball",
        "golf ball",
        "croquet ball",
        "orange",
        "lemon",
        "apple",
        "granny smith apple",
        "can of soda",
    ),
    _HELD: (
        "banana",
        "remote control",
        "mobile phone",
        "cell phone",
        "computer mouse",
        "umbrella",
        "backpack",
        "purse",
        "wallet",
        "sunglasses",
        "stapler",
        "pen",
        "fountain pen",
        "marker",
        "tape",
        "toy",
        "teddy bear",
        "frying pan",
        "wok",
        "pot",
        "sandal",
        "sneaker",
        "hat",
        "plastic bag",
        "watch",
        "candle",
        "bell pepper",
        "cucumber",
        "strawberry",
        "pineapple",
        "pear",
        "sponge",
        "towel",
    ),
    _OPENED: (
        "refrigerator",
        "microwave oven",
        "microwave",
        "dishwasher",
        "washing machine",
        "door",
        "sliding door",
        "drawer",
        "cabinet",
        "wardrobe",
        "filing cabinet",
        "oven",
        "laptop",
        "laptop computer",
        "notebook computer",
        "mailbox",
        "safe",
        "storage chest",
    ),
    _PRESSED: ("computer keyboard", "keyboard", "button", "switch", "typewriter keyboard", "doorbell"),
    _PUSHED: ("chair", "folding chair", "shopping cart", "wheelbarrow", "cart", "office chair", "trolley", "stroller"),
}
_OF = {name: affordances for affordances, names in _AFFORDANCES.items() for name in names}
_DETECTION = re.compile(
    r"(?P<name>[a-z][a-z ]{1,24}?)[_ #]?(?:\d{1,2})?\s?[:(]?\s?(?P<score>[01][.,]\d{1,3}|\d{2,3}(?:\.\d)?\s?%)\)?",
    re.IGNORECASE,
)
"""What tools for annotation write at a box: a class and its score."""
_CERTAIN = 0.8
_DARK, _FLAT = 0.18, 0.06  # mean and spread of the luma, below which a scene is dark, or without contrast


def extract(perception: Perception) -> Extraction:
    """Find the objects that a sure label or an annotation in the image names, and what hampers perception in figures.

    How objects may be grasped and how they lie to each other cannot be told without looking at them.
    """
    found = Findings(_SCHEMA)
    stated = []
    for line in read_layout(perception).lines:
        match = _DETECTION.fullmatch(line.text)
        if match is not None and match["name"].strip().casefold() in _OF:
            name = match["name"].strip()
            _add(found, name, regions=[line.index])
            stated.append((name, line.index))
    for label in perception.labels:
        if label.best_probability >= _CERTAIN and label.best.casefold() in _OF:
            _add(found, label.best, labels=[label.name])
            text = f"It most likely shows {article(label.best)}; one is {_listed(label.best)}."
            found.state(Statement(text, {"label": label.name, "probability": round(label.probability, 3)}))
    for name, index in stated:
        text = f"An annotation in it names an object {quote(name)}, which is {_listed(name)}."
        found.state(Statement(text, {"regions": [index]}))
    brightness, contrast = (perception.statistics.get(name) for name in ("brightness", "contrast"))
    if brightness is not None and brightness < _DARK:
        found.add("perception_challenges", "low light", figures=["brightness"])
        found.state(Statement("The scene is dark as a whole.", {"figures": ["brightness"]}))
    if contrast is not None and contrast < _FLAT:
        found.add("perception_challenges", "low contrast", figures=["contrast"])
        found.state(Statement("The scene has little contrast as a whole.", {"figures": ["contrast"]}))
    return found.extraction()


def _add(found: Findings, name: str, **grounds: list[int] | list[str]) -> None:
    found.add("object_affordances", {"object": name, "affordances": list(_OF[name.casefold()])}, **grounds)


def _listed(name: str) -> str:
    return listing(_OF[name.casefold()])


CATEGORY = Category(
    name="robotics",
    title="Robotics scene",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
    looked_at=frozenset({"grasp_strategies", "spatial_relationships"}),
)
