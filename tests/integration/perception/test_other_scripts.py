"""Lines in scripts that our networks do not read, read by the Tesseract of the machine; and by none that is broken.

What needs Tesseract with Russian and Greek is skipped where it is not installed, and says so.
"""

import os
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz import fuzz

from scopix_server.cli.checks import Verdict, examine
from scopix_server.config import Settings
from scopix_server.perception.ocr import Reading, TextReader
from scopix_server.perception.other_scripts import OtherScripts, find_tesseract
from scopix_server.perception.pixel_analyzer import PixelAnalyzer
from tests.support.images import picture

_HERE = find_tesseract(os.environ, ["rus", "ell"])
with_tesseract = pytest.mark.skipif(
    _HERE is None or len(_HERE.languages) < 2,
    reason="no tesseract with Russian and Greek: apt install tesseract-ocr-rus tesseract-ocr-ell",
)


def page(*lines: str, dark: bool = False) -> np.ndarray:
    font = ImageFont.truetype(str(resources.files("font_roboto") / "files" / "Roboto-Regular.ttf"), 36)
    ground, ink = ((20, 20, 60), "white") if dark else ("white", "black")
    drawn = Image.new("RGB", (900, 40 + 90 * len(lines)), ground)
    for row, line in enumerate(lines):
        ImageDraw.Draw(drawn).text((40, 30 + 90 * row), line, font=font, fill=ink)
    return np.asarray(drawn)


def texts(reading: Reading) -> list[str]:
    return [region.text for region in sorted(reading.lines, key=lambda region: region.box.y)]


@pytest.fixture(scope="module")
def reader() -> TextReader:
    assert _HERE is not None
    return TextReader(runtime="onnxruntime", others=_HERE.read)


@with_tesseract
@pytest.mark.parametrize("dark", [False, True])
def test_lines_in_other_scripts_are_read_beside_latin_ones(reader: TextReader, dark: bool) -> None:
    lines = ["Договор аренды помещения", "Signed by both parties", "Η Αθήνα είναι πρωτεύουσα", "Москва, улица Лесная"]
    found = reader.reading(page(*lines, dark=dark))
    assert (len(found.lines), found.unread) == (len(lines), 0)
    # An accent may be another one.
    assert all(fuzz.ratio(one, other) >= 95 for one, other in zip(texts(found), lines, strict=True)), texts(found)
    assert all(region.confidence >= 0.8 for region in found.lines)


@with_tesseract
def test_what_looks_like_latin_letters_is_read_again_where_the_picture_is_in_another_script(reader: TextReader) -> None:
    lines = ["КАССА", "Аптека открыта ежедневно", "Выход на перрон", "Цена 150 руб."]
    assert texts(reader.reading(page(*lines))) == lines
    # A name in Latin letters alone stays what it is.
    assert texts(reader.reading(page("KACCA TAXI"))) == ["KACCA TAXI"]


@with_tesseract
def test_what_is_no_text_in_those_scripts_stays_unread(reader: TextReader) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (48, 600, 3), np.uint8)
    latin = page("Signed by both parties")[20:110]
    assert _HERE is not None
    assert _HERE.read([noise, latin, np.full((40, 300, 3), 255, np.uint8)]) == [None, None, None]
    assert _HERE.read([]) == []


@with_tesseract
def test_versions_say_what_read_and_doctor_which_scripts(tmp_path: Path) -> None:
    assert _HERE is not None
    assert PixelAnalyzer(other_scripts=_HERE).version.endswith(
        f", tesseract {_HERE.version} {'+'.join(_HERE.languages)}"
    )
    asked = {
        "rus+ell": (Verdict.OK, "Cyrillic (rus)"),
        "rus+xyz": (Verdict.WARNING, "xyz"),
        "off": (Verdict.OK, "is off"),
    }
    for languages, (verdict, told) in asked.items():
        settings = Settings(data_dir=tmp_path, ocr_other_scripts=languages, analyzer="scripted")
        (finding,) = [finding for finding in examine(settings) if finding.part == "scripts"]
        assert finding.verdict is verdict and told in finding.message, finding


@pytest.mark.parametrize("does", ["exit 3", "echo nonsense", "cat /dev/zero | head -c 100000", "kill -9 $$"])
def test_a_program_that_does_not_work_leaves_lines_unread(tmp_path: Path, does: str) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
    program.chmod(0o755)
    broken = OtherScripts(str(program), ("rus",), "0", {"PATH": os.environ["PATH"]})
    strip = np.asarray(picture(200, 40))
    assert broken.read([strip, strip]) == [None, None]
    assert find_tesseract({"PATH": f"{tmp_path}:{os.environ['PATH']}"}) is None
    assert find_tesseract({"PATH": str(tmp_path / "none")}) is None


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("scopix_server.perception.other_scripts.SECONDS", 0.1)
    assert OtherScripts(str(program), ("rus",), "0", {"PATH": os.environ["PATH"]}).read(
        [np.asarray(picture(9, 9))]
    ) == [None]
    assert find_tesseract({"PATH": f"{tmp_path}:{os.environ['PATH']}"}) is None


def test_the_setting_names_languages(tmp_path: Path) -> None:
    for wrong in ("rus,ell", "rus ell", "-l", ""):
        with pytest.raises(ValueError, match="pattern"):
            Settings(data_dir=tmp_path, ocr_other_scripts=wrong)
