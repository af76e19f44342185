"""The scripted analyzer: deterministic answers for tests and load trials, without a model."""

import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from scopix_server.domain.similar import MIN_SCORE, is_near_duplicate
from scopix_server.perception.scripted import ScriptedAnalyzer
from tests.support.images import picture

SCRIPTED = ScriptedAnalyzer()


def perceived(image: Image.Image):
    return SCRIPTED.analyze(np.asarray(image))


def likeness(one: Image.Image, other: Image.Image) -> float:
    left, right = np.array(perceived(one).embedding), np.array(perceived(other).embedding)
    return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))


def test_the_same_pixels_have_the_same_answer_and_others_another() -> None:
    first, again, other = perceived(picture(seed=1)), perceived(picture(seed=1)), perceived(picture(seed=2))
    assert first == again
    assert SCRIPTED.describe(first, "general") == SCRIPTED.describe(again, "general")
    assert first.text[0].text != other.text[0].text
    assert (first.width, first.height) == (320, 240)


def test_an_image_takes_as_long_as_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    at_once = perceived(picture())
    monkeypatch.setattr(time, "sleep", naps.append)
    assert ScriptedAnalyzer(0.5).analyze(np.asarray(picture())) == at_once
    assert naps == [0.5]


def test_an_answer_rests_on_what_was_perceived_and_says_that_it_is_scripted() -> None:
    seen = perceived(picture())
    described = SCRIPTED.describe(seen, "map")
    assert (described.engine, described.model) == ("builtin", "scripted")
    assert described.text == " ".join(statement["statement"] for statement in described.evidence)
    assert "scripted" in described.text and "320 x 240" in described.text
    assert described.visible_text == seen.text[0].text
    assert described.visible_text in described.text
    assert set(described.tags) == {"scripted", seen.labels[0].name, seen.colours[0].name}


def test_a_resized_copy_is_similar_and_another_picture_is_not() -> None:
    image = picture(640, 480, seed=3)
    assert likeness(image, image.resize((320, 240))) > 0.85
    assert likeness(image, picture(640, 480, seed=4)) < MIN_SCORE
    assert is_near_duplicate(1.0, perceived(image), perceived(image))
    assert likeness(Image.new("RGB", (40, 40), "grey"), Image.new("RGB", (80, 80), "grey")) == 1


def test_pictures_of_one_pixel_have_an_answer() -> None:
    seen = perceived(Image.new("RGB", (1, 1), "blue"))
    assert SCRIPTED.describe(seen, "general").text


def test_a_process_that_looks_at_images_loads_no_models(tmp_path) -> None:
    script = f"""
import sys
from pathlib import Path
from scopix_server.categories import catalogue_with
from scopix_server.config import Settings
from scopix_server.wiring.analysis import build_in_child
build_in_child(Settings(data_dir=Path({str(tmp_path)!r}), analyzer="scripted"), catalogue_with(None))
print(sorted({{"cv2", "onnxruntime", "rapidocr"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []
