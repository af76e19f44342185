"""Plain text and Markdown, as they are: decoded, and cut into parts where it has no pages of its own."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from charset_normalizer import from_bytes

from scopix.types.sniff import WIDE_MARKS
from scopix_server.documents.languages import language_of
from scopix_server.domain.document import DocumentFacts, DocumentPage, Heading, PageTable, TextSource
from scopix_server.domain.phrases import clean
from scopix_server.reading.entities import find_entities

__all__ = ["PART", "PlainDocument", "open_plain", "parts_of", "shown_parts"]

PART = 4_000
"""Characters of a part, at most: about a printed page."""
_MIN_PART = 1_000
_SAMPLE = 32 * 1024  # bytes by which an unknown encoding is told
_MAX_DATES = 40
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"[ \t]{0,3}(```|~~~)")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_MARKS = {codecs.BOM_UTF8: "utf-8", **WIDE_MARKS}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text that has places of nothing: its text, headings and tables."""

    text: str
    headings: tuple[Heading, ...] = ()
    tables: tuple[PageTable, ...] = ()


@dataclass(frozen=True, slots=True)
class PlainDocument:
    """A document whose text is there, in parts; it has no pages that could be drawn."""

    facts: DocumentFacts
    parts: Sequence[Part] = field(default_factory=tuple)

    def page(self, number: int, read: object) -> DocumentPage:
        """Return a part as the page it stands for; nothing has to be `read`."""
        part = self.parts[number - 1]
        dates = find_entities(enumerate(part.text.splitlines())).get("date", [])
        return DocumentPage(
            number,
            TextSource.TEXT_LAYER if part.text else TextSource.NONE,
            "text of its own" if part.text else "empty page",
            text=part.text,
            language=language_of(part.text),
            headings=part.headings,
            tables=part.tables,
            dates=tuple(date for date, _ in dates)[:_MAX_DATES],
        )

    def picture(self) -> None:
        """Nothing is drawn."""
        return


def open_plain(path: Path, extension: str, max_pages: int) -> PlainDocument:
    """Open a text file (`txt` or `md`); one of other encodings than UTF-8 is told by its bytes."""
    text = _decoded(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    pages = text.split("\f")
    is_paginated = len(pages) > 1
    texts = pages if is_paginated else list(parts_of(text))
    parts = [Part(page.strip("\n")) for page in texts]
    if extension == "md":
        parts = list(_marked(parts))
    title = next((part.headings[0].text for part in parts if part.headings), "") if extension == "md" else ""
    facts = DocumentFacts(extension, len(parts), len(parts), is_paginated=is_paginated, title=clean(title, 300))
    return PlainDocument(shown_parts(facts, max_pages), parts)


def shown_parts(facts: DocumentFacts, max_pages: int) -> DocumentFacts:
    """Return the facts with what is told when not all parts are read."""
    if facts.page_count <= max_pages:
        return facts
    noun = "pages" if facts.is_paginated else "parts"
    note = f"The document has {facts.page_count} {noun}, of which the first {max_pages} were read."
    return replace(facts, to_read=max_pages, notes=(*facts.notes, note))


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(data[:_SAMPLE]).best()
        return data.decode(best.encoding if best is not None else "cp1252", "replace")


def parts_of(text: str) -> Iterator[str]:
    """Yield parts of a text, cut at the end of a paragraph where there is one, else of a line, else of a word."""
    start = 0
    while start < len(text):
        end = start + PART
        if end < len(text):
            low = start + _MIN_PART
            end = next((at + len(sign) for sign in ("\n\n", "\n", " ") if (at := text.rfind(sign, low, end)) >= 0), end)
        yield text[start:end]
        start = end
    if not text:
        yield ""


def _marked(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts with the headings and tables of Markdown; what stands in a fence of code is neither."""
    fenced = False
    for part in parts:
        lines = part.text.split("\n")
        headings: list[Heading] = []
        tables: list[PageTable] = []
        for index, line in enumerate(lines):
            if _FENCE.match(line):
                fenced = not fenced
            elif not fenced:
                if (found := _HEADING.match(line)) is not None:
                    headings.append(Heading(clean(found[2], 300), len(found[1])))
                elif index and "|" in lines[index - 1] and "|" in line and _RULE.match(line):
                    tables.append(_table(lines, index))
        yield Part(part.text, tuple(headings), tuple(tables))


def _table(lines: Sequence[str], rule: int) -> PageTable:
    """Return the table whose header is followed by the `rule` at that index."""
    head = _cells(lines[rule - 1])
    rows = [head]
    for line in lines[rule + 1 :]:
        if "|" not in line:
            break
        cells = _cells(line)
        rows.append([*cells, *[""] * len(head)][: len(head)])
    return PageTable(tuple(tuple(row) for row in rows))


def _cells(line: str) -> list[str]:
    return [clean(cell) for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
