"""`scopix sidecar`: what is known of files beside them; of other programs' XMP every byte stays."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scopix import FileDetails
from scopix.cli.sidecar_formats import SidecarError, SidecarFormat, render
from tests.integration.cli.conftest import Run
from tests.integration.cli.files import json_lines, put
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer

DC = "{http://purl.org/dc/elements/1.1/}"
FOREIGN = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Some Program 7.1">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""  xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating="4"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:odd="urn:odd">
   <dc:subject><rdf:Bag><rdf:li>mine</rdf:li></rdf:Bag></dc:subject>
   <odd:thing  a = "&#xE9;&amp;"><!-- kept --><![CDATA[<raw>]]></odd:thing>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def details(**changed: object) -> FileDetails:
    known = {
        "id": "3f2a91c7-08cf-4c5e-9a57-0f1f6f3a1d20",
        "original_filename": "a.png",
        "title": "A <title> & more",
        "tags": ["roof", "<tag>"],
        "upload_description": "A roof.\n# No heading [x](javascript:1)",
        "visible_text": "EXIT \x00\x1b]]> <rdf:RDF>",
        "hash": "ab" * 32,
    }
    return FileDetails.model_validate({**known, **changed})


def xmp(before: str | None, **changed: object) -> bytes:
    content = None if before is None else before.encode()
    return render(details(**changed), SidecarFormat.XMP, content, force=False)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_foreign_tags_stay_byte_for_byte(line_end: str) -> None:
    foreign = FOREIGN.replace("\n", line_end)
    once = xmp(foreign)
    twice = xmp(once.decode(), upload_description="Another one.")
    for content in (once, twice):
        start, end = content.index(b' <rdf:Description rdf:about="" xmlns:rdf='), content.rindex(b" </rdf:RDF>")
        assert content[:start] + content[end:] == foreign.encode()
    assert xmp(twice.decode(), upload_description="Another one.") == twice
    found = ElementTree.fromstring(twice.decode("utf-8-sig"))
    # What another program says is not said again; what nobody said is.
    assert [item.text for item in found.findall(f".//{DC}subject//*") if item.text and item.text.strip()] == ["mine"]
    assert "Another one." in "".join(found.find(f".//{DC}description").itertext())


def test_a_new_packet_has_all_of_it() -> None:
    found = ElementTree.fromstring(xmp(None).decode())
    texts = [item.text for item in found.iter() if item.text and item.text.strip()]
    assert {"A <title> & more", "roof", "<tag>", "EXIT ]]> <rdf:RDF>"} <= set(texts)


@pytest.mark.parametrize(
    "content",
    [
        "no XML",
        "<a/>",
        FOREIGN.replace("</x:xmpmeta>", ""),
        '<!DOCTYPE a [<!ENTITY b "c">]>' + FOREIGN,
        FOREIGN.replace("</rdf:RDF>", "</rdf:RDF><rdf:RDF xmlns:rdf='urn:x'></rdf:RDF>"),
    ],
)
def test_what_cannot_be_understood_is_left_alone(content: str) -> None:
    with pytest.raises(SidecarError, match="left as it is"):
        xmp(content)


def test_markdown_and_json_are_data() -> None:
    text = render(details(), SidecarFormat.MARKDOWN, None, force=False).decode()
    assert "\n# No heading" not in text and "\\[x\\]" in text and "\n    EXIT" in text
    assert render(details(), SidecarFormat.MARKDOWN, text.encode(), force=False).decode() == text
    record = json.loads(render(details(), SidecarFormat.JSON, None, force=False))
    assert (record["id"], record["tags"]) == (details().id, details().tags)
    for format in (SidecarFormat.JSON, SidecarFormat.MARKDOWN):
        with pytest.raises(SidecarError, match="--force"):
            render(details(), format, b'{"mine": 1}', force=False)
        assert b"mine" not in render(details(), format, b'{"mine": 1}', force=True)


def test_they_stand_beside_the_files(real: Run, scopix_server: InProcessServer, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    data = [encoded(picture(30, 30, seed)) for seed in (521, 522)]
    file_id = put(scopix_server, "beside", data[0], "first.png", describe=True)
    put(scopix_server, "beside", data[0], "later.png")  # the same, without a description
    (folder / "renamed.png").write_bytes(data[0])
    (folder / "copy.png").write_bytes(data[0])
    (folder / "unknown.png").write_bytes(data[1])
    (folder / "renamed.png.xmp").write_text(FOREIGN)
    done = real("sidecar", folder, "--format", "xmp")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "3 files: 2 written, 1 not on the server"
    assert file_id in (folder / "copy.png.xmp").read_text()
    assert "Some Program 7.1" in (folder / "renamed.png.xmp").read_text()
    assert not (folder / "unknown.png.xmp").exists()
    again = real("sidecar", folder, "--format", "xmp", "--json")
    states = {Path(line["filename"]).name: line["state"] for line in json_lines(again.stdout)}
    assert states == {"renamed.png": "unchanged", "copy.png": "unchanged", "unknown.png": "not on the server"}
    (folder / "copy.png.json").write_text('{"mine": 1}')
    done = real("sidecar", folder / "renamed.png", folder / "copy.png", "--json")
    assert done.exit_code == 1
    assert json.loads((folder / "renamed.png.json").read_text())["id"] == file_id
    assert (folder / "copy.png.json").read_text() == '{"mine": 1}'
    assert real("sidecar", folder / "copy.png", "--format", "md").exit_code == 0
    assert (folder / "copy.png.md").read_text().startswith(f"<!-- scopix: {file_id} -->")
