"""How far a reading is from the text that stands on a picture.

The character error rate is `(S + D + I) / N`: the fewest substitutions, deletions and insertions of characters that
turn the truth into the reading (Levenshtein, "Binary codes capable of correcting deletions, insertions, and
reversals", 1966), by the number of the truth's characters. It may be above 1.

It is taken twice. *In order*: all lines joined with a space, so that a wrong reading order counts. *Free of order*:
lines are matched wherever they stand, and may be parts of each other, in the spirit of the flexible character accuracy
of Clausner, Pletschacher and Antonacopoulos ("Flexible character accuracy measure for reading-order-independent
evaluation of OCR quality", Pattern Recognition Letters 131, 2020): the best fitting pair of a line read and a line of
the truth is taken out, what is left over of the longer one stays, until nothing fits; the rest is missing or made up.
"""

import heapq
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

__all__ = ["Difference", "ErrorCount", "compare_lines", "errors_in_order", "plain", "squeezed"]

# Signs that differ in nothing a reader would call an error.
_SAME_SIGN = str.maketrans(
    {
        **dict.fromkeys("‘’‛`´′", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("•·∙", "·"),
        "…": "...",
        # Units: "m²" or "m2" is the same area.
        "²": "2",
        "³": "3",
    }
)
_LEADERS = re.compile(r"(?:[.·_] ?){4,}")
"""What leads from an entry to its page or price, or is to be written on: no text, and engines leave it out."""
_FITS = 0.5
"""A pair fits when at most this share of the shorter one's characters is wrong."""
_WELL_READ = 0.25
"""At most this share of a piece's characters is wrong when it is found within a longer line."""
_MIN_PART = 3
"""Characters. Shorter pieces are found in any line."""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Wrong, missing and added characters, and the characters of the truth."""

    errors: int
    characters: int

    def __add__(self, other: "ErrorCount") -> "ErrorCount":
        return ErrorCount(self.errors + other.errors, self.characters + other.characters)

    @property
    def rate(self) -> float | None:
        """The character error rate; None without a truth to compare with, 0 where nothing was to be read and was."""
        if self.characters:
            return self.errors / self.characters
        return None if self.errors else 0.0


def plain(text: str) -> str:
    """Return the text in composed form, quotation marks and dashes of one sort each, white space as single spaces.

    Rows of four dots or more, as in a table of contents, are white space too.
    """
    folded = unicodedata.normalize("NFC", text).translate(_SAME_SIGN)
    return " ".join(_LEADERS.sub(" ", " ".join(folded.split())).split())


def squeezed(text: str) -> str:
    """Return the plain text in lower case and without spaces."""
    return re.sub(r"\s", "", plain(text).casefold())


def errors_in_order(truth: Sequence[str], read: Sequence[str]) -> ErrorCount:
    """Compare all lines in their order, joined with a space."""
    expected, found = (plain(" ".join(lines)) for lines in (truth, read))
    return ErrorCount(Levenshtein.distance(expected, found), len(expected))


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of the truth and how it was read; one of the two is empty where something is missing or made up."""

    truth: str
    read: str


def compare_lines(truth: Sequence[str], read: Sequence[str]) -> tuple[ErrorCount, list[Difference]]:
    """Compare lines wherever they stand; a line may be read in several pieces, and several lines in one."""
    expected, found = (Counter(line for text in lines if (line := plain(text))) for lines in (truth, read))
    characters = sum(len(text) * number for text, number in expected.items())
    missing, surplus = list((expected - found).elements()), list((found - expected).elements())
    errors, differences = _match(missing, surplus)
    return ErrorCount(errors, characters), differences


@dataclass(frozen=True, slots=True, order=True)
class _Fit:
    """A shorter line found in a longer one, the best fit first: wrong share, then length, then place in the lists."""

    cost: float
    minus_length: int
    missing: int
    surplus: int
    errors: int
    rest: tuple[str, ...]
    rest_is_truth: bool


def _match(missing: list[str], surplus: list[str]) -> tuple[int, list[Difference]]:
    """Take fitting pairs out of both lists, best first; return the errors in the pairs and in what is left over."""
    heap = [fit for i in range(len(missing)) for j in range(len(surplus)) if (fit := _fit(missing, surplus, i, j))]
    heapq.heapify(heap)
    errors = 0
    differences: list[Difference] = []
    gone_missing: set[int] = set()
    gone_surplus: set[int] = set()
    while heap:
        fit = heapq.heappop(heap)
        if fit.missing in gone_missing or fit.surplus in gone_surplus:
            continue
        errors += fit.errors
        if fit.errors:
            differences.append(Difference(missing[fit.missing], surplus[fit.surplus]))
        gone_missing.add(fit.missing)
        gone_surplus.add(fit.surplus)
        for part in fit.rest:
            here, there, gone = (
                (missing, surplus, gone_surplus) if fit.rest_is_truth else (surplus, missing, gone_missing)
            )
            here.append(part)
            new = len(here) - 1
            for other in set(range(len(there))) - gone:
                pair = (new, other) if fit.rest_is_truth else (other, new)
                if again := _fit(missing, surplus, *pair):
                    heapq.heappush(heap, again)
    differences += [Difference(text, "") for i, text in enumerate(missing) if i not in gone_missing]
    differences += [Difference("", text) for i, text in enumerate(surplus) if i not in gone_surplus]
    return errors + sum(len(d.truth or d.read) for d in differences if not (d.truth and d.read)), differences


def _fit(missing: list[str], surplus: list[str], i: int, j: int) -> _Fit | None:
    truth, read = missing[i], surplus[j]
    truth_is_longer = len(truth) > len(read)
    short, long = (read, truth) if truth_is_longer else (truth, read)
    errors = Levenshtein.distance(short, long)
    rest: tuple[str, ...] = ()
    window = fuzz.partial_ratio_alignment(short, long) if _MIN_PART <= len(short) < len(long) else None
    if window is not None:
        inside = Levenshtein.distance(short, long[window.dest_start : window.dest_end])
        # A piece is taken out where it is itself well read; else a long line would be eaten up by chance likenesses.
        if inside <= _WELL_READ * len(short) and inside < errors:
            parts = long[: window.dest_start].strip(), long[window.dest_end :].strip()
            errors, rest = inside, tuple(part for part in parts if part)
    cost = errors / len(short)
    return _Fit(cost, -len(short), i, j, errors, rest, truth_is_longer) if cost <= _FITS else None
