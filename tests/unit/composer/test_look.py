"""Light, tone, composition and sharpness: drawn pictures of which it is known, and what is said of them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Box, Colour, Composition, Face, LabelGroup, Perception, SeenObject
from scopix_server.perception import light
from scopix_server.perception.colours import dominant_colours
from scopix_server.perception.composition import compose
from scopix_server.perception.light import light_figures
from scopix_server.perception.sharpness import sharpness_figures
from scopix_server.perception.statistics import pixel_statistics
from tests.support.perceptions import PHOTOGRAPHED


def scene(width: int = 640, height: int = 480) -> np.ndarray:
    """Blocks of many colours with hard edges, and the grain of a sensor: sharp everywhere."""
    blocks = np.random.default_rng(3).integers(20, 236, (height // 40, width // 40, 3), np.uint8)
    grain = np.random.default_rng(4).normal(0, 4, (height, width, 1))
    image = np.kron(blocks, np.ones((40, 40, 1), np.uint8))
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def grained(image: np.ndarray, sigma: float = 4) -> np.ndarray:
    return np.clip(image + np.random.default_rng(5).normal(0, sigma, (*image.shape[:2], 1)), 0, 255).astype(np.uint8)


def halves(first: tuple[int, int, int], second: tuple[int, int, int], *, across: bool = False) -> np.ndarray:
    image = np.empty((300, 400, 3), np.uint8)
    image[:], image[(slice(None), slice(200, None)) if across else slice(150, None)] = first, second
    return grained(image)


def seen(image: np.ndarray) -> Perception:
    """As the analyzer sees it, but for text, labels and faces; told for a photograph whatever it is."""
    figures = {**pixel_statistics(image), **light_figures(image), **sharpness_figures(image)}
    figures |= {name: PHOTOGRAPHED[name] for name in ("equal_neighbour_share", "bright_share", "colour_count")}
    height, width = image.shape[:2]
    return Perception(width, height, colours=dominant_colours(image), statistics=figures, composition=compose(image))


def look(image: np.ndarray) -> set[str]:
    said = GroundedComposer().describe(seen(image), "general")
    return {word for statement in said.evidence for word in statement.get("look", ())}


def text(image: np.ndarray) -> str:
    return GroundedComposer().describe(seen(image), "general").text


def smeared(image: np.ndarray, length: int, *, across: bool = True) -> np.ndarray:
    return np.asarray(cv2.blur(image, (length, 1) if across else (1, length)), np.uint8)


def test_the_documented_names_are_the_ones_given() -> None:
    documented = {line.split("`")[1] for line in (light.__doc__ or "").splitlines() if line.startswith("| `")}
    assert set(light_figures(scene())) == documented


@pytest.mark.parametrize("grain", [0, 1.5])
def test_a_blurred_picture_is_told_blurred_and_the_sharp_one_not(grain: float) -> None:
    blurred = np.asarray(cv2.GaussianBlur(scene(), (0, 0), 5), np.uint8)
    assert "blurred" in look(grained(blurred, grain))
    assert "blurred" in GroundedComposer().describe(seen(blurred), "general").tags
    assert not look(scene()) & {"blurred", "moved"}
    assert "sharp" not in text(scene())


@pytest.mark.parametrize(("across", "word"), [(True, "sideways"), (False, "up and down")])
def test_a_picture_that_was_moved_is_told_with_the_direction(across: bool, word: str) -> None:
    said = text(smeared(scene(), 35, across=across))
    assert f"smeared {word}" in said


def test_a_sharp_thing_before_a_soft_background_is_not_blurred() -> None:
    image = cv2.GaussianBlur(scene(), (0, 0), 8)
    image[160:320, 220:420] = scene()[160:320, 220:420]
    assert not look(image) & {"blurred", "moved"}
    assert "detail in the middle" in look(image)


def test_dark_and_bright_pictures() -> None:
    assert "dark" in look((scene() * 0.25).astype(np.uint8))
    assert "bright" in look((scene() * 0.3 + 175).astype(np.uint8))
    assert not look(scene()) & {"dark", "bright", "strong contrast", "little contrast"}
    assert "little contrast" in look((scene() * 0.1 + 110).astype(np.uint8))


def test_black_and_white_toned_and_coloured() -> None:
    grey = cv2.cvtColor(cv2.cvtColor(scene(), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    sepia = np.clip(grey * np.array([1.0, 0.82, 0.6]), 0, 255).astype(np.uint8)
    assert "black-and-white" in look(grey) and "toned" not in look(grey)
    assert "toned" in look(sepia) and "sepia" in text(sepia)
    assert not look(scene()) & {"black-and-white", "toned"}


def test_a_pale_room_in_colours_is_not_black_and_white() -> None:
    room = grained(np.full((300, 400, 3), (226, 224, 220), np.uint8))
    room[200:, 100:300] = (170, 160, 150)
    assert "black-and-white" not in look(room)
    assert "weak colours" in look(room)


def test_a_yellow_board_before_leaves_is_not_toned() -> None:
    image = np.full((300, 400, 3), (90, 95, 30), np.uint8)
    image[80:220, 100:300] = (250, 225, 20)
    image[130:150, 140:260] = (20, 20, 10)
    assert "toned" not in look(grained(image))


def test_two_colours_are_told_with_their_halves() -> None:
    said = text(halves((42, 90, 168), (46, 139, 71)))
    assert "blue (in the upper half)" in said and "green (in the lower half)" in said
    turned = text(halves((42, 90, 168), (200, 30, 40), across=True))
    assert "blue (in the left half)" in turned and "red (in the right half)" in turned
    assert not any("in upper" in word or "in lower" in word for word in look(scene()))


def test_light_above_dark_with_a_level_line() -> None:
    found = look(halves((210, 215, 220), (60, 58, 55)))
    assert "level line" in found
    assert "it is lighter above than beneath" in text(halves((210, 215, 220), (60, 58, 55)))
    # A slope from light to dark has no line.
    slope = np.linspace(230, 20, 300)[:, None, None] * np.ones((1, 400, 3))
    assert "level line" not in look(grained(slope)) and "lighter upper half" in look(grained(slope))


@pytest.mark.parametrize(("centre", "told"), [((320, 240), True), ((120, 110), False), ((520, 240), False)])
def test_one_thing_before_a_background_is_told_where_it_is_in_the_middle(centre: tuple[int, int], told: bool) -> None:
    image = np.full((480, 640, 3), (120, 140, 120), np.uint8)
    cv2.circle(image, centre, 80, (220, 60, 30), -1)
    assert compose(grained(image)).subject is not None
    assert any(word.startswith("subject") for word in look(grained(image))) is told


def test_no_subject_where_everything_differs() -> None:
    assert compose(scene()).subject is None
    many = np.full((480, 640, 3), 120, np.uint8)
    for x in range(80, 640, 160):
        for y in range(80, 480, 160):
            cv2.circle(many, (x, y), 40, (220, 60, 30), -1)
    assert compose(many).subject is None


def test_texture_all_over() -> None:
    texture = np.random.default_rng(9).integers(40, 200, (480, 640, 1), np.uint8).repeat(3, axis=2)
    assert "even detail" in look(texture)
    half = texture.copy()
    half[:240] = 120
    assert "even detail" not in look(half)


def test_warm_and_cool() -> None:
    tones = np.random.default_rng(2).integers(0, 60, (300, 400, 1))
    warm = (np.array([190, 110, 40]) + tones * np.array([1, 0.8, 0.3])).astype(np.uint8)
    cool = (np.array([30, 70, 160]) + tones * np.array([0.3, 0.8, 1])).astype(np.uint8)
    assert "warm colours" in look(warm) and "cool colours" in look(cool)


def test_mirror_images() -> None:
    left = scene()[:, :320]
    assert "symmetric" in look(np.concatenate([left, left[:, ::-1]], axis=1))
    assert "symmetric" not in look(scene())


def test_groups_that_belong_together_are_told_together() -> None:
    labels = (LabelGroup("dog", 0.3, "beagle", 0.1), LabelGroup("cat", 0.25, "tabby", 0.2))
    found = GroundedComposer().describe(Perception(800, 600, labels=labels, statistics=PHOTOGRAPHED), "general")
    assert "most likely shows an animal." in found.text and "animal" in found.tags
    assert "dog" not in found.text and "dog" not in found.tags
    few = (LabelGroup("dog", 0.25, "beagle", 0.1), LabelGroup("aircraft", 0.25, "airliner", 0.2))
    assert (
        "could not be told"
        in GroundedComposer().describe(Perception(800, 600, labels=few, statistics=PHOTOGRAPHED), "general").text
    )


def test_faces_are_told_with_place_and_size() -> None:
    clothing = (LabelGroup("clothing", 0.6, "suit", 0.3),)
    one = Perception(800, 800, labels=clothing, faces=(Face(Box(0.1, 0.1, 0.2, 0.35), 8.0),), statistics=PHOTOGRAPHED)
    said = GroundedComposer().describe(one, "general")
    assert "in which one face is visible. The face is in the upper left and takes about a third of" in said.text
    assert "portrait" in said.tags and "clothing" not in said.text
    group = tuple(Face(Box(0.1 + 0.2 * n, 0.4, 0.1, 0.12), 8.0) for n in range(4))
    several = GroundedComposer().describe(Perception(800, 800, faces=group, statistics=PHOTOGRAPHED), "general")
    assert "four faces are visible. The faces are in the middle; the largest takes about a tenth" in several.text
    assert "group of people" in several.tags


def test_perceptions_of_earlier_versions_say_nothing_new() -> None:
    old = Perception(800, 600, colours=(Colour("blue", 0.6, "#2a5aa8"),), statistics=PHOTOGRAPHED)
    said = GroundedComposer().describe(old, "general").text
    assert said == (
        "A landscape-format photo or photo-like picture; what it shows could not be told with confidence. "
        "The dominant colour is blue."
    )
    assert old.composition == Composition()


images = arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3)))


@settings(max_examples=40, deadline=None)
@given(images, st.integers(1, 6))
def test_any_image_can_be_measured(image: np.ndarray, times: int) -> None:
    image = np.kron(image, np.ones((times, times, 1), np.uint8))
    for figures in (light_figures(image), sharpness_figures(image)):
        assert all(np.isfinite(value) for value in figures.values())
    assert compose(image) == compose(image)


def test_detail_is_not_all_there_is_where_people_are_seen() -> None:
    plain = replace(seen(scene()), faces=())
    figures = {**plain.statistics, "detail_spread": 0.15}
    texture = replace(plain, statistics=figures)
    words = [word for each in GroundedComposer().describe(texture, "general").evidence for word in each.get("look", ())]
    assert "even detail" in words
    peopled = replace(texture, objects=(SeenObject("person", Box(0.3, 0.3, 0.2, 0.6), 0.9),))
    words = [word for each in GroundedComposer().describe(peopled, "general").evidence for word in each.get("look", ())]
    assert "even detail" not in words
