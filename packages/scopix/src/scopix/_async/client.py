"""The client."""

import logging
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig, set_up_logging

if TYPE_CHECKING:
    import httpx2

    from scopix._async.api_keys import AsyncApiKeys
    from scopix._async.categories import AsyncCategories
    from scopix._async.files import AsyncFiles
    from scopix._async.rules import AsyncReviews, AsyncRules
    from scopix._async.settings import AsyncSettings
    from scopix._async.tags import AsyncTags
    from scopix._async.tenant import AsyncTenant
    from scopix._async.webhooks import AsyncWebhooks
    from scopix.types.ask import AskResponse

__all__ = ["Scopix"]

logger = logging.getLogger("scopix")


class Scopix:
    """A connection to a Scopix server. Use it in a `with` block, or `close` it.

        async with Scopix(api_key="scopix_...") as client:
            result = await client.files.upload("photo.jpg")
            print(result.description)

    `base_url` ends in `/api/v2`; by default it is `SCOPIX_BASE_URL`, or a server on this machine. Plain http is
    refused for other machines unless `allow_insecure_http` (or `SCOPIX_ALLOW_INSECURE_HTTP=1`) says otherwise.
    `timeout` is in seconds, for each step of a request. Transient failures are repeated `max_retries` times, first
    after about `retry_delay` seconds, then twice as long each time. Waiting for a description asks every
    `polling_interval` seconds, for at most `polling_timeout`. `tenant_id` and `proxy_url` (http or https) fall back to
    `SCOPIX_TENANT_ID` and `SCOPIX_PROXY_URL`. `enable_tracing` needs the extra `tracing`. `http_client` is an
    `httpx2.AsyncClient` of your own (for certificates, a proxy, hooks, instrumentation): it stays yours to close.
    With `SCOPIX_LOG=debug` in the environment each request is logged.

    Raises `ValueError` for settings that cannot work.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str | None = None,
        timeout: float = 300.0,
        max_retries: int = 3,
        retry_delay: float = 1.0,
        polling_interval: float = 2.0,
        polling_timeout: float = 360.0,
        tenant_id: str | None = None,
        proxy_url: str | None = None,
        enable_tracing: bool = False,
        allow_insecure_http: bool | None = None,
        http_client: "httpx2.AsyncClient | None" = None,
    ) -> None:
        config = ClientConfig(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            retry_delay=retry_delay,
            polling_interval=polling_interval,
            polling_timeout=polling_timeout,
            tenant_id=tenant_id,
            proxy_url=proxy_url,
            enable_tracing=enable_tracing,
            allow_insecure_http=allow_insecure_http,
        )
        self._set_up(config, http_client)

    @classmethod
    def from_env(cls, *, http_client: "httpx2.AsyncClient | None" = None, **overrides: Any) -> Self:
        """A client set up by `SCOPIX_*` variables, read now; keyword arguments of any `ClientConfig` field win.

        Raises `ValueError` when there is no key.
        """
        return cls.from_config(ClientConfig.from_env(**overrides), http_client=http_client)

    @classmethod
    def from_config(cls, config: ClientConfig, *, http_client: "httpx2.AsyncClient | None" = None) -> Self:
        """A client with settings that the constructor does not take, such as the circuit breaker's."""
        client = cls.__new__(cls)
        client._set_up(config, http_client)
        return client

    def _set_up(self, config: ClientConfig, http_client: "httpx2.AsyncClient | None") -> None:
        if http_client is not None and config.proxy_url is not None:
            raise ValueError("give proxy_url or http_client, not both: set the proxy up in your own client")
        set_up_logging()
        self.config = config
        self._transport = AsyncTransport(config, http_client)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        retry_delay: float | None = None,
        polling_interval: float | None = None,
        polling_timeout: float | None = None,
    ) -> Self:
        """A client with other limits over the same connections, for some calls; None leaves as is.

            details = await client.with_options(timeout=5, max_retries=0).files.get(image_id)

        It lives as long as this one, and need not be closed. Raises `ValueError` for numbers that cannot work.
        """
        changes = {
            "timeout": timeout,
            "max_retries": max_retries,
            "retry_delay": retry_delay,
            "polling_interval": polling_interval,
            "polling_timeout": polling_timeout,
        }
        changed = type(self).__new__(type(self))
        changed.config = self.config.with_changes(**{name: one for name, one in changes.items() if one is not None})
        changed._transport = self._transport.with_config(changed.config)
        return changed

    @cached_property
    def files(self) -> "AsyncFiles":
        """Upload, look at, fetch and delete files."""
        from scopix._async.files import AsyncFiles

        return AsyncFiles(self._transport, self.config)

    @cached_property
    def api_keys(self) -> "AsyncApiKeys":
        """Make, look at, change and deactivate API keys."""
        from scopix._async.api_keys import AsyncApiKeys

        return AsyncApiKeys(self._transport, self.config)

    @cached_property
    def categories(self) -> "AsyncCategories":
        """The content categories that the server knows, your own among them."""
        from scopix._async.categories import AsyncCategories

        return AsyncCategories(self._transport, self.config)

    @cached_property
    def rules(self) -> "AsyncRules":
        """What is done with files by itself."""
        from scopix._async.rules import AsyncRules

        return AsyncRules(self._transport, self.config)

    @cached_property
    def reviews(self) -> "AsyncReviews":
        """The queue of files that wait to be looked at by a person."""
        from scopix._async.rules import AsyncReviews

        return AsyncReviews(self._transport, self.config)

    @cached_property
    def tags(self) -> "AsyncTags":
        """A list of tags of your own, which descriptions follow."""
        from scopix._async.tags import AsyncTags

        return AsyncTags(self._transport, self.config)

    @cached_property
    def tenant(self) -> "AsyncTenant":
        """The tenant's plan and limits."""
        from scopix._async.tenant import AsyncTenant

        return AsyncTenant(self._transport, self.config)

    @cached_property
    def settings(self) -> "AsyncSettings":
        """Where files are stored: a bucket of your own."""
        from scopix._async.settings import AsyncSettings

        return AsyncSettings(self._transport, self.config)

    @cached_property
    def webhooks(self) -> "AsyncWebhooks":
        """Addresses of yours that are told what happens."""
        from scopix._async.webhooks import AsyncWebhooks

        return AsyncWebhooks(self._transport, self.config)

    async def ask(self, question: str, *, limit: int = 20, engine: bool = True) -> "AskResponse":
        """Ask the library: a table of the files that a question is about, what each rests on, and sentences about it.

            response = await client.ask("Which receipts are over 100 euros?")
            print(response.text)
            for row in response.rows:
                print(row.file.filename, row.values, [cited.text for cited in row.citations])

        `response.search` is the question as it was understood, in words and conditions of a search. `limit` (1 to 100)
        is how many rows the table has at most. `engine=False` leaves the wording to the server's rules, even where it
        has a language model for it. Raises `ValidationError` for a question without words.
        """
        from scopix._request import Request, json_body, parse_response
        from scopix.types.ask import AskResponse

        body = json_body({"question": question, "limit": limit, "engine": engine})
        request = Request(method="POST", url=f"{self.config.url}/ask", endpoint="POST /ask", content=body)
        return parse_response(AskResponse, await self._transport.send(request))

    async def close(self) -> None:
        """Give the connections back. The client cannot be used any more. An `http_client` of yours stays open."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except Exception:
            if error is None:
                raise
            # The block's own error tells the caller more than this one.
            logger.debug("closing the client failed", exc_info=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.config.url!r})"
