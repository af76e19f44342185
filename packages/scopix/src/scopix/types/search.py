"""Bodies of `GET /search`."""

from pydantic import Field

from scopix.types._wire import WireModel
from scopix.types.files import FileDetails, FileSummary

__all__ = ["SearchHit", "SearchResults"]


class SearchHit(WireModel):
    """A file that was found, and why.

    `score` orders the hits of one search: 1 is the first place in each list that it went by. `found_by` names the lists
    that have it: `words`, `meaning`, or both. `similarity` is the cosine of the query and the passage that is nearest
    to it in meaning, from 0.2 on, and `page` the page of a document which that is on. `details` are there if asked for.
    """

    file: FileSummary
    score: float
    found_by: list[str] = Field(default_factory=list)
    similarity: float | None = None
    page: int | None = None
    details: FileDetails | None = None


class SearchResults(WireModel):
    """200 body of `GET /search`: the best first.

    `mode` is what the search went by: `hybrid`, `words` or `meaning`; a server that does not embed texts goes by words.
    `notes` are sentences about what of the query was not understood as a condition, and was searched as words instead.
    Not `is_complete` while texts that changed are still to be embedded: what they mean is found a moment later.
    """

    query: str
    mode: str
    items: list[SearchHit]
    limit: int | None = None
    is_complete: bool = True
    notes: list[str] = Field(default_factory=list)
