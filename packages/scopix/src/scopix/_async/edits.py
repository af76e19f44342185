"""The part of `client.files` that changes what is there: titles, tags, deletions, descriptions made again."""

from collections.abc import Mapping, Sequence
from typing import Any

from scopix._async.batches import AsyncBatches
from scopix._async.waiting import fetch_details, wait_until_described
from scopix._errors import ValidationError
from scopix._request import Request, Response, file_path, json_body, parse_response
from scopix._results import result_from_details
from scopix.types.descriptions import DescriptionVersionList
from scopix.types.edits import (
    BatchDeleteFilesResponse,
    DescribeMatchingResponse,
    DescribeResponse,
    DuplicateCheckResponse,
    RestoreFileResult,
)
from scopix.types.files import FullDescription, UpdateFileResult, VariantGeneration
from scopix.types.results import UploadResult
from scopix.types.vocabulary import ContentCategory, DescriptionErrorType

__all__ = ["AsyncEdits"]


class AsyncEdits(AsyncBatches):
    """What changes files that are there."""

    async def update(
        self,
        file_id: str,
        *,
        title: str | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
        ai_tags: Sequence[str] | None = None,
    ) -> UpdateFileResult:
        """Change a file's title (at most 255 characters) or its tags (at most 40 of 50); None leaves as is.

        `description` (at most 20,000 characters) and `ai_tags` correct what an engine said; that version is yours, and
        no engine replaces it. An empty title or list takes away what was there. Raises `ValidationError` when nothing
        is to be changed.
        """
        if title is None and tags is None and description is None and ai_tags is None:
            raise ValidationError("give a title, tags, a description or ai_tags", details={"field": "title"})
        changes = {
            "title": title,
            "tags": None if tags is None else list(tags),
            "description": description,
            "ai_tags": None if ai_tags is None else list(ai_tags),
        }
        given = {name: value for name, value in changes.items() if value is not None}
        response = await self._post(file_path(file_id), "PATCH /files/{id}", given, method="PATCH")
        return parse_response(UpdateFileResult, response)

    async def restore(self, file_id: str) -> RestoreFileResult:
        """Undo a deletion. Raises `ResourceNotFoundError` when there is no such deleted file."""
        response = await self._post(file_path(file_id, "/restore"), "POST /files/{id}/restore", {})
        return parse_response(RestoreFileResult, response)

    async def trigger_variant_generation(self, file_id: str) -> dict[str, Any]:
        """Have an image's thumbnails made again; those there are stay until then.

        Gives `success`, `message`, `task_id`, `current_status`, `image_id` and `skipped_duplicate`, which says that
        they were queued already. Raises `ResourceNotFoundError`, and `ValidationError` when the file is no image.
        """
        response = await self._post(file_path(file_id, "/variants"), "POST /files/{id}/variants", {})
        return parse_response(VariantGeneration, response).model_dump(mode="json")

    async def batch_delete(self, file_ids: Sequence[str]) -> BatchDeleteFilesResponse:
        """Delete 1 to 100 files; those still being processed are skipped, unknown ids are told, nothing raises."""
        response = await self._post("/files/batch-delete", "POST /files/batch-delete", {"file_ids": list(file_ids)})
        return parse_response(BatchDeleteFilesResponse, response)

    async def retry_description(
        self,
        file_id: str,
        *,
        content_category: ContentCategory | str | None = None,
        engine: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
    ) -> UploadResult:
        """Describe an image again, under another category or by another engine; earlier descriptions are kept.

        With `wait` it returns when the new description has ended (after `timeout` seconds at the latest, by default
        the client's `polling_timeout`). Raises `ConflictError` while one is under way, and
        `ScopixTimeoutError` with `last_result`.
        """
        named = {"content_category": _word(content_category), "engine": engine}
        payload = {name: value for name, value in named.items() if value is not None}
        response = await self._post(file_path(file_id, "/describe"), "POST /files/{id}/describe", payload)
        queued = parse_response(DescribeResponse, response)
        latest = result_from_details(await fetch_details(self._transport, self._config, queued.image_id))
        if not wait:
            return latest
        return await wait_until_described(self._transport, self._config, latest, timeout=timeout)

    async def describe_matching(
        self,
        *,
        ids: Sequence[str] | None = None,
        search: str | None = None,
        tags: Sequence[str] | None = None,
        has_description: bool | None = None,
        error_types: Sequence[DescriptionErrorType | str] | None = None,
        current_categories: Sequence[ContentCategory | str] | None = None,
        content_category: ContentCategory | str | None = None,
        engine: str | None = None,
    ) -> DescribeMatchingResponse:
        """Describe again all images that meet every condition given, under `content_category` or by `engine` if named.

        At least one condition is needed. Returns at once how many matched and how many were queued.
        """
        payload: dict[str, Any] = {
            "ids": _listed(ids),
            "search": search,
            "tags": _listed(tags),
            "has_description": has_description,
            "error_types": _listed(error_types),
            "current_categories": _listed(current_categories),
            "content_category": _word(content_category),
            "engine": engine,
        }
        given = {name: value for name, value in payload.items() if value is not None}
        response = await self._post("/files/describe", "POST /files/describe", given)
        return parse_response(DescribeMatchingResponse, response)

    async def list_descriptions(self, file_id: str) -> DescriptionVersionList:
        """Return all versions of a file's description, newest first, and who wrote them; `current` is the one shown."""
        endpoint = "GET /files/{id}/descriptions"
        request = Request(method="GET", url=self._config.url + file_path(file_id, "/descriptions"), endpoint=endpoint)
        return parse_response(DescriptionVersionList, await self._transport.send(request))

    async def set_current_description(self, file_id: str, version: int) -> FullDescription:
        """Make a version the one that is shown and searched. Raises `ResourceNotFoundError` when there is none such."""
        path = file_path(file_id, f"/descriptions/{int(version)}/current")
        response = await self._post(path, "POST /files/{id}/descriptions/{version}/current", {})
        return parse_response(FullDescription, response)

    async def check_duplicates(self, hashes: Sequence[str]) -> DuplicateCheckResponse:
        """Tell which contents are stored already, by 1 to 250 SHA-256 hashes in hex."""
        response = await self._post("/files/check-duplicates", "POST /files/check-duplicates", {"hashes": list(hashes)})
        return parse_response(DuplicateCheckResponse, response)

    async def _post(self, path: str, endpoint: str, body: Mapping[str, Any], method: str = "POST") -> Response:
        request = Request(method=method, url=self._config.url + path, endpoint=endpoint, content=json_body(body))
        return await self._transport.send(request)


def _listed(values: Sequence[Any] | None) -> list[str] | None:
    return None if values is None else [str(_word(value)) for value in values]


def _word(value: Any) -> str | None:
    return None if value is None else str(getattr(value, "value", value))
