"""The whole built-in perceiver, with its real models."""

import os
import socket
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from scopix_server.domain.description import Box, Perception, TextRegion
from scopix_server.engines.perceiver import BuiltInPerceiver, _plausible


def test_a_drawn_page_is_perceived(perceiver, sheet):
    page = sheet(1000, 700).write(60, 40, "Quarterly results of the harbour", 44)
    page.write_lines(60, 160, [f"left column, line {n}" for n in range(6)], 22, 33)
    page.write_lines(540, 176, [f"right column, line {n}" for n in range(6)], 22, 33)
    seen = perceiver.perceive(page.pixels())
    assert (seen.width, seen.height) == (1000, 700)
    assert [region.text for region in seen.text] == page.lines
    assert seen.colours[0].name == "white"
    assert seen.faces == ()
    assert seen.statistics["equal_neighbour_share"] > 0.9
    assert len(seen.embedding) == 1280


def test_a_photograph_is_perceived(perceiver, picture):
    seen = perceiver.perceive(picture("astronaut.png"))
    assert len(seen.faces) == 1
    assert seen.text == ()
    assert {"light grey", "black"} <= {colour.name for colour in seen.colours}


def test_lone_letters_are_dropped_in_photographs_only(perceiver, picture, sheet):
    # The recogniser takes the glint on this spoon for an "8".
    assert perceiver.perceive(picture("coffee.png")).text == ()
    assert [region.text for region in perceiver.perceive(sheet(64, 64).write(8, 16, "OK", 32).pixels()).text] == ["OK"]


def test_a_lone_chinese_sign_is_dropped_but_not_on_a_chinese_page():
    def line(text):
        return TextRegion(text, Box(0, 0, 1, 1), 0.9)

    diagram = (line("Web shop"), line("中"), line("1"))
    assert _plausible(diagram, photograph=False) == (line("Web shop"), line("1"))
    page = (line("目录"), line("中"))
    assert _plausible(page, photograph=False) == page


def test_words_on_photographs_are_kept(perceiver, picture):
    assert [region.text for region in perceiver.perceive(picture("motorcycle_left.png")).text] == ["YAMAHA"]


def test_the_same_image_gives_the_same_perception_and_is_left_alone(perceiver, picture):
    image = picture("rocket.jpg")
    before = image.copy()
    image.flags.writeable = False
    assert perceiver.perceive(image) == perceiver.perceive(before)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (8, 8), (1, 5000), (5000, 1), (9, 4000), (33, 1200)])
def test_odd_sizes_do_no_harm(perceiver, size):
    for value in (0, 255):
        assert isinstance(perceiver.perceive(np.full((*size, 3), value, np.uint8)), Perception)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_another_kind_of_array_is_refused(perceiver, image):
    with pytest.raises(ValueError, match="expected a uint8 array"):
        perceiver.perceive(image)


def test_it_names_itself_and_its_models(perceiver):
    assert perceiver.name == "builtin"
    assert "rapidocr 3.10." in perceiver.version
    assert "efficientnet-lite2" in perceiver.version


def test_no_network_is_used(tmp_path, picture, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert BuiltInPerceiver(model_dir=tmp_path).perceive(picture("chelsea.png")).labels[0].name == "cat"


MEMORY = textwrap.dedent(
    """
    import resource, sys
    from pathlib import Path
    import numpy as np
    from scopix_server.engines.perceiver import BuiltInPerceiver

    perceiver = BuiltInPerceiver(model_dir=Path(sys.argv[1]))
    image = np.full((6000, 9000, 3), 240, np.uint8)
    image[::50] = 30
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    perceiver.perceive(image)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
)


def test_a_large_plan_needs_no_more_memory_than_a_page(model_dir):
    # 54 megapixels, 162 MB as an array: what perceiving it adds must not grow with it.
    script = [sys.executable, "-c", MEMORY, str(model_dir)]
    # Freed blocks go back to the system at once, or the figure varies with the allocator's mood by 200 MB.
    env = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
    grown = int(subprocess.run(script, capture_output=True, text=True, check=True, env=env).stdout)
    assert grown < 400
