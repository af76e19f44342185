"""Which runtime reads, and what the networks are given."""

from importlib import util
from pathlib import Path

import cv2
import numpy as np
import pytest
from rapidocr.ch_ppocr_det.utils import DetPreProcess

from scopix_server.perception import reading_networks
from scopix_server.perception.processor import Processor
from scopix_server.perception.reading_inputs import detector_input, strips_input
from scopix_server.perception.reading_networks import Choice, choose
from scopix_server.perception.text_models import TextModels

VNNI = Processor(int8=True)


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(reading_networks, "find_spec", lambda name: util.find_spec("json"))


@pytest.fixture
def not_installed(monkeypatch):
    monkeypatch.setattr(reading_networks, "find_spec", lambda name: None)


@pytest.mark.usefixtures("installed")
def test_openvino_is_suggested_where_the_processor_computes_with_int8():
    suggested, other = choose(TextModels(), "auto", VNNI), choose(TextModels(), "auto", Processor(bf16=True))
    assert {suggested.runtime, other.runtime} == {"onnxruntime"}
    assert "SCOPIX_OCR_RUNTIME=openvino" in suggested.reason
    assert "neither AVX512-VNNI nor AMX" in other.reason


@pytest.mark.usefixtures("installed")
def test_the_settings_come_first():
    assert choose(TextModels(), "onnxruntime", VNNI) == Choice("onnxruntime", "the settings ask for it")
    assert choose(TextModels(), "openvino", Processor()) == Choice("openvino", "the settings ask for it")


@pytest.mark.usefixtures("not_installed")
def test_openvino_that_is_not_installed():
    choice = choose(TextModels(), "auto", VNNI)
    assert (choice.runtime, "scopix-server[openvino]" in choice.reason) == ("onnxruntime", True)
    with pytest.raises(ValueError, match=r"OpenVINO cannot read here: OpenVINO is not installed"):
        choose(TextModels(), "openvino", VNNI)


@pytest.mark.usefixtures("installed")
def test_files_of_ones_own_are_read_as_they_are():
    own = TextModels(recogniser=Path("cyrillic.onnx"))
    assert choose(own, "auto", VNNI).runtime == "onnxruntime"
    with pytest.raises(ValueError, match="model files of one's own"):
        choose(own, "openvino", VNNI)


@pytest.fixture
def picture():
    return np.random.default_rng(5).integers(0, 256, (64, 96, 3), np.uint8)


def test_the_detector_sees_what_rapidocr_would_show_it(picture):
    expected = DetPreProcess(1280, "max", [0.5] * 3, [0.5] * 3)(picture)
    assert np.allclose(detector_input(picture, 32), expected, atol=1e-6)


def test_inputs_of_the_detector_are_continued_up_to_a_step(picture):
    given = detector_input(picture, 128)
    assert given.shape == (1, 3, 128, 128)
    assert given.dtype == np.float32
    assert np.array_equal(given[:, :, :64, :96], detector_input(picture, 32))
    assert np.array_equal(given[:, :, :, 96:], np.repeat(given[:, :, :, 95:96], 32, axis=3))
    assert np.array_equal(given[:, :, 64:], np.repeat(given[:, :, 63:64], 64, axis=2))


def test_strips_are_padded_to_the_widest_the_least_and_a_step():
    short, long = np.full((24, 30, 3), 255, np.uint8), np.zeros((48, 130, 3), np.uint8)
    given = strips_input([short, long], 96, 32)
    assert given.shape == (2, 3, 48, 160)
    assert (given[0, :, :, :60] == 1).all()
    assert (given[0, :, :, 60:] == 0).all()
    assert (given[1, :, :, :130] == -1).all()
    assert strips_input([short], 96, 32).shape == (1, 3, 48, 96)
    assert strips_input([long], 96, 1).shape == (1, 3, 48, 130)


def test_a_strip_is_resized_as_the_recogniser_knows_it(picture):
    (given,) = strips_input([picture], 8, 1)
    assert np.array_equal(given, cv2.resize(picture, (72, 48)).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1)
