"""Text that a terminal or a log shows as it is, and never takes for a command."""

import unicodedata

__all__ = ["printable"]

# Control and format characters (the latter turn the direction of writing, or hide), halves of characters, private and
# unassigned ones, separators of lines and paragraphs. Spaces of all widths stay.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return the text with what cannot be printed written as an escape, such as `\x1b` or `\u202e`.

    With `lines`, line breaks and tabs stay: the text is one of several lines, such as a traceback.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        character if character in kept or unicodedata.category(character) not in _UNPRINTABLE else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
