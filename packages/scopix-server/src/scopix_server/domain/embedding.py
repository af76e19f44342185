"""Texts as vectors: what of a file is embedded, and the interfaces to what embeds and keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = [
    "MAX_EMBEDDED",
    "MAX_PASSAGES",
    "ChangedVector",
    "EmbeddingRepository",
    "EmbeddingTask",
    "Passage",
    "TextEmbedder",
    "VectorRows",
    "passages_of",
]

MAX_EMBEDDED = 2_000
"""Characters of a text that a model is given; a passage is shorter, and so is a question that somebody means."""
MAX_PASSAGES = 1_000
"""Of a file. A thousand pieces are 250 pages of a book and 10 s of the processor's time; words find what is behind."""
_MAX_WEIGHT = 700
"""Of a passage: a hundred words. The encoder takes a mean over the words: of more of them, each says less."""
_MIN_WEIGHT, _SIGN_WEIGHT = 7, 2
"""Of a word, one for each letter but at least 7; and beyond that of a sign of Chinese or Japanese, which says more."""
_MAX_WORD = 50
"""Characters of what is taken for a word: text in Chinese has no spaces."""
_SHORT_TEXT = 140
"""Characters: a text of fewer is no passage by itself."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a file's text; `page` is the page of a document that it stands on."""

    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingTask:
    """A file whose text is to be embedded. `change` counts the changes of its text, so that none is missed."""

    file_id: str
    tenant_id: str
    change: int


@dataclass(frozen=True, slots=True)
class ChangedVector:
    """A vector as it is kept; `number` counts those of a file from 0, `sequence` the changes of its tenant's."""

    sequence: int
    file_id: str
    number: int
    page: int | None
    vector: bytes


class TextEmbedder(Protocol):
    """A model that makes vectors of texts; what is alike in meaning is alike in direction."""

    @property
    def model(self) -> str:
        """Its name with its version: vectors of different models cannot be compared."""

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector for each text, a signed byte a number. Blocks; the first time it loads the model."""


class VectorRows(Protocol):
    """Vectors of one kind, as the database has them."""

    @property
    def kind(self) -> str:
        """What they are of, and by which model: those of one kind can be compared."""

    def latest(self, tenant_id: str) -> int:
        """Return the number of the tenant's last change; 0 if there was none."""

    def changes(self, tenant_id: str, after: int) -> Iterator[Sequence[ChangedVector]]:
        """Give out, in portions, the vectors that are newer than the change with that number, in their order."""

    def these(self, places: Sequence[tuple[str, int]]) -> Sequence[ChangedVector]:
        """Return the vectors with these files' ids and numbers among the file's, as far as they are there."""


class EmbeddingRepository(Protocol):
    """The vectors of texts, and which files are still to have them."""

    def renew(self, model: str, *, limit: int) -> int:
        """Ask again for some files that have vectors of another model, which stay until then; return how many."""

    def due(self, *, limit: int) -> Sequence[EmbeddingTask]:
        """Return files, of any tenants, whose text changed since it was embedded, or never was."""

    def labels(self, file_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the labels of the things that are seen on each file that shows any."""

    def keep(self, task: EmbeddingTask, model: str, vectors: Sequence[tuple[Passage, bytes]]) -> bool:
        """Replace a file's vectors; False when its text has changed since the task was given out."""

    def pending(self, tenant_id: str) -> bool:
        """Whether a file of the tenant's is still to be embedded."""

    def rows(self, model: str) -> VectorRows:
        """Return the vectors of one model."""


def passages_of(
    *,
    title: str | None,
    description: str,
    tags: Sequence[str],
    things: Sequence[str],
    fields: Mapping[str, Any],
    visible_text: str | None,
    pieces: Sequence[tuple[int, str]],
) -> list[Passage]:
    """Return what is embedded of a file: its description; that with all that is short; and the text on it, in pieces.

    `pieces` are those of a document with their pages, which stand for its visible text. What is short does not stand by
    itself: one or two words are near to any word that the model does not know.
    """
    text = "" if pieces else visible_text or ""
    is_short = len(text) < _SHORT_TEXT
    described = [part for part in (title, description) if part]
    listed = [", ".join(dict.fromkeys([*tags, *things])), "; ".join(_lines(fields)), text if is_short else ""]
    parts = [*_cut(_sentences(described)), *_cut(_sentences([*described, *listed]))]
    passages = [Passage(part) for part in dict.fromkeys(parts)]
    if not is_short:
        passages += [Passage(part) for part in _cut(text)]
    passages += [Passage(part, page) for page, piece in pieces for part in _cut(piece)]
    return passages[:MAX_PASSAGES]


def _sentences(parts: Sequence[str]) -> str:
    return " ".join(part if part[-1] in ".!?。！？" else f"{part}." for part in parts if part)


def _cut(text: str) -> Iterator[str]:
    """Cut between words, into as few parts as may be, all about as long."""
    words = [word[start : start + _MAX_WORD] for word in text.split() for start in range(0, len(word), _MAX_WORD)]
    weights = [max(_MIN_WEIGHT, len(word)) + _SIGN_WEIGHT * sum(sign >= "\u2e80" for sign in word) for word in words]
    total = sum(weights)
    number = -(-total // _MAX_WEIGHT)
    part: list[str] = []
    reached = done = 0
    for word, weight in zip(words, weights, strict=True):
        part.append(word)
        reached += weight
        if reached * number >= total * (done + 1):
            yield " ".join(part)
            part, done = [], done + 1


def _lines(fields: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """A category's fields as people would write them down: "vendor name: Example & Sons"."""
    for name, value in fields.items():
        label = f"{above} {name.replace('_', ' ')}".strip()
        if isinstance(value, Mapping):
            yield from _lines(value, label)
        elif isinstance(value, list | tuple):
            for each in value:
                yield from _lines(each, label) if isinstance(each, Mapping) else [f"{label}: {each}"]
        elif value not in (None, ""):
            yield f"{label}: {value}"
