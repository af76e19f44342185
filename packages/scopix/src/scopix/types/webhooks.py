"""Bodies of the webhook routes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool

from scopix.types._paging import Page
from scopix.types._wire import WireModel

__all__ = [
    "CreateWebhookRequest",
    "CreatedWebhook",
    "DeliveryAttempt",
    "UpdateWebhookRequest",
    "WebhookDelivery",
    "WebhookDeliveryList",
    "WebhookInfo",
    "WebhookList",
]

Event = Literal["file.described", "file.failed", "file.damaged", "session.ended"]
Events = Annotated[list[Event], Field(min_length=1, max_length=4)]
_ALL: tuple[Event, ...] = ("file.described", "file.failed", "file.damaged", "session.ended")
Url = Annotated[str, Field(min_length=1, max_length=512)]
Description = Annotated[str, Field(max_length=500)]


class CreateWebhookRequest(WireModel):
    """An address to be told of what happens. No `events`: all of them."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    description: Description | None = None
    events: Events = Field(default_factory=lambda: list(_ALL))


class UpdateWebhookRequest(WireModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    description: Description | None = None
    events: Events | None = None
    is_active: StrictBool | None = None


class WebhookInfo(WireModel):
    """A webhook. `disabled_reason` says why the server itself stopped sending."""

    id: str
    url: str
    description: str | None = None
    events: list[str]
    is_active: bool
    disabled_reason: str | None = None
    created_at: datetime


class CreatedWebhook(WebhookInfo):
    """A webhook with the secret that its messages are signed with: `whsec_` and Base64. It is shown this once."""

    secret: str


class WebhookList(Page[WebhookInfo]):
    """The tenant's webhooks, oldest first."""

    items: list[WebhookInfo]
    total_count: int


class DeliveryAttempt(WireModel):
    """One try at sending a message."""

    at: datetime
    duration_ms: int
    status_code: int | None = None
    error: str | None = None


class WebhookDelivery(WireModel):
    """One message to one webhook. `status` is pending, delivered or failed; `payload` is what is sent.

    `message_id` is its `webhook-id`, the same at every attempt. The attempts are told for one message, not in lists.
    """

    id: str
    message_id: str
    webhook_id: str
    event_type: str
    status: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None = None
    finished_at: datetime | None = None
    last_status_code: int | None = None
    last_error: str | None = None
    payload: dict[str, Any]
    log: list[DeliveryAttempt] | None = None


class WebhookDeliveryList(Page[WebhookDelivery]):
    """One page of the messages to a webhook, newest first."""

    items: list[WebhookDelivery]
    total_count: int
    limit: int
    offset: int
    has_more: bool
