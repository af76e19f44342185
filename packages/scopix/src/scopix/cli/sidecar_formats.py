"""What a sidecar file holds: JSON, Markdown, or XMP that leaves other programs' tags as they are."""

import json
import re
from enum import Enum
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from scopix import FileDetails
from scopix.cli.export_formats import record_of

__all__ = ["SidecarError", "SidecarFormat", "render"]

_MARK = "<!-- scopix:"
_NAMESPACE = "https://scopix.invalid/ns/1.0/"
"""Names our tags and leads nowhere, as names of XMP may; `.invalid` is nobody's."""
_OURS = re.compile(rb"[ \t]*<rdf:Description\b[^>]*\bxmlns:scopix=[^>]*>.*?</rdf:Description>\r?\n?", re.DOTALL)
_END = re.compile(rb"[ \t]*</(?:[\w.-]+:)?RDF\s*>")
_DC = "http://purl.org/dc/elements/1.1/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EMPTY = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{_RDF}">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()
# What XML knows no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SidecarError(ValueError):
    """A file that is there is left alone; the message says why."""


class SidecarFormat(Enum):
    """The value is the word on the command line, and the ending."""

    JSON = "json"
    MARKDOWN = "md"
    XMP = "xmp"


def render(details: FileDetails, format: SidecarFormat, before: bytes | None, *, force: bool) -> bytes:
    """What the file is to hold, which holds `before` now.

    Raises `SidecarError` for a file of somebody else's, unless by `force`, and for XMP that cannot be understood.
    """
    if format is SidecarFormat.XMP:
        return _into_xmp(before or _EMPTY, details)
    if before is not None and not force and not _is_ours(before, format):
        raise SidecarError("it is there, and not from here; --force replaces it")
    return (_as_json(details) if format is SidecarFormat.JSON else _as_markdown(details)).encode()


def _is_ours(content: bytes, format: SidecarFormat) -> bool:
    if format is SidecarFormat.MARKDOWN:
        return content.startswith(_MARK.encode())
    try:
        found = json.loads(content)
    except ValueError:
        return False
    return isinstance(found, dict) and "scopix" in found


def _as_json(details: FileDetails) -> str:
    record = {"scopix": 1, **record_of(details)}
    return json.dumps(record, ensure_ascii=False, indent=2, default=lambda moment: moment.isoformat()) + "\n"


def _as_markdown(details: FileDetails) -> str:
    """Text of pictures stands in a block of its own, where nothing in it is read as Markdown."""
    parts = [f"{_MARK} {details.id} -->", f"# {_plain(details.title or details.original_filename)}"]
    if details.upload_description:
        parts.append(_plain(details.upload_description))
    if details.tags:
        parts.append("Tags: " + ", ".join(map(_plain, details.tags)))
    if details.visible_text:
        lines = "\n".join(f"    {line}" for line in details.visible_text.splitlines())
        parts.append(f"Text on it:\n\n{lines}")
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", " ".join(text.split()))


def _into_xmp(before: bytes, details: FileDetails) -> bytes:
    """Put our tags into an XMP packet, in place of those of an earlier run; nothing else of it changes."""
    foreign = _OURS.sub(b"", before)
    found = _parsed(foreign)
    ends = list(_END.finditer(foreign))
    if len(ends) != 1:
        raise SidecarError("it is no XMP that can be added to, and was left as it is")
    line_end = "\r\n" if b"\r\n" in foreign else "\n"
    block = _block(details, known={child.tag for child in found.iter()} | _attributes(found))
    position = ends[0].start()
    after = foreign[:position] + block.replace("\n", line_end).encode() + foreign[position:]
    _parsed(after)
    return after


def _parsed(content: bytes) -> Any:
    # An XMP packet declares nothing; what declares entities is an attack on whoever reads it.
    if b"<!" in content.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise SidecarError("it declares entities, and was left as it is")
    try:
        return ElementTree.fromstring(content.decode("utf-8-sig"))  # noqa: S314 -- without entities nothing expands
    except (ElementTree.ParseError, ValueError) as error:
        raise SidecarError(f"it is no XMP that can be understood ({error}), and was left as it is") from error


def _attributes(found: Any) -> set[str]:
    return {name for element in found.iter() for name in element.attrib}


def _block(details: FileDetails, known: set[str]) -> str:
    """Our tags; those of Dublin Core, which photo programs show, only where nobody else has set them."""
    title, description, tags = details.title, details.upload_description, details.tags
    lines = [
        f' <rdf:Description rdf:about="" xmlns:rdf="{_RDF}" xmlns:dc="{_DC}" xmlns:scopix="{_NAMESPACE}"',
        f"   scopix:id={quoteattr(details.id)} scopix:hash={quoteattr(details.hash or '')}>",
    ]
    if description:
        lines += _text("scopix:description", description)
    if details.visible_text:
        lines += _text("scopix:visibleText", details.visible_text)
    if title and f"{{{_DC}}}title" not in known:
        lines += _alternatives("dc:title", title)
    if description and f"{{{_DC}}}description" not in known:
        lines += _alternatives("dc:description", description)
    if tags and f"{{{_DC}}}subject" not in known:
        items = [f"    <rdf:li>{_escaped(tag)}</rdf:li>" for tag in tags]
        lines += ["  <dc:subject>", "   <rdf:Bag>", *items, "   </rdf:Bag>", "  </dc:subject>"]
    return "\n".join([*lines, " </rdf:Description>", ""])


def _text(name: str, text: str) -> list[str]:
    return [f"  <{name}>{_escaped(text)}</{name}>"]


def _alternatives(name: str, text: str) -> list[str]:
    item = f'    <rdf:li xml:lang="x-default">{_escaped(text)}</rdf:li>'
    return [f"  <{name}>", "   <rdf:Alt>", item, "   </rdf:Alt>", f"  </{name}>"]


def _escaped(text: str) -> str:
    return escape(_UNWRITABLE.sub("", text))
