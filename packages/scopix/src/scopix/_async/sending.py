"""Sending a batch: sessions of 1,000 files, in requests so small that a lost connection costs little."""

import time
import uuid
from collections.abc import Sequence

from scopix._async.sessions import read_all_results, wait_until_ended
from scopix._async.transport import AsyncTransport
from scopix._batch import SESSION_FILES, Session, check_entries, cut, emptied, files_allowed, plan_requests
from scopix._call import Call, parse_answer
from scopix._concurrency import async_sleep, for_each_async, run_blocking_async
from scopix._config import ClientConfig
from scopix._errors import QuotaExceededError, RateLimitError, ScopixError, ScopixTimeoutError, UploadError
from scopix._expand import Entry
from scopix._multipart import FilePart, FormBody, PartError
from scopix._upload import UploadFields
from scopix.types.results import BatchUploadResults, UploadResult
from scopix.types.sessions import BatchUploadResponse, QuotaInfo

__all__ = ["BatchRun", "RequestSender"]

_MOST_AT_ONCE = 4
_MOST_PAUSES = 30
_USUAL_PAUSE = 5.0
_LONGEST_PAUSE = 120.0


class RequestSender:
    """One batch request with all that it takes: its retries, its pauses, and files that are lost on the way.

    `lost` tells, by position in the request, why a file was sent empty in place of its content: the server refuses it
    then, and counts it, and the other files get through.
    """

    def __init__(
        self, transport: AsyncTransport, config: ClientConfig, parts: Sequence[FilePart], key: str | None = None
    ) -> None:
        self.lost: dict[int, str] = {}
        self._transport = transport
        self._config = config
        self._parts = list(parts)
        self._key = key or uuid.uuid4().hex
        self._was_sent = False

    def was_stored(self, error: ScopixError) -> bool:
        """Whether this refusal means that an attempt, whose answer was lost, was stored before a file changed."""
        return self._was_sent and error.details.get("http_status") == 409

    async def send(self, fields: Sequence[tuple[str, str]]) -> BatchUploadResponse:
        """Send it until the server answers. Raises what the server says, and what the road does."""
        pauses = 0
        while True:
            body = FormBody(fields, self._parts, field="files")
            try:
                return await self._send_body(body)
            except PartError as error:
                self._do_without(error, body)
            except RateLimitError as error:
                pauses += 1
                pause = _USUAL_PAUSE if error.retry_after is None else error.retry_after
                if pauses > _MOST_PAUSES or pause > _LONGEST_PAUSE:
                    raise
                await async_sleep(pause)

    async def _send_body(self, body: FormBody) -> BatchUploadResponse:
        call = Call(
            method="POST",
            url=f"{self._config.url}/files/upload/batch",
            endpoint="POST /files/upload/batch",
            body=body,
            idempotency_key=self._key,
        )
        return parse_answer(BatchUploadResponse, await self._transport.send(call))

    def _do_without(self, error: PartError, body: FormBody) -> None:
        self.lost[error.position] = error.message
        self._parts[error.position] = emptied(self._parts[error.position])
        self._was_sent = self._was_sent or body.was_sent
        if not self._was_sent:
            # No attempt arrived whole, so none was acted upon; its key may stand for a body that was cut off.
            self._key = uuid.uuid4().hex
        # Else the old key stays: should that attempt have been stored, the server refuses this one as a conflict.


class BatchRun:
    """One call of `upload_batch`: `send`, then `finish`."""

    def __init__(
        self,
        transport: AsyncTransport,
        config: ClientConfig,
        fields: UploadFields,
        entries: Sequence[Entry],
        quota: QuotaInfo,
    ) -> None:
        self._transport = transport
        self._config = config
        self._pairs = fields.to_pairs()
        self._entries = entries
        self._most_files = max(1, quota.max_batch_size)
        self._at_once = max(1, min(_MOST_AT_ONCE, quota.max_concurrent_uploads or _MOST_AT_ONCE))
        self._sessions: list[Session] = []
        self._unfit: dict[int, UploadResult] = {}

    async def send(self) -> None:
        """Send every file.

        Raises the server's error when it took nothing; later on `QuotaExceededError` or `UploadError`, both with
        `partial_results`.
        """
        for chunk in cut(list(enumerate(self._entries)), SESSION_FILES):
            await self._send_chunk(chunk)

    async def finish(self, *, wait: bool, timeout: float | None) -> BatchUploadResults:
        """The results in the order of the input; with `wait`, when no description is pending any more.

        Waiting takes at most `timeout` seconds; when it is None, the configured time may pass without progress.
        Raises `ScopixTimeoutError` with the results so far as `last_result`, and `UploadError`.
        """
        try:
            if wait:
                await self._wait(timeout)
            return await self._collect()
        except ScopixTimeoutError as error:
            so_far = await self._collect_what_can_be()
            raise ScopixTimeoutError(error.message, details=error.details, last_result=so_far) from error
        except ScopixError as error:
            raise await self._upload_error(error, "session_results", self._sessions[0].session_id) from error

    async def _send_chunk(self, chunk: Sequence[tuple[int, Entry]]) -> None:
        items, unfit = await run_blocking_async(lambda: check_entries(chunk))
        self._unfit |= unfit
        if not items:
            return
        session = Session(items)
        self._sessions.append(session)
        try:
            await self._send_session(session)
        except QuotaExceededError as error:
            error.partial_results = await self._collect_what_can_be()
            raise
        except ScopixError as error:
            if not any(begun.taken for begun in self._sessions):
                raise
            raise await self._upload_error(error, "chunk_upload", session.session_id) from error

    async def _send_session(self, session: Session) -> None:
        first, *others = plan_requests(session.items, self._most_files)
        # The first request opens the session that the others name.
        await self._send_indexes(session, first)

        async def send(indexes: range) -> None:
            await self._send_indexes(session, indexes)

        await for_each_async(send, others, limit=self._at_once)

    async def _send_indexes(self, session: Session, indexes: Sequence[int]) -> None:
        """Send these files of the session in one request, or in several when the server takes fewer at once."""
        sender = RequestSender(self._transport, self._config, [session.items[index].part for index in indexes])
        try:
            response = await sender.send(self._pairs + _place(session, indexes[0]))
        except ScopixError as error:
            if session.session_id is not None and sender.was_stored(error):
                session.taken.update(indexes)
                return
            allowed = files_allowed(error, len(indexes))
            if allowed is None or len(indexes) == 1:
                raise
            for fewer in cut(indexes, allowed):
                await self._send_indexes(session, fewer)
            return
        session.session_id = response.session_id
        session.taken.update(indexes)
        session.lost |= {indexes[position]: reason for position, reason in sender.lost.items()}

    async def _wait(self, timeout: float | None) -> None:
        limit = self._config.polling_timeout if timeout is None else timeout
        deadline = time.monotonic() + limit
        for session in self._sessions:
            await wait_until_ended(
                self._transport,
                self._config,
                str(session.session_id),
                timeout=limit if timeout is None else max(0.0, deadline - time.monotonic()),
                progress_counts=timeout is None,
            )

    async def _collect(self) -> BatchUploadResults:
        found = dict(self._unfit)
        for session in self._sessions:
            if session.session_id is not None:
                answers = await read_all_results(self._transport, self._config, session.session_id)
                found |= session.results(answers)
        return self._in_order(found)

    async def _collect_what_can_be(self) -> BatchUploadResults:
        try:
            return await self._collect()
        except ScopixError:
            # The server is gone: what is known without it is which files it took, and the sessions to ask for later.
            found = dict(self._unfit)
            for session in self._sessions:
                found |= session.unknown_results()
            return self._in_order(found)

    def _in_order(self, found: dict[int, UploadResult]) -> BatchUploadResults:
        ids = [session.session_id for session in self._sessions if session.session_id is not None]
        return BatchUploadResults((found[position] for position in sorted(found)), session_ids=ids)

    async def _upload_error(self, error: ScopixError, stage: str, session_id: str | None) -> UploadError:
        return UploadError(
            f"the batch broke off: {error.message}",
            details={**error.details, "stage": stage, "cause": error.code},
            session_id=session_id,
            partial_results=await self._collect_what_can_be(),
        )


def _place(session: Session, start: int) -> list[tuple[str, str]]:
    """The fields that tell where in the session a request's files belong."""
    if session.session_id is None:
        return [("expected_files", str(len(session.items))), ("start_index", str(start))]
    return [("session_id", session.session_id), ("start_index", str(start))]
