"""The characters of a PDF page as it is shown, and the words they make.

What pdfium gives is not what one sees: text outside of the crop box, turned pages with unturned places, Arabic pairs
the wrong way round, a hyphen at a line's end glued to the next line. Here places are those of the page as it is shown,
in points from its top left corner.
"""

import ctypes
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

__all__ = ["PageText", "Word", "as_shown", "is_right_to_left", "read_characters", "type_of", "words_of_page"]

_MAX_CHARACTERS = 200_000
"""Of one page. A page of a newspaper has 20,000; what has more is a plot or an attack, and costs 5 µs a character."""
_SPACES = frozenset({0x09, 0x0A, 0x0D, 0x20, 0xA0})
_INVISIBLE = 3  # the text rendering mode of PDF that draws nothing
_MIN_HEIGHT = 0.5  # points; type below that is nothing that anybody sees


@dataclass(frozen=True, slots=True)
class _Placed:
    """Text at a place in points, the direction it runs in (degrees, clockwise), and pdfium's index of its beginning."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    angle: int
    index: int


class Character(_Placed):
    """A character as it is shown."""

    __slots__ = ()


class Word(_Placed):
    """A word as it is shown."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PageText:
    """The characters of a page (None parts words), and figures that tell whether they can be trusted.

    `visible` counts characters but for spaces; `unmapped` those of them that stand for no letter that is known, and
    `hidden` those that are drawn invisibly, as recognised text under a scan is. `cut` tells of a page with more
    characters than are read.
    """

    characters: tuple[Character | None, ...]
    visible: int
    unmapped: int
    hidden: int
    cut: bool = False


def read_characters(page: Any, text_page: Any) -> PageText:
    """Read the characters of an open page. `page` and `text_page` are pypdfium2's."""
    raw = text_page.raw
    left, bottom, right, top = page.get_bbox()
    turn = page.get_rotation()
    rect = pdfium.FS_RECTF()
    number = pdfium.FPDFText_CountChars(raw)
    found: list[Character | None] = []
    visible = unmapped = hidden = 0
    index = -1
    while (index := index + 1) < min(number, _MAX_CHARACTERS):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if code in _SPACES or pdfium.FPDFText_IsGenerated(raw, index) == 1:
            found.append(None)
            continue
        if not pdfium.FPDFText_GetLooseCharBox(raw, index, rect):
            continue
        middle = (rect.left + rect.right) / 2, (rect.bottom + rect.top) / 2
        if not (left <= middle[0] <= right and bottom <= middle[1] <= top) or rect.top - rect.bottom < _MIN_HEIGHT:
            continue  # nobody sees it
        first = index
        hyphen = pdfium.FPDFText_IsHyphen(raw, index) == 1
        if 0xD800 <= code < 0xDC00 and index + 1 < number:
            index += 1
            code = 0x10000 + ((code - 0xD800) << 10) + (pdfium.FPDFText_GetUnicode(raw, index) - 0xDC00)
        visible += 1
        if not hyphen and _means_nothing(raw, first, code):
            unmapped += 1
            continue
        drawn = pdfium.FPDFText_GetTextObject(raw, first)
        hidden += bool(drawn) and pdfium.FPDFTextObj_GetTextRenderMode(drawn) == _INVISIBLE
        place = as_shown(rect, (left, bottom, right, top), turn)
        angle = round(math.degrees(pdfium.FPDFText_GetCharAngle(raw, first)) + turn) % 360
        found.append(Character(*place, "-" if hyphen else chr(code), angle, first))
    return PageText(tuple(_right_to_left_pairs(found)), visible, unmapped, hidden, cut=number > _MAX_CHARACTERS)


def _means_nothing(raw: Any, index: int, code: int) -> bool:
    private = 0xE000 <= code <= 0xF8FF
    broken = code in (0xFFFD, 0xFFFE, 0) or code < 32 or 0xD800 <= code < 0xE000 or code > 0x10FFFF
    return private or broken or pdfium.FPDFText_HasUnicodeMapError(raw, index) == 1


def as_shown(rect: Any, box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """Return a place on the page as it is shown, turned by `turn` degrees, from its top left corner."""
    left, bottom, right, top = box
    if turn == 90:
        return rect.bottom - bottom, rect.left - left, rect.top - bottom, rect.right - left
    if turn == 180:
        return right - rect.right, rect.bottom - bottom, right - rect.left, rect.top - bottom
    if turn == 270:
        return top - rect.top, right - rect.right, top - rect.bottom, right - rect.left
    return rect.left - left, top - rect.top, rect.right - left, top - rect.bottom


def _right_to_left_pairs(characters: list[Character | None]) -> Iterator[Character | None]:
    """Yield the characters with ligatures of right-to-left scripts in their order.

    pdfium gives the letters of one glyph (lam-alef) in the order in which they are drawn, all with the glyph's place.
    """
    index = 0
    while index < len(characters):
        run = [characters[index]]
        first = run[0]
        while first is not None and index + len(run) < len(characters):
            following = characters[index + len(run)]
            if following is None or _place(following) != _place(first) or not is_right_to_left(following.text):
                break
            run.append(following)
        yield from reversed(run)
        index += len(run)


def _place(character: Character) -> tuple[float, float, float, float]:
    return character.x0, character.y0, character.x1, character.y1


def is_right_to_left(text: str) -> bool:
    """Whether a letter of a script that is written from right to left occurs."""
    return any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text)


def words_of_page(characters: Sequence[Character | None]) -> list[Word]:
    """Return the words: they end at spaces, where the direction changes, and where the next character is elsewhere."""
    words: list[Word] = []
    current: list[Character] = []
    for character in characters:
        if current and (character is None or _is_elsewhere(current[-1], character)):
            words.append(_joined(current))
            current = []
        if character is not None:
            current.append(character)
    if current:
        words.append(_joined(current))
    return words


def _is_elsewhere(before: Character, character: Character) -> bool:
    if before.angle != character.angle:
        return True
    if character.angle in (90, 270):
        return character.x0 > before.x1 or character.x1 < before.x0
    # A word that is parted at a line's end comes without a break.
    return character.y0 > before.y1 or character.y1 < before.y0


def _joined(characters: Sequence[Character]) -> Word:
    return Word(
        min(c.x0 for c in characters),
        min(c.y0 for c in characters),
        max(c.x1 for c in characters),
        max(c.y1 for c in characters),
        "".join(c.text for c in characters),
        characters[0].angle,
        characters[0].index,
    )


def type_of(raw: Any, index: int, matrix: Any) -> tuple[float, bool]:
    """Return the size of a character's type in points, and whether it is bold."""
    pdfium.FPDFText_GetMatrix(raw, index, matrix)
    size = pdfium.FPDFText_GetFontSize(raw, index) * math.hypot(matrix.c, matrix.d)
    flags = ctypes.c_int()
    length = pdfium.FPDFText_GetFontInfo(raw, index, None, 0, flags)
    buffer = ctypes.create_string_buffer(max(1, min(length, 200)))
    pdfium.FPDFText_GetFontInfo(raw, index, buffer, len(buffer), flags)
    name = buffer.value.decode("latin-1").lower()
    # The weight is 0 for the standard fonts, so the name has to tell; "medi" and "cmbx" are the bold ones of LaTeX.
    named = any(part in name for part in ("bold", "black", "heavy", "semi", "demi", "medi", "cmbx"))
    return size, named or pdfium.FPDFText_GetFontWeight(raw, index) >= 600
