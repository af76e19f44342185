"""What comes after a description: the file's text as vectors, for the search by meaning."""

import functools
import logging
from collections.abc import Callable, Sequence

from scopix_server.domain.embedding import MAX_PASSAGES, EmbeddingTask, Passage, TextEmbedder, passages_of
from scopix_server.domain.errors import trace_of
from scopix_server.domain.object_names import object_name
from scopix_server.domain.ports import Database, Transaction

__all__ = ["EmbedTexts"]

_AT_ONCE = 32
"""Files: some 50 ms of short descriptions, which cost a third embedded together; and one commit for all of them."""
_MAX_TEXTS = 64
"""Given to the model at once. A book has a thousand; what is between is when a worker can be stopped."""
_RENEWED = 2_000
_TRIAL = "a text that any model can embed"
_log = logging.getLogger(__name__)


class EmbedTexts:
    """Embeds the texts of files of all tenants. Every method blocks and may be repeated, or done by two at once."""

    def __init__(self, database: Database, embedder: TextEmbedder) -> None:
        self._database = database
        self._embedder = embedder

    def renew(self) -> int:
        """Ask again for some files that another model embedded; return how many. They are found by it until then."""
        return self._database.write(lambda t: t.embeddings.renew(self._embedder.model, limit=_RENEWED))

    def embed_some(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Embed the texts of some files, and return how many these were; 0 when there is nothing to do.

        `go_on` tells before each file whether to go on.
        """
        texts = self._database.read(_due_texts)
        for done, (task, passages) in enumerate(texts):
            if not go_on():
                return done
            passages, vectors = self._embedded(task, passages)
            kept = list(zip(passages, vectors, strict=True))
            self._database.write(functools.partial(self._keep, task=task, kept=kept))
        return len(texts)

    def _embedded(self, task: EmbeddingTask, passages: list[Passage]) -> tuple[list[Passage], list[bytes]]:
        """Embed a file's passages; none of a text that the model cannot take, which others need not wait for."""
        try:
            return passages, self._embed(passages)
        except Exception as error:
            self._embedder.embed([_TRIAL])  # raises where the model is at fault: then all texts wait
            _log.warning("the text of file %s could not be embedded: %s", task.file_id, error, exc_info=trace_of(error))
            return [], []

    def _embed(self, passages: Sequence[Passage]) -> list[bytes]:
        texts = [passage.text for passage in passages]
        starts = range(0, len(texts), _MAX_TEXTS)
        return [vector for start in starts for vector in self._embedder.embed(texts[start : start + _MAX_TEXTS])]

    def _keep(self, transaction: Transaction, *, task: EmbeddingTask, kept: Sequence[tuple[Passage, bytes]]) -> bool:
        return transaction.embeddings.keep(task, self._embedder.model, kept)


def _due_texts(transaction: Transaction) -> list[tuple[EmbeddingTask, list[Passage]]]:
    tasks = transaction.embeddings.due(limit=_AT_ONCE)
    ids = [task.file_id for task in tasks]
    versions, seen = transaction.descriptions.current(ids), transaction.embeddings.labels(ids)
    found = []
    for task in tasks:
        file, version = transaction.files.get(task.tenant_id, task.file_id), versions.get(task.file_id)
        if file is None:
            continue
        description = None if version is None else version.description
        pieces = transaction.documents.chunks(task.file_id, limit=MAX_PASSAGES, offset=0)
        passages = passages_of(
            title=file.title,
            description=description.text if description else "",
            tags=[*file.user_tags, *(description.tags if description else ())],
            things=_things(seen.get(task.file_id, ())),
            fields=description.category_data if description else {},
            visible_text=description.visible_text if description else None,
            pieces=[(page, chunk.text) for page, chunk in pieces],
        )
        found.append((task, passages))
    return found


def _things(labels: Sequence[str]) -> list[str]:
    """What is seen, each with the group it belongs to: a question for animals is to find the dog."""
    names = [(label, object_name(label)) for label in labels]
    return [word for label, name in names for word in ([label] if name is None else [label, name.group])]
