"""Checking a document as it streams by: is it complete, and is it what it says?

Nothing is parsed here (children do that): a PDF must have its end mark, a DOCX must be a whole ZIP archive
with a Word document in it, and text must be text.
"""

import re

from scopix.types.sniff import FileType, begins_wide, is_text
from scopix_server.domain.errors import CorruptDocument

__all__ = ["DocumentInspector"]

_TAIL_BYTES = 256 * 1024
_ZIP_END = b"PK\x05\x06"
# The name of the main part is free: "word/document2.xml", "mydoc.xml", or whatever else another program writes. What is
# neither in Word's folder nor in that of another program may be one: its relations tell, and they are packed.
_WORD_PART = re.compile(rb"word/[^/\x00]+\.xml")
_PACKAGE = (b"[Content_Types].xml", b"_rels/.rels")
_OTHERS = re.compile(rb"(?:xl/workbook|ppt/presentation|visio/document)\.xml")


class DocumentInspector:
    """Feed it the whole file in order, then ask `finish`."""

    def __init__(self, file_type: FileType) -> None:
        self._extension = file_type.extension
        self._tail = b""
        self._begun = False
        self._is_wide = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises CorruptDocument as soon as text turns out to be none."""
        if self._extension in {"txt", "md"}:
            self._read_text(chunk)
        else:
            # Both formats keep their table of contents at the end.
            self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    def finish(self) -> None:
        """Raise CorruptDocument unless the document was complete."""
        if self._extension == "pdf" and b"%%EOF" not in self._tail:
            raise CorruptDocument(
                "The PDF is incomplete: its end is missing. It was probably cut off while it was copied; upload a "
                "complete copy.",
                issue="truncated",
            )
        if self._extension == "docx" and not (_ZIP_END in self._tail and self._is_word_document()):
            raise CorruptDocument("The file is no complete Word document.", issue="truncated")

    def _is_word_document(self) -> bool:
        if _WORD_PART.search(self._tail):
            return True
        return all(part in self._tail for part in _PACKAGE) and not _OTHERS.search(self._tail)

    def _read_text(self, chunk: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._is_wide = begins_wide(chunk)
        if not is_text(chunk, is_wide=self._is_wide):
            raise CorruptDocument("The file has bytes that are no text.", issue="not_text")
