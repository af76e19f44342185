"""Bodies of `GET /files/{id}/similar`."""

from scopix.types._wire import OpenLikeness, WireModel
from scopix.types.files import FileSummary

__all__ = ["SimilarFile", "SimilarFiles"]


class SimilarFile(WireModel):
    """An image that looks like the one asked about.

    `score` says how alike they are, from 0 to 1: the cosine of what an image network sees on the two. With
    `is_near_duplicate` they are, as far as can be told, one picture: saved again, resized, trimmed a little, or taken
    twice. `likeness` says what one has to do with the other: same_picture, resized, cropped, turned (or mirrored),
    edited, or merely alike; null where that cannot be told, as of files that came before it was.
    """

    file: FileSummary
    score: float
    is_near_duplicate: bool = False
    likeness: OpenLikeness | None = None


class SimilarFiles(WireModel):
    """200 body of `GET /files/{id}/similar`: the likest first. `min_score` and `limit` are what was asked for."""

    image_id: str
    items: list[SimilarFile]
    min_score: float | None = None
    limit: int | None = None
