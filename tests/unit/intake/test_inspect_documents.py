"""Documents are checked as they stream by."""

import io
import zipfile

import pytest

from scopix.types.sniff import sniff
from scopix_server.domain.errors import CorruptDocument
from scopix_server.intake.inspect_documents import DocumentInspector


def inspect(data: bytes, name: str) -> None:
    file_type = sniff(data, name)
    assert file_type is not None
    inspector = DocumentInspector(file_type)
    inspector.feed(data)
    inspector.finish()


def archive(part: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("_rels/.rels", "<Relationships/>")
        file.writestr(part, "<w:document/>")
    return target.getvalue()


@pytest.mark.parametrize("part", ["word/document.xml", "word/document2.xml", "word/main.xml", "mydoc.xml"])
def test_the_main_part_of_a_word_document_may_have_another_name(part: str) -> None:
    inspect(archive(part), "letter.docx")


def test_another_archive_is_no_word_document() -> None:
    for part in ("xl/workbook.xml", "ppt/presentation.xml"):
        with pytest.raises(CorruptDocument, match="Word"):
            inspect(archive(part), "letter.docx")
