"""The files whose vectors are nearest to one, among those that a search may show."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scopix_server.domain.embedding import VectorRows
from scopix_server.library.kept_vectors import Candidate, KeptVectors, unit_rows

__all__ = ["Nearest", "nearest"]


@dataclass(frozen=True, slots=True)
class Nearest:
    """A file with the cosine of its likest vector; `page` is the page of a document that this is of."""

    file_id: str
    score: float
    page: int | None = None


def nearest(
    kept: KeptVectors,
    rows: VectorRows,
    tenant_id: str,
    query: bytes,
    *,
    limit: int,
    floor: float,
    accepted: Callable[[Sequence[str]], set[str]],
) -> list[Nearest]:
    """Return the `limit` files that are nearest to `query`, from the score `floor` on, the nearest first.

    `accepted` tells which of some files may be shown. However few these are, none is missed: as long as there are too
    few, further candidates are looked up. Scores are those of the stored vectors.
    """
    best: dict[str, Nearest] = {}
    known: dict[str, bool] = {}
    for portion in kept.ranked(rows, tenant_id, query, floor, first=4 * limit):
        new = list(dict.fromkeys(each.file_id for each in portion if each.file_id not in known))
        shown = accepted(new) if new else set()
        known |= {file_id: file_id in shown for file_id in new}
        shown_ones = [each for each in portion if known[each.file_id]]
        for found in _compared(rows, query, _promising(shown_ones, limit)):
            if found.score >= floor and (found.file_id not in best or best[found.file_id].score < found.score):
                best[found.file_id] = found
        top = heapq.nlargest(limit, (found.score for found in best.values()))
        if len(top) == limit and portion[-1].score + portion[-1].error < top[-1]:
            break  # whatever follows is not as near
    return heapq.nsmallest(limit, best.values(), key=lambda found: (-found.score, found.file_id))


def _promising(candidates: Sequence[Candidate], limit: int) -> list[Candidate]:
    """Return those that may be among the nearest `limit` files, given how far off their scores may be."""
    scores: dict[str, float] = {}
    for each in candidates:
        scores[each.file_id] = max(scores.get(each.file_id, -1.0), each.score)
    if len(scores) <= limit:
        return list(candidates)
    bar = heapq.nlargest(limit, scores.values())[-1] - 2 * candidates[0].error
    return [each for each in candidates if each.score >= bar]


def _compared(rows: VectorRows, query: bytes, candidates: Sequence[Candidate]) -> list[Nearest]:
    if not candidates:
        return []
    stored = [
        row for row in rows.these([(each.file_id, each.number) for each in candidates]) if len(row.vector) == len(query)
    ]
    units = unit_rows([query, *(row.vector for row in stored)])
    scores = (units[1:] * units[0]).sum(axis=1).clip(-1.0, 1.0).tolist()
    return [Nearest(row.file_id, score, row.page) for row, score in zip(stored, scores, strict=True)]
