"""The kinds of things that are found on photographs: COCO's 80 classes, by the words that people use for them.

`label` is the word that the API, tags and descriptions have. Who searches may use any of the synonyms: these are words
for the same thing, or for a kind of it that is mostly meant ("puppy" finds dogs); none of them is ever stated.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final

__all__ = ["COCO_LABELS", "ObjectName", "close_names", "object_name", "resolve_name"]


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A kind of thing: its label, its plural, the group it belongs to ("animal", or empty), and words for it."""

    label: str
    plural: str
    group: str
    synonyms: tuple[str, ...]


# COCO's class | label, if it is another | plural, if it is not formed with an s | group | synonyms
_TABLE: Final = """
person||people||human, man, woman, child, kid, boy, girl, persons, pedestrian, worker, someone
bicycle|||vehicle|bike, cycle, pushbike, bikes
car|||vehicle|automobile, auto, sedan, suv, cab, taxi
motorcycle|||vehicle|motorbike, motor bike, scooter, moped
airplane|||vehicle|plane, aeroplane, aircraft, jet, airliner
bus||buses|vehicle|coach, omnibus, minibus
train|||vehicle|railway, locomotive, tram, subway, metro
truck|||vehicle|lorry, pickup, van
boat|||vehicle|ship, vessel, canoe, kayak, yacht, sailboat, ferry
traffic light||||stoplight, traffic signal, semaphore
fire hydrant||||hydrant
stop sign||||road sign
parking meter||||
bench||benches|furniture|seat, pew
bird|||animal|birds, duck, goose, pigeon, gull, seagull, eagle, owl, parrot, sparrow, hen, chicken
cat|||animal|kitten, kitty, feline, tomcat
dog|||animal|puppy, pup, hound, canine, doggy
horse|||animal|pony, mare, stallion, foal, colt
sheep||sheep|animal|lamb, ram, ewe
cow|||animal|cattle, bull, ox, calf, oxen
elephant|||animal|
bear|||animal|grizzly, panda
zebra|||animal|
giraffe|||animal|
backpack||||rucksack, knapsack, daypack
umbrella||||parasol, brolly
handbag||||purse, bag
tie||||necktie, bow tie
suitcase||||luggage, baggage, trolley case
frisbee|||sports equipment|flying disc
skis|pair of skis|pairs of skis|sports equipment|ski
snowboard|||sports equipment|
sports ball|ball||sports equipment|football, soccer ball, basketball, tennis ball, baseball
kite||||
baseball bat|||sports equipment|bat
baseball glove|||sports equipment|mitt
skateboard|||sports equipment|longboard
surfboard|||sports equipment|surf board, paddleboard
tennis racket|||sports equipment|racket, racquet
bottle||||flask, flacon
wine glass||wine glasses||goblet, stemware
cup||||mug, teacup, beaker
fork|||cutlery|
knife||knives|cutlery|
spoon|||cutlery|
bowl||||dish
banana|||food|
apple|||food|
sandwich||sandwiches|food|burger, toast
orange|||food|mandarin, tangerine, clementine
broccoli|broccoli||food|
carrot|||food|
hot dog|||food|frankfurter
pizza|||food|
donut|||food|doughnut
cake|||food|torte, gateau
chair|||furniture|seat, armchair, stool
couch||couches|furniture|sofa, settee, loveseat
potted plant||||houseplant, pot plant, plant
bed|||furniture|bedstead
dining table|table||furniture|desk, dining table
toilet|||furniture|wc, lavatory, loo
tv|screen|||television, tv, tv set, monitor, display, telly
laptop||||notebook, laptop computer
mouse|computer mouse|computer mice||mouse
remote|remote control|||remote
keyboard||||computer keyboard
cell phone|mobile phone|||smartphone, cell phone, cellphone, iphone, phone, telephone, handy
microwave|||household appliance|microwave oven
oven|||household appliance|stove, cooker, range
toaster|||household appliance|
sink|||furniture|washbasin, basin
refrigerator|||household appliance|fridge, freezer, icebox
book||||
clock||||wall clock, alarm clock
vase||||
scissors|pair of scissors|pairs of scissors||shears, scissors
teddy bear||||teddy, stuffed animal, plush
hair drier|hair dryer|||hairdryer, hair drier, blow dryer
toothbrush||toothbrushes||
"""


def _rows() -> tuple[tuple[str, ObjectName], ...]:
    rows = []
    for line in _TABLE.strip().splitlines():
        coco, label, plural, group, words = line.split("|")
        name = label or coco
        synonyms = tuple(word.strip() for word in words.split(",") if word.strip())
        rows.append((coco, ObjectName(name, plural or f"{name}s", group, synonyms)))
    return tuple(rows)


_ROWS: Final = _rows()

COCO_LABELS: Final[tuple[str, ...]] = tuple(name.label for _, name in _ROWS)
"""The labels in the order of the networks' classes."""


@cache
def _by_label() -> dict[str, ObjectName]:
    return {name.label: name for _, name in _ROWS}


@cache
def _labels_by_word() -> dict[str, str]:
    found: dict[str, str] = {}
    for _, name in reversed(_ROWS):  # of two labels with one synonym the first in the table has it
        found |= dict.fromkeys(name.synonyms, name.label)
    for _, name in _ROWS:
        found |= {name.plural: name.label, name.label: name.label}
    return found


def object_name(label: str) -> ObjectName | None:
    """Return what is known of a label; None for a word that is none."""
    return _by_label().get(label)


def resolve_name(word: str) -> str | None:
    """Return the label that a label, a plural or a synonym stands for, whatever its case; None for another word."""
    plain = " ".join(word.casefold().replace("_", " ").split())
    known = _labels_by_word()
    return known.get(plain) or known.get(plain.removesuffix("s")) or known.get(plain.removesuffix("es"))


def close_names(word: str) -> list[str]:
    """Return up to three labels or synonyms that a word may have been meant for."""
    return get_close_matches(word.casefold(), list(_labels_by_word()), n=3)
