"""The part of `client.files` that is about many files at once: batches, and the upload sessions they make."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from scopix._async.sending import BatchRun, RequestSender
from scopix._async.sessions import ask_for_results, ask_for_status, wait_until_ended
from scopix._async.streaming import follow_session
from scopix._async.transport import AsyncTransport
from scopix._batch import check_named, prepare_all, with_reasons
from scopix._call import Call, parse_answer, query_pairs, session_path
from scopix._concurrency import run_blocking_async
from scopix._config import ClientConfig
from scopix._errors import QuotaExceededError
from scopix._expand import Entry, expand
from scopix._upload import UploadFields
from scopix.types.results import BatchUploadResults
from scopix.types.sessions import (
    BatchUploadResponse,
    QuotaInfo,
    SessionEvent,
    SessionList,
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
        files: str | Path | bytes | Iterable[str | Path | bytes],
        *,
        filenames: Sequence[str | None] | None = None,
        recursive: bool = True,
        include_hidden: bool = False,
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
        wait_for_descriptions: bool = True,
        description_timeout: float | None = None,
        raise_on_failure: bool = False,
    ) -> BatchUploadResults:
        """Upload up to 10,000 files and, unless told otherwise, wait for their descriptions.

        `files` is a path, or a list of paths and contents; each content needs its name in `filenames`, which goes
        along with `files`. A directory stands for the pictures in it (see `find_images` for `recursive` and
        `include_hidden`), and files of other types in it are passed over; a file that is named is sent whatever its
        name. The same file is sent once. Files are streamed from disk, 1,000 to an upload session. The fields are those
        of `upload`, for all files. `on_progress` and `on_file_complete` are accepted and never called: to watch, pass
        `wait_for_descriptions=False` and use `wait_for_session` with the result's `session_ids`.

        The results come in the order of the input. A file that is refused, or that changes while it is sent, costs the
        others nothing: its result has no `image_id`, and says why. Failures are told by the results, or by a
        `DescriptionError` with `raise_on_failure`. `description_timeout` is in seconds; by default waiting ends when
        nothing was described for the client's `polling_timeout`.

        Raises `ValidationError` before sending (too many files; a named file that is missing, empty, unsupported or too
        large; bad fields), `UploadError` for a directory that cannot be read, `QuotaExceededError` and `UploadError`
        with `partial_results` when the rest could not be sent, `ScopixTimeoutError` with the results so far as
        `last_result`, and the errors of the server.
        """
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=auto_describe,
            skip_duplicates=skip_duplicates,
            tags=tags,
            folder_id=folder_id,
            project_id=project_id,
            custom_schema_id=custom_schema_id,
        )
        fields.to_pairs()  # what is wrong with them is told before any file is looked at
        entries = await run_blocking_async(
            lambda: _look_up(files, filenames, recursive=recursive, include_hidden=include_hidden)
        )
        if not entries:
            return BatchUploadResults()
        run = BatchRun(self._transport, self._config, fields, entries, await self._allowance(len(entries), fields))
        await run.send()
        results = await run.finish(wait=wait_for_descriptions, timeout=description_timeout)
        return results.raise_on_failures() if raise_on_failure else results

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
    ) -> BatchUploadResponse:
        """Send one request of a batch, for callers who keep books of their own and go on after a crash.

        Without `session_id` the request opens a session that will hold `expected_files`; its files take the indexes
        from `start_index` on. The same `idempotency_key` (1 to 128 letters, digits, `_`, `-` or `.`) with the same
        files, sent again within 24 hours, gives the first answer again and stores nothing twice. A file that is
        missing or unfit is sent empty, so that it is refused and counted: `rejections` says why, by its position among
        `files`. Read the ids with `get_session_results`.

        Raises `ValidationError` for bad fields, or too many files (`details["max_files"]`), `ScopixError` with code
        `CONFLICT` when an index of the session is taken, and the other errors of the server.
        """
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=auto_describe,
            skip_duplicates=skip_duplicates,
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
        call = Call(
            method="GET",
            url=f"{self._config.url}/files/quota-check",
            endpoint="GET /files/quota-check",
            params=query_pairs({"file_count": file_count}),
        )
        return parse_answer(QuotaInfo, await self._transport.send(call))

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

    async def get_session_results(
        self, session_id: str, *, include_failed: bool = True, offset: int = 0, limit: int = 100
    ) -> UploadSessionResults:
        """One page of an upload session's files, `limit` (1 to 500) of them from `offset` on, in the order sent.

        Files that were refused are among them as failed, without an `image_id`. Raises `ResourceNotFoundError`, and
        `ValidationError` for values out of range.
        """
        return await ask_for_results(
            self._transport, self._config, session_id, include_failed=include_failed, offset=offset, limit=limit
        )

    async def list_sessions(
        self, *, status: str | None = None, upload_method: str | None = None, limit: int = 20, offset: int = 0
    ) -> SessionList:
        """One page of upload sessions, newest first, `limit` (1 to 100) of them from `offset` on.

        `status` is pending, uploading, processing, completed, failed, expired or cancelled; `upload_method` is
        presigned or streaming. Raises `ValidationError` for other values.
        """
        values = {"status": status, "upload_method": upload_method, "limit": limit, "offset": offset}
        call = Call(
            method="GET",
            url=f"{self._config.url}/files/upload/sessions",
            endpoint="GET /files/upload/sessions",
            params=query_pairs(values),
        )
        return parse_answer(SessionList, await self._transport.send(call))

    async def cancel_session(self, session_id: str) -> UploadSessionStatus:
        """Stop what is left of an upload session; what is finished stays.

        Raises `ValidationError` when it is over already, and `ResourceNotFoundError`.
        """
        call = Call(
            method="POST",
            url=self._config.url + session_path(session_id, "/cancel"),
            endpoint="POST /files/upload/sessions/{id}/cancel",
        )
        return parse_answer(UploadSessionStatus, await self._transport.send(call))

    async def _allowance(self, file_count: int, fields: UploadFields) -> QuotaInfo:
        quota = await self.check_quota(file_count)
        if quota.can_proceed or not fields.auto_describe:
            return quota
        raise QuotaExceededError(
            quota.message or f"the quota does not allow {file_count} more files",
            details={"available": quota.available, "limit": quota.monthly_limit, "stage": "quota"},
            partial_results=BatchUploadResults(),
        )


def _look_up(
    files: str | Path | bytes | Iterable[str | Path | bytes],
    filenames: Sequence[str | None] | None,
    *,
    recursive: bool,
    include_hidden: bool,
) -> list[Entry]:
    entries = expand(files, filenames=filenames, recursive=recursive, include_hidden=include_hidden)
    check_named(entries)
    return entries
