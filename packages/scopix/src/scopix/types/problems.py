"""The one error body of the whole API."""

from typing import Any

from pydantic import BaseModel, Field

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


class ErrorEnvelope(BaseModel):
    """Body of every answer outside 2xx. `suggestion` is mirrored inside `error.details`."""

    # Not a WireModel, whose `request_id` is that of the response's header: here it is a field of the body.
    model_config = WireModel.model_config

    error: ErrorBody
    request_id: str
    suggestion: ErrorSuggestion | None = None
