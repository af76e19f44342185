"""Labels with the real network on photographs that scikit-image ships."""

import numpy as np
import pytest

from scopix_server.perception.labels import load_classes


def test_the_class_table_is_whole():
    classes = load_classes()
    assert len(classes) == 1000
    assert all(image_class.name and image_class.group for image_class in classes)
    groups = {image_class.group for image_class in classes}
    assert {"cat", "dog", "bird", "building", "road vehicle", "drink", "food", "landscape"} <= groups
    assert len(groups) <= 26
    blocked = {image_class.name for image_class in classes if image_class.blocked}
    assert {"honeycomb", "nematode", "doormat", "lampshade", "maze", "wool", "window screen"} <= blocked


@pytest.mark.parametrize(
    ("name", "group", "at_least"),
    [
        ("chelsea.png", "cat", 0.75),
        ("coffee.png", "drink", 0.75),
        ("motorcycle_left.png", "road vehicle", 0.38),
        ("camera.png", "household object", 0.55),
    ],
)
def test_photographs_get_their_group(labeller, picture, name, group, at_least):
    best = labeller.label(picture(name)).groups[0]
    assert best.name == group
    assert best.probability >= at_least
    assert best.best_probability <= best.probability


@pytest.mark.parametrize("name", ["rocket.jpg", "astronaut.png", "moon.png", "gravel.png", "brick.png", "ihc.png"])
def test_pictures_unlike_the_training_set_stay_unsure(labeller, picture, name):
    assert all(group.probability < 0.38 for group in labeller.label(picture(name)).groups)


def test_groups_are_sorted_and_their_probabilities_make_sense(labeller, picture):
    groups = labeller.label(picture("rocket.jpg")).groups
    probabilities = [group.probability for group in groups]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0.05 <= probability <= 1 for probability in probabilities)
    assert sum(probabilities) <= 1 + 1e-6


def test_blocked_classes_count_nowhere(labeller, picture):
    probs, _ = labeller.probabilities(picture("moon.png"))
    classes = load_classes()
    assert classes[int(probs.argmax())].blocked
    assert probs.sum() == pytest.approx(1, abs=1e-4)
    named = {group.best for group in labeller.label(picture("moon.png")).groups}
    assert not named & {image_class.name for image_class in classes if image_class.blocked}


def cosine(a, b):
    a, b = np.array(a), np.array(b)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_embeddings_find_similar_images(labeller, picture):
    left = labeller.label(picture("motorcycle_left.png")).embedding
    assert len(left) == 1280
    assert cosine(left, labeller.label(picture("motorcycle_right.png")).embedding) > 0.85
    assert cosine(left, labeller.label(picture("chelsea.png")).embedding) < 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
def test_odd_sizes_do_no_harm(labeller, size):
    labelling = labeller.label(np.zeros((*size, 3), np.uint8))
    assert np.isfinite(labelling.embedding).all()
