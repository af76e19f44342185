"""PDF files by pdfium: opened, what they say of themselves, their pages drawn.

pdfium must not be used by two threads at once; a child process has one that works.
"""

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw as pdfium

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.documents.characters import as_shown
from scopix_server.domain.description import Box
from scopix_server.domain.document import DocumentFacts, FormField, OutlineEntry
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.phrases import clean

__all__ = ["box_within", "draw_page", "open_pdf", "opened_page", "outline_of", "pdf_facts"]

_PASSWORD = 4  # FPDF_ERR_PASSWORD
_MAX_PIXELS = 24_000_000
"""Of a drawn page: 72 MB. A page may be 200 inches wide, which at 150 dpi would be 900 megapixels."""
_MAX_SIDE = 10_000  # pixels; a roll of paper may be long and narrow, and within the pixels
_MAX_OUTLINE, _MAX_DEPTH = 2_000, 15  # entries, levels: an outline may refer to itself
_MAX_FIELDS = 2_000  # of a form; its record is bounded
_MAX_PAGES_WITH_FIELDS = 200
"""Form fields are looked for on the first so many pages; forms are short, and each page has to be loaded for them."""
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d)?'?(\d\d)?")
_KINDS = {
    pdfium.FPDF_FORMFIELD_TEXTFIELD: "text",
    pdfium.FPDF_FORMFIELD_CHECKBOX: "checkbox",
    pdfium.FPDF_FORMFIELD_RADIOBUTTON: "radio",
    pdfium.FPDF_FORMFIELD_COMBOBOX: "choice",
    pdfium.FPDF_FORMFIELD_LISTBOX: "choice",
    pdfium.FPDF_FORMFIELD_PUSHBUTTON: "button",
    pdfium.FPDF_FORMFIELD_SIGNATURE: "signature",
}
# What programs write into the title when nobody gave one.
_NO_TITLE = re.compile(
    r"untitled.*|microsoft (?:word|powerpoint|excel) - .*|.*\.(?:docx?|pdf|indd|tex|dvi|xlsx?|pptx?)", re.I
)


@contextmanager
def open_pdf(path: Path) -> Iterator[Any]:
    """Open a PDF with its form, for as long as the context lasts.

    Raises:
        DescribeError: `validation`, not retryable: it needs a password, or no page can be found in it.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise _refusal(error) from error
    try:
        document.init_forms()  # before any page is loaded; else what is filled in is not drawn
        if len(document) == 0:
            raise DescribeError("The PDF has no pages.", DescriptionErrorType.VALIDATION_ERROR, retryable=False)
        yield document
    finally:
        document.close()


def _refusal(error: Any) -> DescribeError:
    if getattr(error, "err_code", None) == _PASSWORD:
        message = "The PDF is protected by a password, so it cannot be read. Save it without one, then upload it again."
    else:
        message = (
            "The PDF is damaged: no page could be found in it. Open it in another program and save it again, then "
            "upload it."
        )
    return DescribeError(message, DescriptionErrorType.VALIDATION_ERROR, retryable=False)


def pdf_facts(document: Any, max_pages: int, *, with_form: bool) -> DocumentFacts:
    """Return what an open PDF says of itself; its form's fields only on request, for which pages have to be loaded."""
    metadata = {name: clean(value, 1000) for name, value in document.get_metadata_dict(skip_empty=True).items()}
    number = len(document)
    title = metadata.get("Title", "")
    notes = []
    if number > max_pages:
        notes.append(f"The document has {number} pages, of which the first {max_pages} were read.")
    return DocumentFacts(
        format="pdf",
        page_count=number,
        to_read=min(number, max_pages),
        title="" if _NO_TITLE.fullmatch(title) else title,
        author=metadata.get("Author", ""),
        subject=metadata.get("Subject", ""),
        keywords=tuple(
            dict.fromkeys(word.strip() for word in re.split("[;,]", metadata.get("Keywords", "")) if word.strip())
        )[:40],
        created=_date(metadata.get("CreationDate", "")),
        modified=_date(metadata.get("ModDate", "")),
        producer=metadata.get("Producer", ""),
        outline=outline_of(document),
        form_fields=tuple(_form_fields(document)) if with_form else (),
        notes=tuple(notes),
    )


def _date(text: str) -> str:
    """Return a date of PDF ("D:20240301120000+01'00'") as ISO 8601, as far as it is given; "" for what is none."""
    match = _DATE.match(text)
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone, zone_minutes = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if not (day and hour):
        return date
    offset = "" if zone is None else "Z" if zone == "Z" else f"{zone}:{zone_minutes or '00'}"
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{offset}"


def outline_of(document: Any) -> tuple[OutlineEntry, ...]:
    """Return the table of contents that the file itself has, at most 2,000 entries of it."""
    entries = []
    try:
        for item in document.get_toc(max_depth=_MAX_DEPTH):
            target = item.get_dest()
            page = target.get_index() if target is not None else None
            title = clean(item.get_title(), 300)
            if title:
                entries.append(OutlineEntry(title, item.level + 1, None if page is None or page < 0 else page + 1))
            if len(entries) >= _MAX_OUTLINE:
                break
    except pypdfium2.PdfiumError:
        return tuple(entries)  # a broken outline ends where it is broken
    return tuple(entries)


def _form_fields(document: Any) -> Iterator[FormField]:
    if document.formenv is None:
        return
    form, found = document.formenv.raw, 0
    for index in range(min(len(document), _MAX_PAGES_WITH_FIELDS)):
        with opened_page(document, index) as page:
            if page is None:
                continue
            left, bottom, right, top = page.get_bbox()
            for number in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
                annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
                if not annotation:
                    continue
                try:
                    field = _form_field(form, annotation, index + 1, (left, bottom, right, top), page.get_rotation())
                finally:
                    pdfium.FPDFPage_CloseAnnot(annotation)
                if field is not None:
                    found += 1
                    yield field
                if found >= _MAX_FIELDS:
                    return


def _form_field(
    form: Any, annotation: Any, page: int, box: tuple[float, float, float, float], turn: int
) -> FormField | None:
    kind = _KINDS.get(pdfium.FPDFAnnot_GetFormFieldType(form, annotation))
    if kind is None:
        return None
    name = _utf16(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = name or _utf16(pdfium.FPDFAnnot_GetFormFieldName, form, annotation)
    value = _utf16(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
    if kind in {"checkbox", "radio"}:
        value = "on" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "off"
    rect = pdfium.FS_RECTF()
    placed = pdfium.FPDFAnnot_GetRect(annotation, rect)
    return FormField(clean(name, 200), clean(value, 400), kind, page, _share(rect, box, turn) if placed else None)


def _share(rect: Any, box: tuple[float, float, float, float], turn: int) -> Box | None:
    x0, y0, x1, y1 = as_shown(rect, box, turn)
    width, height = box[2] - box[0], box[3] - box[1]
    if turn in (90, 270):
        width, height = height, width
    return box_within(x0, y0, x1, y1, width, height)


def box_within(x0: float, y0: float, x1: float, y1: float, width: float, height: float) -> Box | None:
    """Return a place in points as a share of a page of that size, cut to the page; None where nothing is left."""
    if width < 1 or height < 1:
        return None
    left, top = max(0.0, min(x0 / width, 1.0)), max(0.0, min(y0 / height, 1.0))
    right, bottom = max(0.0, min(x1 / width, 1.0)), max(0.0, min(y1 / height, 1.0))
    return Box(round(left, 5), round(top, 5), round(right - left, 5), round(bottom - top, 5))


def _utf16(get: Any, form: Any, annotation: Any) -> str:
    length = get(form, annotation, None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    get(form, annotation, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    return buffer.raw[:length].decode("utf-16-le", "replace").rstrip("\0")


@contextmanager
def opened_page(document: Any, index: int) -> Iterator[Any]:
    """Open a page, counted from 0; None if it is broken. Pages that stay open hold their memory."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        yield None
        return
    try:
        yield page
    finally:
        page.close()


def draw_page(page: Any, *, dpi: float) -> npt.NDArray[np.uint8] | None:
    """Draw a page, with what is filled in: RGB uint8, height x width x 3, at a density.

    Never more than 24 megapixels or 10,000 pixels a side. None for a page without an area.
    """
    width, height = page.get_size()
    if width < 1 or height < 1:
        return None
    scale = min(dpi / 72, (_MAX_PIXELS / (width * height)) ** 0.5, _MAX_SIDE / max(width, height))
    bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=True)
    try:
        return np.array(bitmap.to_numpy()[:, :, :3])
    finally:
        bitmap.close()
