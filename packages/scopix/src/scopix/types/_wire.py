"""What every wire model has in common: it ignores what it does not know and lets unknown words through.

An old client must survive a newer server, so a field that a newer server added is dropped, and an enumeration that
gained a member yields the plain string instead of an error. Known words still become enumeration members.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from scopix.types.vocabulary import (
    REST_CATEGORIES,
    ContentCategory,
    DescriptionErrorType,
    DescriptionStatus,
    Likeness,
    MediaType,
    StorageTarget,
    UnifiedStatus,
    UploadStatus,
    VariantStatus,
)

__all__ = [
    "OpenContentCategory",
    "OpenDescriptionErrorType",
    "OpenDescriptionStatus",
    "OpenLikeness",
    "OpenMediaType",
    "OpenStorageTarget",
    "OpenUnifiedStatus",
    "OpenUploadStatus",
    "OpenVariantStatus",
    "RestCategory",
    "WireModel",
]

# Left to right, since pydantic's default ("smart") would keep the string for an exact type match.
_OPEN = Field(union_mode="left_to_right")

OpenContentCategory = Annotated[ContentCategory | str, _OPEN]
OpenDescriptionErrorType = Annotated[DescriptionErrorType | str, _OPEN]
OpenDescriptionStatus = Annotated[DescriptionStatus | str, _OPEN]
OpenLikeness = Annotated[Likeness | str, _OPEN]
OpenMediaType = Annotated[MediaType | str, _OPEN]
OpenStorageTarget = Annotated[StorageTarget | str, _OPEN]
OpenUnifiedStatus = Annotated[UnifiedStatus | str, _OPEN]
OpenUploadStatus = Annotated[UploadStatus | str, _OPEN]
OpenVariantStatus = Annotated[VariantStatus | str, _OPEN]


# The server checks these words itself, to name in its answer those that there are.
RestCategory = Annotated[str, Field(json_schema_extra={"enum": list(REST_CATEGORIES)})]


class WireModel(BaseModel):
    """Base of every request and response body."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    _request_id: str | None = PrivateAttr(default=None)

    @property
    def request_id(self) -> str | None:
        """The id under which the server's logs tell of the request that this came with; None if it was not sent."""
        return self._request_id

    def with_request_id(self, request_id: str | None) -> Self:
        """Note which response this came with; give it back."""
        self._request_id = request_id
        return self
