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
_MAX_WORDS = 100
"""In a passage. The encoder takes a mean over the words: of more of them, each says less."""
_MAX_CHARACTERS = 700
"""In a passage: a hundred long words, or a third as many signs of Chinese, where a word is a sign or two."""


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

    def latest(self, tenant_id: str) -> int:
        """Return the number of the tenant's last change; 0 if there was none."""

    def changes(self, tenant_id: str, after: int) -> Iterator[Sequence[ChangedVector]]:
        """Give out, in portions, the vectors that are newer than the change with that number, in their order."""


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
    """Return what is embedded of a file: title and description, tags and things seen, fields, then the text on it.

    `pieces` are those of a document with their pages, which stand for its visible text.
    """
    passages = [Passage(text) for text in _cut(". ".join(filter(None, [title, description])))]
    passages += [Passage(text) for text in _cut(", ".join(dict.fromkeys([*tags, *things])))]
    passages += [Passage(text) for text in _cut("; ".join(_lines(fields)))]
    if pieces:
        passages += [Passage(text, page) for page, piece in pieces for text in _cut(piece)]
    else:
        passages += [Passage(text) for text in _cut(visible_text or "")]
    return passages[:MAX_PASSAGES]


def _cut(text: str) -> Iterator[str]:
    words: list[str] = []
    length = 0
    for word in _short_words(text):
        if words and (len(words) == _MAX_WORDS or length + len(word) >= _MAX_CHARACTERS):
            yield " ".join(words)
            words, length = [], 0
        words.append(word)
        # A sign beyond the first alphabets says as much as three letters.
        length += len(word) + 1 + 2 * sum(sign >= "\u2e80" for sign in word)
    if words:
        yield " ".join(words)


def _short_words(text: str) -> Iterator[str]:
    """The words between spaces; what is too long for one, as a text in Chinese is, in parts."""
    size = _MAX_CHARACTERS // 3
    for word in text.split():
        yield from (word[start : start + size] for start in range(0, len(word), size))


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
