"""Telling what one picture has to do with another, by their small grey copies (`domain/fingerprint.py`)."""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from scopix.types.vocabulary import Likeness
from scopix_server.domain.fingerprint import SIDE, Fingerprint, hash_words

__all__ = ["likeness", "turned_hashes"]

Grey = npt.NDArray[np.float32]

# Chosen on 200 photographs, and tried on others (docs/how-to/similar-images.md).
_COPY: Final = 0.93
"""Correlation of two copies of one picture, of which one may have been changed a little."""
_DETAIL: Final = 0.75
"""Of what is left when the surroundings' mean is taken away. Skies over plains are alike in the large alone."""
_CUT: Final = 0.955
"""Of a part with the whole, of a thousand places tried: the best of so many is higher by chance."""
_FLAT: Final = 6.0
"""Standard deviation of 255; in copies with less the noise of saving is what is compared."""
_LIGHTER: Final = 8
"""Of 255: means that differ by more tell that the light was changed."""
_COLOURED: Final = 3
"""Of 255: differences between the means of two colours, which saving keeps better."""
_STRONGER: Final = 0.06
"""Of the contrast; copies of a quarter of the size lose half of that."""
_WRITTEN: Final = 6.0
"""Of 255: a place of three by three pixels that differs by more, light and contrast apart, was written or drawn on. Of
copies of a quarter of the size the most is 5, in 19 of 20."""
_SAME_SIZE: Final = 0.02
"""Sides that differ by a smaller part are one size: a row may have been lost in cutting to even numbers."""
_SHARES: Final = tuple(round(SIDE * share) for share in (1.0, 0.96, 0.93, 0.9, 0.87, 0.84, 0.81))
"""Of the side that a cut leaves, in pixels of the whole copy: up to a fifth."""

Shape = tuple[int, int]
"""Width and height in pixels, as the picture is shown."""


def likeness(
    one: Fingerprint, shape: Shape, other: Fingerprint, others_shape: Shape, *, may_be_part: bool = True
) -> Likeness:
    """Say what the other picture has to do with the one: ALIKE where neither was made from the other.

    `may_be_part`: whether it is tried if one was cut out of the other, which takes 20 ms; all else takes one.
    """
    mine, theirs = _grey(one), _grey(other)
    if mine.std() < _FLAT or theirs.std() < _FLAT:
        return Likeness.ALIKE
    turned = {name: _agreement(mine, copy) for name, copy in enumerate(_turns(theirs))}
    best = max(turned, key=lambda name: turned[name][0])
    whole, detail = turned[best]
    if whole >= _COPY and detail >= _DETAIL:
        if best:
            return Likeness.TURNED
        if _changed(one, mine, other, theirs):
            return Likeness.EDITED
        return Likeness.SAME_PICTURE if _is_same_size(shape, others_shape) else Likeness.RESIZED
    if may_be_part and (_is_part(mine, theirs) or _is_part(theirs, mine)):
        return Likeness.CROPPED
    return Likeness.ALIKE


def turned_hashes(fingerprint: Fingerprint) -> list[tuple[int, int, int, int]]:
    """Return the hashes that copies have, turned and mirrored in any way or not."""
    return [hash_words(np.ascontiguousarray(copy).astype(np.uint8).tobytes()) for copy in _turns(_grey(fingerprint))]


def _grey(fingerprint: Fingerprint) -> Grey:
    return np.frombuffer(fingerprint.grey, np.uint8).reshape(SIDE, SIDE).astype(np.float32)


def _turns(grey: Grey) -> list[Grey]:
    """The copy as it is, then turned by quarters, then all these mirrored."""
    quarters = [np.rot90(grey, number) for number in range(4)]
    return [*quarters, *(np.fliplr(copy) for copy in quarters)]


def _agreement(one: Grey, other: Grey) -> tuple[float, float]:
    """The correlation of two copies, and that of their details."""
    return _correlation(one, other), _correlation(_details(one), _details(other))


def _correlation(one: Grey, other: Grey) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / size if size else 0.0


def _details(grey: Grey) -> Grey:
    """What differs from the mean of the seven by seven pixels around."""
    reach = 3
    padded = np.pad(grey, reach + 1, mode="edge")[:-1, :-1].cumsum(0).cumsum(1)
    width = 2 * reach + 1
    sums = padded[width:, width:] - padded[:-width, width:] - padded[width:, :-width] + padded[:-width, :-width]
    return np.asarray(grey - sums[:SIDE, :SIDE] / width**2, np.float32)


def _changed(one: Fingerprint, mine: Grey, other: Fingerprint, theirs: Grey) -> bool:
    """Whether light, colours, contrast or some place differ by more than saving and resizing make of it."""
    (red, green, blue), (others_red, others_green, others_blue) = one.mean, other.mean
    tints = (red - green) - (others_red - others_green), (green - blue) - (others_green - others_blue)
    if abs(green - others_green) > _LIGHTER or max(map(abs, tints)) > _COLOURED:
        return True
    gain = float(theirs.std() / mine.std())
    rest = (theirs - theirs.mean()) - gain * (mine - mine.mean())
    around = np.pad(rest, 1, mode="edge").cumsum(0).cumsum(1)
    places = around[3:, 3:] - around[:-3, 3:] - around[3:, :-3] + around[:-3, :-3]
    return not 1 - _STRONGER < gain < 1 / (1 - _STRONGER) or float(np.abs(places).max()) > 9 * _WRITTEN


def _is_same_size(one: Shape, other: Shape) -> bool:
    return all(abs(mine - theirs) <= _SAME_SIZE * max(mine, theirs) for mine, theirs in zip(one, other, strict=True))


def _is_part(part: Grey, whole: Grey) -> bool:
    """Whether the first was cut out of the second, each side by up to a fifth, and not by the same share of both."""
    for down in _SHARES:
        rows = _resampler(down) @ part
        for across in _SHARES:
            if down == across == SIDE:
                continue
            piece = np.asarray(rows @ _resampler(across).T, np.float32)
            best, place = _best_place(piece, whole)
            if best >= _CUT:
                top, left = place
                cut = whole[top : top + down, left : left + across]
                if _correlation(_edges(piece), _edges(cut)) >= _DETAIL:
                    return True
    return False


def _edges(grey: Grey) -> Grey:
    return np.concatenate([np.diff(grey, axis=0)[:, 1:], np.diff(grey, axis=1)[1:]])


@cache
def _resampler(length: int) -> Grey:
    """The matrix that brings SIDE numbers to fewer, each the mean of the stretch that it covers."""
    ends = np.linspace(0, SIDE, length + 1)
    places = np.arange(SIDE)
    covered = np.minimum(ends[1:, None], places + 1) - np.maximum(ends[:-1, None], places)
    weights = np.clip(covered, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _best_place(piece: Grey, whole: Grey) -> tuple[float, tuple[int, int]]:
    """Where in the whole the piece fits best, and its correlation there."""
    down, across = piece.shape
    windows = np.lib.stride_tricks.sliding_window_view(whole, (down, across)).reshape(-1, down * across)
    centred = (piece - piece.mean()).ravel()
    sums, squares = windows.sum(axis=1), np.square(windows).sum(axis=1)
    spread = np.sqrt(np.maximum(squares - sums**2 / centred.size, 1e-6))
    scores = windows @ centred / (spread * max(float(np.linalg.norm(centred)), 1e-6))
    best = int(scores.argmax())
    return float(scores[best]), divmod(best, SIDE - across + 1)
