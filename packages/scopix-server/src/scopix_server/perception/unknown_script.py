"""Lines in a script that the recogniser was not trained on, which it takes for Latin letters.

Of Cyrillic or Thai it mostly reads nothing. Greek, Armenian and Hebrew letters look enough like Latin ones to be read
as words that are not there. Such lines are read with less confidence than even poor prints of Latin text, and hold
words that nobody writes: Greek and Latin letters in one, digits among letters. The figures stand in
docs/how-to/other-scripts.md.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

__all__ = ["in_unknown_script"]

DOUBTFUL: Final = 0.90
"""Of 1,295 lines of the evaluation's tuning split, none with three letters had less but one; of Greek 78 %."""
LETTERS: Final = 3
"""Shorter ones are units and numbers of rooms."""
DOUBTFUL_LINES: Final = 3
"""As few say nothing about a whole picture."""

_ODD = re.compile(r"[^\W\d_]\d+[^\W\d_]|[¬<>\[\]{}|=^~∂]")


def in_unknown_script(lines: Sequence[tuple[str, float]], unread: int) -> list[bool]:
    """Tell for each line of a picture, its text and confidence, whether it was misread in all likelihood.

    `unread` is the number of further lines that gave no text. Greek words are; so are doubtful lines with odd words,
    and all doubtful lines of a picture that has mostly such and unread ones.
    """
    long = [_is_latin_and_long(text) for text, _ in lines]
    doubtful = [is_long and score < DOUBTFUL for is_long, (_, score) in zip(long, lines, strict=True)]
    misread = [
        is_long and (_is_greek(text) or (doubt and _has_odd_word(text)))
        for is_long, doubt, (text, _) in zip(long, doubtful, lines, strict=True)
    ]
    either = [one or other for one, other in zip(misread, doubtful, strict=True)]
    in_doubt = sum(either) + unread
    mostly = in_doubt >= DOUBTFUL_LINES and 2 * in_doubt >= sum(long) + unread
    return either if mostly else misread


def _is_latin_and_long(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= LETTERS and not any("\u2e80" <= sign <= "\uffef" for sign in text)


def _is_greek(text: str) -> bool:
    """Whether half of the longer words have Greek letters in them."""
    words = [word for word in text.split() if sum(map(str.isalpha, word)) >= LETTERS]
    return bool(words) and 2 * sum(map(_has_greek, words)) >= len(words)


def _has_odd_word(text: str) -> bool:
    return any((_has_greek(word) and sum(map(str.isalpha, word)) > 1) or _ODD.search(word) for word in text.split())


def _has_greek(word: str) -> bool:
    return any(unicodedata.name(sign, "").startswith("GREEK") for sign in word)
