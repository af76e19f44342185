"""Reading text with the real models."""

import io
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import rapidocr
from PIL import Image, ImageDraw, ImageFont
from rapidocr import RapidOCR

from evaluation.draw import draw
from scopix_server.perception.ocr import MIN_CONFIDENCE, TextReader
from scopix_server.perception.text_models import TextModels

SETTINGS = {
    "Global.log_level": "error",
    "Global.use_cls": False,
    "Global.text_score": 0.0,
    "Rec.rec_batch_num": 2,
    "Det.limit_type": "max",
    "Det.limit_side_len": 1280,
}


def texts(regions):
    return sorted(region.text for region in regions)


def test_the_pinned_release_is_installed():
    # The two networks are called one by one, which is not public: a new minor release needs these tests run again.
    assert version("rapidocr").startswith("3.10.")


def test_a_page_is_read_exactly_and_in_the_unit_square(reader, sheet, sentences):
    page = sheet(1240, 1754).write_lines(90, 100, sentences(30, 8), size=22)
    regions = reader.read(page.pixels())
    assert texts(regions) == sorted(page.lines)
    for region in regions:
        assert MIN_CONFIDENCE <= region.confidence <= 1
        assert all(0 <= value <= 1 for corner in region.quad for value in corner)
        box = region.box
        assert 0 <= box.x <= box.x + box.width <= 1
        assert 0 <= box.y <= box.y + box.height <= 1


def test_a_line_is_found_where_it_was_written(reader, sheet):
    (region,) = reader.read(sheet(1000, 500).write(200, 100, "Reykjavik harbour", 40).pixels())
    assert region.box.x == pytest.approx(0.2, abs=0.015)
    assert region.box.y + region.box.height / 2 == pytest.approx(0.246, abs=0.02)


@pytest.mark.parametrize("turn", [0, 5, 15, 45, 90, 180, 270])
def test_turned_text_is_read_and_its_quad_follows_it(reader, sheet, turn):
    page = sheet(700, 700).write_lines(120, 250, ["Ground floor plan", "Scale one to fifty"], 36, 80)
    regions = reader.read(page.pixels(turn))
    assert texts(regions) == sorted(page.lines)
    for region in regions:
        (x0, y0), (x1, y1) = region.quad[0], region.quad[1]
        angle = np.degrees(np.arctan2(-(y1 - y0), x1 - x0)) % 360
        assert min(abs(angle - turn), 360 - abs(angle - turn)) < 6


def test_the_steps_give_what_the_library_gives_in_one_call(sheet, sentences):
    page = sheet(1000, 900).write_lines(60, 40, sentences(15, 6), size=20).pixels(0.6)
    whole = RapidOCR(params=SETTINGS)
    answer = whole(cv2.cvtColor(page, cv2.COLOR_RGB2BGR))
    regions = TextReader(runtime="onnxruntime").read(page)
    assert texts(regions) == sorted(answer.txts)
    height, width = page.shape[:2]
    ours = sorted(tuple(np.round(np.array(r.quad) * (width, height)).astype(int).ravel()) for r in regions)
    assert ours == sorted(tuple(np.round(quad).astype(int).ravel()) for quad in answer.boxes)


def test_a_long_page_is_read_line_by_line(reader, sheet, sentences):
    page = sheet(900, 4000).write_lines(40, 20, sentences(60, 5), pitch=66)
    assert texts(reader.read(page.pixels())) == sorted(page.lines)


def test_a_line_across_many_tiles_is_read_once_and_whole(reader, sheet, sentences):
    lines = [" ".join(sentences(4, 7)), "short line", " ".join(sentences(3, 8))]
    page = sheet(4200, 300).write_lines(30, 40, lines, pitch=80)
    assert texts(reader.read(page.pixels())) == sorted(lines)


def test_small_text_on_a_large_plan_is_read(reader, sheet):
    plan = sheet(7000, 5000)
    for number, (x, y) in enumerate([(100, 100), (3300, 60), (6200, 2480), (1700, 4800), (3450, 2500), (2270, 1500)]):
        plan.write(x, y, f"Room number {number + 1}", 34)
    assert texts(reader.read(plan.pixels())) == sorted(plan.lines)


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (8, 8), (31, 31), (1, 5000), (5000, 1), (9, 4000), (4000, 9), (20, 300), (8, 40_000)]
)
@pytest.mark.parametrize("filling", ["noise", "white"])
def test_odd_sizes_do_no_harm(reader, size, filling):
    shape = (*size, 3)
    image = np.random.default_rng(1).integers(0, 256, shape, np.uint8) if filling == "noise" else np.full(shape, 255)
    assert isinstance(reader.read(image.astype(np.uint8)), tuple)


def test_a_low_strip_of_text_is_read(reader, sheet):
    assert texts(reader.read(sheet(600, 26).write(10, 1, "Total amount due 1,284.50", 20).pixels())) == [
        "Total amount due 1,284.50"
    ]


def test_an_image_without_text_gives_nothing(reader):
    gradient = np.linspace(0, 255, 300, dtype=np.uint8)
    image = np.repeat(np.repeat(gradient[None, :, None], 300, axis=0), 3, axis=2)
    assert reader.read(image) == ()


def test_a_view_of_a_larger_array_is_read_like_a_copy(reader, sheet):
    page = sheet(900, 600).write(200, 200, "A part of the page", 40).pixels()
    part = page[100:500, 100:800]
    assert reader.read(part) == reader.read(part.copy())


def test_threads_may_share_a_reader(reader, sheet, sentences):
    pages = [sheet(700, 300).write_lines(20, 20, sentences(5, 4)[n:], 22).pixels() for n in range(4)]
    alone = [reader.read(page) for page in pages]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(reader.read, pages * 3)) == alone * 3


def test_no_network_is_used(sheet, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    threads = threading.active_count()
    assert texts(TextReader().read(sheet(600, 120).write(20, 30, "No network at all", 40).pixels())) == [
        "No network at all"
    ]
    assert threading.active_count() == threads


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"other\.onnx is missing"):
        TextReader(models=TextModels(recogniser=tmp_path / "other.onnx"))


@pytest.fixture
def own_recogniser(tmp_path):
    """The recogniser of the wheel as a file without symbols, and the list of them with other signs for a to z."""
    shipped = onnx.load(str(Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"))
    (entry,) = (entry for entry in shipped.metadata_props if entry.key == "character")
    other = {chr(ord("a") + number): chr(ord("а") + number) for number in range(26)}
    symbols = [other.get(sign, sign) for sign in entry.value.splitlines()]
    shipped.metadata_props.remove(entry)
    onnx.save(shipped, str(tmp_path / "own.onnx"))
    (tmp_path / "own.txt").write_text("\n".join(symbols) + "\n", "utf-8")
    return tmp_path / "own.onnx", tmp_path / "own.txt"


def test_a_model_of_one_s_own_reads_other_scripts(sheet, own_recogniser):
    models = TextModels(recogniser=own_recogniser[0], symbols=own_recogniser[1])
    page = sheet(600, 120).write(20, 30, "abc zebra 12", 40).pixels()
    assert texts(TextReader(models=models).read(page)) == ["абв щдбса 12"]
    assert models.name == " with own.onnx"


def test_lines_in_a_script_it_does_not_know_are_counted(reader):
    font = ImageFont.truetype(str(resources.files("font_roboto") / "files" / "Roboto-Regular.ttf"), 36)
    page = Image.new("RGB", (900, 300), "white")
    for row, line in enumerate(["Договор аренды помещения", "Москва, улица Лесная", "Signed by both parties"]):
        ImageDraw.Draw(page).text((40, 30 + 90 * row), line, font=font, fill="black")
    found = reader.reading(np.asarray(page))
    assert "Signed by both parties" in texts(found.lines)
    assert found.unread == 2


def test_lines_that_it_takes_for_latin_letters_are_counted_and_not_told(reader):
    font = ImageFont.truetype(str(resources.files("font_roboto") / "files" / "Roboto-Regular.ttf"), 36)
    page = Image.new("RGB", (900, 300), "white")
    for row, line in enumerate(["Απαγορεύεται η είσοδος", "ΦΑΡΜΑΚΕΙΟ", "Signed by both parties"]):
        ImageDraw.Draw(page).text((40, 30 + 90 * row), line, font=font, fill="black")
    found = reader.reading(np.asarray(page))
    assert (texts(found.lines), found.unread) == (["Signed by both parties"], 2)


def test_a_model_that_cannot_be_used_says_why(own_recogniser, tmp_path):
    model, symbols = own_recogniser
    for wrong, told in [
        (TextModels(recogniser=model), "does not list its symbols"),
        (TextModels(recogniser=symbols, symbols=symbols), "is not an ONNX recogniser"),
        (TextModels(recogniser=model, symbols=tmp_path / "none.txt"), "none.txt is missing"),
    ]:
        with pytest.raises((ValueError, FileNotFoundError), match=told):
            TextReader(models=wrong)
    symbols.write_text("a\nb\n")
    with pytest.raises(ValueError, match="tells 18708 symbols apart, and 2 are listed"):
        TextReader(models=TextModels(recogniser=model, symbols=symbols))


def test_the_zero_of_an_axis_is_read_though_the_detector_misses_it(reader: TextReader) -> None:
    with Image.open(io.BytesIO(draw("chart", "tuning", 0).data)) as image:
        read = [region.text for region in reader.read(np.asarray(image.convert("RGB")))]
    assert read.count("0") == 1
