"""What people wrote into a file is read from three dialects, and told as what they wrote."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scopix_server.analysis.decode import decode
from scopix_server.composer.grounded import GroundedComposer
from scopix_server.db.documents import dump_perception, load_perception
from scopix_server.domain.description import DescriptiveMetadata, Perception
from tests.support.images import picture

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:p="http://ns.adobe.com/photoshop/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" p:City="Bergen" p:Country="Norge" xmp:Rating="4">
<d:title><rdf:Alt><rdf:li xml:lang="x-default">Åttiårsdag</rdf:li><rdf:li xml:lang="en">80th</rdf:li></rdf:Alt>
</d:title>
<d:subject><rdf:Bag><rdf:li>Jubilee</rdf:li><rdf:li>Grandmother</rdf:li><rdf:li>Jubilee</rdf:li></rdf:Bag></d:subject>
<d:creator><rdf:Seq><rdf:li>Kari Nordmann</rdf:li></rdf:Seq></d:creator>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def written(data: bytes) -> DescriptiveMetadata | None:
    return decode(io.BytesIO(data), max_pixels=10**7, work_pixels=10**7).descriptive


def jpeg(*, xmp: str | bytes = b"", exif: dict[int, str | bytes | int] | None = None, iptc: bytes = b"") -> bytes:
    held = Image.Exif()
    for tag, value in (exif or {}).items():
        held[tag] = value
    out = io.BytesIO()
    packet = xmp.encode() if isinstance(xmp, str) else xmp
    picture(64, 48).save(out, "JPEG", exif=held, **({"xmp": packet} if packet else {}))
    data = out.getvalue()
    if not iptc:
        return data
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    segment = b"Photoshop 3.0\x00" + resource
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def dataset(number: int, value: bytes) -> bytes:
    return b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(value)) + value


def test_xmp_is_read() -> None:
    assert written(jpeg(xmp=XMP)) == DescriptiveMetadata(
        "Åttiårsdag", "", ("Jubilee", "Grandmother"), "Bergen, Norge", "Kari Nordmann", 4
    )


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_xmp_is_read_from_other_formats(format: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    out, info = io.BytesIO(), PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP)
    picture(64, 48).save(out, format, **({"pnginfo": info} if format == "PNG" else {"xmp": XMP.encode()}))
    found = written(out.getvalue())
    assert found is not None
    assert found.keywords == ("Jubilee", "Grandmother")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_iptc_is_read(encoding: str) -> None:
    values = [(5, "Gårdsfest"), (25, "hage"), (25, "sommer"), (90, "Bergen"), (101, "Norge"), (120, "Alle smiler")]
    found = written(jpeg(iptc=b"".join(dataset(number, text.encode(encoding)) for number, text in values)))
    assert found == DescriptiveMetadata("Gårdsfest", "Alle smiler", ("hage", "sommer"), "Bergen, Norge")


def test_exif_is_read() -> None:
    tags: dict[int, str | bytes | int] = {
        0x010E: "Grandmother's garden party",
        0x013B: "K. Nordmann",
        0x9C9B: "Jubilee\0".encode("utf-16-le"),
        0x9C9E: "garden;  cake ;garden\0".encode("utf-16-le"),
        0x4746: 5,
    }
    assert written(jpeg(exif=tags)) == DescriptiveMetadata(
        "Jubilee", "Grandmother's garden party", ("garden", "cake"), "", "K. Nordmann", 5
    )


def test_the_later_dialect_goes_first() -> None:
    found = written(jpeg(xmp=XMP, iptc=dataset(5, b"old") + dataset(120, b"told"), exif={0x010E: "older"}))
    assert found is not None
    assert (found.title, found.caption) == ("Åttiårsdag", "told")


@pytest.mark.parametrize("words", ["SONY DSC", "OLYMPUS DIGITAL CAMERA", "Screenshot", "", "  ", "IMG_2034", "***"])
def test_what_cameras_write_is_nobodys_caption(words: str) -> None:
    assert written(jpeg(exif={0x010E: words})) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"<x:xmpmeta",
        b"<x:xmpmeta><rdf:RDF></x:xmpmeta>",
        b"\xff\xfe\x00<",
        XMP.replace("<x:xmpmeta", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x:xmpmeta', 1).encode(),
        (XMP[:-30] + " " * 30_000).encode(),
    ],
)
def test_what_is_broken_costs_no_picture(packet: bytes) -> None:
    assert written(jpeg(xmp=packet)) is None


def test_a_long_text_is_cut_and_stays_one_line() -> None:
    found = written(jpeg(exif={0x010E: "a\x1b[2J\n\u202e" + "b" * 5_000}))
    assert found is not None
    assert len(found.caption) <= 500
    assert found.caption.isprintable()


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_of_iptc_cost_no_picture(data: bytes) -> None:
    written(jpeg(iptc=data))


def test_it_is_told_as_metadata() -> None:
    found = written(jpeg(xmp=XMP))
    described = GroundedComposer().describe(Perception(80, 60, descriptive=found), "general")
    assert (
        'Its metadata give the title "Åttiårsdag", the keywords "Jubilee" and "Grandmother", the place '
        '"Bergen, Norge", the credit "Kari Nordmann" and a rating of 4 of 5.'
    ) in described.text
    assert "jubilee" not in described.tags


def test_it_is_kept() -> None:
    seen = Perception(80, 60, descriptive=written(jpeg(xmp=XMP)))
    assert load_perception(*dump_perception(seen)) == seen
