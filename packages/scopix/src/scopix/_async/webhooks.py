"""`client.webhooks`: addresses of yours that are told what happens."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from scopix._async.raw import WebhooksWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._errors import ValidationError
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, Response, json_body, parse_response, query_pairs, webhook_path
from scopix.types.webhooks import (
    CreatedWebhook,
    WebhookDelivery,
    WebhookDeliveryList,
    WebhookInfo,
    WebhookList,
)

__all__ = ["AsyncWebhooks"]

_PATH = "/webhooks"
_ONE, _DELIVERY = "/webhooks/{id}", "/webhooks/deliveries/{id}"


class AsyncWebhooks:
    """The webhooks of one tenant. Reached as `client.webhooks`; all of it needs a key with the scope `admin`.

    What arrives at your address is checked with `scopix.webhooks.verify`.
    """

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> WebhooksWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return WebhooksWithRawResponse(self)

    async def create(
        self, url: str, *, events: Sequence[str] | None = None, description: str | None = None
    ) -> CreatedWebhook:
        """Let an address be told of events. The answer's `secret`, which messages are signed with, is shown this once.

        `events` are `file.described`, `file.failed`, `file.damaged` and `session.ended`; left out, all of them. There
        can be ten webhooks.

        Raises `ValidationError` for an address that the server may not call, and `ScopixPermissionError`.
        """
        payload = {"url": url, "events": None if events is None else list(events), "description": description}
        given = {field: value for field, value in payload.items() if value is not None}
        return parse_response(CreatedWebhook, await self._send("POST", _PATH, _PATH, content=json_body(given)))

    def list(self) -> AsyncPager[WebhookList, WebhookInfo]:
        """All webhooks, oldest first, without their secrets."""
        return paged_async(self._fetch_all)

    async def get(self, webhook_id: str) -> WebhookInfo:
        """What is known of one webhook. Raises `ResourceNotFoundError`."""
        return parse_response(WebhookInfo, await self._send("GET", webhook_path(webhook_id), _ONE))

    async def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        is_active: bool | None = None,
    ) -> WebhookInfo:
        """Change a webhook, or switch it off and on; None leaves as is.

        Raises `ValidationError` when nothing is to be changed, `ResourceNotFoundError`, `ScopixPermissionError`.
        """
        payload = {
            "url": url,
            "events": None if events is None else list(events),
            "description": description,
            "is_active": is_active,
        }
        given = {field: value for field, value in payload.items() if value is not None}
        if not given:
            raise ValidationError("give a url, events, a description or is_active", details={"field": "url"})
        response = await self._send("PATCH", webhook_path(webhook_id), _ONE, content=json_body(given))
        return parse_response(WebhookInfo, response)

    async def delete(self, webhook_id: str) -> None:
        """Remove a webhook with all messages to it. Raises `ResourceNotFoundError`."""
        await self._send("DELETE", webhook_path(webhook_id), _ONE)

    async def rotate_secret(self, webhook_id: str) -> CreatedWebhook:
        """Replace the secret: messages are signed with the new one from now on. It is shown this once.

        Raises `ResourceNotFoundError`.
        """
        response = await self._send("POST", f"{webhook_path(webhook_id)}/secret", f"{_ONE}/secret")
        return parse_response(CreatedWebhook, response)

    async def ping(self, webhook_id: str) -> WebhookDelivery:
        """Send a message to try the webhook out; `delivery` tells what came of it. Raises `ResourceNotFoundError`."""
        response = await self._send("POST", f"{webhook_path(webhook_id)}/ping", f"{_ONE}/ping")
        return parse_response(WebhookDelivery, response)

    def deliveries(
        self, webhook_id: str, *, status: str | None = None, limit: int = 20, offset: int = 0
    ) -> AsyncPager[WebhookDeliveryList, WebhookDelivery]:
        """One page of the messages to a webhook, `limit` (1 to 100) of them from `offset` on, newest first; or all from
        there on, when walked through.

        `status` is `pending`, `delivered` or `failed`. Raises `ResourceNotFoundError`.
        """
        return paged_async(
            partial(self._fetch_deliveries, webhook_id, {"status": status, "limit": limit, "offset": offset})
        )

    async def delivery(self, delivery_id: str) -> WebhookDelivery:
        """One message, by its id or its `webhook-id`, with every attempt in `log`. Raises `ResourceNotFoundError`."""
        response = await self._send("GET", webhook_path(delivery_id, delivery=True), _DELIVERY)
        return parse_response(WebhookDelivery, response)

    async def replay(self, delivery_id: str) -> WebhookDelivery:
        """Send a message once more, under the same `webhook-id`. Raises `ResourceNotFoundError`."""
        path = f"{webhook_path(delivery_id, delivery=True)}/replay"
        return parse_response(WebhookDelivery, await self._send("POST", path, f"{_DELIVERY}/replay"))

    async def _fetch_all(self, _: Mapping[str, Any]) -> WebhookList:
        return parse_response(WebhookList, await self._send("GET", _PATH, _PATH))

    async def _fetch_deliveries(
        self, webhook_id: str, page: Mapping[str, Any], place: Mapping[str, Any]
    ) -> WebhookDeliveryList:
        path, params = f"{webhook_path(webhook_id)}/deliveries", query_pairs({**page, **place})
        return parse_response(WebhookDeliveryList, await self._send("GET", path, f"{_ONE}/deliveries", params=params))

    async def _send(
        self,
        method: str,
        path: str,
        endpoint: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> Response:
        request = Request(
            method=method,
            url=self._config.url + path,
            endpoint=f"{method} {endpoint}",
            params=params,
            content=content,
        )
        return await self._transport.send(request)
