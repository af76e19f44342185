"""Which of a tenant's images look like one of them: the vectors of all, compared a portion at a time."""

import heapq
from collections.abc import Sequence
from typing import Any

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import Transaction
from scopix_server.domain.similar import SimilarFile, is_near_duplicate
from scopix_server.domain.states import TERMINAL

__all__ = ["find_similar"]

# Few enough to stay in the processor's cache as they are compared: 1.3 MB. A thousand at a time took six times as long.
_PORTION = 250


def find_similar(transaction: Transaction, file: File, *, limit: int, min_score: float) -> list[SimilarFile]:
    """Return the tenant's images that are most like `file`, the likest first: at most `limit`, from `min_score` on.

    Raises:
        WrongMediaType: the file is no image.
        NotFound: it was not looked at, or not yet.
    """
    if file.media_type is not MediaType.IMAGE:
        raise WrongMediaType(
            f"{file.filename} is no image, so there are none similar to it.", media_type=file.media_type.value
        )
    perception = transaction.descriptions.perception(file.id)
    if perception is None or not any(perception.embedding):
        raise _nothing_to_compare(file)
    best = _best(transaction, file, perception.embedding, limit, min_score)
    ids = tuple(file_id for _, file_id in best)
    if not ids:
        return []
    found, _ = transaction.files.list(file.tenant_id, FileFilter(ids=ids), limit=len(ids), offset=0)
    files = {each.id: each for each in found}
    seen = transaction.descriptions.perceptions(ids)
    return [SimilarFile(files[i], score, is_near_duplicate(score, perception, seen[i])) for score, i in best]


def _best(
    transaction: Transaction, file: File, embedding: Sequence[float], limit: int, min_score: float
) -> list[tuple[float, str]]:
    """The `limit` highest scores with their files' ids, the highest first."""
    scores_of = _comparison(embedding)
    best: list[tuple[float, str]] = []
    for portion in transaction.vectors.portions(file.tenant_id, size=_PORTION):
        bar = best[0][0] if len(best) == limit else min_score
        rows = [row for row in portion if len(row[1]) == len(embedding) and row[0] != file.id]
        scored = zip(scores_of([vector for _, vector in rows]), (file_id for file_id, _ in rows), strict=True)
        above = [(score, file_id) for score, file_id in scored if score >= bar]
        # Only those that come into question are asked for: few, once the first portions are through.
        existing = transaction.vectors.existing([file_id for _, file_id in above]) if above else set()
        for entry in above:
            if entry[1] in existing:
                (heapq.heappush if len(best) < limit else heapq.heappushpop)(best, entry)
    return sorted(best, key=lambda entry: (-entry[0], entry[1]))


def _comparison(embedding: Sequence[float]) -> Any:
    """Return a function from vectors (bytes, a signed byte a number) to their cosines with `embedding`, 0..1."""
    # Loaded by the first who asks: the web process needs it for nothing else.
    import numpy as np

    target = np.asarray(embedding, dtype=np.float32)
    target /= np.linalg.norm(target)

    def scores(vectors: Sequence[bytes]) -> list[float]:
        if not vectors:
            return []
        rows = np.frombuffer(b"".join(vectors), dtype=np.int8).reshape(len(vectors), -1).astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        # Not `rows @ wanted`: its threads get in each other's way on vectors as small as these.
        cosines = np.einsum("ij,j->i", rows, target) / lengths
        return [float(score) for score in np.clip(cosines, 0.0, 1.0)]

    return scores


def _nothing_to_compare(file: File) -> NotFound:
    if file.description_status not in TERMINAL:
        reason = "it was not looked at yet; try again when it is described"
    elif file.description_status is DescriptionStatus.SKIPPED:
        reason = "it was not to be described, so nobody looked at it; describe it first"
    else:
        reason = "nothing was seen on it; describe it again first"
    return NotFound(
        f"{file.filename} cannot be compared: {reason}.",
        resource_type="vector",
        resource_id=file.id,
        description_status=file.description_status.value,
    )
