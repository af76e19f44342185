"""All pages of a document in short: what a description of it is made of."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from scopix_server.domain.document import DocumentDigest, DocumentFacts, DocumentPage, TextSource

__all__ = ["MAX_TEXT", "digest_of"]

MAX_TEXT = 20_000
"""Characters of a document's text that stand in its description's visible text; its pages have all of it."""
# Of a document in short, which a list of files carries; its pages have all of them.
_MAX_HEADINGS, _MAX_FIELDS, _MAX_DATES, _MAX_TERMS = 60, 60, 40, 12
_MIN_TERM, _MIN_TIMES = 5, 3
"""Letters of a word, and how often it is written, from which on it may be what a document is about."""
_COUNTED_WORDS = 200_000  # of a long document; what it is about, its first 500 pages tell
_WORD = re.compile(r"[^\W\d_]{2,40}")
# Words of five and more letters that texts of any subject are full of.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "about above after again against along already although always among another around because before behind "
        "being below between beyond could during either enough every first following found further given having "
        "however including itself known least little might neither never often other others particular possible "
        "rather right second several shall should since still their theirs themselves there therefore these thing "
        "things third those though three through throughout together under until using usually where whether which "
        "while whose within without would years aber alle allem allen aller alles andere anderen anderer beide beiden "
        "beim bereits besonders bisher dabei dafür damit danach daran darauf daraus darin davon dazu denen denn deren "
        "derer diese diesem diesen dieser dieses durch einem einen einer eines etwa gegen haben hatte hatten immer "
        "jede jedem jeden jeder jedes jedoch kann keine keinen können könnte machen mehr muss müssen nicht nichts "
        "noch oder ohne sehr seine seinem seinen seiner sich sind sollen sollte sowie über unter viele vielen wären "
        "wegen weil weitere weiteren welche welcher wenn werden wieder wird wobei worden wurde wurden zwischen zwei "
        "drei ainsi alors aucun aucune autre autres aussi avait avant avec celle celui cette comme dans depuis elles "
        "entre était étaient être leurs même moins notre nous plusieurs pour quand quelle quelque sans selon sont "
        "sous toute toutes tous très vers votre vous ",
    )
)


@dataclass(slots=True)
class _Sum:
    pages: int = 0
    ocr: int = 0
    without_text: int = 0
    failed: list[int] = field(default_factory=list)
    words: int = 0
    tables: int = 0
    text: list[str] = field(default_factory=list)
    length: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    headings: list[tuple[str, int]] = field(default_factory=list)
    fields: list[tuple[str, str, int]] = field(default_factory=list)
    dates: dict[str, int] = field(default_factory=dict)
    terms: Counter[str] = field(default_factory=Counter)


def digest_of(facts: DocumentFacts, pages: Iterable[DocumentPage]) -> DocumentDigest:
    """Return the digest of a document's pages, which are looked at one after the other."""
    total = _Sum()
    for page in pages:
        _add(total, page)
    common = [term for term, times in total.terms.most_common(_MAX_TERMS) if times >= _MIN_TIMES]
    return DocumentDigest(
        facts,
        pages=total.pages,
        read_by_ocr=total.ocr,
        without_text=total.without_text,
        failed=tuple(total.failed),
        words=total.words,
        tables=total.tables,
        text="\n\n".join(total.text)[:MAX_TEXT],
        languages=dict(total.languages.most_common(5)),
        headings=tuple(total.headings[:_MAX_HEADINGS]),
        fields=tuple(total.fields[:_MAX_FIELDS]),
        dates=tuple(list(total.dates.items())[:_MAX_DATES]),
        terms=tuple(common),
    )


def _add(total: _Sum, page: DocumentPage) -> None:
    total.pages += 1
    total.ocr += page.source is TextSource.OCR
    total.without_text += not page.text
    if page.error is not None:
        total.failed.append(page.number)
    words = _WORD.findall(page.text)
    total.words += len(words)
    total.tables += len(page.tables)
    if page.text and total.length < MAX_TEXT:
        total.text.append(page.text[:MAX_TEXT])
        total.length += len(page.text)
    if page.language is not None:
        total.languages[page.language] += len(page.text)
    total.headings += [(heading.text, page.number) for heading in page.headings[:_MAX_HEADINGS]]
    total.fields += [(each.name, each.value, page.number) for each in page.fields]
    for date in page.dates:
        total.dates.setdefault(date, page.number)
    if total.words <= _COUNTED_WORDS:
        total.terms.update(
            word.casefold() for word in words if len(word) >= _MIN_TERM and word.casefold() not in _COMMON
        )
