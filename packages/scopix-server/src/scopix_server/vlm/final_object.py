"""Finding the answer in what a model wrote: the last JSON object that can be one, behind all thinking aloud.

Models think before they answer, and draft answers while they think. Servers hide that, or leave it in the text between
marks, or leave the closing mark alone since the opening one is part of the prompt. Marks that stand inside an object
are text of the answer, not marks: they may have been read off the picture.
"""

import json
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from typing import Any

__all__ = ["FoundObject", "final_object", "without_thoughts"]

FoundObject = tuple[dict[str, Any], bool]
"""An object's `description`, `tags` and `category_data`, and whether it was whole."""

_MAX_SEARCHED = 200_000  # characters from the end: more than any bound on tokens lets through, and quickly searched
_MAX_WRAPPERS = 3
_MAX_DEPTH = 100  # of what is mended; the deepest schema of a category has 6
_MAX_CUTS = 50  # places tried, from the end, to close what breaks off
# Characters read in vain, of which text made for it has the square of its length: half a second at the most.
_MAX_IN_VAIN = 20 * _MAX_SEARCHED
_TOO_DEEP = 5_000  # characters that Python reads, at the most, until it gives up on what is nested too deep
_DESCRIPTIONS = ("description", "image_description", "caption", "alt_text", "summary")
_TAGS = ("tags", "keywords", "labels")
_NAMES = r"think|thinking|thoughts?|reasoning|reflection|analysis|scratchpad|seed:think"
_OPENED = re.compile(
    rf"<(?:{_NAMES})(?:\s[^<>]{{0,80}})?>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|START_THINKING\|>|<unused94>"
    r"|<\|inner_prefix\|>|<\|channel\|>\s*(?:analysis|commentary)|<\|channel>",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>|<unused95>|<\|inner_suffix\|>"
    # "assistantfinal" is what is left of a channel mark when the server drops special tokens.
    r"|<\|channel\|>\s*final\b[^{]{0,80}?<\|message\|>|<channel\|>|assistantfinal(?=\s*[{`])",
    re.IGNORECASE,
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_WRAPPING = re.compile(r"(?:\s|`{3,}\w*|<\|?[\w:/]{1,40}\|?>|\[/?\w{1,20}\])*")


def without_thoughts(text: str) -> str:
    """Return what stands behind the last closing mark, up to a mark that was opened and never closed."""
    begin, end, _ = _answer_part(text[-_MAX_SEARCHED:])
    return text[-_MAX_SEARCHED:][begin:end].strip("\ufeff \t\r\n")


def final_object(text: str, *, cut_off: bool) -> FoundObject | None:
    """Return the last object that has a description; None when there is none.

    Args:
        cut_off: the model was stopped in the middle. Then an object counts only if the text starts with it or ends
            with it; one in the midst of prose is a draft, for the model was still thinking.
    """
    text = text[-_MAX_SEARCHED:]
    for candidate in (text, _TRAILING_COMMA.sub("", text)):
        begin, end, spans = _answer_part(candidate)
        for start, stop, value in reversed(spans):
            inside = begin <= start and stop <= end
            is_final = not cut_off or _is_wrapping(candidate[begin:start]) or _is_wrapping(candidate[stop:end])
            if inside and is_final and (answer := _answer_in(value, _MAX_WRAPPERS)) is not None:
                return answer, True
    begin, end, _ = _answer_part(text)
    start = text.find("{", begin, end)
    if start < 0 or (cut_off and not _is_wrapping(text[begin:start])):
        return None
    mended = _closed(text[start:end])
    answer = None if mended is None else _answer_in(mended, _MAX_WRAPPERS)
    return None if answer is None else (answer, False)


def _answer_part(text: str) -> tuple[int, int, list[tuple[int, int, dict[str, Any]]]]:
    """Return where the answer starts and ends, and all whole objects of the text with their places."""
    spans = list(_objects(text))
    begin = max((mark.end() for mark in _CLOSED.finditer(text) if not _within(mark.start(), spans)), default=0)
    opened = (mark.start() for mark in _OPENED.finditer(text, begin) if not _within(mark.start(), spans))
    return begin, next(opened, len(text)), spans


def _within(position: int, spans: list[tuple[int, int, dict[str, Any]]]) -> bool:
    # Whole objects do not overlap, and come in order.
    before = bisect_left(spans, position, key=lambda span: span[0]) - 1
    return before >= 0 and position < spans[before][1]


def _is_wrapping(text: str) -> bool:
    return _WRAPPING.fullmatch(text) is not None


def _objects(text: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    decoder = json.JSONDecoder(strict=False)  # line breaks within strings are forgiven
    position, in_vain = text.find("{"), 0
    while position >= 0 and in_vain < _MAX_IN_VAIN:
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            in_vain += error.pos - position if isinstance(error, json.JSONDecodeError) else _TOO_DEEP
            end = position + 1
        else:
            if isinstance(value, dict):
                yield position, end, value
        position = text.find("{", end)


def _answer_in(found: dict[str, Any], depth: int) -> dict[str, Any] | None:
    """Return the answer in an object: as it is, under other names, or wrapped in another object."""
    lowered = {str(key).strip().lower(): value for key, value in found.items()}
    properties = lowered.get("properties")
    if isinstance(properties, dict):
        # The schema itself, or an answer in the shape of one. Only the second has text for a description.
        return _answer_in(properties, depth - 1) if depth else None
    for name in _DESCRIPTIONS:
        if _is_text(lowered.get(name)):
            tags = next((lowered[other] for other in _TAGS if other in lowered), None)
            return {"description": lowered[name], "tags": tags, "category_data": lowered.get("category_data")}
    if depth and "description" not in lowered:
        inner = (_answer_in(value, depth - 1) for value in lowered.values() if isinstance(value, dict))
        return next((answer for answer in inner if answer is not None), None)
    return None


def _is_text(value: object) -> bool:
    parts = value if isinstance(value, list) else [value]
    return any(isinstance(part, str) and part.strip() for part in parts)


def _closed(text: str) -> dict[str, Any] | None:
    """Return the whole members of an object that breaks off: cut behind the last of them, and closed."""
    stack: list[str] = []
    in_string = escaped = False
    cuts: deque[tuple[int, str]] = deque(maxlen=_MAX_CUTS)
    for index, sign in enumerate(text):
        if in_string:
            in_string = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
            continue
        if sign == '"':
            in_string = True
        elif sign in "{[":
            stack.append("}" if sign == "{" else "]")
        elif sign in "}]" and stack:
            stack.pop()
        if len(stack) > _MAX_DEPTH:
            break
        if sign in ",}]":
            cuts.append((index if sign == "," else index + 1, "".join(reversed(stack))))
    for end, closing in reversed(cuts):
        try:
            value = json.loads(text[:end] + closing, strict=False)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None
