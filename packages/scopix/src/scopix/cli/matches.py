"""Where in a file the words of a search are: a line of text with them in it, for people.

The server decides what matches. This only looks for the reason, by the same idea of words: no case, no accents, a
word may go on.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from scopix import FileDetails
from scopix.cli.terminal import one_line

__all__ = ["Match", "find_matches", "matches_of"]

_QUOTED = re.compile(r'"([^"]*)"|(\S+)')
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_BEFORE, _MAX_WIDTH = 24, 90


@dataclass(frozen=True)
class Match:
    """A piece of one of the file's texts; `spans` are the places in `text` where the words are."""

    field: str
    text: str
    spans: tuple[tuple[int, int], ...]

    def to_text(self) -> Text:
        """For the terminal."""
        if not self.text:
            return Text(self.field, "dim")
        shown = Text(self.text)
        for start, end in self.spans:
            shown.stylize("bold underline", start, end)
        return Text.assemble((f"{self.field}: ", "dim"), shown)


def matches_of(file: FileDetails, question: str, *, mode: str) -> list[Match]:
    """The first hit in each text as the server found it, or as `find_matches` does where an older one tells none."""
    if file.hits is None:
        return find_matches(file, question, mode=mode)
    first = {hit.field: hit for hit in reversed(file.hits)}
    found = []
    for hit in (hit for hit in file.hits if first[hit.field] is hit):
        line = one_line(hit.text)
        # What a terminal must not be sent is left out of it, and the places are others then.
        spans = tuple(hit.places) if len(line) == len(hit.text) else ()
        found.append(Match(hit.field.replace("_", " "), line, spans))
    return found


def find_matches(file: FileDetails, question: str, *, mode: str) -> list[Match]:
    """One match for each text of the file that has any of the words, in the order people look."""
    patterns = [pattern for quote, bare in _QUOTED.findall(question) if (pattern := _pattern(quote or bare))]
    found = (_match(field, text, patterns) for field, text in _texts(file, mode) if text)
    return [match for match in found if match is not None]


def _texts(file: FileDetails, mode: str) -> Iterator[tuple[str, str | None]]:
    if mode != "visible_text":
        yield "title", file.title
        yield "file", file.original_filename
        yield "tags", ", ".join(file.tags)
        yield "description", file.upload_description
    if mode != "metadata":
        yield "visible text", file.visible_text


def _pattern(part: str) -> re.Pattern[str] | None:
    words = _WORD.findall(_plain(part)[0])
    if not words:
        return None
    start = "" if _CJK.match(words[0]) else r"(?<![^\W_])"
    return re.compile(start + r"[\W_]+".join(map(re.escape, words)))


def _match(field: str, text: str, patterns: Sequence[re.Pattern[str]]) -> Match | None:
    line = one_line(text)
    plain, origins = _plain(line)
    spans = sorted(
        (origins[found.start()], origins[found.end() - 1] + 1)
        for pattern in patterns
        for found in pattern.finditer(plain)
    )
    if not spans:
        return None
    start, end = _window(line, spans[0][0])
    lead, tail = "…" if start else "", "…" if end < len(line) else ""
    shift = len(lead) - start
    inside = tuple((first + shift, last + shift) for first, last in spans if last <= end)
    return Match(field, f"{lead}{line[start:end]}{tail}", inside)


def _window(line: str, place: int) -> tuple[int, int]:
    """Where to cut, between words if it can be, so that the place is inside."""
    start = max(0, place - _BEFORE)
    if start:
        start = max(start, line.find(" ", start, place) + 1)
    end = min(len(line), start + _MAX_WIDTH)
    if end < len(line):
        end = max(line.rfind(" ", place, end), place) if " " in line[place:end] else end
    return start, end


def _plain(text: str) -> tuple[str, list[int]]:
    """The text without case and accents, and for each character of it the place it had."""
    characters, origins = [], []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if not unicodedata.combining(part):
                characters.append(part)
                origins.append(place)
    return "".join(characters), origins
