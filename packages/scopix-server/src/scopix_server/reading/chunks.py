"""Pages as pieces for retrieval: cut at headings, paragraphs and sentences, never across a page.

A piece is about as long as what embedding models take in well. Since no piece crosses a page, each has one place to be
shown at, and a page that is read again changes its own pieces only.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence

from scopix_server.domain.description import Box
from scopix_server.domain.document import Chunk, DocumentPage

__all__ = ["MAX_CHUNK", "OVERLAP", "chunks_of", "last_heading"]

MAX_CHUNK = 1_000
"""Characters: some 250 tokens of English, half of what small embedding models take."""
OVERLAP = 150
"""Characters that stand at the end of the piece before, for a sentence that is parted."""
_MIN_CHUNK = 200
"""Characters from which on a heading or a paragraph's end begins a new piece; shorter ones say little by themselves."""
_VERSION = "1"  # of how pieces are cut; with another, their ids are others
_SENTENCE = re.compile(r"[.!?…。！？]['\")\]]?\s")


def chunks_of(page: DocumentPage, sha256: str, heading: str | None = None) -> tuple[Chunk, ...]:
    """Return the pieces of a page of the file with that hash; `heading` is the last one on the pages before.

    The text of a piece, without its overlap, is what stands in the page's text from its `start` on.
    """
    pieces: list[Chunk] = []
    heads = _places(page)
    spans = list(_spans(page.text, [start for start, _ in heads]))
    lines = _line_places(page)
    for start, end in spans:
        above = [title for place, title in heads if place <= start]
        own = page.text[start:end].strip()
        if not own:
            continue
        start += len(page.text[start:end]) - len(page.text[start:end].lstrip())
        before = _overlap(page.text, start)
        digest = hashlib.sha256(f"{_VERSION}|{sha256}|{page.number}|{start}|{own}".encode()).hexdigest()
        pieces.append(
            Chunk(
                id=digest[:16],
                text=before + own,
                start=start,
                overlap=len(before),
                heading=above[-1] if above else heading,
                box=_around([box for place, length, box in lines if place < end and place + length > start]),
            )
        )
    return tuple(pieces)


def last_heading(page: DocumentPage, before: str | None) -> str | None:
    """Return the heading under which the next page begins."""
    return page.headings[-1].text if page.headings else before


def _places(page: DocumentPage) -> list[tuple[int, str]]:
    """Return where in the page's text its headings stand."""
    places, at = [], 0
    for heading in page.headings:
        found = _find(page.text, heading.text, at)
        if found >= 0:
            places.append((found, heading.text))
            at = found + 1
    return places


def _find(text: str, expected: str, at: int) -> int:
    found = text.find(expected, at)
    if found >= 0:
        return found
    # A heading of two lines stands on two lines in the text.
    match = re.compile(r"\s+".join(map(re.escape, expected.split())) or r"(?!)").search(text, at)
    return -1 if match is None else match.start()


def _spans(text: str, heads: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where pieces begin and end: at a heading, else as late as the length allows at a good place."""
    start = 0
    while start < len(text):
        limit = start + MAX_CHUNK
        ahead = [place for place in heads if start + _MIN_CHUNK <= place < limit]
        if ahead:
            end = ahead[0]
        elif limit >= len(text):
            end = len(text)
        else:
            end = _good_end(text, start, limit)
        yield start, end
        start = end


def _good_end(text: str, start: int, limit: int) -> int:
    low = start + _MIN_CHUNK
    paragraph = text.rfind("\n\n", low, limit)
    if paragraph >= 0:
        return paragraph + 2
    sentences = [match.end() for match in _SENTENCE.finditer(text, low, limit)]
    if sentences:
        return sentences[-1]
    space = max(text.rfind("\n", low, limit), text.rfind(" ", low, limit))
    return space + 1 if space >= 0 else limit


def _overlap(text: str, start: int) -> str:
    """Return what stands before `start`, from the beginning of a word on."""
    low = max(0, start - OVERLAP)
    before = text[low:start]
    if low and (cut := re.search(r"\s", before)) is not None:
        before = before[cut.end() :]
    return before.lstrip()


def _line_places(page: DocumentPage) -> list[tuple[int, int, Box]]:
    """Return where in the page's text its lines stand, how long they are, and their boxes."""
    places, at = [], 0
    for region in page.regions:
        found = page.text.find(region.text, at)
        if found >= 0:
            places.append((found, len(region.text), region.box))
            at = found + len(region.text)
    return places


def _around(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(x, y, round(right - x, 5), round(bottom - y, 5))
