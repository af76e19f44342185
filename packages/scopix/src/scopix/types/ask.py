"""Bodies of `POST /ask`."""

from pydantic import Field, StrictBool

from scopix.types._wire import WireModel
from scopix.types.files import BoundingBox, FileSummary

__all__ = ["AskCitation", "AskClaim", "AskRequest", "AskResponse", "AskRow", "AskTotal"]


class AskRequest(WireModel):
    """Body of `POST /ask`.

    `question` is a sentence, such as "which receipts are over 100 euros?", in which conditions of searches may stand.
    `limit` is how many files the table has at most. `engine`: whether a language model may word the response where the
    server has one.
    """

    question: str = Field(min_length=1, max_length=1000)
    limit: int = Field(default=20, ge=1, le=100)
    engine: StrictBool = True


class AskCitation(WireModel):
    """What a row rests on: a field of the file's category, or a text of it, and what is written there.

    `bbox` is the place on the image that it was read at, `page` the page of a document.
    """

    file_id: str
    field: str
    text: str
    bbox: BoundingBox | None = None
    page: int | None = None


class AskRow(WireModel):
    """A file that the question is about: `values` of the `columns`, as they are written, and `citations` for them."""

    file: FileSummary
    values: dict[str, str] = Field(default_factory=dict)
    citations: list[AskCitation] = Field(default_factory=list)
    found_by: list[str] = Field(default_factory=list)


class AskTotal(WireModel):
    """What a field adds up to over all files found that have it in one `unit`, as a currency; or how many things do."""

    field: str
    unit: str | None = None
    files: int
    total: float
    minimum: float
    maximum: float


class AskClaim(WireModel):
    """A sentence, and the `rows`, counted from 1, that it rests on; none where it is about all files found."""

    text: str
    rows: list[int] = Field(default_factory=list)


class AskResponse(WireModel):
    """200 body of `POST /ask`.

    `search` is the question in words and conditions of `GET /files?search=`, `notes` what was not understood or could
    not be done. `goal` is what was asked for: `list`, `count`, `sum`, `average`, `maximum`, `minimum`. `count` is of
    all files found (more than that where `count_is_minimum`), `rows` the first of them, `text` all `claims` together.
    `written_by` is `rules`, or the engine that worded the claims. Not `is_complete` while texts are still embedded.
    """

    question: str
    search: str
    goal: str
    is_found: bool
    text: str
    claims: list[AskClaim]
    count: int
    count_is_minimum: bool = False
    columns: list[str] = Field(default_factory=list)
    totals: list[AskTotal] = Field(default_factory=list)
    rows: list[AskRow] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    written_by: str = "rules"
    is_complete: bool = True
