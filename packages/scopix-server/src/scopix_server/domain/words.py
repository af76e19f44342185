"""Text as words, the same on every database: what is indexed and what is asked go through the same door.

Words are compared without case and without accents. Chinese, Japanese and Korean are written without spaces (or with
few), so there each character is a word; a run of them that is asked for must stand together.
"""

import re
import unicodedata

__all__ = ["MAX_PHRASES", "can_be_mistyped", "can_be_part", "differs_by_one", "kept_words", "phrases_of", "read_words"]
__all__ += ["words_of"]

MAX_PHRASES = 16
_MAX_LENGTH = 255  # of a word; what is longer is no word, but must not fill an index either
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")
# A part of a longer word says little below this: "cat" is in "location". A code such as "E16" does at once.
_MIN_PART, _MIN_CODE = 4, 3
_MIN_KEPT = 4  # a word that holds a part is longer than it
_MIN_MISTYPED = 5  # of four letters, one of which is wrong, many words can be meant
# A hyphen at the end of a line that goes on in small letters: "Rech-\\nnung".
_DIVIDED = re.compile(r"([^\W\d_]+)[-\u2010\u00ad][ \t]*\r?\n[ \t]*([^\W\d_]+)")
_SOFT_HYPHEN = "\u00ad"
_QUOTED = re.compile(r'"([^"]*)"|(\S+)')


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order, each cut to 255 characters."""
    if text.isascii():
        # The same in a tenth of the time: there is nothing to compose, and no accent.
        return [word[:_MAX_LENGTH] for word in _WORD.findall(text.lower())]
    plain = unicodedata.normalize("NFKD", text.replace(_SOFT_HYPHEN, ""))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    # Composed again: the decomposition took Hangul syllables and voiced kana apart as well.
    whole = unicodedata.normalize("NFC", bare).casefold()
    return [word[:_MAX_LENGTH] for run in _WORD.findall(whole) for word in _CJK.sub(r" \1 ", run).split()]


def read_words(text: str) -> list[str]:
    """Return the words of a text that was read line by line, and behind them those that a line's end divides, whole.

    The halves stay where they are: "pre- and post-" at a line's end is no divided word, and nobody can tell.
    """
    whole = (before + after for before, after in _DIVIDED.findall(text) if after[0].islower())
    return [*words_of(text), *words_of(" ".join(whole))]


def kept_words(text: str) -> set[str]:
    """Return those of an indexed text's words that are kept for finding words by their parts."""
    return {word for word in text.split(" ") if len(word) >= _MIN_KEPT}


def can_be_part(word: str) -> bool:
    """Say whether a word that is searched finds longer words that it is in the middle of."""
    return len(word) >= (_MIN_CODE if _has_digit(word) else _MIN_PART)


def can_be_mistyped(word: str) -> bool:
    """Say whether a word may be meant for another; digits and codes never are: another number is another thing."""
    return len(word) >= _MIN_MISTYPED and not _has_digit(word)


def differs_by_one(word: str, other: str) -> bool:
    """Say whether one letter more, less or another, or two neighbours in each other's place, make one of the other."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    rest, rest_of_other = word[start:], other[start:]
    if len(rest) == len(rest_of_other):
        turned = rest[1::-1] + rest[2:]
        return rest[1:] == rest_of_other[1:] or turned == rest_of_other
    longer, shorter = sorted((rest, rest_of_other), key=len, reverse=True)
    return longer[1:] == shorter


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def phrases_of(query: str) -> list[list[str]]:
    """Return what a person asks for: each part between spaces, or in quotation marks, as words that stand together.

    At most 16 parts; the rest of a longer question is left out.
    """
    parts = (quoted or bare for quoted, bare in _QUOTED.findall(query[:1000]))
    return [words for part in parts if (words := words_of(part))][:MAX_PHRASES]
