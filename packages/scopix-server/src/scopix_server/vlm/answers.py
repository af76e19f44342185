"""Reading what a vision-language engine wrote: tolerant of form, strict about bounds.

Models wrap JSON in prose and code fences, think aloud before it, break off in the middle, and repeat themselves
without end. What can be told apart is read; what cannot is no answer, and neither is nothing.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from scopix_server.domain.phrases import clean
from scopix_server.vlm.final_object import final_object, without_thoughts

__all__ = ["Answer", "NoAnswer", "read_answer", "without_repetition"]

_MAX_TAG_LENGTH = 50
_MAX_FIELD_LIST, _MAX_FIELD_STRING, _MAX_FIELD_DEPTH = 200, 2_000, 6
_MAX_FIELD_NUMBER = 2**53  # of a whole number; beyond, JSON means another one to each reader
_MAX_SEARCHED = 20_000
_MIN_LEFT = 20  # characters that must be left of a text that repeated itself

# Four times the same in a row: words, phrases or whole paragraphs. A row of one sign is a rule or a gap, so it needs
# more of them.
_LOOP = re.compile(r"(.{2,300}?)\1{3,}", re.DOTALL)
_ROW = re.compile(r"(.)\1{39,}", re.DOTALL)
_PLACEHOLDERS = frozenset({"string", "text", "null", "none", "n/a", "description", "your description here"})
_EMPTY_FIELD = re.compile(r'"description"\s*:\s*(?:null|""|\[\s*\])', re.IGNORECASE)
# No description starts like this: a model that will not describe the picture, or was not shown it, speaks of itself.
_EXCUSE = re.compile(
    r"(?:i['’]?m|i am) (?:sorry|unable|not able|afraid)|sorry,|i apologi[sz]e|i can(?:no|['’])t |as an ai\b"
    r"|i (?:do not|don['’]t|cannot|can['’]t) see (?:any|an|the) (?:image|picture)"
    r"|no (?:image|picture) (?:was|is|has been) (?:provided|attached|uploaded|given|shared)"
    r"|please (?:provide|upload|attach|share) (?:an|the|your) (?:image|picture)",
    re.IGNORECASE,
)
_TAG_SEPARATORS = re.compile(r"[,，、;；|\n]")
_EAST_ASIAN_SEPARATORS = re.compile(r"[，、；]")


class NoAnswer(ValueError):
    """What the engine wrote cannot be read as an answer; the message says why.

    Attributes:
        permanent: another try would end the same way.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


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
        content: what the engine wrote.
        schema: JSON schema of the category's fields; fields that do not meet it are left out. Empty for none.
        max_description, max_tags: more is cut off.
        cut_off: the engine ran into its bound on tokens. Whole sentences are kept.

    Raises:
        NoAnswer: there is no JSON object with a description in it, or nothing but repetition.
    """
    text = without_thoughts(content)
    if not text:
        raise NoAnswer(_why_empty(content, cut_off=cut_off))
    answer = final_object(content, cut_off=cut_off)
    if answer is None:
        raise NoAnswer(_why_none(text, cut_off=cut_off))
    found, whole = answer
    written = found["description"]
    if isinstance(written, list):
        written = " ".join(part for part in written if isinstance(part, str))
    notes = [] if whole else ["truncated"]
    description, looped = without_repetition(_one_paragraph(written))
    if not any(sign.isalnum() for sign in description) or description.strip(" .").lower() in _PLACEHOLDERS:
        raise NoAnswer("its description is empty")
    if _EXCUSE.match(description):
        raise NoAnswer(f'it excuses itself: "{clean(description, 120)}"')
    if looped:
        notes.append("repetition")
        if len(description) < _MIN_LEFT:
            raise NoAnswer("it repeats itself without end")
    fields = _fields(found.get("category_data"), schema)
    if fields.dropped:
        notes.append("fields")
    return Answer(
        _shortened(description, max_description), _tags(found.get("tags"), max_tags), fields.kept, tuple(notes)
    )


def _why_empty(content: str, *, cut_off: bool) -> str:
    if cut_off:
        return "it used up its tokens before it wrote an answer"
    return "it wrote its thoughts and no answer" if content.strip("\ufeff \t\r\n") else "it is empty"


def _why_none(text: str, *, cut_off: bool) -> str:
    if cut_off:
        return "it used up its tokens before its answer was complete"
    if _EMPTY_FIELD.search(text):
        return "its description is empty"
    return f'it has no JSON object with a description: "{clean(text, 120)}"'


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
    kept: dict[str, None] = {}
    for tag in _tag_texts(value):
        plain = clean(tag).strip(" .,:;#\"'–-，、。；：＃「」“”").lower()
        # A sentence is no tag; a prompt that leaks into the tags comes as sentences.
        if (len(plain) > 1 or _is_word_sign(plain)) and len(plain) <= _MAX_TAG_LENGTH and plain.count(" ") <= 4:
            kept.setdefault(plain)
    return tuple(kept)[:limit]


def _tag_texts(value: object) -> Iterator[str]:
    """Give the tags as they were written: a list, a list of objects that name them, or one text with separators."""
    if isinstance(value, str):
        yield from _TAG_SEPARATORS.split(value)
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            entry = next((entry[name] for name in ("name", "tag", "label", "value") if name in entry), None)
        if isinstance(entry, str):
            # Commas of other scripts only: "lisbon, portugal" is one tag.
            yield from _EAST_ASIAN_SEPARATORS.split(entry)


def _is_word_sign(text: str) -> bool:
    """Whether one sign is a word of its own, as in Chinese and Japanese; a letter of an alphabet is none."""
    return len(text) == 1 and unicodedata.name(text, "").startswith(("CJK ", "HIRAGANA ", "KATAKANA ", "HANGUL "))


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
    if isinstance(value, float) and not math.isfinite(value):
        return None  # Python reads NaN and Infinity, which are no JSON and cannot be handed on
    if isinstance(value, int) and abs(value) > _MAX_FIELD_NUMBER:
        return None
    if depth == 0:
        return None if isinstance(value, list | dict) else value
    if isinstance(value, list):
        parts = [_trimmed(part, depth - 1) for part in value[:_MAX_FIELD_LIST]]
        once = {json.dumps(part, sort_keys=True): part for part in parts if part not in (None, "", [], {})}
        return list(once.values())
    if isinstance(value, dict):
        named = list(value.items())[:_MAX_FIELD_LIST]
        return {clean(str(name), 100): _trimmed(part, depth - 1) for name, part in named}
    return value
