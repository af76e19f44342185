"""From the recogniser's probabilities to text: connectionist temporal classification, read off greedily.

Graves and others, "Connectionist temporal classification", 2006: at each step the likeliest symbol is taken, repeats
and blanks fall away. One thing is added. A narrow space is often seen, but not as the likeliest symbol of any step, so
that two words are glued. Where a space had some probability strictly between two letters, the strip itself is asked:
there must be a gap without ink, as wide as the line's other spaces, or much wider than those between its letters.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["STRIDE", "read_off"]

Floats = npt.NDArray[np.floating[Any]]

SPACE: Final = " "
BLANK_INDEX: Final = 0
STRIDE: Final = 8
"""Columns of the strip to a step."""
MIN_SPACE: Final = 0.09
"""Probability from which on the strip is asked. Within words it was below .06 on most fonts, and up to .33 on some."""
MIN_GAP: Final = 0.11
"""Of the strip's height."""
LETTER_GAPS: Final = 1.8
"""How much wider than the median gap between letters a space is at least."""
SPACE_GAPS: Final = 0.6
"""Of the median of the line's other spaces, at least."""
INK: Final = 0.35
"""A column has ink where some pixel is this far from the background, as a part of the farthest one."""


def read_off(probabilities: Floats, symbols: Sequence[str], strip: Floats | None = None) -> tuple[str, float]:
    """Text of one line, and the mean probability of its symbols (0.0 without any).

    `probabilities` is steps x symbols; `symbols` starts with the blank and ends with the space. `strip` is what the
    recogniser saw (channels x height x width, `STRIDE` columns to a step); without it no space is added.
    """
    likeliest = probabilities.argmax(axis=1)
    taken = likeliest != BLANK_INDEX
    taken[1:] &= likeliest[1:] != likeliest[:-1]
    steps = np.flatnonzero(taken)
    if not len(steps):
        return "", 0.0
    score = float(probabilities[steps, likeliest[steps]].mean())
    read = [symbols[index] for index in likeliest[steps]]
    added = _lost_spaces(probabilities[:, len(symbols) - 1], steps.tolist(), read, strip)
    return "".join(SPACE + symbol if number in added else symbol for number, symbol in enumerate(read)), score


def _lost_spaces(spaces: Floats, steps: list[int], read: list[str], strip: Floats | None) -> set[int]:
    """Numbers of the symbols before which there is a space that was not taken."""
    doubtful = [
        number
        for number in range(1, len(steps))
        if SPACE not in (read[number - 1], read[number])
        and spaces[steps[number - 1] + 1 : steps[number]].max(initial=0.0) >= MIN_SPACE
    ]
    if not doubtful or strip is None:
        return set()
    ink = _ink(strip)
    height = strip.shape[1]
    letters: list[float] = []
    words: list[float] = []
    before = 0
    for number in range(1, len(steps)):
        if read[number] == SPACE:
            continue
        gap = _gap(ink, steps[before], steps[number]) / height
        if number not in doubtful:
            (words if before < number - 1 else letters).append(gap)
        before = number
    min_gap = max(MIN_GAP, LETTER_GAPS * median(letters or [0.0]), SPACE_GAPS * median(words or [0.0]))
    return {number for number in doubtful if _gap(ink, steps[number - 1], steps[number]) / height >= min_gap}


def _ink(strip: Floats) -> npt.NDArray[np.bool_]:
    """Whether each column of the strip has ink."""
    bright = strip.max(axis=0)
    far = np.abs(bright - np.median(bright)).max(axis=0)
    return np.asarray(far > INK * far.max())


def _gap(ink: npt.NDArray[np.bool_], start: int, stop: int) -> int:
    """Columns of the widest gap without ink between the middles of two steps."""
    inside = ink[start * STRIDE + STRIDE // 2 : stop * STRIDE + STRIDE // 2 + 1]
    edges = np.flatnonzero(np.concatenate([[True], inside, [True]]))
    return int(np.diff(edges).max(initial=1)) - 1
