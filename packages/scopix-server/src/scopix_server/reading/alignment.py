"""How the lines of a picture are set: against a common left edge, as on pages and screens, or centred, as in boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from scopix_server.reading.lines import Line

__all__ = ["Alignment", "alignment_of"]

_MAX_LINES = 200  # every pair is looked at
_MAX_GAP = 4.0  # line heights between two lines that may belong together
_MAX_OVERLAP = 0.5  # line heights: more, and they stand on one row
_MIN_DIFFERENCE = 1.0  # line heights of length; two lines of one length start and centre alike
_APART = 2.0  # line heights between two places to be centred on
_SAME_PLACE = 0.35  # line heights: boxes of text are drawn so exactly


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of lines of different lengths, one above the other, that start at one place, or are centred on one.

    `centres` is how many places pairs are centred on: one on a certificate, several in a diagram's boxes.
    """

    left: int
    centred: int
    centres: int


def alignment_of(lines: Sequence[Line]) -> Alignment:
    """Count the pairs of level lines that are aligned one way and not the other; at most 200 lines are looked at."""
    level = sorted((line for line in lines if not line.vertical), key=lambda line: line.top)[:_MAX_LINES]
    left = centred = 0
    centres: list[float] = []
    for position, upper in enumerate(level):
        for lower in level[position + 1 :]:
            height = min(upper.height, lower.height)
            gap = lower.top - upper.bottom
            if gap > _MAX_GAP * upper.height:
                break  # and so do all that start further down
            beneath = -_MAX_OVERLAP * height <= gap <= _MAX_GAP * height and (
                min(upper.right, lower.right) > max(upper.left, lower.left)
            )
            if not beneath or abs(_length(upper) - _length(lower)) < _MIN_DIFFERENCE * height:
                continue
            starts = abs(upper.left - lower.left) < _SAME_PLACE * height
            shared = abs(upper.centre - lower.centre) < _SAME_PLACE * height
            left += starts and not shared
            if shared and not starts:
                centred += 1
                if all(abs(upper.centre - other) > _APART * height for other in centres):
                    centres.append(upper.centre)
    return Alignment(left, centred, len(centres))


def _length(line: Line) -> float:
    return line.right - line.left
