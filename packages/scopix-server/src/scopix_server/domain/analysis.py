"""The two seams of understanding a file: an `Analyzer` looks at it, a `Describer` writes about what was seen.

Whatever else there is (processes set apart, categories, vision-language engines, the measuring of engines) implements
one of the two, or wraps an implementation. What a picture is to an `Analyzer` all at once, a document is to a
`DocumentAnalyzer` some pages at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scopix_server.domain.description import Description, Perception, TextRegion
from scopix_server.domain.document import DocumentDigest, DocumentFacts, DocumentPage
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.fingerprint import Fingerprint
from scopix_server.domain.tiles import TileGrid

__all__ = [
    "Analysis",
    "Analyzer",
    "Describer",
    "DocumentAnalyzer",
    "OpenedDocument",
    "ReadLines",
    "RenderedVariant",
    "Rendering",
    "SheetLine",
]


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """A variant just made: JPEG or WebP bytes, with pixels of width and height."""

    name: str
    content_type: str
    extension: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is known of an image: its perception, and what else the one decode of it gave.

    Of a document it is known what the `document` holds; the perception is that of its first page, or
    an empty one if pages cannot be drawn.
    The perception is kept in the database, and all that a description by text alone needs. `variants`, `taken` and
    `copies` (one for each kind that the engines want) are there after a decode; later only what was asked for. With
    `is_reduced` the text was read on a reduced copy, and is still to be read at full size (see `Analyzer.read_bands`).
    """

    perception: Perception
    variants: tuple[RenderedVariant, ...] = ()
    taken: datetime | None = None
    copies: tuple[tuple[EngineCopy, bytes], ...] = ()
    document: DocumentDigest | None = None
    is_reduced: bool = False
    fingerprint: Fingerprint | None = None
    blur_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of text that was read in one band of a large picture; `is_cut` where it reaches a border of the band."""

    region: TextRegion
    band: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ReadLines:
    """What was read in some bands, and the number of the one to go on with; None after the last."""

    lines: tuple[SheetLine, ...]
    following: int | None


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document just opened: what it says of itself; where pages can be drawn, the first page's variants and looks."""

    facts: DocumentFacts
    variants: tuple[RenderedVariant, ...] = ()
    perception: Perception | None = None


@dataclass(frozen=True, slots=True)
class Rendering:
    """The variants of a file that is not described; of an image, its size as it is shown, and when it was taken."""

    variants: tuple[RenderedVariant, ...]
    width: int = 0
    height: int = 0
    taken: datetime | None = None
    fingerprint: Fingerprint | None = None
    blur_hash: str | None = None


class Analyzer(Protocol):
    """Decodes an image once and looks at it."""

    def analyze(self, path: Path) -> Analysis:
        """Return what one decode of the image at `path` gives.

        Raises DescribeError: `validation` for an image that cannot be decoded, `timeout`, `resource_limit`.
        """

    def render(self, path: Path) -> Rendering:
        """Return its variants and what the file says only. Raises as `analyze`."""

    def copy(self, path: Path, kind: EngineCopy) -> bytes:
        """Return a copy for engines only. Raises as `analyze`."""

    def read_bands(self, path: Path, first: int) -> ReadLines:
        """Read some bands of the image at `path` at full size, from number `first` on. Raises as `analyze`."""

    def join_lines(self, lines: Sequence[SheetLine], seen: Perception) -> tuple[TextRegion, ...]:
        """Return what stands on a picture in reading order, by all that was read in bands and on its reduced copy."""

    def tile(self, path: Path, target: Path) -> TileGrid | None:
        """Write the tiles of the image at `path` to `target`, as `domain/tiles.py` tells.

        None, and nothing is written, where going over the image at full size takes too much memory. Raises as
        `analyze`.
        """


class DocumentAnalyzer(Protocol):
    """Opens documents, and reads their pages some at a time. `extension` tells the type: pdf, docx, tif, txt or md."""

    def open_document(self, path: Path, extension: str) -> OpenedDocument:
        """Return what the document at `path` says of itself.

        Raises DescribeError: `validation` for one that is damaged or protected, `timeout`, `resource_limit`.
        """

    def read_pages(self, path: Path, extension: str, first: int, count: int, ocr_left: int) -> Sequence[DocumentPage]:
        """Return page `first` and up to `count` - 1 that follow: at least one, and as many as little time allows.

        Of pages without text of their own, no more than `ocr_left` are read by their pictures. Raises as
        `open_document`.
        """

    def render_document(self, path: Path, extension: str) -> tuple[RenderedVariant, ...]:
        """Return the variants of the first page; none where pages cannot be drawn. Raises as `open_document`."""


class Describer(Protocol):
    """Says what an image shows, or what a document holds."""

    def describe(self, analysis: Analysis, category: str) -> Description:
        """Raises DescribeError."""
