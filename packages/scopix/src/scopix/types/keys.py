"""Bodies of the API key routes."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from scopix.types._paging import Page
from scopix.types._wire import WireModel

__all__ = ["ApiKeyInfo", "ApiKeyList", "CreateApiKeyRequest", "CreatedApiKey", "UpdateApiKeyRequest"]

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    # The space around it does not count.
    Field(json_schema_extra={"pattern": r"\S"}),
]
Description = Annotated[str, StringConstraints(max_length=500)]
# The server checks these two itself, to name in its answer what there is.
Scope = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": "^(read|write|admin|(api_keys|usage|tenants|cloud_storage):(read|write|delete|share))$"
        }
    ),
]
Metadata = Annotated[
    dict[str, Any],
    Field(
        json_schema_extra={
            "propertyNames": {"not": {"enum": ["created_by_user_id", "deactivation_reason", "deactivated_at"]}}
        }
    ),
]


class CreateApiKeyRequest(WireModel):
    """What a new key is for and may do.

    No `scopes`: those of the key that makes it. No `expires_at`, or one later than the maker's: it expires with the key
    that makes it, hence never if that one never does; a time without a zone is UTC. It is deactivated with it, too.
    With `outlives_creator`, for which the maker needs the scope `admin`, neither.
    """

    # A misspelt `expires_at` must not make a key that never expires.
    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Description | None = None
    scopes: list[Scope] = Field(default_factory=list, max_length=50)
    metadata: Metadata = Field(default_factory=dict)
    expires_at: datetime | None = None
    outlives_creator: StrictBool = False


class UpdateApiKeyRequest(WireModel):
    """What to change; what is left out stays. `metadata` is merged into what is there."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Description | None = None
    metadata: Metadata = Field(default_factory=dict)


class CreatedApiKey(WireModel):
    """201 body of `POST /api-keys`. `api_key` is the key itself: it is shown this once."""

    id: str
    api_key: str
    name: str
    description: str | None = None
    key_prefix: str
    created_at: datetime
    expires_at: datetime | None = None
    is_active: bool = True
    scopes: list[str]
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_by: str | None = None
    outlives_creator: bool = False


class ApiKeyInfo(WireModel):
    """What is known of a key; never the key itself. The two fields about its use lag a few seconds behind.

    `created_by` is the id of the key that made it; null: made on the server's command line, or by an earlier version.
    """

    id: str
    name: str
    description: str | None = None
    key_prefix: str
    created_at: datetime
    expires_at: datetime | None = None
    is_active: bool = True
    scopes: list[str]
    metadata: dict[str, Any] = Field(default_factory=dict)
    last_used_at: datetime | None = None
    usage_count: int = 0
    created_by: str | None = None
    outlives_creator: bool = False


class ApiKeyList(Page[ApiKeyInfo]):
    """One page of keys, newest first, and how many there are in all."""

    items: list[ApiKeyInfo]
    total_count: int
    limit: int
    offset: int
    has_more: bool
