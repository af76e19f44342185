"""`client.files`: upload, look at, fetch and delete files."""

import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from scopix._async.analyses import AsyncAnalyses
from scopix._async.contents import AsyncBytes
from scopix._async.direct import send_in_parts
from scopix._async.raw import FilesWithRawResponse
from scopix._async.waiting import fetch_details, fetch_status, wait_until_described
from scopix._concurrency import run_blocking_async
from scopix._errors import ResourceNotFoundError, ScopixError
from scopix._expand import Entry
from scopix._listing import list_params
from scopix._multipart import FilePart, FormBody
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, file_path, parse_response
from scopix._results import (
    as_skipped_duplicate,
    raise_if_failed,
    result_from_details,
    result_from_upload,
    with_direct_facts,
    with_request_id,
)
from scopix._upload import UploadFields, fits_one_request, prepare_part
from scopix.types.direct import DirectUploadResult
from scopix.types.files import (
    TERMINAL_DESCRIPTION_STATUSES,
    DeleteFileResult,
    FileDetails,
    FileDetailsList,
    FileList,
    FileSummary,
    ProcessingStatus,
    UploadResponse,
)
from scopix.types.results import UploadResult
from scopix.types.vocabulary import ContentCategory, DescriptionStatus, MediaType, StorageTarget

__all__ = ["AsyncFiles"]


PageOfFiles = TypeVar("PageOfFiles", FileList, FileDetailsList)


class AsyncFiles(AsyncAnalyses, AsyncBytes):
    """The files of one tenant. Reached as `client.files`."""

    @cached_property
    def with_raw_response(self) -> FilesWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return FilesWithRawResponse(self)

    async def upload(
        self,
        file: str | Path | bytes | Any,
        *,
        filename: str | None = None,
        content_category: ContentCategory | str = ContentCategory.GENERAL,
        folder_id: str | None = None,
        storage_target: StorageTarget | str = StorageTarget.DEFAULT,
        title: str | None = None,
        tags: Sequence[str] | None = None,
        auto_describe: bool = True,
        skip_duplicates: bool = False,
        describe_once: bool = False,
        project_id: str | None = None,
        custom_schema_id: str | None = None,
        wait_for_descriptions: bool = True,
        description_timeout: float | None = None,
        raise_on_failure: bool = False,
        on_progress: Callable[..., Any] | None = None,
        on_file_complete: Callable[..., Any] | None = None,
        on_description_progress: Callable[..., Any] | None = None,
        on_description_failed: Callable[..., Any] | None = None,
    ) -> UploadResult:
        """Upload one file and, unless told otherwise, wait for its description.

        `file` is a path; the content itself, which then needs a `filename`; a file object open for bytes, or FastAPI's
        `UploadFile`; a Pillow image, or an array of 8-bit samples (both are sent as PNG). The type is told from the
        content: pictures up to 100 MiB, documents up to 50 MiB. A larger file goes in parts if the server takes it.

        `content_category` steers the description. `title` has at most 255 characters; `tags` at most 40 of 50.
        `skip_duplicates`: stored content gives the existing file's result, SKIPPED; `describe_once`: pictures of the
        same bytes share a description. `description_timeout` is in seconds, by default `polling_timeout`. A failed
        one is told by the status, or a `DescriptionError` with `raise_on_failure`. The four `on_...` are never called.

        Raises `ValidationError` before sending (unfit file, title or tags), `ScopixTimeoutError` with `last_result`,
        `UploadError` when the file changes while it is sent, and the server's errors.
        """
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=auto_describe,
            skip_duplicates=skip_duplicates,
            describe_once=describe_once,
            title=title,
            tags=tags,
            folder_id=folder_id,
            project_id=project_id,
            custom_schema_id=custom_schema_id,
        )
        part = await run_blocking_async(lambda: prepare_part(file, filename, fields, any_size=True))
        path = Path(file).as_posix() if isinstance(file, str | os.PathLike) else part.filename
        response = await self._send(_with_path(part, path), fields)
        try:
            result = await self._follow_up(response, part.filename, wait_for_descriptions, description_timeout)
        except ScopixError as error:  # the file is stored whatever happened since, so its id must not get lost
            error.details.setdefault("image_id", response.image_id)
            raise
        if raise_on_failure:
            raise_if_failed(result)
        return with_request_id(replace(result, path=path), response.request_id)

    async def get(self, file_id: str) -> FileDetails:
        """Everything known about one file, by its id or the first 8 characters of it.

        Raises `ResourceNotFoundError`, and `ConflictError` when the 8 characters fit several.
        """
        return await fetch_details(self._transport, self._config, file_id)

    def list(
        self,
        *,
        search: str | None = None,
        search_mode: str = "all",
        tags: Sequence[str] | None = None,
        date_from: datetime | str | None = None,
        date_to: datetime | str | None = None,
        has_description: bool | None = None,
        ids: Sequence[str] | None = None,
        media_types: Sequence[MediaType | str] | None = None,
        limit: int = 20,
        offset: int = 0,
        sort_by: str = "content_created_at",
        sort_order: str = "desc",
        description_statuses: Sequence[DescriptionStatus | str] | None = None,
        content_categories: Sequence[ContentCategory | str] | None = None,
        objects: Sequence[str] | None = None,
        min_people: int | None = None,
        cursor: str | None = None,
        exact_total: bool | None = None,
    ) -> AsyncPager[FileList, FileSummary]:
        """One page of files, `limit` (1 to 100) of them from `offset` on; or all from there on, when walked through.

            page = await client.files.list(tags=["roof"])
            async for file in client.files.list(tags=["roof"]): ...

        `search` holds words, "phrases" and conditions such as `-word` or `tag:roof`; it looks into what `search_mode`
        says: `all`, `metadata` or `visible_text`. A file must carry all `tags`, and show all `objects`, by any common
        word for them: `["people>=2"]`. Times without a zone are UTC. `sort_by` is `created_at`, `content_created_at`,
        `title`, `size_bytes` or `relevance`. With `cursor`, the `next_cursor` of the page before, no file is missed or
        repeated. `exact_total` counts beyond 10,000. Raises `ValidationError` for values out of range.
        """
        filters: dict[str, Any] = {
            "search": search,
            "search_mode": search_mode,
            "tags": tags,
            "date_from": date_from,
            "date_to": date_to,
            "has_description": has_description,
            "ids": ids,
            "media_types": media_types,
            "limit": limit,
            "offset": offset,
            "sort_by": sort_by,
            "sort_order": sort_order,
            "description_statuses": description_statuses,
            "content_categories": content_categories,
            "objects": objects,
            "min_people": min_people,
            "cursor": cursor,
            "exact_total": exact_total,
        }
        return paged_async(partial(self._fetch_page, FileList, filters, ()))

    def list_details(self, **filters: Any) -> AsyncPager[FileDetailsList, FileDetails]:
        """As `list`, and by its arguments, but with everything known about each file."""
        return paged_async(partial(self._fetch_page, FileDetailsList, filters, [("include", "details")]))

    @overload
    def list_all(
        self, *, page_size: int = ..., include_details: Literal[False] = ..., **filters: Any
    ) -> AsyncIterator[FileSummary]: ...

    @overload
    def list_all(
        self, *, page_size: int = ..., include_details: Literal[True], **filters: Any
    ) -> AsyncIterator[FileDetails]: ...

    async def list_all(
        self, *, page_size: int = 50, include_details: bool = False, **filters: Any
    ) -> AsyncIterator[FileSummary | FileDetails]:
        """Walk through all files that meet the filters of `list`, asking for `page_size` (1 to 100) at a time.

        With `include_details` everything known about each is given. Every file that is there all the while is met once,
        unless what the list is sorted by changes, which never happens with `sort_by="created_at"`. Raises as `list`.
        """
        if include_details:
            async for details in self.list_details(limit=page_size, **filters):
                yield details
        else:
            async for summary in self.list(limit=page_size, **filters):
                yield summary

    async def delete(self, file_id: str) -> DeleteFileResult:
        """Delete one file; it can be recovered for 30 days. Raises `ResourceNotFoundError`."""
        request = Request(method="DELETE", url=self._config.url + file_path(file_id), endpoint="DELETE /files/{id}")
        try:
            response = await self._transport.send(request)
        except ResourceNotFoundError as error:
            if error.details.get("attempts", 1) == 1:
                raise
            # The first attempt's answer was lost, so the second finds nothing: that is what was asked for.
            return DeleteFileResult(id=file_id, message="deleted; the server's answer was lost on the way")
        return parse_response(DeleteFileResult, response)

    async def get_processing_status(self, file_id: str) -> ProcessingStatus:
        """Where a file is, part by part. Raises `ResourceNotFoundError`."""
        return await fetch_status(self._transport, self._config, file_id)

    async def wait_for_description(
        self, image_id: str, *, timeout: float | None = None, poll_interval: float | None = None
    ) -> UploadResult:
        """Wait until the description is completed, failed or skipped, and give back what there is to know.

        `timeout` and `poll_interval` are in seconds, by default the client's. Raises `ResourceNotFoundError`, and
        `ScopixTimeoutError` with `last_result`.
        """
        details = await self.get(image_id)
        latest = result_from_details(details)
        if details.description_status in TERMINAL_DESCRIPTION_STATUSES:
            return latest
        return await wait_until_described(
            self._transport, self._config, latest, timeout=timeout, poll_interval=poll_interval
        )

    async def _fetch_page(
        self,
        kind: type[PageOfFiles],
        filters: Mapping[str, Any],
        more: Sequence[tuple[str, str]],
        place: Mapping[str, Any],
    ) -> PageOfFiles:
        params = [*list_params(**{**filters, **place}), *more]
        request = Request(method="GET", url=f"{self._config.url}/files", endpoint="GET /files", params=params)
        return parse_response(kind, await self._transport.send(request))

    async def _send(self, part: FilePart, fields: UploadFields) -> UploadResponse | DirectUploadResult:
        if fits_one_request(part):
            return await self._send_upload(FormBody([*fields.to_pairs(), ("path", part.path or "")], [part]))
        return await send_in_parts(self._transport, self._config, part, fields)

    async def _send_upload(self, body: FormBody) -> UploadResponse:
        request = Request(
            method="POST",
            url=f"{self._config.url}/files/upload",
            endpoint="POST /files/upload",
            body=body,
            # One key for all attempts: a retry after a lost answer must not store the file twice.
            idempotency_key=uuid.uuid4().hex,
        )
        return parse_response(UploadResponse, await self._transport.send(request))

    async def _follow_up(
        self, response: UploadResponse, filename: str, wait: bool, timeout: float | None
    ) -> UploadResult:
        result = await self._described(response, filename, wait, timeout)
        return with_direct_facts(result, response) if isinstance(response, DirectUploadResult) else result

    async def _described(
        self, response: UploadResponse, filename: str, wait: bool, timeout: float | None
    ) -> UploadResult:
        if response.skipped:
            return await self._copy_existing(response, filename, wait, timeout)
        result = result_from_upload(response, filename=filename)
        if result.is_pending and wait:
            return await wait_until_described(self._transport, self._config, result, timeout=timeout)
        if result.is_pending or result.description_status is DescriptionStatus.SKIPPED:
            return result
        # A replayed answer to a retry may tell of a description that is there already.
        return result_from_details(await self.get(response.image_id))

    async def _copy_existing(
        self, response: UploadResponse, filename: str, wait: bool, timeout: float | None
    ) -> UploadResult:
        existing_id = response.skipped_existing_image_id or response.image_id
        if wait:
            existing = await self.wait_for_description(existing_id, timeout=timeout)
        else:
            existing = result_from_details(await self.get(existing_id))
        return as_skipped_duplicate(existing, filename=filename)


def _with_path(part: FilePart, path: str) -> FilePart:
    """Return what is sent with where its client has it, as far as that is told."""
    return replace(part, path=Entry(b"", part.filename, named=True, path=path).sent_path)
