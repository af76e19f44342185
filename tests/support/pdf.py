"""PDF files whose words and places are known, written by hand: no library that writes them is needed."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Form", "Line", "Page", "make_pdf", "prose"]

_SENTENCE = "The council met on Tuesday to discuss the new harbour and the costs that would follow from it later"


@dataclass(frozen=True)
class Line:
    """A line of Helvetica: where its base begins, in points from the page's lower left corner."""

    x: float
    y: float
    text: str
    size: float = 10
    bold: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Form:
    """A text field with its value."""

    name: str
    value: str
    rect: tuple[float, float, float, float] = (100, 100, 300, 120)


@dataclass(frozen=True)
class Page:
    """A page of A4: its lines, a grey picture that fills it (its side in pixels, its bytes), its turn and crop box."""

    lines: Sequence[Line] = ()
    picture: tuple[int, int, bytes] | None = None
    turn: int = 0
    crop: tuple[float, float, float, float] | None = None
    size: tuple[float, float] = (595, 842)
    fields: Sequence[Form] = field(default_factory=tuple)


def prose(count: int = 20, *, x: float = 60, top: float = 780, words: int = 11) -> list[Line]:
    """Return lines of running text, no two of them alike."""
    all_words = _SENTENCE.split()
    return [
        Line(x, top - 14 * n, " ".join(all_words[(3 * n + k) % len(all_words)] for k in range(words)))
        for n in range(count)
    ]


def _string(text: str) -> bytes:
    return text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


class _Objects:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def add(self, body: bytes = b"") -> int:
        self.bodies.append(body)
        return len(self.bodies)

    def stream(self, entries: bytes, data: bytes) -> int:
        return self.add(b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data))


def make_pdf(
    pages: Sequence[Page], info: Mapping[str, str] | None = None, outline: Sequence[tuple[str, int]] = ()
) -> bytes:
    """Return a PDF. `outline` has titles, each with the page (from 1) that it leads to."""
    objects = _Objects()
    fonts = [
        objects.add(b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name)
        for name in (b"Helvetica", b"Helvetica-Bold")
    ]
    tree, widgets = objects.add(), []
    kids = []
    for page in pages:
        kid, own = _page(objects, page, tree, fonts)
        kids.append(kid)
        widgets += own
    references = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects.bodies[tree - 1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), references)
    extra = _outline(objects, outline, kids)
    if widgets:
        extra += b" /AcroForm << /Fields [%s] >>" % b" ".join(b"%d 0 R" % widget for widget in widgets)
    root = objects.add(b"<< /Type /Catalog /Pages %d 0 R %s >>" % (tree, extra))
    said = b" ".join(b"/%s (%s)" % (name.encode(), _string(text)) for name, text in (info or {}).items())
    return _written(objects.bodies, root, objects.add(b"<< %s >>" % said))


def _page(objects: _Objects, page: Page, tree: int, fonts: Sequence[int]) -> tuple[int, list[int]]:
    width, height = page.size
    content, resources = b"", b"/Font << /F1 %d 0 R /F2 %d 0 R >>" % tuple(fonts)
    if page.picture is not None:
        across, down, data = page.picture
        picture = objects.stream(
            b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Filter /FlateDecode" % (across, down),
            zlib.compress(data),
        )
        resources += b" /XObject << /P %d 0 R >>" % picture
        content += b"q %g 0 0 %g 0 0 cm /P Do Q\n" % (width, height)
    for line in page.lines:
        font, mode = 2 if line.bold else 1, 3 if line.hidden else 0
        content += b"BT /F%d %g Tf %d Tr 1 0 0 1 %g %g Tm (%s) Tj ET\n" % (
            font, line.size, mode, line.x, line.y, _string(line.text),
        )  # fmt: skip
    stream = objects.stream(b"", content)
    widgets = [
        objects.add(
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (%s) /V (%s) /Rect [%g %g %g %g] >>"
            % (_string(each.name), _string(each.value), *each.rect)
        )
        for each in page.fields
    ]
    entries = b" /Rotate %d" % page.turn if page.turn else b""
    entries += b" /CropBox [%g %g %g %g]" % page.crop if page.crop else b""
    entries += b" /Annots [%s]" % b" ".join(b"%d 0 R" % widget for widget in widgets) if widgets else b""
    kid = objects.add(
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %g %g] /Resources << %s >> /Contents %d 0 R%s >>"
        % (tree, width, height, resources, stream, entries)
    )
    return kid, widgets


def _outline(objects: _Objects, outline: Sequence[tuple[str, int]], kids: Sequence[int]) -> bytes:
    if not outline:
        return b""
    root = objects.add()
    first = root + 1
    for index, (title, page) in enumerate(outline):
        following = b" /Next %d 0 R" % (first + index + 1) if index + 1 < len(outline) else b""
        objects.add(
            b"<< /Title (%s) /Parent %d 0 R /Dest [%d 0 R /Fit]%s >>"
            % (_string(title), root, kids[page - 1], following)
        )
    objects.bodies[root - 1] = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % (
        first, first + len(outline) - 1, len(outline),
    )  # fmt: skip
    return b" /Outlines %d 0 R" % root


def _written(bodies: Sequence[bytes], root: int, info: int) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (
        len(bodies) + 1, table, len(bodies) + 1, root, info,
    ) + b"startxref\n%d\n%%%%EOF\n" % len(data)  # fmt: skip
