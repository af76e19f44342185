"""Word documents by their own structure: headings, paragraphs, tables, notes, properties.

A part's body is read as a stream, one paragraph or table at a time. What is deleted or moved away in tracked changes is
left out, what is inserted is kept. Pages are those that Word noted when it saved the document; where there are none, no
pages are made up: the text comes in parts.
"""

import posixpath
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scopix_server.documents.docx_archive import Archive, local_name, opened_archive, refusal
from scopix_server.documents.plain import PART, Part, PlainDocument, shown_parts
from scopix_server.domain.document import DocumentFacts, Heading, PageTable
from scopix_server.domain.phrases import clean

__all__ = ["open_docx"]

_LEFT_OUT = frozenset({"del", "moveFrom", "Fallback", "instrText", "delText", "pPr", "rPr", "tblPr", "sectPr"})
_HEADING = re.compile(r"heading\s*([1-9])")
_MAX_CELLS = 100  # columns of a table that are kept
_MAX_ROWS = 2_000
_PAGE_END = "\f"


@dataclass(slots=True)
class _Growing:
    """A part under way."""

    texts: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[Heading] = field(default_factory=list)
    tables: list[PageTable] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.length += len(text) + 2

    def done(self) -> Part:
        return Part("\n\n".join(self.texts), tuple(self.headings), tuple(self.tables))


def open_docx(path: Path, max_pages: int) -> PlainDocument:
    """Open a Word document. Raises DescribeError: `validation` for one that is damaged or beyond the bounds."""
    with opened_archive(path) as archive:
        main = _main_part(archive)
        levels = _heading_levels(archive.small(_beside(main, "styles.xml")))
        notes = _notes(archive.small(_beside(main, "footnotes.xml")))
        blocks = list(_blocks(archive, main, levels, notes))
        is_paginated = any(_PAGE_END in block.text for block in blocks)
        parts = list(_parts(blocks, by_pages=is_paginated))
        facts = _facts(archive.small("docProps/core.xml"), len(parts), is_paginated)
    return PlainDocument(shown_parts(facts, max_pages), parts)


def _main_part(archive: Archive) -> str:
    """Return the path of the main part, whose name is free."""
    root = archive.small("_rels/.rels")
    for relation in root if root is not None else ():
        if relation.get("Type", "").endswith("/officeDocument"):
            name = posixpath.normpath(relation.get("Target", "").lstrip("/"))
            if archive.has(name):
                return name
    if archive.has("word/document.xml"):
        return "word/document.xml"
    raise refusal("has no main part")


def _beside(main: str, name: str) -> str:
    return posixpath.join(posixpath.dirname(main), name)


def _value(element: ET.Element | None, name: str = "val") -> str:
    if element is None:
        return ""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next((child for child in element if local_name(child) == name), None)


def _heading_levels(styles: ET.Element | None) -> dict[str, int]:
    """Return the styles that are headings, with their level from 1; "Title" is level 1, too."""
    levels: dict[str, int] = {}
    based_on: dict[str, str] = {}
    for style in styles if styles is not None else ():
        if local_name(style) != "style":
            continue
        name, key = _value(_child(style, "name")).casefold(), _value(style, "styleId")
        based_on[key] = _value(_child(style, "basedOn"))
        properties = _child(style, "pPr")
        outline = _value(_child(properties, "outlineLvl")) if properties is not None else ""
        if (found := _HEADING.fullmatch(name)) is not None:
            levels[key] = int(found[1])
        elif name == "title":
            levels[key] = 1
        elif outline.isdigit() and int(outline) < 9:
            levels[key] = int(outline) + 1
    for key, base in based_on.items():
        if key not in levels and base in levels and base != key:
            levels[key] = levels[base]
    return levels


def _notes(root: ET.Element | None) -> dict[str, str]:
    return {_value(note, "id"): _text(note, {}).strip() for note in (root if root is not None else ())}


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph or a table; the text of a table has a line a row. A form feed stands where a page ends."""

    text: str
    level: int | None = None
    table: PageTable | None = None


def _blocks(archive: Archive, main: str, levels: Mapping[str, int], notes: Mapping[str, str]) -> Iterator[_Block]:
    """Yield what stands in the body, and in content controls around parts of it."""
    open_elements: list[ET.Element] = []
    inside = 0  # of how many paragraphs and tables
    for event, element in archive.elements(main):
        name = local_name(element)
        if event == "start":
            if not open_elements and name != "document":
                raise refusal("has a main part that is no document")
            open_elements.append(element)
            inside += name in {"p", "tbl"}
            continue
        open_elements.pop()
        inside -= name in {"p", "tbl"}
        if inside or name not in {"p", "tbl"}:
            continue
        if not any(local_name(outer) in _LEFT_OUT for outer in open_elements):
            yield _table(element, notes) if name == "tbl" else _paragraph(element, levels, notes)
        # It is not needed any more, and its place in the body would hold it.
        open_elements[-1].remove(element)


def _paragraph(element: ET.Element, levels: Mapping[str, int], notes: Mapping[str, str]) -> _Block:
    text = _text(element, notes)
    properties = _child(element, "pPr")
    level = None
    if properties is not None:
        outline = _value(_child(properties, "outlineLvl"))
        level = int(outline) + 1 if outline.isdigit() and int(outline) < 9 else None
        level = level or levels.get(_value(_child(properties, "pStyle")))
    return _Block(text, level)


def _table(element: ET.Element, notes: Mapping[str, str]) -> _Block:
    rows: list[list[str]] = []
    for row in element:
        if local_name(row) == "tr" and len(rows) < _MAX_ROWS:
            cells = [_text(cell, notes).replace(_PAGE_END, " ") for cell in row if local_name(cell) == "tc"]
            rows.append([clean(cell) for cell in cells[:_MAX_CELLS]])
    width = max((len(row) for row in rows), default=0)
    whole = tuple((*row, *[""] * (width - len(row))) for row in rows)
    text = "\n".join(" | ".join(row) for row in rows)
    return _Block(text, table=PageTable(whole) if len(rows) > 1 and width > 1 else None)


def _text(element: ET.Element, notes: Mapping[str, str]) -> str:
    """Return the text of an element; elements within are gone through in order, however deep, without recursion."""
    pieces: list[str] = []
    waiting: list[ET.Element | str] = [element]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            pieces.append(current)
            continue
        name = local_name(current)
        if name in _LEFT_OUT and current is not element:
            continue
        if name == "t":
            pieces.append(current.text or "")
        elif name in {"tab", "ptab"}:
            pieces.append("\t")
        elif name in {"br", "cr"}:
            pieces.append(_PAGE_END if _value(current, "type") == "page" else "\n")
        elif name == "lastRenderedPageBreak":
            pieces.append(_PAGE_END)
        elif name == "noBreakHyphen":
            pieces.append("-")
        elif name == "footnoteReference" and (note := notes.get(_value(current, "id"))):
            pieces.append(f" [{note}]")
        if name in {"p", "tc"} and current is not element:
            waiting.append("\n")  # behind its children
        waiting += reversed(current)
    return "".join(pieces)


def _parts(blocks: list[_Block], *, by_pages: bool) -> Iterator[Part]:
    """Yield pages, or parts of about a page that end between paragraphs."""
    growing = _Growing()
    for block in blocks:
        pieces = block.text.split(_PAGE_END) if by_pages else [block.text.replace(_PAGE_END, "\n")]
        for index, piece in enumerate(pieces):
            if index or (not by_pages and growing.texts and growing.length + len(piece) > PART):
                yield growing.done()
                growing = _Growing()
            text = piece.strip()
            if text:
                growing.add(text)
                if block.level is not None:
                    growing.headings.append(Heading(clean(text, 300), block.level))
        if block.table is not None:
            growing.tables.append(block.table)
    yield growing.done()


def _facts(properties: ET.Element | None, number: int, is_paginated: bool) -> DocumentFacts:
    found = {local_name(each): clean(each.text or "", 1000) for each in (properties if properties is not None else ())}
    keywords = [word.strip() for word in re.split("[;,]", found.get("keywords", ""))]
    return DocumentFacts(
        "docx",
        number,
        number,
        is_paginated=is_paginated,
        title=found.get("title", ""),
        author=found.get("creator", ""),
        subject=found.get("subject", ""),
        keywords=tuple(dict.fromkeys(filter(None, keywords)))[:40],
        created=found.get("created", ""),
        modified=found.get("modified", ""),
    )
