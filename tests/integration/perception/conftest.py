"""The real engines, loaded once, and pictures drawn with Pillow's own font (no system fonts needed)."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageDraw, ImageFont

from scopix_server.perception.labels import Labeller
from scopix_server.perception.ocr import TextReader
from scopix_server.perception.pixel_analyzer import PixelAnalyzer

WORDS = ("report", "status", "harbour", "region", "version", "deploy", "owner", "access", "token", "audit", "budget")


@pytest.fixture(scope="session")
def reader() -> TextReader:
    # The same on every machine, whatever is installed and whatever its processor has.
    return TextReader(runtime="onnxruntime")


@pytest.fixture(scope="session")
def labeller() -> Labeller:
    return Labeller()


@pytest.fixture(scope="session")
def analyzer() -> PixelAnalyzer:
    return PixelAnalyzer(text_runtime="onnxruntime")


@pytest.fixture(scope="session")
def picture() -> Callable[[str], np.ndarray]:
    """A photograph that scikit-image ships, as an RGB array."""

    def load(name: str) -> np.ndarray:
        with Image.open(Path(skimage.__file__).parent / "data" / name) as image:
            return np.array(image.convert("RGB"))

    return load


class Sheet:
    """A page to write on; remembers the lines written."""

    def __init__(self, width: int, height: int, paper: str = "white") -> None:
        self.image = Image.new("RGB", (width, height), paper)
        self.lines: list[str] = []

    def write(self, x: int, y: int, text: str, size: int = 24, ink: str = "black") -> "Sheet":
        ImageDraw.Draw(self.image).text((x, y), text, font=ImageFont.load_default(size), fill=ink)
        self.lines.append(text)
        return self

    def write_lines(self, x: int, y: int, lines: Sequence[str], size: int = 24, pitch: int = 44) -> "Sheet":
        for number, text in enumerate(lines):
            self.write(x, y + number * pitch, text, size)
        return self

    def pixels(self, turn: float = 0.0) -> np.ndarray:
        """The page as an RGB array, turned anticlockwise by `turn` degrees."""
        turned = self.image.rotate(turn, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
        return np.array(turned)


@pytest.fixture
def sheet() -> type[Sheet]:
    return Sheet


@pytest.fixture
def sentences() -> Iterator[Callable[[int, int], list[str]]]:
    """Distinct sentences of so many words, always the same."""

    def make(count: int, words: int) -> list[str]:
        chooser = random.Random(11)
        return [f"{n} " + " ".join(chooser.choice(WORDS) for _ in range(words)) for n in range(1, count + 1)]

    return make
