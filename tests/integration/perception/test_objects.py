"""Objects with the real networks on photographs that scikit-image ships, and none where nothing may be claimed."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image, ImageDraw

from scopix_server.domain.object_names import COCO_LABELS
from scopix_server.perception.detectors import NanoDet, Ssd
from scopix_server.perception.objects import ObjectFinder
from scopix_server.perception.pixel_analyzer import PixelAnalyzer


@pytest.fixture(scope="session")
def finder(labeller) -> ObjectFinder:
    return ObjectFinder(labeller.look, labeller.classes)


@pytest.mark.parametrize(
    ("name", "label", "where"),
    [
        ("astronaut.png", "person", (0.35, 0.45)),
        ("chelsea.png", "cat", (0.47, 0.5)),
        ("coffee.png", "cup", (0.49, 0.32)),
        ("motorcycle_left.png", "motorcycle", (0.55, 0.5)),
    ],
)
def test_objects_are_found_with_their_place(finder, picture, name, label, where):
    found = finder.find(picture(name)).objects
    assert [each.label for each in found] == [label]
    box = found[0].box
    assert (box.x + box.width / 2, box.y + box.height / 2) == pytest.approx(where, abs=0.12)
    assert 0 <= box.x <= box.x + box.width <= 1
    assert 0 <= box.y <= box.y + box.height <= 1
    assert 0.5 <= found[0].score <= 1


@pytest.mark.parametrize("name", ["moon.png", "brick.png", "gravel.png", "grass.png", "hubble_deep_field.jpg"])
def test_objects_are_not_seen_in_textures(finder, picture, name):
    assert finder.find(picture(name)).objects == ()


def test_objects_beside_each_other_are_counted(finder, picture):
    cat = Image.fromarray(picture("chelsea.png"))
    both = Image.new("RGB", (2 * cat.width, cat.height))
    both.paste(cat, (0, 0))
    both.paste(cat, (cat.width, 0))
    found = finder.find(np.array(both)).objects
    assert [each.label for each in found] == ["cat", "cat"]
    assert sorted(each.box.x < 0.4 for each in found) == [False, True]


def test_objects_are_not_looked_for_on_drawn_pages(analyzer, picture):
    page = Image.new("RGB", (1000, 1400), "white")
    draw = ImageDraw.Draw(page)
    for line in range(30):
        draw.line((80, 100 + 42 * line, 900, 100 + 42 * line), fill="black", width=3)
    page.paste(Image.fromarray(picture("chelsea.png")).resize((225, 150)), (600, 1200))
    assert analyzer.analyze(np.array(page)).objects == ()
    assert [each.label for each in analyzer.analyze(picture("chelsea.png")).objects] == ["cat"]


def test_the_detectors_are_loaded_with_the_first_photograph(picture):
    analyzer = PixelAnalyzer(is_photo=lambda seen: seen.width > 100)
    analyzer.analyze(np.zeros((50, 50, 3), np.uint8))
    assert analyzer._finder is None
    analyzer.analyze(picture("coffee.png"))
    assert analyzer._finder is not None


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 4000), (4000, 1)])
def test_odd_sizes_do_no_harm(finder, size):
    assert finder.find(np.full((*size, 3), 128, np.uint8)).objects == ()


def test_both_detectors_know_the_same_labels(picture):
    proposed, second = Ssd().propose(picture("chelsea.png")), NanoDet().propose(picture("chelsea.png"))
    assert proposed[0].label == second[0].label == "cat"
    assert {each.label for each in [*proposed, *second]} <= set(COCO_LABELS)


MEMORY = textwrap.dedent(
    """
    import numpy as np
    from scopix_server.perception.pixel_analyzer import PixelAnalyzer

    analyzer = PixelAnalyzer(is_photo=lambda seen: True)
    chance = np.random.default_rng(1)
    analyzer.analyze(chance.integers(0, 256, (1000, 1500, 3), np.uint8))
    # Unlike ru_maxrss it begins anew with a program, however much its parent had taken.
    print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024)
    """
)


def test_a_process_with_all_networks_stays_below_its_budget():
    env = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, env=env)
    assert int(done.stdout) < 1100  # MB
