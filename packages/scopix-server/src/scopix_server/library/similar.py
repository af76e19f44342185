"""Which of a tenant's images look like one of them."""

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.domain.errors import NotFound, WrongMediaType
from scopix_server.domain.file import File
from scopix_server.domain.ports import Transaction
from scopix_server.domain.similar import SimilarFile, is_near_duplicate
from scopix_server.domain.states import TERMINAL
from scopix_server.library.kept_vectors import KeptVectors
from scopix_server.library.nearest import nearest

__all__ = ["find_similar"]


def find_similar(
    transaction: Transaction, file: File, *, limit: int, min_score: float, kept: KeptVectors | None = None
) -> list[SimilarFile]:
    """Return the tenant's images that are most like `file`, the likest first: at most `limit`, from `min_score` on.

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
        limit=limit,
        floor=min_score,
        accepted=lambda ids: transaction.vectors.existing(ids) - {file.id},
    )
    ids = tuple(found.file_id for found in best)
    if not ids:
        return []
    files = transaction.files.these(file.tenant_id, ids)
    seen = transaction.descriptions.perceptions(ids)
    return [
        SimilarFile(files[found.file_id], found.score, is_near_duplicate(found.score, perception, seen[found.file_id]))
        for found in best
    ]


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
