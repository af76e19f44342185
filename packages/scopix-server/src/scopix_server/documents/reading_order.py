"""From words to lines in the order in which a page is read.

Words are put together to segments of lines, parted at wide gaps, and these are ordered by an XY cut: columns first,
where both sides are text of their own and no rows of a table, then the widest gap between rows. The order in which a
PDF draws says nothing.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scopix_server.documents.characters import Word, is_right_to_left

__all__ = ["Segment", "lines_in_order"]

_GAP = 1.2
"""Line heights between two words of one segment, at most: justified text has up to 0.9, columns of tables from 1.5."""
_COLUMN_GAP = 0.8  # of the median line's height; narrower gutters are spaces between words
_MIN_COLUMN = 3  # segments on either side of a gutter
_ALIGNED, _CELL_WORDS = 0.7, 2.5
"""Two sides of which so many lines stand on common rows, with so few words each, are columns of one table."""
_MAX_DEPTH = 40
_LINES_BACK = 40  # of the lines begun so far, those that a word is looked for in


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that stand together on a line, in reading order; the place is that on the page as it is shown."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words, parted by spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in points."""
        return (
            min(word.x0 for word in self.words),
            min(word.y0 for word in self.words),
            max(word.x1 for word in self.words),
            max(word.y1 for word in self.words),
        )

    @property
    def angle(self) -> int:
        """The direction it runs in, in degrees, clockwise."""
        return self.words[0].angle


@dataclass(slots=True)
class _Piece:
    """A segment, turned so that its text runs from left to right."""

    x0: float
    y0: float
    x1: float
    y1: float
    words: list[Word]

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


def lines_in_order(words: Sequence[Word], width: float, height: float) -> list[Segment]:
    """Return the segments of a page of `width` x `height` points; those of one direction together, the most first."""
    ordered: list[Segment] = []
    for angle, _ in Counter(word.angle for word in words).most_common():
        group = [word for word in words if word.angle == angle]
        right_to_left = sum(is_right_to_left(word.text) for word in group) * 2 > len(group)
        pieces = _pieces(group, angle, width, height)
        ordered += [Segment(tuple(_spoken(piece.words))) for piece in _cut(pieces, 0, right_to_left)]
    return ordered


def _turned(word: Word, angle: int, width: float, height: float) -> _Piece:
    if angle == 90:
        return _Piece(word.y0, width - word.x1, word.y1, width - word.x0, [word])
    if angle == 180:
        return _Piece(width - word.x1, height - word.y1, width - word.x0, height - word.y0, [word])
    if angle == 270:
        return _Piece(height - word.y1, word.x0, height - word.y0, word.x1, [word])
    return _Piece(word.x0, word.y0, word.x1, word.y1, [word])


def _pieces(words: Sequence[Word], angle: int, width: float, height: float) -> list[_Piece]:
    turned = [_turned(word, angle, width, height) for word in words]
    lines: list[tuple[float, float, list[_Piece]]] = []
    for word in sorted(turned, key=lambda piece: (piece.middle, piece.x0)):
        for place in range(len(lines) - 1, max(-1, len(lines) - 1 - _LINES_BACK), -1):
            top, bottom, members = lines[place]
            if top < word.middle < bottom:
                members.append(word)
                lines[place] = min(top, word.y0), max(bottom, word.y1), members
                break
        else:
            lines.append((word.y0, word.y1, [word]))
    return [piece for _, _, members in lines for piece in _parted(members)]


def _parted(members: list[_Piece]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for word in sorted(members, key=lambda piece: piece.x0):
        last = pieces[-1] if pieces else None
        if last is None or word.x0 - last.x1 > _GAP * (word.y1 - word.y0):
            pieces.append(word)
            continue
        last.x1, last.y0, last.y1 = max(last.x1, word.x1), min(last.y0, word.y0), max(last.y1, word.y1)
        last.words += word.words
    return pieces


def _cut(pieces: list[_Piece], depth: int, right_to_left: bool) -> list[_Piece]:
    if len(pieces) <= 1 or depth > _MAX_DEPTH:
        return _by_rows(pieces, right_to_left)
    typical = sorted(piece.y1 - piece.y0 for piece in pieces)[len(pieces) // 2]
    gutters = [gap for gap in _gaps([(p.x0, p.x1) for p in pieces]) if gap[0] > _COLUMN_GAP * typical]
    if gutters:
        at = max(gutters)[1]
        left, right = [p for p in pieces if p.x1 <= at], [p for p in pieces if p.x0 >= at]
        if min(len(left), len(right)) >= _MIN_COLUMN and not _are_cells(left, right, typical):
            first, second = (right, left) if right_to_left else (left, right)
            return _cut(first, depth + 1, right_to_left) + _cut(second, depth + 1, right_to_left)
    breaks = _gaps([(p.y0, p.y1) for p in pieces])
    if breaks:
        at = max(breaks)[1]
        above, below = [p for p in pieces if p.y1 <= at], [p for p in pieces if p.y0 >= at]
        if above and below:
            return _cut(above, depth + 1, right_to_left) + _cut(below, depth + 1, right_to_left)
    return _by_rows(pieces, right_to_left)


def _are_cells(left: Sequence[_Piece], right: Sequence[_Piece], typical: float) -> bool:
    """Whether two sides of a gutter are the columns of one table: on common rows, with few words."""
    rows = sorted(piece.middle for piece in left)
    near = 0.3 * typical
    on_rows = sum(_has_between(rows, piece.middle - near, piece.middle + near) for piece in right)
    words = sum(len(piece.words) for piece in (*left, *right)) / (len(left) + len(right))
    return on_rows > _ALIGNED * len(right) and words <= _CELL_WORDS


def _has_between(ordered: Sequence[float], low: float, high: float) -> bool:
    at = bisect_left(ordered, low)
    return at < len(ordered) and ordered[at] <= high


def _gaps(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the gaps between spans: how wide, and where their middle is."""
    spans.sort()
    end, gaps = spans[0][1], []
    for start, stop in spans[1:]:
        if start > end:
            gaps.append((start - end, (start + end) / 2))
        end = max(end, stop)
    return gaps


def _by_rows(pieces: Sequence[_Piece], right_to_left: bool) -> list[_Piece]:
    rows: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        if rows and piece.middle < rows[-1][0].y1:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [p for row in rows for p in sorted(row, key=lambda p: -p.x1 if right_to_left else p.x0)]


def _spoken(words: Sequence[Word]) -> list[Word]:
    """Return the words of a segment, which come from left to right, in the order in which they are spoken.

    Runs of words of the other direction keep their own order.
    """
    if sum(is_right_to_left(word.text) for word in words) * 2 <= len(words):
        return list(words)
    spoken: list[Word] = []
    run: list[Word] = []
    for word in reversed(words):
        if is_right_to_left(word.text):
            spoken += reversed(run)
            run = []
            spoken.append(word)
        else:
            run.append(word)
    return spoken + run[::-1]
