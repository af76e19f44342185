"""Where in a file the words of a search are: its texts as they are shown, by the index's idea of words."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scopix_server.domain.description import Box, Description, DescriptiveMetadata, Perception
from scopix_server.domain.file import File
from scopix_server.domain.listing import TextField
from scopix_server.domain.search_query import Lookup
from scopix_server.domain.words import read_words, words_of

__all__ = ["Hit", "find_hits"]

MAX_HITS = 20  # of a file: a word may be on every line of a page, and the first lines tell enough
_BEFORE, _WIDTH = 40, 160  # characters of a long text that are shown around a hit, and in all


@dataclass(frozen=True, slots=True)
class Hit:
    """A piece of one of a file's texts that words of a search are in.

    `places` are the first and the last character of each in `text`, the latter not included. `box` is the place of a
    line that was read on the image.
    """

    field: TextField
    text: str
    places: tuple[tuple[int, int], ...]
    box: Box | None = None


def find_hits(
    lookups: Sequence[Lookup], file: File, description: Description | None, perception: Perception | None
) -> list[Hit]:
    """Return the hits in title, name, tags, description and text, in this order; excluded terms have none."""
    searched = [each for each in lookups if not each.term.is_excluded]
    hits: list[Hit] = []
    for field, text, box in _texts(file, description, perception):
        places = _places(text, [each for each in searched if field in each.fields])
        if field is TextField.TEXT and box is not None and "\n" in text:
            # Of two lines together, what stands in one of them is found there.
            places = [(start, end) for start, end in places if "\n" in text[start:end]]
        if places:
            hits.append(_excerpt(field, text, places, box))
        if len(hits) == MAX_HITS:
            break
    return hits


def _texts(
    file: File, description: Description | None, perception: Perception | None
) -> Iterator[tuple[TextField, str, Box | None]]:
    written = (perception and perception.descriptive) or DescriptiveMetadata()
    for title in (file.title, file.filename, written.title):
        if title:
            yield TextField.TITLE, title, None
    tags = (*file.user_tags, *(description.tags if description else ()), *written.keywords)
    yield from ((TextField.TAGS, tag, None) for tag in dict.fromkeys(tags))
    if description is None:
        return
    yield TextField.DESCRIPTION, description.text, None
    for text in (written.caption, written.place, written.credit):
        # The built-in describer tells it in its sentences.
        if text and text not in description.text:
            yield TextField.DESCRIPTION, text, None
    regions = perception.text if perception else ()
    for number, region in enumerate(regions, 1):
        yield TextField.TEXT, region.text, region.box
        both = "\n".join(each.text for each in regions[number - 1 : number + 1])
        if number < len(regions) and len(read_words(both)) > len(words_of(both)):
            # The end of this line divides a word.
            yield TextField.TEXT, both, region.box
    if not regions and description.visible_text:
        yield TextField.TEXT, description.visible_text, None


def _places(text: str, lookups: Sequence[Lookup]) -> list[tuple[int, int]]:
    tokens = list(_tokens(text))
    found = set()
    for each in lookups:
        words = each.term.words
        for start in range(len(tokens) - len(words) + 1):
            part = tokens[start : start + len(words)]
            *first, last = (token for token, _, _ in part)
            if (first == list(words[:-1]) and last.startswith(words[-1])) or (len(words) == 1 and last in each.others):
                found.add((part[0][1], part[-1][2]))
    return sorted(found)


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text, each with its first character's place and the place behind its last."""
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and _goes_on(text, end):
            end += 1
        words = words_of(text[start:end].replace("-\n", ""))
        if len(words) == end - start:
            # A character a word, as in Chinese.
            yield from ((word, start + place, start + place + 1) for place, word in enumerate(words))
        else:
            yield from ((word, start, end) for word in words)
        start = max(end, start + 1)


def _goes_on(text: str, place: int) -> bool:
    character = text[place]
    if character.isalnum() or unicodedata.combining(character) or character == "\u00ad":
        return True
    # A hyphen at a line's end, before small letters.
    before, behind = text[place - 1 : place], text[place + 1 : place + 3]
    if character == "-":
        return before.isalpha() and behind[:1] == "\n" and behind[1:].islower()
    return character == "\n" and before == "-" and behind[:1].islower()


def _excerpt(field: TextField, text: str, places: list[tuple[int, int]], box: Box | None) -> Hit:
    start = max(0, places[0][0] - _BEFORE) if len(text) > _WIDTH else 0
    end = start + _WIDTH if len(text) > _WIDTH else len(text)
    shown = tuple((first - start, last - start) for first, last in places if last <= end)
    return Hit(field, text[start:end], shown, box)
