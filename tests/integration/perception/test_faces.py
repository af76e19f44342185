"""Finding frontal faces on photographs that scikit-image ships."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage

from scopix_server.perception.faces import MIN_WEIGHT, FaceFinder


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def test_the_astronaut_has_one_face_and_it_is_hers(finder, picture):
    (face,) = finder.find(picture("astronaut.png"))
    assert face.weight >= MIN_WEIGHT
    centre = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
    assert centre == pytest.approx((0.43, 0.22), abs=0.06)


def test_a_large_photograph_is_searched_like_a_small_one(finder, picture):
    large = cv2.resize(picture("astronaut.png"), (2048, 2048), interpolation=cv2.INTER_CUBIC)
    (face,) = finder.find(large)
    assert face.box.x + face.box.width / 2 == pytest.approx(0.43, abs=0.06)


@pytest.mark.parametrize(
    "name",
    [
        "coins.png",
        "chelsea.png",
        "coffee.png",
        "motorcycle_left.png",
        "retina.jpg",
        "page.png",
        "grass.png",
        "gravel.png",
    ],
)
def test_no_face_is_made_up(finder, picture, name):
    assert finder.find(picture(name)) == ()


@pytest.mark.parametrize("size", [(1, 1), (23, 23), (24, 24), (1, 5000), (5000, 30)])
def test_odd_sizes_do_no_harm(finder, size):
    assert finder.find(np.zeros((*size, 3), np.uint8)) == ()


def test_most_frontal_portraits_are_found_and_other_patches_are_not(finder):
    # 100 faces and 100 other patches of 25 x 25 pixels, enlarged and given some room.
    patches = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")
    grey = np.round(patches / patches.max() * 255).astype(np.uint8)
    large = [cv2.resize(patch, (120, 120), interpolation=cv2.INTER_CUBIC) for patch in grey]
    framed = [cv2.copyMakeBorder(patch, 60, 60, 60, 60, cv2.BORDER_REPLICATE) for patch in large]
    found = [bool(finder.find(cv2.cvtColor(patch, cv2.COLOR_GRAY2RGB))) for patch in framed]
    assert sum(found[:100]) >= 80
    assert not any(found[100:])
