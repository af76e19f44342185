"""Types told from content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix._sniff import DOCUMENT_LIMIT, HEAD_BYTES, IMAGE_LIMIT, sniff


@pytest.mark.parametrize(
    ("head", "name", "content_type", "limit"),
    [
        (b"\xff\xd8\xff\xe0", "a.png", "image/jpeg", IMAGE_LIMIT),
        (b"\x89PNG\r\n\x1a\n", "a", "image/png", IMAGE_LIMIT),
        (b"GIF87a", "a.txt", "image/gif", IMAGE_LIMIT),
        (b"GIF89a", "a.gif", "image/gif", IMAGE_LIMIT),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a", "image/webp", IMAGE_LIMIT),
        (b"%PDF-1.4", "a", "application/pdf", DOCUMENT_LIMIT),
        (b"PK\x03\x04....[Content_Types].xml", "a.DOCX", "application/vnd.openxmlformats", DOCUMENT_LIMIT),
        (b"Hello", "a.TXT", "text/plain", DOCUMENT_LIMIT),
        (b"\xff\xfeH\0i\0", "a.txt", "text/plain", DOCUMENT_LIMIT),
        (b"\xe4hnlich", "a.txt", "text/plain", DOCUMENT_LIMIT),
        (b"\0\0\0\x18ftypheic", "a.jpg", "image/heic", IMAGE_LIMIT),
        (b"II*\0", "a.png", "image/tiff", IMAGE_LIMIT),
        ("# Grüße\n".encode(), "a.md", "text/markdown", DOCUMENT_LIMIT),
    ],
)
def test_supported(head, name, content_type, limit):
    kind = sniff(head, name)
    assert kind.content_type.startswith(content_type)
    assert kind.limit == limit


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"MZ\x90\0", "a.png"),
        (b"\x7fELF", "a.jpg"),
        (b"#!/bin/sh\n", "a.txt"),
        (b"hello", "a.py"),
        (b"hello\0", "a.txt"),
        (b"PK\x03\x04", "a.zip"),
        (b"RIFF\x10\0\0\0WAVE", "a.webp"),
    ],
)
def test_unsupported(head, name):
    assert sniff(head, name) is None


def test_a_character_cut_at_the_end_of_the_head_is_still_text():
    assert sniff(("x" * (HEAD_BYTES - 1) + "ü").encode()[:HEAD_BYTES], "a.txt")


@given(st.binary(max_size=64), st.text())
def test_anything_is_judged(head, name):
    sniff(head, name)
