"""The one error body of the whole API."""

from typing import Any

from pydantic import Field

from scopix.types._wire import WireModel

__all__ = ["ErrorBody", "ErrorEnvelope", "ErrorSuggestion"]


class ErrorBody(WireModel):
    """A stable code for programs, a sentence for people, and what belongs to this case alone."""

    code: str
    message: str
    details: dict[str, Any] = Field(default_factory=dict)


class ErrorSuggestion(WireModel):
    """Another way to reach the goal: the route to use instead."""

    endpoint: str


class ErrorEnvelope(WireModel):
    """Body of every answer outside 2xx. `suggestion` is mirrored inside `error.details`."""

    error: ErrorBody
    request_id: str
    suggestion: ErrorSuggestion | None = None
