"""Bodies of the storage settings: a tenant's own bucket."""

from pydantic import ConfigDict, Field, SecretStr, StrictBool

from scopix.types._wire import WireModel

__all__ = ["RemoveS3ConfigResponse", "S3ConfigRequest", "S3ConfigStatus", "S3ValidationResult"]


class S3ConfigRequest(WireModel):
    """A bucket and who may use it. `endpoint_url` is for stores other than Amazon's.

    `force_path_style`: whether the bucket stands in the path of its addresses, not in the host; None decides by what
    usually works.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    access_key_id: SecretStr = Field(min_length=16, max_length=128)
    secret_access_key: SecretStr = Field(min_length=20, max_length=128)
    bucket_name: str = Field(min_length=3, max_length=63)
    region: str = Field(min_length=1, max_length=64)
    endpoint_url: str | None = Field(None, max_length=512)
    force_path_style: StrictBool | None = None


class S3ConfigStatus(WireModel):
    """Which bucket takes the files for `storage_target="custom"`; never its credentials.

    `is_validated` and `error` say how the last check went. Everything is None when nothing is `configured`.
    """

    configured: bool
    bucket_name: str | None = None
    region: str | None = None
    configured_at: str | None = None
    is_validated: bool | None = None
    error: str | None = None
    endpoint_url: str | None = None


class S3ValidationResult(WireModel):
    """Whether the configured bucket can be written, read and deleted from; if not, `error` says what is missing."""

    valid: bool
    bucket_name: str | None = None
    region: str | None = None
    error: str | None = None


class RemoveS3ConfigResponse(WireModel):
    """Whether there was a configuration to remove."""

    removed: bool
    message: str
