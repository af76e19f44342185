"""Which of a tenant's images look like one of them."""

from scopix.types.vocabulary import DescriptionStatus, Likeness, MediaType
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.ports import Transaction
from scopix_server.domain.similar import MIN_SCORE, SimilarFile, is_near_duplicate, read_alike
from scopix_server.domain.states import TERMINAL
from scopix_server.library.kept_vectors import KeptVectors, unit_rows
from scopix_server.library.nearest import nearest

__all__ = ["find_similar"]

_COMPARED = 20
"""Of the nearest so many are looked for a part of the picture, some 20 ms each. A trimmed copy is among the first: of
26 photographs it had a score of .94 at least."""
_MIN_OF_PARTS = 0.7
"""What is less alike to the network is not tried; trimmed copies are far above."""
_SHARING = 1000
"""Of files that share a word of the hash; among 100,000 different ones chance gives a dozen."""


def find_similar(
    transaction: Transaction, file: File, *, limit: int, min_score: float, kept: KeptVectors | None = None
) -> list[SimilarFile]:
    """Return the tenant's images that are most like `file`, the likest first: at most `limit`, from `min_score` on.

    Copies of the picture are found whatever their score is, unless more than MIN_SCORE is asked for; they go before
    others where there are too many.

    `kept` has the vectors of images in memory; without it they are read from the database.

    Raises:
        WrongMediaType: the file is no image.
        NotFound: it was not looked at, or not yet.
    """
    if file.media_type is not MediaType.IMAGE:
        raise WrongMediaType(
            f"{file.filename} is no image, so there are none similar to it.", media_type=file.media_type.value
        )
    perception = transaction.descriptions.perception(file.id)
    own = transaction.vectors.these([(file.id, 0)])
    if perception is None or not own:
        raise _nothing_to_compare(file)
    best = nearest(
        kept or KeptVectors(0),
        transaction.vectors,
        file.tenant_id,
        own[0].vector,
        limit=max(limit, _COMPARED),
        floor=min_score,
        accepted=lambda ids: transaction.vectors.existing(ids) - {file.id},
    )
    scores = {found.file_id: found.score for found in best}
    copies = _copies(transaction, file, own[0].vector, scores)
    # Those made from this picture, or from the same, are shown first, whatever the network sees on them.
    if min_score > MIN_SCORE:  # whoever asks for more than is usual means it
        scores = {one: score for one, score in scores.items() if score >= min_score}
    ids = sorted(scores, key=lambda one: (one not in copies, -scores[one]))[:limit]
    if not ids:
        return []
    files = transaction.files.these(file.tenant_id, ids)
    seen = transaction.descriptions.perceptions(ids)
    known = transaction.fingerprints.of([file.id, *ids])
    found = []
    for one in sorted(ids, key=lambda one: -scores[one]):
        kind = copies.get(one, Likeness.ALIKE) if file.id in known and one in known else None
        if kind not in {None, Likeness.ALIKE} and not read_alike(perception, seen[one]):
            kind = Likeness.ALIKE  # two pages of one form
        near = kind not in {None, Likeness.ALIKE} or is_near_duplicate(scores[one], perception, seen[one])
        found.append(SimilarFile(files[one], scores[one], near, kind))
    return found


def _copies(transaction: Transaction, file: File, vector: bytes, scores: dict[str, float]) -> dict[str, Likeness]:
    """Return what other pictures have to do with a file, where they are more than alike.

    Looked at are those in `scores`, and those that share a word of the hash; the scores of these are added.
    """
    own = transaction.fingerprints.of([file.id]).get(file.id)
    if own is None:
        return {}
    # Loaded by the first who asks: the web process needs numpy for little else.
    from scopix_server.library.likeness import likeness, turned_hashes

    hashes = turned_hashes(own)
    sharing = set(transaction.fingerprints.sharing(file.tenant_id, hashes, limit=_SHARING)) - {file.id}
    sharing = transaction.vectors.existing(list(sharing))
    nearest_first = sorted(scores, key=lambda one: -scores[one])
    prints = transaction.fingerprints.of([*nearest_first, *sharing])
    files = transaction.files.these(file.tenant_id, list(prints))
    copies = {}
    for one in dict.fromkeys([*nearest_first, *sharing]):
        if one not in prints or one not in files:
            continue
        may_be_part = one in nearest_first[:_COMPARED] and scores[one] >= _MIN_OF_PARTS
        kind = likeness(own, _shape(file), prints[one], _shape(files[one]), may_be_part=may_be_part)
        if kind is not Likeness.ALIKE:
            copies[one] = kind
    missing = [one for one in copies if one not in scores]
    for row in transaction.vectors.these([(one, 0) for one in missing]):
        mine, theirs = unit_rows([vector, row.vector])
        scores[row.file_id] = float(min(1.0, max(0.0, mine @ theirs)))
    return {one: kind for one, kind in copies.items() if one in scores}


def _shape(file: File) -> tuple[int, int]:
    return file.width or 0, file.height or 0


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
