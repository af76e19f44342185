"""Reading what a vision-language engine wrote: tolerant of form, strict about bounds.

Models wrap JSON in prose and code fences, think aloud before it, break off in the middle, and repeat themselves
without end. What can be told apart is read; what cannot is no answer.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from scopix_server.domain.phrases import clean

__all__ = ["Answer", "NoAnswer", "read_answer", "without_repetition"]

_MAX_TAG_LENGTH = 50
_MAX_FIELD_LIST, _MAX_FIELD_STRING, _MAX_FIELD_DEPTH = 200, 2_000, 6
_MAX_SEARCHED = 20_000
_LEAST_LEFT = 20  # characters that must be left of a text that repeated itself

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
# Four times the same in a row: words, phrases or whole paragraphs. A row of one sign is a rule or a gap, so it needs
# more of them.
_LOOP = re.compile(r"(.{2,300}?)\1{3,}", re.DOTALL)
_ROW = re.compile(r"(.)\1{39,}", re.DOTALL)


class NoAnswer(ValueError):
    """What the engine wrote cannot be read as an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine said. `notes` name what was mended: "repetition", "truncated", "fields"."""

    description: str
    tags: tuple[str, ...]
    category_data: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_answer(
    content: str, *, schema: dict[str, Any], max_description: int, max_tags: int, cut_off: bool = False
) -> Answer:
    """Read an answer.

    Args:
        content: what the engine wrote. Empty text is an answer: there is nothing to say.
        schema: JSON schema of the category's fields; fields that do not meet it are left out. Empty for none.
        max_description, max_tags: more is cut off.
        cut_off: the engine ran into its bound on tokens. Whole sentences are kept.

    Raises:
        NoAnswer: there is no JSON object with a description in it, or nothing but repetition.
    """
    text = _THOUGHTS.sub("", content).strip("\ufeff \t\r\n")
    if not text:
        if cut_off:
            raise NoAnswer("it used up its tokens before it wrote an answer")
        return Answer("", ())
    found, whole = _find_object(text)
    said = found.get("description")
    if isinstance(said, list):
        said = " ".join(part for part in said if isinstance(part, str))
    if said is not None and not isinstance(said, str):
        raise NoAnswer("its description is no text")
    notes = [] if whole else ["truncated"]
    description, looped = without_repetition(_one_paragraph(said or ""))
    if looped:
        notes.append("repetition")
        if len(description) < _LEAST_LEFT:
            raise NoAnswer("it repeats itself without end")
    fields = _fields(found.get("category_data"), schema)
    if fields.dropped:
        notes.append("fields")
    return Answer(
        _shortened(description, max_description), _tags(found.get("tags"), max_tags), fields.kept, tuple(notes)
    )


def without_repetition(text: str) -> tuple[str, bool]:
    """Return the text up to where it starts to loop, and whether it did."""
    text = text[:_MAX_SEARCHED]
    found = _LOOP.search(text)
    if found is not None and found.end() - found.start() < 24 and found.end() != len(text):
        found = None  # "ha ha ha ha" in the middle of a sentence
    row = _ROW.search(text)
    ends = [_end_of_period(text, match) for match in (found, row) if match is not None]
    return (text[: min(ends)].rstrip(" ,;:-"), True) if ends else (text, False)


def _end_of_period(text: str, loop: re.Match[str]) -> int:
    """Return where what is repeated was said once, to the end of its sentence, or else of its word."""
    period = len(loop.group(1))
    end = loop.start() + period
    for stop in (". ", " "):
        position = text.find(stop, end - 1, end + period)
        if position >= 0:
            return position + len(stop)
    return end


# JSON ---------------------------------------------------------------------------------------------------------------


def _find_object(text: str) -> tuple[dict[str, Any], bool]:
    """Return the object with a description in it, and whether it was whole."""
    for found in _objects(text):
        lowered = {str(key).strip().lower(): value for key, value in found.items()}
        if "description" in lowered:
            return lowered, True
    start = text.find("{")
    if start >= 0 and (mended := _closed(text[start:])) is not None and "description" in mended:
        return mended, False
    raise NoAnswer("it wrote no JSON object with a description")


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(strict=False)  # line breaks within strings are forgiven
    for candidate in (text, _TRAILING_COMMA.sub("", text)):
        position = candidate.find("{")
        while position >= 0:
            try:
                value, end = decoder.raw_decode(candidate, position)
            except (ValueError, RecursionError):
                end = position + 1
            else:
                if isinstance(value, dict):
                    yield value
            position = candidate.find("{", end)


def _closed(text: str) -> dict[str, Any] | None:
    """Return the whole members of an object that breaks off: cut behind the last of them, and closed."""
    stack: list[str] = []
    in_string = escaped = False
    cuts: list[tuple[int, str]] = []
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
        if sign in ",}]":
            cuts.append((index if sign == "," else index + 1, "".join(reversed(stack))))
    for end, closing in reversed(cuts[-50:]):
        try:
            value = json.loads(text[:end] + closing, strict=False)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


# Bounds -------------------------------------------------------------------------------------------------------------


def _one_paragraph(text: str) -> str:
    return " ".join(clean(line, len(line)) for line in text.splitlines() if line.strip())


def _shortened(text: str, limit: int) -> str:
    """Cut at the end of a sentence where there is one in the second half, else at a word."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    end = max(cut.rfind(stop) for stop in (". ", "! ", "? ", "。"))
    return cut[: end + 1] if end > limit // 2 else cut.rpartition(" ")[0] or cut


def _tags(value: object, limit: int) -> tuple[str, ...]:
    given: Iterable[object] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
    kept: dict[str, None] = {}
    for tag in given:
        if isinstance(tag, str):
            plain = clean(tag).strip(" .,:;#\"'–-").lower()
            # A sentence is no tag; a prompt that leaks into the tags comes as sentences.
            if 2 <= len(plain) <= _MAX_TAG_LENGTH and plain.count(" ") <= 4:
                kept.setdefault(plain)
    return tuple(kept)[:limit]


@dataclass(frozen=True, slots=True)
class _Fields:
    kept: dict[str, Any]
    dropped: bool


def _fields(value: object, schema: dict[str, Any]) -> _Fields:
    """Keep the fields that the schema knows and that meet it; what is null or empty is not there."""
    properties = schema.get("properties") or {}
    if not isinstance(value, dict) or not properties:
        return _Fields({}, dropped=False)
    kept, dropped = {}, False
    for name, part in properties.items():
        given = _trimmed(value.get(name), _MAX_FIELD_DEPTH)
        if given is None or given in ("", [], {}):
            continue
        if Draft202012Validator(part).is_valid(given):
            kept[name] = given
        else:
            dropped = True
    return _Fields(kept, dropped or bool(value.keys() - properties.keys()))


def _trimmed(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        text, _ = without_repetition(clean(value, _MAX_FIELD_STRING))
        return text
    if depth == 0:
        return None if isinstance(value, list | dict) else value
    if isinstance(value, list):
        parts = [_trimmed(part, depth - 1) for part in value[:_MAX_FIELD_LIST]]
        once = {json.dumps(part, sort_keys=True): part for part in parts if part not in (None, "", [], {})}
        return list(once.values())
    if isinstance(value, dict):
        return {str(name)[:100]: _trimmed(part, depth - 1) for name, part in list(value.items())[:_MAX_FIELD_LIST]}
    return value
