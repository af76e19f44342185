"""What can be said of a whole document: what it is, what it is about, what was read of it and what was not."""

from collections.abc import Iterator

from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.domain.document import DocumentDigest
from scopix_server.domain.phrases import Statement, article, clean, count_of, listing, quote, quoted_listing
from scopix_server.reading.layout import read_layout
from scopix_server.reading.pages import document_noun
from scopix_server.reading.titles import title_of

__all__ = ["describe_whole"]

_FORMATS = {
    "pdf": "PDF document",
    "docx": "Word document",
    "tif": "scanned document",
    "txt": "text file",
    "md": "Markdown document",
}
_LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "iw": "Hebrew", "ja": "Japanese", "ko": "Korean", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese", "zh-Hant": "Chinese",
}  # fmt: skip
_GENERAL = frozenset({"page of text", "page with a table", "page with prices"})
_SECOND_LANGUAGE = 0.1  # of the letters, from which on a further language is named
_MAX_BEGINNING = 200  # characters quoted: of a description of 2,000, with its other sentences
_MAX_TAGS = 20  # as of a picture
_MAX_NAMED_PAGES = 8  # a sentence with more numbers is read by nobody; the rest is counted


def describe_whole(digest: DocumentDigest, perception: Perception) -> Description:
    """Describe a document; `perception` is that of its first page, or empty where none can be drawn."""
    noun = _noun(perception)
    statements = list(_statements(digest, perception, noun))
    return Description(
        text=" ".join(statement.text for statement in statements),
        tags=tuple(_tags(digest, noun)),
        visible_text=digest.text or None,
        kind=ImageKind.DOCUMENT,
        engine="builtin",
        model="composer",
        evidence=tuple({"statement": statement.text, **statement.evidence} for statement in statements),
    )


def _noun(perception: Perception) -> str | None:
    """Return what the first page calls itself: an invoice, a letter, a form."""
    if not perception.text:
        return None
    layout = read_layout(perception)
    noun = document_noun(layout)
    return None if noun in _GENERAL else noun


def _statements(digest: DocumentDigest, perception: Perception, noun: str | None) -> Iterator[Statement]:
    facts = digest.facts
    what = _FORMATS.get(facts.format, "document")
    size = f" of {count_of(facts.page_count, 'page')}" if facts.is_paginated else ""
    called = f", by its first page {article(noun)}" if noun is not None else ""
    title = facts.title or _title(digest, perception)
    named = f", titled {quote(title)}" if title else ""
    author = f", by {clean(facts.author, 100)}" if facts.author else ""
    yield Statement(f"A {what}{size}{named}{author}{called}.", {"document": "facts"})
    if digest.languages:
        yield Statement(f"It is written in {listing(_languages(digest))}.", {"document": "language"})
    sections = [entry.title for entry in facts.outline if entry.level == 1] or [
        text for text, _ in digest.headings if text != title
    ]
    if sections:
        yield Statement(f"Its sections are {quoted_listing(sections, 8)}.", {"document": "headings"})
    yield from _holdings(digest)
    beginning = " ".join(digest.text.split())
    if beginning:
        yield Statement(f"It begins {quote(beginning, _MAX_BEGINNING)}.", {"pages": [1]})
    yield from _dates(digest)
    yield from _reading(digest)


def _title(digest: DocumentDigest, perception: Perception) -> str:
    on_first = [text for text, page in digest.headings if page == 1]
    if on_first:
        return on_first[0]
    found = title_of(read_layout(perception)) if perception.text else None
    return found.text if found is not None else ""


def _languages(digest: DocumentDigest) -> list[str]:
    letters = sum(digest.languages.values())
    spoken = [code for code, number in digest.languages.items() if number >= _SECOND_LANGUAGE * letters]
    return [_LANGUAGES.get(code, code) for code in spoken]


def _holdings(digest: DocumentDigest) -> Iterator[Statement]:
    held = []
    if digest.tables:
        held.append(count_of(digest.tables, "table"))
    fields = [each for each in digest.facts.form_fields if each.kind not in {"button"}]
    if fields:
        filled = sum(bool(each.value) and each.value != "off" for each in fields)
        held.append(f"{count_of(len(fields), 'form field')}, {filled or 'none'} of them filled in")
    if held:
        yield Statement(f"It has {listing(held)}.", {"document": "tables and fields"})
    pairs = [f"{clean(name, 60)}: {quote(value, 60)}" for name, value, _ in digest.fields[:6]]
    if pairs:
        pages = sorted({page for _, _, page in digest.fields[:6]})
        yield Statement(f"It states {listing(pairs)}.", {"pages": pages})


def _dates(digest: DocumentDigest) -> Iterator[Statement]:
    if digest.facts.created:
        yield Statement(f"By its own account it was made on {digest.facts.created[:10]}.", {"document": "facts"})
    if digest.dates:
        some = [quote(date, 40) for date, _ in digest.dates]
        pages = sorted({page for _, page in digest.dates})[:_MAX_NAMED_PAGES]
        yield Statement(f"Dates in it are {listing(some, 5)}.", {"pages": pages})


def _reading(digest: DocumentDigest) -> Iterator[Statement]:
    if digest.read_by_ocr and digest.read_by_ocr == digest.pages:
        yield Statement("It is a scan: its text was read from pictures.", {"document": "pages"})
    elif digest.read_by_ocr:
        some = count_of(digest.read_by_ocr, "page")
        yield Statement(f"The text of {some} was read from pictures.", {"document": "pages"})
    if digest.pages and digest.without_text == digest.pages:
        yield Statement("No text was found on it.", {"document": "pages"})
    if digest.failed:
        named = listing([str(number) for number in digest.failed], _MAX_NAMED_PAGES)
        which = "Page" if len(digest.failed) == 1 else "Pages"
        yield Statement(f"{which} {named} could not be read.", {"pages": list(digest.failed[:50])})
    for note in digest.facts.notes:
        yield Statement(note, {"document": "notes"})


def _tags(digest: DocumentDigest, noun: str | None) -> list[str]:
    tags = ["document", digest.facts.format, *([noun] if noun is not None else [])]
    tags += [name.lower() for name in _languages(digest)] if digest.languages else []
    tags += ["table"] if digest.tables else []
    tags += ["form"] if digest.facts.form_fields else []
    tags += ["scan"] if digest.pages and digest.read_by_ocr == digest.pages else []
    tags += [clean(word, 50).lower() for word in digest.facts.keywords]
    tags += digest.terms
    return [tag for tag in dict.fromkeys(tags) if 2 <= len(tag) <= 50][:_MAX_TAGS]
