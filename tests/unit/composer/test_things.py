"""What is there and where: counted as the evidence allows, people first, without age, gender or names."""

import pytest

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Box, Face, LabelGroup, Perception, Scene, SeenObject
from tests.support.perceptions import PHOTOGRAPHED

MIDDLE, LEFT, RIGHT = Box(0.35, 0.3, 0.2, 0.4), Box(0.02, 0.3, 0.2, 0.4), Box(0.75, 0.3, 0.2, 0.4)
LOWER_RIGHT, ALL = Box(0.75, 0.75, 0.2, 0.2), Box(0.02, 0.02, 0.95, 0.95)


def seen(*objects: tuple[str, Box], uncounted: tuple[str, ...] = (), **others) -> Perception:
    found = tuple(SeenObject(label, box, 0.8) for label, box in objects)
    return Perception(1200, 800, objects=found, uncounted=uncounted, statistics=PHOTOGRAPHED, **others)


def told(perception: Perception, category: str = "general") -> str:
    return GroundedComposer().describe(perception, category).text


@pytest.mark.parametrize(
    ("perception", "opening"),
    [
        (seen(("dog", MIDDLE)), "A dog in the middle. A landscape-format photo."),
        (seen(("cat", ALL)), "A cat, which fills most of the picture."),
        (seen(("bird", LOWER_RIGHT)), "A bird in the lower right."),
        (seen(("person", ALL)), "A person, or part of one, close up. A landscape-format photo."),
        (
            seen(("bicycle", LEFT), ("dog", MIDDLE), ("person", MIDDLE), ("person", RIGHT)),
            "Two people and a dog; a bicycle on the left.",
        ),
        (seen(("person", MIDDLE), ("person", RIGHT), uncounted=("person",)), "At least two people."),
        (seen(("person", LEFT), uncounted=("person",)), "At least one person on the left."),
        (seen(("sheep", LEFT), ("sheep", RIGHT)), "Two sheep."),
        (seen(("elephant", MIDDLE), ("umbrella", LEFT)), "An elephant; an umbrella on the left."),
    ],
)
def test_a_description_opens_with_what_is_there_and_where(perception, opening):
    assert told(perception).startswith(opening)


def test_surroundings_are_said_to_be_likely_and_a_bed_speaks_for_a_bedroom():
    scenes = (Scene("living room", 0.3), Scene("bedroom", 0.2))
    assert "most likely of" not in told(seen(scenes=scenes))
    text = told(seen(("bed", MIDDLE), scenes=scenes))
    assert text.startswith("A bed in the middle. A landscape-format photo, most likely of a bedroom.")
    assert "most likely of a house from outside." in told(seen(scenes=(Scene("house from outside", 0.7),)))


@pytest.mark.parametrize(
    ("group", "kept"),
    [
        (LabelGroup("household object", 0.8, "bucket", 0.7), False),
        (LabelGroup("clothing", 0.9, "jean", 0.8), False),
        (LabelGroup("dog", 0.9, "beagle", 0.8), False),
        (LabelGroup("building", 0.6, "castle", 0.5), True),
    ],
)
def test_a_group_that_things_contradict_is_not_told(group, kept):
    found = GroundedComposer().describe(seen(("person", Box(0.3, 0.2, 0.5, 0.7)), labels=(group,)), "general")
    assert ("most likely" in found.text) is kept
    assert (group.name in found.tags) is kept


def test_fruit_that_is_seen_is_not_told_twice():
    fruit = LabelGroup("plant or fruit", 0.9, "apple", 0.85)
    text = told(seen(("apple", MIDDLE), labels=(fruit,)))
    assert text.startswith("An apple in the middle. A landscape-format photo.")


def test_a_shop_or_goods_are_told_and_no_tag():
    found = GroundedComposer().describe(seen(scenes=(Scene("shop or packaged goods", 0.5),)), "general")
    assert "most likely of a shop, or of packaged goods." in found.text
    assert not [tag for tag in found.tags if "shop" in tag]


def test_a_group_is_told_beside_things_that_are_small():
    text = told(seen(("person", Box(0.1, 0.5, 0.1, 0.2)), labels=(LabelGroup("musical instrument", 0.8, "harp", 0.8),)))
    assert text.startswith("A person on the left. A landscape-format photo that most likely also shows a musical")


def test_what_is_on_a_screen_is_no_person_in_the_room():
    things = seen(("screen", Box(0.2, 0.2, 0.6, 0.6)), ("person", Box(0.3, 0.3, 0.2, 0.4)))
    found = GroundedComposer().describe(things, "general")
    assert found.text.startswith("A screen in the middle.")
    assert "person" not in found.text
    assert "person" not in found.tags


def test_figures_are_depicted():
    assert told(seen(("person", MIDDLE), scenes=(Scene("figure or picture", 0.4),))).startswith("It depicts a person")


def test_things_become_tags_with_their_group():
    people = [("person", Box(0.1 * n, 0.3, 0.08, 0.4)) for n in range(3)]
    tags = GroundedComposer().describe(seen(*people, ("dog", RIGHT)), "general").tags
    assert {"person", "people", "group of people", "dog", "animal"} <= set(tags)


def test_faces_stay_told_beside_people():
    face = Face(Box(0.4, 0.32, 0.1, 0.15), 9.0)
    text = told(seen(("person", MIDDLE), faces=(face,)))
    assert "One face is visible." in text


def test_every_opening_names_its_boxes():
    found = GroundedComposer().describe(seen(("dog", MIDDLE), uncounted=("dog",)), "general")
    assert found.evidence[0]["objects"] == [
        {"label": "dog", "count": 1, "more": True, "boxes": [[0.35, 0.3, 0.2, 0.4]]}
    ]


def test_more_kinds_than_eight_are_cut_off():
    labels = ["dog", "cat", "horse", "cow", "bear", "zebra", "giraffe", "bird", "chair", "bed"]
    text = told(seen(*((label, MIDDLE) for label in labels)))
    assert "chair" not in text
    assert "a bird" in text


def test_where_several_are_cut_off_there_may_be_more():
    cut = (Box(0.0, 0.1, 0.3, 0.7), Box(0.34, 0.0, 0.47, 0.37), Box(0.33, 0.37, 0.66, 0.6))
    assert told(seen(*(("car", box) for box in cut))).startswith("At least three cars.")
    assert told(seen(*(("car", box) for box in cut[:2]))).startswith("Two cars.")
    whole = (Box(0.1, 0.2, 0.2, 0.8), Box(0.4, 0.2, 0.2, 0.8), Box(0.7, 0.2, 0.2, 0.8))
    assert told(seen(*(("person", box) for box in whole))).startswith("Three people.")


def test_likely_surroundings_are_told_at_less_where_nothing_speaks_against_them():
    kitchen, shore = Scene("kitchen", 0.36), Scene("shore", 0.25)
    assert "most likely of a kitchen" in told(seen(scenes=(kitchen,)))
    assert "kitchen" not in told(seen(scenes=(kitchen, shore)))
    assert "kitchen" not in told(seen(("person", MIDDLE), scenes=(kitchen,)))


def test_one_thing_that_is_named_is_not_told_as_its_room():
    cradle = LabelGroup("furniture", 0.85, "bassinet", 0.75)
    text = told(seen(scenes=(Scene("bedroom", 0.84),), labels=(cradle,)))
    assert "perhaps a bassinet" in text and "bedroom" not in text


def test_a_box_around_a_row_of_people_holds_as_many_as_have_faces():
    faces = tuple(Face(Box(0.1 + 0.3 * n, 0.3, 0.05, 0.1), 0.9) for n in range(3))
    assert told(seen(("person", ALL), faces=faces)).startswith("At least three people.")
    assert told(seen(("person", ALL), faces=faces[:1])).startswith("A person, or part of one, close up.")
