"""Lines in scripts that our networks do not read, read by Tesseract where it is on the machine.

It gets the strips of these lines alone, one below the other on a white sheet of our own, so one call reads a picture.
Which language they are in nobody says: each installed one reads the longest strips, and those that read one best, with
words in their own script, read them all. What it is not sure of, or reads as Latin letters, stays unread: a model for
Cyrillic finds words in handwriting, ornaments and the weave of a cloth.
"""

import math
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["SCRIPTS", "OtherScripts", "find_tesseract"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

SCRIPTS: Final = {
    "Cyrillic": "rus ukr bel bul srp mkd kaz kir mon tat tgk uzb_cyrl aze_cyrl Cyrillic",
    "Greek": "ell grc Greek",
    "Arabic": "ara fas urd pus uig snd kur_ara Arabic",
    "Hebrew": "heb yid Hebrew",
    "Devanagari": "hin mar nep san Devanagari",
    "Thai": "tha Thai",
    "Hangul": "kor Hangul",
    "Armenian": "hye Armenian",
    "Georgian": "kat Georgian",
    "Bengali": "ben asm Bengali",
    "Tamil": "tam Tamil",
    "Telugu": "tel Telugu",
    "Kannada": "kan Kannada",
    "Malayalam": "mal Malayalam",
    "Gujarati": "guj Gujarati",
    "Gurmukhi": "pan Gurmukhi",
    "Sinhala": "sin Sinhala",
    "Khmer": "khm Khmer",
    "Lao": "lao Lao",
    "Myanmar": "mya Myanmar",
    "Ethiopic": "amh tir Ethiopic",
}
"""Tesseract's names of languages by the script, as Unicode's names of letters begin."""

SURE: Final = 0.8
"""Mean confidence of a line's words from which on it counts."""
OWN_LETTERS: Final = 0.7
"""Share of a line's letters that must be in the language's own script."""
MIN_LETTERS: Final = 3
MIN_WORD: Final = {"Hangul": 1, "Arabic": 2, "Hebrew": 2}
"""Letters of a word, 3 in other scripts: of formulas it makes single ones with signs between."""
IN_WORDS: Final = 0.6
"""Share of a line's letters that must be in such words."""
TRIED: Final = 4
"""Strips by which languages are chosen."""
MAX_LANGUAGES: Final = 3
"""Languages that read all strips of a picture; of more scripts on one, signs for tourists are the exception."""
USUAL_PROPORTION: Final = 12.0
"""Width / height of strips that are tried first: some words, and none squeezed into a sheet."""
MAX_STRIPS: Final = 24
"""Strips of one sheet, which takes .1 to 3 s."""
STRIP_HEIGHT: Final = 48
"""Pixels: capitals of some 30, which its networks were trained on."""
GAP: Final = 32
MAX_WIDTH: Final = 4_000
SECONDS: Final = 30.0
"""A sheet that takes longer is given up, as on a machine that has far too much to do."""
PICTURE_SECONDS: Final = 60.0
"""After these no further sheet of a picture is begun: a picture may take 180 s as a whole."""
WORD_GAP: Final = 7
"""Pixels. It takes each Korean syllable for a word; those nearer than this are of one."""


class Word(NamedTuple):
    """A word with Tesseract's confidence in it (0 to 1), and its left and right end on the sheet in pixels."""

    text: str
    score: float
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class OtherScripts:
    """A Tesseract with languages for scripts that our networks do not read.

    `program` is its path, `languages` are names as it lists them, `version` is its own. It runs in `environment`.
    """

    program: str
    languages: tuple[str, ...]
    version: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Say what reads, as versions of descriptions note it."""
        return f"tesseract {self.version} {'+'.join(self.languages)}"

    @property
    def scripts(self) -> dict[str, tuple[str, ...]]:
        """The languages of each script."""
        found: dict[str, tuple[str, ...]] = {}
        for language in self.languages:
            found[_script_of(language)] = (*found.get(_script_of(language), ()), language)
        return found

    def read(self, strips: Sequence[Pixels]) -> list[tuple[str, float] | None]:
        """Return text and confidence (.8 to 1) of each upright BGR strip, None for what is not read for sure."""
        if not strips:
            return []
        until = time.monotonic() + PICTURE_SECONDS
        usual = sorted(range(len(strips)), key=lambda at: abs(math.log(_proportion(strips[at]) / USUAL_PROPORTION)))
        first = [strips[at] for at in usual[:TRIED]]
        tried = {language: self._by(language, first) for language in self.languages}
        best = [max(self.languages, key=lambda language: _score(tried[language][at])) for at in range(len(first))]
        sure = [language for at, language in enumerate(best) if tried[language][at] is not None]
        found: list[tuple[str, float] | None] = [None] * len(strips)
        for language in list(dict.fromkeys(sure))[:MAX_LANGUAGES]:
            for start in range(0, len(strips), MAX_STRIPS):
                if time.monotonic() > until:
                    return found
                for at, line in enumerate(self._by(language, strips[start : start + MAX_STRIPS]), start):
                    found[at] = max(found[at], line, key=_score)
        return found

    def _by(self, language: str, strips: Sequence[Pixels]) -> list[tuple[str, float] | None]:
        sheet, tops = _sheet(strips)
        _, picture = cv2.imencode(".png", sheet)
        command = [self.program, "stdin", "stdout", "-l", language, "--psm", "6", "tsv"]
        environment = {**self.environment, "OMP_THREAD_LIMIT": "1"}
        try:
            printed = subprocess.run(
                command, input=picture.tobytes(), capture_output=True, timeout=SECONDS, check=True, env=environment
            )
        except (OSError, subprocess.SubprocessError):
            return [None] * len(strips)
        words: list[list[Word]] = [[] for _ in strips]
        for row in printed.stdout.decode("utf-8", "replace").splitlines()[1:]:
            cells = row.split("\t")
            if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
                middle = int(cells[7]) + int(cells[9]) / 2
                word = Word(cells[11].strip(), float(cells[10]) / 100, int(cells[6]), int(cells[6]) + int(cells[8]))
                words[int(np.argmin(np.abs(tops + STRIP_HEIGHT / 2 - middle)))].append(word)
        return [_line(line, _script_of(language)) for line in words]


def find_tesseract(environment: Mapping[str, str], languages: Sequence[str] = ()) -> OtherScripts | None:
    """Return the machine's Tesseract with those of `languages`, by default of all it has, that our networks lack.

    It runs in `environment`, whose PATH it is looked for on. None where there is no such program, or no such language.
    """
    program = shutil.which("tesseract", path=environment.get("PATH"))
    if program is None:
        return None
    try:
        listed = _output_of(program, "--list-langs", environment).split()
        version = _output_of(program, "--version", environment).split()[1]
    except (OSError, subprocess.SubprocessError, IndexError):
        return None
    known = {language for names in SCRIPTS.values() for language in names.split()}
    names = [name for name in listed if name.removeprefix("script/") in known and (not languages or name in languages)]
    return OtherScripts(program, tuple(names), version, environment) if names else None


def _output_of(program: str, option: str, environment: Mapping[str, str]) -> str:
    printed = subprocess.run([program, option], capture_output=True, timeout=SECONDS, check=True, env=environment)
    return (printed.stdout or printed.stderr).decode("utf-8", "replace")


def _script_of(language: str) -> str:
    name = language.removeprefix("script/")
    return next(script for script, names in SCRIPTS.items() if name in names.split())


def _score(line: tuple[str, float] | None) -> float:
    return 0.0 if line is None else line[1]


def _proportion(strip: Pixels) -> float:
    return float(strip.shape[1] / strip.shape[0])


def _line(words: Sequence[Word], script: str) -> tuple[str, float] | None:
    text = ""
    for before, word in zip([None, *words], words, strict=False):
        is_one = before is None or (script == "Hangul" and word.left - before.right < WORD_GAP)
        text += word.text if is_one else f" {word.text}"
    letters = [sign for sign in text if sign.isalpha()]
    if len(letters) < MIN_LETTERS:
        return None
    # By letters: a full stop that it is unsure of makes no word doubtful.
    confidence = sum(word.score * len(word.text) for word in words) / sum(len(word.text) for word in words)
    own = sum(unicodedata.name(sign, "").startswith(script.upper()) for sign in letters)
    # Vowel signs and accents belong to the letters before them.
    parts = "".join(sign if unicodedata.category(sign)[0] in "LM" else " " for sign in text).split()
    lengths = [sum(map(str.isalpha, part)) for part in parts]
    in_words = sum(length for length in lengths if length >= MIN_WORD.get(script, 3))
    is_text = own >= OWN_LETTERS * len(letters) and in_words >= IN_WORDS * len(letters)
    return (text, confidence) if confidence >= SURE and is_text else None


def _sheet(strips: Sequence[Pixels]) -> tuple[Pixels, npt.NDArray[np.float64]]:
    """Return a grey sheet with the strips in dark on white, one below the other, and the top of each in pixels."""
    scaled = [_on_white(strip) for strip in strips]
    width = max(strip.shape[1] for strip in scaled) + 2 * GAP
    tops = GAP + np.arange(len(scaled)) * (STRIP_HEIGHT + GAP)
    sheet = np.full((len(scaled) * (STRIP_HEIGHT + GAP) + GAP, width), 255, np.uint8)
    for top, strip in zip(tops, scaled, strict=True):
        sheet[top : top + STRIP_HEIGHT, GAP : GAP + strip.shape[1]] = strip
    return sheet, tops.astype(float)


def _on_white(strip: Pixels) -> Pixels:
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    width = min(MAX_WIDTH, max(1, round(grey.shape[1] * STRIP_HEIGHT / grey.shape[0])))
    how = cv2.INTER_AREA if grey.shape[0] > STRIP_HEIGHT else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(grey, (width, STRIP_HEIGHT), interpolation=how), np.uint8)
    # More of a line is ground than letters.
    dark = 255 - scaled if np.median(scaled) < 128 else scaled
    lightest, darkest = int(dark.max()), int(dark.min())
    spread = (dark.astype(np.float32) - darkest) * (255 / max(1, lightest - darkest))
    return spread.astype(np.uint8)
