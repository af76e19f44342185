"""Types are told from the first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix import _sniff
from scopix.types.sniff import ENOUGH_BYTES, describe_unsupported, sniff
from scopix_server.domain.errors import CorruptDocument
from scopix_server.intake.inspect_documents import DocumentInspector
from tests.support.images import encoded, picture


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("ICO", "image/vnd.microsoft.icon"),
        ("JPEG2000", "image/jp2"),
    ],
)
def test_formats_by_what_an_encoder_writes(format: str, content_type: str) -> None:
    found = sniff(encoded(picture(), format)[:ENOUGH_BYTES])
    assert found is not None
    assert found.content_type == content_type


@given(st.binary(max_size=64))
def test_what_enough_bytes_decide_more_bytes_do_not_change(head: bytes) -> None:
    assert sniff(head) == sniff(head[:ENOUGH_BYTES])


def brands(first: bytes, *others: bytes) -> bytes:
    """The first box of a file."""
    content = first + bytes(4) + b"".join(others)
    return (len(content) + 8).to_bytes(4, "big") + b"ftyp" + content


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (brands(b"heic", b"mif1"), "image/heic"),
        (brands(b"hevc", b"msf1"), "image/heic"),
        (brands(b"mif1", b"heic", b"miaf"), "image/heic"),
        (brands(b"mif1", b"avif"), "image/avif"),
        (brands(b"avis", b"msf1"), "image/avif"),
        (brands(b"mif1", b"vvic"), "image/heif"),
        (brands(b"crx ", b"isom"), "image/x-canon-cr3"),
        (brands(b"isom", b"avif"), None),
        (b"MM\x00*\x00\x00\x00\x08", "image/tiff"),
        (b"II+\x00\x08\x00\x00\x00", "image/tiff"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "image/x-canon-cr2"),
        (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
        (b"8BPS\x00\x01", "image/vnd.adobe.photoshop"),
        (b"8BPS\x00\x03", None),
        (b"\xff\x0a\xfa\x1f", "image/jxl"),
        (b"\xff\x4f\xff\x51", "image/jp2"),
        (b"\x00\x00\x01\xba" + bytes(60), None),
    ],
)
def test_formats_by_their_signs(head: bytes, content_type: str | None) -> None:
    found = sniff(head, "picture.txt.jpg")
    assert (found.content_type if found else None) == content_type


def test_a_drawing_is_refused_with_the_reason() -> None:
    assert sniff(b"<svg xmlns=", "a.svg") is None
    assert "SVG" in (describe_unsupported(b"<svg xmlns=") or "")


def test_a_wave_file_is_no_webp() -> None:
    assert sniff(b"RIFF\x00\x00\x00\x00WAVEfmt ") is None


@pytest.mark.parametrize("text", ["BMW service history\n", "Mz. Lopez called about the invoice.\n", "BM"])
def test_a_text_may_begin_with_the_letters_of_a_signature(text: str) -> None:
    found = sniff(text.encode(), "letter.txt")
    assert found is not None
    assert found.content_type == "text/plain"
    assert sniff(text.encode(), "letter.exe") is None


def test_a_picture_or_program_is_no_text_whatever_its_name() -> None:
    assert sniff(b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", "letter.txt") is None
    found = sniff(encoded(picture(), "BMP"), "letter.txt")
    assert found is not None
    assert found.content_type == "image/bmp"


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_a_pdf_may_begin_with_a_byte_order_mark(before: bytes) -> None:
    found = sniff(before + b"%PDF-1.4\n1 0 obj")
    assert found is not None
    assert found.content_type == "application/pdf"


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ZIP = b"PK\x03\x04\x14\x00\x06\x00\x08\x00"
# The odd ones: first bytes, name, and what it is; None where it is refused.
ODD: list[tuple[bytes, str, str | None]] = [
    (b"\xff\xd8\xff\xdb\x00\x43", "photo.png", "image/jpeg"),
    (b"\xff\xd8\xff", "photo", "image/jpeg"),
    (b"\xff\xd8", "photo.jpg", None),
    (b"\xff\xd8\x00\x10JFIF", "photo.jpg", None),
    (b"\x89PNG\r\n\x1a\n", "notes.txt", "image/png"),
    (b"\x89PNG\n\x1a\n\x00", "newlines-changed.png", None),
    (b"GIF87a\x01\x00", "old.gif", "image/gif"),
    (b"GIF88a\x01\x00", "odd.gif", None),
    (b"GIF for a joke", "joke.txt", "text/plain"),
    (b"GIF89a is the later format.", "formats.txt", "text/plain"),
    (b"GIF89a\x20\x00\x20\x00\x80\x00\x00", "formats.txt", "image/gif"),
    (b"GIF89a is the later format.", "formats.gif", "image/gif"),
    (b"RIFF\x24\x00\x00\x00WEBPVP8X", "picture.jpg", "image/webp"),
    (b"RIFF\x24\x00\x00\x00AVI LIST", "film.webp", None),
    (b"RIFFs for beginners", "guitar.md", "text/markdown"),
    (b"%PDF-1.7\n%", "paper", "application/pdf"),
    (b"\xef\xbb\xbf%PDF-1.4\n", "paper.pdf", "application/pdf"),
    (b"\r\n\r\n%PDF-1.4\n", "paper.pdf", "application/pdf"),
    (b" \t\n%PDF-1.4\n", "paper.pdf", "application/pdf"),
    (b"HTTP/1.1 200 OK\r\nServer: printer\r\n\r\n%PDF-1.4\n", "paper.pdf", "application/pdf"),
    (bytes(1019) + b"%PDF-1.4\n", "paper.pdf", "application/pdf"),
    (bytes(1025) + b"%PDF-1.4\n", "paper.pdf", None),
    (b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n", "saved.txt", "text/plain"),
    (b"A file begins with %PDF- when it is a PDF.", "about.txt", "text/plain"),
    (ZIP + b"word/document.xml", "letter.DOCX", DOCX),
    (ZIP + b"docProps/thumbnail.jpeg" + bytes(5000), "letter.docx", DOCX),
    (ZIP + b"[Content_Types].xml", "letter.zip", None),
    (ZIP + b"[Content_Types].xml", "docx", None),
    (b"BMW service history", "car.txt", "text/plain"),
    (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00\x36\x00", "car.txt", None),
    (b"Mz. Lopez called", "calls.md", "text/markdown"),
    (b"MZ\x90\x00\x03\x00\x00\x00", "setup.txt", None),
    (b"The ftyp box of a video", "boxes.txt", "text/plain"),
    (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "photo.jpg", "image/heic"),
    (b"#!/bin/sh\necho", "script.txt", None),
    (b"# A heading", "README.markdown", "text/markdown"),
    (b"\xef\xbb\xbfWith a mark", "marked.txt", "text/plain"),
    (b"\x1b[31mred\x1b[0m", "log.txt", "text/plain"),
    (b"no extension", "txt", None),
    (b"<!DOCTYPE html>", "page.txt", None),
    ("Grüße".encode(), "gruss.txt", "text/plain"),
]


@pytest.mark.parametrize(("head", "name", "content_type"), ODD)
def test_the_client_and_the_server_say_the_same_of_odd_files(head: bytes, name: str, content_type: str | None) -> None:
    found, of_client = sniff(head[:ENOUGH_BYTES], name), _sniff.sniff(head, name)
    assert (found.content_type if found else None) == content_type
    assert (of_client.content_type if of_client else None) == content_type


def test_of_a_text_the_client_refuses_what_the_server_would() -> None:
    head = b"a\x00b"
    found = sniff(head, "a.txt")
    assert found is not None
    assert _sniff.sniff(head, "a.txt") is None
    with pytest.raises(CorruptDocument):
        DocumentInspector(found).feed(head)
