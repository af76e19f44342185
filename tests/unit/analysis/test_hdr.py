"""Pictures with more light than is shown are told; they look as on a common screen."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scopix_server.analysis.decode import decode
from scopix_server.analysis.hdr import is_hdr
from tests.support.images import encoded, picture

XMP = (
    b"http://ns.adobe.com/xap/1.0/\x00"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></rdf:RDF></x:xmpmeta>'
)
ISO = b"urn:iso:std:iso:ts:21496:-1\x00\x00\x00\x00\x00"
SHOWN = picture(320, 240, seed=5)


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + jpeg[2:]


def ultra_hdr(marker: int, payload: bytes) -> bytes:
    """A JPEG whose gain map, another JPEG, follows behind its end."""
    gain_map = encoded(Image.linear_gradient("L").resize((80, 60)), "JPEG")
    return with_segment(encoded(SHOWN, "JPEG", quality=95), marker, payload) + gain_map


def png_in_pq() -> bytes:
    data = encoded(SHOWN)
    chunk = b"cICP" + bytes([9, 16, 0, 1])
    return data[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ultra_hdr(0xE1, XMP), True),
        (ultra_hdr(0xE2, ISO), True),
        (png_in_pq(), True),
        (encoded(SHOWN, "JPEG"), False),
        (encoded(SHOWN), False),
    ],
    ids=["Ultra HDR", "ISO 21496-1", "PQ", "JPEG", "PNG"],
)
def test_more_light_than_is_shown_is_told(tmp_path: Path, data: bytes, expected: bool) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    assert is_hdr(path) is expected


@pytest.mark.parametrize(("marker", "payload"), [(0xE1, XMP), (0xE2, ISO)])
def test_a_gain_map_changes_nothing_of_what_is_shown(tmp_path: Path, marker: int, payload: bytes) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(ultra_hdr(marker, payload))
    decoded = decode(path, max_pixels=10**6, work_pixels=10**6)
    assert (decoded.frames, decoded.damage) == (1, "")
    assert np.abs(np.asarray(decoded.image).astype(int) - np.asarray(SHOWN).astype(int)).mean() < 3
