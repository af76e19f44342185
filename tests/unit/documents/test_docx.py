"""Word documents by their own structure, and what is no sound one."""

import zipfile
from pathlib import Path

import pytest

from scopix_server.documents.docx import open_docx
from scopix_server.domain.errors import DescribeError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
STYLES = f'<w:styles xmlns:w="{W}"><w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>'
CORE = (
    '<c:coreProperties xmlns:c="c" xmlns:dc="d"><dc:title>Harbour report</dc:title><dc:creator>A. Smith</dc:creator>'
    "</c:coreProperties>"
)
RELATIONS = '<Relationships><Relationship Type="http://x/officeDocument" Target="/word/document2.xml"/></Relationships>'


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def write(path: Path, body: str, namespace: str = W, **others: str) -> Path:
    main = f'<w:document xmlns:w="{namespace}" xmlns:mc="m"><w:body>{body}</w:body></w:document>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("docProps/thumbnail.jpeg", b"\xff\xd8" + bytes(100_000))
        parts = {"_rels/.rels": RELATIONS, "word/styles.xml": STYLES, "docProps/core.xml": CORE}
        for name, text in {**parts, "word/document2.xml": main, **others}.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("namespace", [W, STRICT])
def test_text_comes_once_and_in_order(tmp_path: Path, namespace: str) -> None:
    box = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" + paragraph("in a box") + "</w:txbxContent>"
        "</mc:Choice><mc:Fallback><w:txbxContent>" + paragraph("in a box") + "</w:txbxContent></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    deleted = "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
    changed = f"<w:p><w:ins><w:r><w:t>put in</w:t></w:r></w:ins>{deleted}</w:p>"
    control = f"<w:sdt><w:sdtContent>{paragraph('controlled')}</w:sdtContent></w:sdt>"
    noted = '<w:p><w:r><w:t>with a note</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    rows = [("Item", "Sum"), ("Crane", "100")]
    row = "".join("<w:tr>" + "".join(map(cell.format, texts)) + "</w:tr>" for texts in rows)
    body = paragraph("Costs", '<w:pStyle w:val="H1"/>') + box + changed + control + noted + f"<w:tbl>{row}</w:tbl>"
    footnotes = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2">{paragraph("the note")}</w:footnote></w:footnotes>'
    document = open_docx(write(tmp_path / "a.docx", body, namespace, **{"word/footnotes.xml": footnotes}), 100)
    page = document.page(1, None)
    expected = ["Costs", "in a box", "put in", "controlled", "with a note [the note]", "Item | Sum\nCrane | 100"]
    assert page.text.split("\n\n") == expected
    assert document.facts.title == "Harbour report"
    assert document.facts.author == "A. Smith"
    assert page.tables[0].rows == (("Item", "Sum"), ("Crane", "100"))
    assert [(heading.text, heading.level) for heading in page.headings] == [("Costs", 1)]


def test_pages_are_those_that_word_noted_and_none_are_made_up(tmp_path: Path) -> None:
    parted = paragraph("one") + "<w:p><w:r><w:t>two </w:t><w:lastRenderedPageBreak/><w:t>three</w:t></w:r></w:p>"
    document = open_docx(write(tmp_path / "a.docx", parted), 100)
    assert document.facts.is_paginated
    assert [document.page(number, None).text for number in (1, 2)] == ["one\n\ntwo", "three"]
    long = open_docx(write(tmp_path / "b.docx", paragraph("word " * 300) * 20), 3)
    assert not long.facts.is_paginated
    assert (long.facts.page_count > 3, long.facts.to_read) == (True, 3)
    assert "of which the first 3 were read" in long.facts.notes[0]


BOMB = f'<w:document xmlns:w="{W}"><w:body>' + " " * 20_000_000 + "</w:body></w:document>"
ENTITY = f'<!DOCTYPE d [<!ENTITY a "aaaa">]><w:document xmlns:w="{W}"><w:body>&a;</w:body></w:document>'


@pytest.mark.parametrize(
    ("main", "why"),
    [(BOMB, "unpacks to far more"), (ENTITY, "document type"), ("<w:document", "damaged"), ("<x/>", "no document")],
)
def test_what_is_no_sound_document_says_why(tmp_path: Path, main: str, why: str) -> None:
    path = write(tmp_path / "a.docx", "", **{"word/document2.xml": main})
    with pytest.raises(DescribeError, match=why):
        open_docx(path, 100)
