"""Text as words, the same on every database: what is indexed and what is asked go through the same door.

Words are compared without case and without accents. Chinese, Japanese and Korean are written without spaces (or with
few), so there each character is a word; a run of them that is asked for must stand together.
"""

import re
import unicodedata

__all__ = ["MAX_PHRASES", "phrases_of", "words_of"]

MAX_PHRASES = 16
_MAX_LENGTH = 255  # of a word; what is longer is no word, but must not fill an index either
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")
_QUOTED = re.compile(r'"([^"]*)"|(\S+)')


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order, each cut to 255 characters."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    # Composed again: the decomposition took Hangul syllables and voiced kana apart as well.
    whole = unicodedata.normalize("NFC", bare).casefold()
    return [word[:_MAX_LENGTH] for run in _WORD.findall(whole) for word in _CJK.sub(r" \1 ", run).split()]


def phrases_of(query: str) -> list[list[str]]:
    """Return what a person asks for: each part between spaces, or in quotation marks, as words that stand together.

    At most 16 parts; the rest of a longer question is left out.
    """
    parts = (quoted or bare for quoted, bare in _QUOTED.findall(query[:1000]))
    return [words for part in parts if (words := words_of(part))][:MAX_PHRASES]
