"""The whole built-in analyzer, with its real models."""

import os
import socket
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from rapidfuzz import fuzz

from scopix_server.domain.description import Box, Perception, TextRegion
from scopix_server.perception.pixel_analyzer import PixelAnalyzer, _plausible


def test_a_drawn_page_is_perceived(analyzer, sheet):
    page = sheet(1000, 700).write(60, 40, "Quarterly results of the harbour", 44)
    page.write_lines(60, 160, [f"left column, line {n}" for n in range(6)], 22, 33)
    page.write_lines(540, 176, [f"right column, line {n}" for n in range(6)], 22, 33)
    seen = analyzer.analyze(page.pixels())
    assert (seen.width, seen.height) == (1000, 700)
    assert [region.text for region in seen.text] == page.lines
    assert seen.colours[0].name == "white"
    assert seen.faces == ()
    assert seen.statistics["equal_neighbour_share"] > 0.9
    assert len(seen.embedding) == 1280


def test_a_photograph_is_perceived(analyzer, picture):
    seen = analyzer.analyze(picture("astronaut.png"))
    assert len(seen.faces) == 1
    assert seen.text == ()
    assert {"light grey", "black"} <= {colour.name for colour in seen.colours}


def test_lone_letters_are_dropped_in_photographs_only(analyzer, picture, sheet):
    # The recogniser takes the glint on this spoon for an "8".
    assert analyzer.analyze(picture("coffee.png")).text == ()
    assert [region.text for region in analyzer.analyze(sheet(64, 64).write(8, 16, "OK", 32).pixels()).text] == ["OK"]


def test_a_lone_chinese_sign_is_dropped_but_not_on_a_chinese_page():
    def line(text):
        return TextRegion(text, Box(0, 0, 1, 1), 0.9)

    diagram = (line("Web shop"), line("中"), line("1"))
    assert _plausible(diagram, photograph=False) == (line("Web shop"), line("1"))
    page = (line("目录"), line("中"))
    assert _plausible(page, photograph=False) == page


def test_words_on_photographs_are_kept(analyzer, picture):
    # Letters on a curved tank: one of them may be misread, the word may not be lost.
    (word,) = [region.text for region in analyzer.analyze(picture("motorcycle_left.png")).text]
    assert fuzz.ratio(word, "YAMAHA") > 80


def test_the_same_image_gives_the_same_perception_and_is_left_alone(analyzer, picture):
    image = picture("rocket.jpg")
    before = image.copy()
    image.flags.writeable = False
    assert analyzer.analyze(image) == analyzer.analyze(before)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (8, 8), (1, 5000), (5000, 1), (9, 4000), (33, 1200)])
def test_odd_sizes_do_no_harm(analyzer, size):
    for value in (0, 255):
        assert isinstance(analyzer.analyze(np.full((*size, 3), value, np.uint8)), Perception)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
)
def test_another_kind_of_array_is_refused(analyzer, image):
    with pytest.raises(ValueError, match="expected a uint8 array"):
        analyzer.analyze(image)


def test_it_names_itself_and_its_models(analyzer):
    assert analyzer.name == "builtin"
    assert "rapidocr 3.10." in analyzer.version
    assert "scopix-models 2." in analyzer.version


def test_no_network_is_used(picture, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert PixelAnalyzer().analyze(picture("chelsea.png")).labels[0].name == "cat"


MEMORY = textwrap.dedent(
    """
    import numpy as np
    from scopix_server.perception.pixel_analyzer import PixelAnalyzer

    def peak():
        # In kB. Unlike ru_maxrss it begins anew with a program, however much its parent had taken.
        return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

    analyzer = PixelAnalyzer()
    image = np.full((6000, 9000, 3), 240, np.uint8)
    image[::50] = 30
    before = peak()
    analyzer.analyze(image)
    print((peak() - before) // 1024)
    """
)


def test_a_large_plan_needs_no_more_memory_than_a_page():
    # 54 megapixels, 162 MB as an array: what perceiving it adds must not grow with it.
    script = [sys.executable, "-c", MEMORY]
    # Freed blocks go back to the system at once, or the figure varies with the allocator's mood by 200 MB.
    env = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
    grown = int(subprocess.run(script, capture_output=True, text=True, check=True, env=env).stdout)
    assert grown < 400
