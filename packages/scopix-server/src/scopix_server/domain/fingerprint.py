"""A small grey copy of a picture, by which copies of it are told from others that are merely alike.

It is kept beside the vector of an image network, which says how alike two pictures are in what they show. The copy says
whether one was made from the other: it is of `SIDE` x `SIDE` pixels whatever the picture's proportions. Its hash finds
copies among many without comparing them: 64 signs of its lowest frequencies, in four words of 16, of which resaved or
resized copies mostly share one at least.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

__all__ = ["SIDE", "Fingerprint", "FingerprintRepository", "hash_words"]

SIDE: Final = 40
"""Pixels. A tenth that is cut off is four of them; 1,600 bytes a file are about as much as its vector."""
_LOW: Final = 8
"""Frequencies each way. Of higher ones the signs change with every saving."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`grey` are SIDE x SIDE bytes, row by row; `mean` is the picture's mean red, green and blue, 0..255 each."""

    grey: bytes
    mean: tuple[int, int, int]


class FingerprintRepository(Protocol):
    """The fingerprints of images, deleted files' among them."""

    def keep(self, file_id: str, fingerprint: Fingerprint) -> None:
        """Keep a file's fingerprint; replaces what was there."""

    def of(self, file_ids: Sequence[str]) -> dict[str, Fingerprint]:
        """Return those of the files that have one."""

    def sharing(self, tenant_id: str, hashes: Sequence[tuple[int, int, int, int]], *, limit: int) -> Sequence[str]:
        """Return up to so many of the tenant's files that share a word, in its place, with one of the hashes."""


@cache
def _cosines() -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(math.cos(math.pi * (2 * place + 1) * number / (2 * SIDE)) for place in range(SIDE))
        for number in range(_LOW + 1)
    )


def hash_words(grey: bytes) -> tuple[int, int, int, int]:
    """Return the hash of SIDE x SIDE grey bytes, as four numbers of 16 bits (after pHash: signs around the median)."""
    cosines = _cosines()
    rows = [grey[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    across = [[sum(c * v for c, v in zip(cosines[n], row, strict=True)) for row in rows] for n in range(_LOW + 1)]
    found = [
        sum(c * v for c, v in zip(cosines[down], across[n], strict=True))
        for down in range(_LOW + 1)
        for n in range(_LOW + 1)
        if (down, n) != (0, 0)
    ][:64]
    middle = sorted(found)[len(found) // 2]
    bits = [value > middle for value in found]
    one, two, three, four = (sum(bit << place for place, bit in enumerate(bits[start::4])) for start in range(4))
    return one, two, three, four
