"""Types are told from the first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.pipeline.sniff import ENOUGH_BYTES, describe_unsupported, sniff
from tests.support.images import encoded, picture


@pytest.mark.parametrize(
    ("format", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_the_four_formats(format: str, content_type: str) -> None:
    found = sniff(encoded(picture(), format)[:ENOUGH_BYTES])
    assert found is not None
    assert found.content_type == content_type


@given(st.binary(max_size=64))
def test_what_enough_bytes_decide_more_bytes_do_not_change(head: bytes) -> None:
    assert sniff(head) == sniff(head[:ENOUGH_BYTES])


@pytest.mark.parametrize("format", ["TIFF", "BMP"])
def test_other_pictures_are_refused_by_name(format: str) -> None:
    data = encoded(picture(), format)
    assert sniff(data) is None
    assert format in (describe_unsupported(data) or "")


def test_a_wave_file_is_no_webp() -> None:
    assert sniff(b"RIFF\x00\x00\x00\x00WAVEfmt ") is None
