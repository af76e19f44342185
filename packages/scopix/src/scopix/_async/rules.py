"""`client.rules` and `client.reviews`: what is done by itself, and what waits for a person."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote

from scopix._async.raw import ReviewsWithRawResponse, RulesWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, Response, json_body, parse_response, query_pairs
from scopix.types.rules import Review, ReviewList, Rule, RuleDryRun, RuleList, RuleRun, RuleRunList

__all__ = ["AsyncReviews", "AsyncRules"]


class AsyncRules:
    """The tenant's rules. Reached as `client.rules`; to make and change them needs a key with the scope `admin`.

    A rule is a mapping: `name`, `trigger` (`uploaded`, `described`, `field_found` with `field`, `low_confidence` with
    `below`), `filter` (as searches, empty for all files) and `actions`, each with `do`: `tag` (`tags`), `category`
    (`category`), `describe` (`engine`), `webhook` (`webhook_id`), `review` (`reason`).
    """

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> RulesWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return RulesWithRawResponse(self)

    async def dry_run(self, rule: Mapping[str, Any]) -> RuleDryRun:
        """Which of the latest 1,000 files that are there a rule would be run on. Nothing is kept or done.

        Raises `ValidationError` for a rule that cannot work.
        """
        return parse_response(RuleDryRun, await self._send("POST", "/rules/dry-run", body=rule))

    async def create(self, rule: Mapping[str, Any]) -> Rule:
        """Make a rule, which is run on what happens from now on.

        Raises `ValidationError`, `ConflictError` where there are 20, and `ScopixPermissionError`.
        """
        return parse_response(Rule, await self._send("POST", "/rules", body=rule))

    def list(self) -> AsyncPager[RuleList, Rule]:
        """All rules, oldest first."""
        return paged_async(self._fetch_all)

    async def get(self, rule_id: str) -> Rule:
        """One rule. Raises `ResourceNotFoundError`."""
        return parse_response(Rule, await self._send("GET", _path(rule_id), "/rules/{id}"))

    async def update(self, rule_id: str, rule: Mapping[str, Any]) -> Rule:
        """Replace a rule; with `is_active` false it rests. Raises as `create`, and `ResourceNotFoundError`."""
        return parse_response(Rule, await self._send("PUT", _path(rule_id), "/rules/{id}", body=rule))

    async def delete(self, rule_id: str) -> None:
        """Remove a rule; what it did stays on record. Raises `ResourceNotFoundError`."""
        await self._send("DELETE", _path(rule_id), "/rules/{id}")

    def runs(self, rule_id: str | None = None, *, limit: int = 20, offset: int = 0) -> AsyncPager[RuleRunList, RuleRun]:
        """One page of what rules did, `limit` (1 to 100) of them from `offset` on, newest first; or all from there on,
        when walked through. `rule_id`: what this one did."""
        values = {"rule_id": rule_id, "limit": limit, "offset": offset}
        return paged_async(partial(self._fetch_runs, values))

    async def _fetch_all(self, _: Mapping[str, Any]) -> RuleList:
        return parse_response(RuleList, await self._send("GET", "/rules"))

    async def _fetch_runs(self, values: Mapping[str, Any], place: Mapping[str, Any]) -> RuleRunList:
        response = await self._send("GET", "/rules/runs", params=query_pairs({**values, **place}))
        return parse_response(RuleRunList, response)

    async def _send(
        self,
        method: str,
        path: str,
        endpoint: str | None = None,
        *,
        params: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
    ) -> Response:
        request = Request(
            method=method,
            url=self._config.url + path,
            endpoint=f"{method} {endpoint or path}",
            params=params,
            content=None if body is None else json_body(dict(body)),
        )
        return await self._transport.send(request)


class AsyncReviews:
    """The queue of files that wait to be looked at. Reached as `client.reviews`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> ReviewsWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return ReviewsWithRawResponse(self)

    def list(self, *, status: str = "open", limit: int = 20, offset: int = 0) -> AsyncPager[ReviewList, Review]:
        """One page of the queue, `limit` (1 to 100) of them from `offset` on, those that wait longest first; or all
        from there on, when walked through. `status` is open, accepted, corrected or rejected."""
        return paged_async(partial(self._fetch, {"status": status, "limit": limit, "offset": offset}))

    async def accept(self, review_id: str, *, note: str | None = None) -> Review:
        """Note that what was said of the file holds.

        Raises `ResourceNotFoundError`, and `ConflictError` for one that was decided before.
        """
        return await self._decide(review_id, "accept", {"note": note})

    async def correct(
        self,
        review_id: str,
        *,
        title: str | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
        ai_tags: Sequence[str] | None = None,
        note: str | None = None,
    ) -> Review:
        """Correct what was said of the file; None leaves as is. Raises as `accept`, and `ValidationError`."""
        changes = {
            "title": title,
            "tags": None if tags is None else [*tags],
            "description": description,
            "ai_tags": None if ai_tags is None else [*ai_tags],
            "note": note,
        }
        return await self._decide(review_id, "correct", changes)

    async def reject(self, review_id: str, *, note: str | None = None) -> Review:
        """Take back what was said of the file: an empty version takes its place. Raises as `accept`."""
        return await self._decide(review_id, "reject", {"note": note})

    async def _decide(self, review_id: str, how: str, values: Mapping[str, Any]) -> Review:
        request = Request(
            method="POST",
            url=f"{self._config.url}/reviews/{quote(review_id, safe='')}/{how}",
            endpoint=f"POST /reviews/{{id}}/{how}",
            content=json_body({name: value for name, value in values.items() if value is not None}),
        )
        return parse_response(Review, await self._transport.send(request))

    async def _fetch(self, values: Mapping[str, Any], place: Mapping[str, Any]) -> ReviewList:
        request = Request(
            method="GET",
            url=f"{self._config.url}/reviews",
            endpoint="GET /reviews",
            params=query_pairs({**values, **place}),
        )
        return parse_response(ReviewList, await self._transport.send(request))


def _path(rule_id: str) -> str:
    return f"/rules/{quote(rule_id, safe='')}"
