"""The part of `client.files` that is about many files at once: batches, and the upload sessions they make."""

import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any, Literal

from scopix._async.batch_upload import AsyncBatchUpload
from scopix._async.sending import RequestSender
from scopix._async.sessions import ask_for_quota, ask_for_results, ask_for_status, wait_until_ended
from scopix._async.streaming import follow_session
from scopix._async.transport import AsyncTransport
from scopix._batch import check_named, prepare_all, with_reasons
from scopix._concurrency import run_blocking_async
from scopix._config import ClientConfig
from scopix._expand import Expanded, Formats, expand
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, parse_response, query_pairs, session_path
from scopix._upload import UploadFields
from scopix.types.results import BatchUploadResults
from scopix.types.sessions import (
    BatchUploadResponse,
    QuotaInfo,
    SessionEvent,
    SessionList,
    SessionResult,
    SessionSummary,
    UploadSessionResults,
    UploadSessionStatus,
)
from scopix.types.vocabulary import ContentCategory, StorageTarget

__all__ = ["AsyncBatches"]


class AsyncBatches:
    """What `client.files` can do with many files."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    async def upload_batch(
        self,
        files: str | Path | bytes | Any | Iterable[str | Path | bytes | Any],
        *,
        filenames: Sequence[str | None] | None = None,
        recursive: bool = True,
        include_hidden: bool = False,
        formats: Formats = "common",
        storage_target: StorageTarget | str = StorageTarget.DEFAULT,
        on_progress: Callable[..., Any] | None = None,
        on_file_complete: Callable[..., Any] | None = None,
        content_category: ContentCategory | str = ContentCategory.GENERAL,
        folder_id: str | None = None,
        project_id: str | None = None,
        custom_schema_id: str | None = None,
        tags: Sequence[str] | None = None,
        auto_describe: bool = True,
        skip_duplicates: bool = False,
        describe_once: bool = False,
        wait_for_descriptions: bool = True,
        description_timeout: float | None = None,
        raise_on_failure: bool = False,
        journal: str | Path | None = None,
        on_invalid: Literal["raise", "report"] = "raise",
    ) -> BatchUploadResults:
        """Upload up to 10,000 files and, unless told otherwise, wait for their descriptions.

        `files` is a path, or a list of paths and contents, as `upload` takes them; a content needs its name in
        `filenames`. A directory stands for its pictures (see `find_images`), what else it holds is in `skipped_paths`
        of the results; a named file is sent whatever its name, once; who names it twice gets its result twice. Fields
        are as in `upload`. `on_progress` and `on_file_complete` are never called: see `batch_upload`.

        Results come in the order of the input; `path` joins them to it: as given or, in a directory, below it (begun
        with its name where several are given). The server keeps it, but of one that is absolute or leads upwards only
        the name. One that is refused, or changes while it is sent, has no `image_id` and says why; with
        `raise_on_failure` failures raise `DescriptionError`, with `on_invalid="report"` so does a named file that is
        missing or unfit. `description_timeout`: seconds; by default, as long as some come within `polling_timeout`.
        `journal`: see `batch_upload`. Raises `ValidationError` before sending (bad fields, journal or named files; too
        many), `UploadError` for an unreadable directory, `QuotaExceededError` and `UploadError` with `partial_results`
        when the rest could not be sent, `ScopixTimeoutError` with `last_result`, and others of the server.
        """
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=auto_describe,
            skip_duplicates=skip_duplicates,
            describe_once=describe_once,
            tags=tags,
            folder_id=folder_id,
            project_id=project_id,
            custom_schema_id=custom_schema_id,
        )
        fields.to_pairs()  # before any file is looked at
        rules = {"recursive": recursive, "include_hidden": include_hidden, "formats": formats}
        given = await run_blocking_async(lambda: _look_up(files, filenames, rules, check=on_invalid == "raise"))
        if not given.entries:
            return BatchUploadResults(skipped_paths=given.skipped)
        with await run_blocking_async(lambda: self._prepare(fields, given, journal)) as upload:
            results = await upload.run(wait=wait_for_descriptions, timeout=description_timeout)
        return results.raise_on_failures() if raise_on_failure else results

    async def batch_upload(
        self,
        files: str | Path | bytes | Iterable[str | Path | bytes],
        *,
        filenames: Sequence[str | None] | None = None,
        recursive: bool = True,
        include_hidden: bool = False,
        formats: Formats = "common",
        storage_target: StorageTarget | str = StorageTarget.DEFAULT,
        content_category: ContentCategory | str = ContentCategory.GENERAL,
        folder_id: str | None = None,
        project_id: str | None = None,
        custom_schema_id: str | None = None,
        tags: Sequence[str] | None = None,
        auto_describe: bool = True,
        skip_duplicates: bool = False,
        describe_once: bool = False,
        journal: str | Path | None = None,
    ) -> AsyncBatchUpload:
        """Prepare what `upload_batch` does, step by step, for any number of files and with their states at any time.

            with await client.files.batch_upload("photos/", journal="photos.jsonl") as upload:
                await upload.send()
                await upload.wait(on_progress=lambda upload: print(upload.ended, "of", upload.total))
                await upload.collect()
                print(Counter(file.summary for file in upload.files))

        With a `journal` the same call goes on where an earlier one broke off, however it ended (even killed): what the
        server has is not sent again, what is new or changed is. Files that are there keep the fields they were sent
        with (`sent_with_other_fields`). A journal belongs to one server, and is used by one call at a time.

        Nothing is sent before `send`. Counts are `total`, `sent` and `ended`; `files` has a `BatchFile` for each, in
        order. A file that is unfit is refused like others, named or not. Raises `ValidationError` for bad fields, and
        `UploadError` for a directory that cannot be read; an unusable journal raises when the block is entered.
        """
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=auto_describe,
            skip_duplicates=skip_duplicates,
            describe_once=describe_once,
            tags=tags,
            folder_id=folder_id,
            project_id=project_id,
            custom_schema_id=custom_schema_id,
        )
        fields.to_pairs()
        given = await run_blocking_async(
            lambda: expand(
                files,
                filenames=filenames,
                recursive=recursive,
                include_hidden=include_hidden,
                formats=formats,
                max_files=sys.maxsize,
            )
        )
        return await run_blocking_async(lambda: self._prepare(fields, given, journal))

    async def upload_batch_part(
        self,
        files: Sequence[str | Path],
        *,
        session_id: str | None = None,
        expected_files: int | None = None,
        start_index: int = 0,
        idempotency_key: str | None = None,
        storage_target: StorageTarget | str = StorageTarget.DEFAULT,
        content_category: ContentCategory | str = ContentCategory.GENERAL,
        folder_id: str | None = None,
        project_id: str | None = None,
        custom_schema_id: str | None = None,
        tags: Sequence[str] | None = None,
        auto_describe: bool = True,
        skip_duplicates: bool = False,
        describe_once: bool = False,
    ) -> BatchUploadResponse:
        """Send one request of a batch, for callers who keep books of their own and go on after a crash.

        Without `session_id` the request opens a session that will hold `expected_files`; its files take the indexes
        from `start_index` on. The same `idempotency_key` (1 to 128 letters, digits, `_`, `-` or `.`) with the same
        files, sent again within 24 hours, gives the first answer again and stores nothing twice. A file that is
        missing or unfit is sent empty, so that it is refused and counted: `rejections` says why, by its position among
        `files`. Read the ids with `get_session_results`.

        Raises `ValidationError` for bad fields, or too many files (`details["max_files"]`), `ConflictError` when
        an index of the session is taken, and the other errors of the server.
        """
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=auto_describe,
            skip_duplicates=skip_duplicates,
            describe_once=describe_once,
            tags=tags,
            folder_id=folder_id,
            project_id=project_id,
            custom_schema_id=custom_schema_id,
        )
        place = {"session_id": session_id, "expected_files": expected_files, "start_index": start_index}
        pairs = fields.to_pairs() + query_pairs(place)
        parts, unfit = await run_blocking_async(lambda: prepare_all(files))
        sender = RequestSender(self._transport, self._config, parts, idempotency_key)
        return with_reasons(await sender.send(pairs), unfit | sender.lost)

    async def check_quota(self, file_count: int = 1) -> QuotaInfo:
        """Whether so many files may be uploaded now, and how many a request and how many requests at once."""
        return await ask_for_quota(self._transport, self._config, file_count)

    async def wait_for_session(
        self,
        session_id: str,
        on_progress: Callable[[UploadSessionStatus], Any] | None = None,
        *,
        timeout: float | None = None,
        poll_interval: float | None = None,
    ) -> UploadSessionStatus:
        """Wait until an upload session is completed, failed, expired or cancelled.

        `on_progress` is called at least once, with the status of each poll; in the asynchronous client it may be a
        coroutine function. `timeout` and `poll_interval` are in seconds, by default the client's `polling_timeout` and
        `polling_interval`. Raises `ResourceNotFoundError`, and `ScopixTimeoutError` with the latest status as
        `last_result`.
        """
        return await wait_until_ended(
            self._transport,
            self._config,
            session_id,
            timeout=self._config.polling_timeout if timeout is None else timeout,
            poll_interval=poll_interval,
            on_progress=on_progress,
        )

    async def stream_session(self, session_id: str, *, last_event_id: str | None = None) -> AsyncIterator[SessionEvent]:
        """Follow an upload session live, until it is over: `async for event in client.files.stream_session(id)`.

        Yields a `SessionFileEvent` (`type` "file") for every stage that a file reaches, and a `SessionProgressEvent`
        with counts and the expected end after them; the last one has the `type` "end". It begins with what happened
        already, or after the event whose `id` is given as `last_event_id`. A connection that breaks is opened again
        after the last event seen, so nothing is missed and nothing comes twice.

        Raises `ResourceNotFoundError`, and `ScopixConnectionError`, `ScopixTimeoutError` or `ServerError` when the
        server stays away for longer than `max_retries`.
        """
        async with aclosing(follow_session(self._transport, self._config, session_id, last_event_id)) as events:
            async for event in events:
                yield event

    async def get_session_status(self, session_id: str) -> UploadSessionStatus:
        """Where an upload session is. Raises `ResourceNotFoundError`."""
        return await ask_for_status(self._transport, self._config, session_id)

    def get_session_results(
        self, session_id: str, *, include_failed: bool = True, offset: int = 0, limit: int = 100
    ) -> AsyncPager[UploadSessionResults, SessionResult]:
        """One page of an upload session's files, `limit` (1 to 500) of them from `offset` on, in the order sent; or all
        from there on, when walked through.

        Files that were refused are among them as failed, without an `image_id`. Raises `ResourceNotFoundError`, and
        `ValidationError` for values out of range.
        """
        page = {"include_failed": include_failed, "offset": offset, "limit": limit}
        return paged_async(
            lambda place: ask_for_results(self._transport, self._config, session_id, **{**page, **place})
        )

    def list_sessions(
        self, *, status: str | None = None, upload_method: str | None = None, limit: int = 20, offset: int = 0
    ) -> AsyncPager[SessionList, SessionSummary]:
        """One page of upload sessions, newest first, `limit` (1 to 100) of them from `offset` on; or all from there on,
        when walked through.

        `status` is pending, uploading, processing, completed, failed, expired or cancelled; `upload_method` is
        presigned or streaming. Raises `ValidationError` for other values.
        """
        values = {"status": status, "upload_method": upload_method, "limit": limit, "offset": offset}
        return paged_async(partial(self._fetch_sessions, values))

    async def cancel_session(self, session_id: str) -> UploadSessionStatus:
        """Stop what is left of an upload session; what is finished stays.

        Raises `ValidationError` when it is over already, and `ResourceNotFoundError`.
        """
        request = Request(
            method="POST",
            url=self._config.url + session_path(session_id, "/cancel"),
            endpoint="POST /files/upload/sessions/{id}/cancel",
        )
        return parse_response(UploadSessionStatus, await self._transport.send(request))

    async def _fetch_sessions(self, values: Mapping[str, Any], place: Mapping[str, Any]) -> SessionList:
        request = Request(
            method="GET",
            url=f"{self._config.url}/files/upload/sessions",
            endpoint="GET /files/upload/sessions",
            params=query_pairs({**values, **place}),
        )
        return parse_response(SessionList, await self._transport.send(request))

    def _prepare(self, fields: UploadFields, given: Expanded, journal: str | Path | None) -> AsyncBatchUpload:
        path = None if journal is None else Path(journal)
        return AsyncBatchUpload(self._transport, self._config, fields, given, path)


def _look_up(files: Any, filenames: Sequence[str | None] | None, rules: dict[str, Any], *, check: bool) -> Expanded:
    given = expand(files, filenames=filenames, **rules)
    if check:
        check_named(given.entries)
    return given
