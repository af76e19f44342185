"""Uploading many files: in sessions of 1,000, by a journal, so that a run that was killed goes on where it was."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scopix._async.sending import RequestSender
from scopix._async.sessions import ask_for_quota, read_all_results, wait_until_ended
from scopix._async.tenant import AsyncTenant
from scopix._async.transport import AsyncTransport
from scopix._batch import cut, files_allowed, result_of_record
from scopix._batch_plan import BatchPlan
from scopix._concurrency import for_each_async, run_blocking_async
from scopix._config import ClientConfig
from scopix._errors import (
    QuotaExceededError,
    ResourceNotFoundError,
    ScopixError,
    ScopixTimeoutError,
    UploadError,
)
from scopix._expand import Expanded
from scopix._journal import Journal, Planned, Request
from scopix._request import query_pairs
from scopix._results import rejected_result, result_from_session
from scopix._upload import UploadFields
from scopix.types.results import BatchFile, BatchFileState, BatchUploadResults, UploadResult
from scopix.types.sessions import SessionResult

__all__ = ["AsyncBatchUpload"]

MAX_REQUESTS_AT_ONCE = 4
# What the server would not take by an earlier run's plan gets a new plan; that plan may meet a full session once more.
MAX_PLANS = 3


class AsyncBatchUpload:
    """One upload of many files, with the state of each at any time. Made by `client.files.batch_upload`.

    Use it in a `with` block, which opens the journal and closes it: `send`, `wait` and `collect`, or `run` for all.
    Counts and states can be read while it goes.
    """

    def __init__(
        self,
        transport: AsyncTransport,
        config: ClientConfig,
        fields: UploadFields,
        given: Expanded,
        journal: Path | None,
    ) -> None:
        self._transport = transport
        self._config = config
        self._fields = fields
        self._entries = entries = given.entries
        self._order, self._skipped = given.order, given.skipped
        self._journal = Journal(journal, config.url)
        self._lasts = journal is not None
        # Whether content is stored twice is about what is sent now, not about what is there.
        lasting = {name: value for name, value in fields.to_pairs() if name != "skip_duplicates"}
        self._plan = BatchPlan(entries, self._journal, lasting, hashed=self._lasts)
        self._found: dict[int, UploadResult] = {}
        self._duplicates: set[int] = set()
        self._begun: set[str] = set()
        self._ended: dict[int, int] = {}

    def __enter__(self) -> Self:
        self._journal.__enter__()
        self._plan.find_places()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.__exit__(kind, error, trace)

    @property
    def total(self) -> int:
        """How many files there are."""
        return len(self._entries)

    @property
    def sent(self) -> int:
        """How many of them the server has answered for, in this run or an earlier one."""
        return sum(request.answered for _, request, _ in self._plan.places.values())

    @property
    def sent_with_other_fields(self) -> dict[str, int]:
        """How many files an earlier run sent with another value of a field, such as `{"tags": 12}`.

        They keep what they were sent with.
        """
        return self._plan.sent_with_other_fields()

    @property
    def ended(self) -> int:
        """How many are described, or will not be; it grows while `wait` is given `on_progress`."""
        return min(self.total, sum(self._ended.values()) + len(self._plan.unfit))

    @property
    def files(self) -> list[BatchFile]:
        """Every file in the order given, each in exactly one state."""
        return [self._file(position) for position in range(self.total)]

    async def run(self, *, wait: bool = True, timeout: float | None = None) -> BatchUploadResults:
        """Send, wait and collect. Raises as those do; what was done before is in the error's `partial_results`."""
        try:
            await self.send(within_quota=True)
        except QuotaExceededError as error:
            error.partial_results = await self._collect_what_can_be()
            raise
        except ScopixError as error:
            session_id = next((planned.session_id for planned in self._live_sessions()), None)
            if session_id is None:
                raise
            raise await self._upload_error(error, "chunk_upload", session_id) from error
        try:
            if wait:
                await self.wait(timeout=timeout)
            return await self.collect()
        except ScopixTimeoutError as error:
            so_far = await self._collect_what_can_be()
            raise ScopixTimeoutError(error.message, details=error.details, last_result=so_far) from error
        except ScopixError as error:
            session_id = self._live_sessions()[0].session_id
            raise await self._upload_error(error, "session_results", session_id) from error

    async def begin(self) -> None:
        """Ask whose files these are, so that what a journal holds of others does not count. `send` does it by itself.

        Raises the server's errors; a server that does not tell counts as the one that the journal knows.
        """
        if not self._lasts or self._journal.tenant is not None:
            return
        try:
            self._journal.tenant = (await AsyncTenant(self._transport, self._config).limits()).tenant_id
        except ResourceNotFoundError:
            return
        self._plan.find_places()

    async def send(self, *, within_quota: bool = False) -> None:
        """Send every file that the server has not answered for.

        With `within_quota` it raises `QuotaExceededError` before anything is sent when the quota does not allow all of
        them. Raises the server's errors.
        """
        await self.begin()
        await run_blocking_async(self._plan.give_up_stale)
        if all(place[1].answered for place in self._plan.places.values()) and not self._plan.unplaced():
            return
        waiting = self.total - self.sent
        quota = await ask_for_quota(self._transport, self._config, max(1, waiting))
        if within_quota and not quota.can_proceed and self._fields.auto_describe:
            raise QuotaExceededError(
                quota.message or f"the quota does not allow {waiting} more files",
                details={"available": quota.available, "limit": quota.monthly_limit, "stage": "quota"},
            )
        max_files = max(1, quota.max_batch_size)
        at_once = max(1, min(MAX_REQUESTS_AT_ONCE, quota.max_concurrent_uploads or MAX_REQUESTS_AT_ONCE))
        for _ in range(MAX_PLANS):
            for planned in list(self._journal.sessions):
                await self._send_session(planned, at_once)
            for chunk, careful in self._plan.chunks():
                session = await run_blocking_async(partial(self._plan.add, chunk, max_files, careful))
                if session is not None:
                    await self._send_session(session, at_once)
            if not self._plan.unplaced():
                return

    async def wait(
        self, *, timeout: float | None = None, on_progress: Callable[["AsyncBatchUpload"], Any] | None = None
    ) -> None:
        """Wait until no description is pending any more, for at most `timeout` seconds.

        When it is None, waiting goes on until nothing happens for the client's `polling_timeout`. `on_progress` is
        called after each look, with this upload. Raises `ScopixTimeoutError` and the server's errors.
        """
        limit = self._config.polling_timeout if timeout is None else timeout
        deadline = time.monotonic() + limit
        for planned in self._live_sessions():

            def note(status: Any, number: int = planned.number) -> None:
                self._ended[number] = status.completed_files + status.failed_files + status.skipped_files
                if on_progress is not None:
                    on_progress(self)

            status = await wait_until_ended(
                self._transport,
                self._config,
                str(planned.session_id),
                timeout=limit if timeout is None else max(0.0, deadline - time.monotonic()),
                on_progress=note if on_progress is not None else None,
                progress_counts=timeout is None,
                enough=_is_all_there_will_be(planned),
            )
            note(status)

    async def collect(self) -> BatchUploadResults:
        """Ask what became of the files that were sent, and give the results in the order of the input."""
        for planned in self._live_sessions():
            known = await self._results_of(planned)
            for request in planned.requests:
                for index in range(request.start, request.stop) if request.answered else ():
                    if self._plan.places.get(planned.files[index], (None,))[0] is planned:
                        self._settle(planned, index, known)
        return self._results()

    # Sending ----------------------------------------------------------------------------------------------------------

    async def _send_session(self, planned: Planned, at_once: int) -> None:
        waiting = [request for request in planned.requests if not request.answered]
        if waiting and planned.session_id is None:
            # The first request opens the session that the others name.
            await self._send_request(planned, waiting.pop(0))

        async def send(request: Request) -> None:
            await self._send_request(planned, request)

        await for_each_async(send, waiting, limit=at_once)

    async def _send_request(self, planned: Planned, request: Request) -> None:
        if request not in planned.requests:
            return  # dropped with the session that the server closed
        self._begun.add(request.key)
        stamps = planned.files[request.start : request.stop]
        parts, unfit = await run_blocking_async(lambda: self._plan.parts_of(stamps))
        sender = RequestSender(self._transport, self._config, parts, request.key)
        try:
            response = await sender.send(self._pairs(planned) + _place(planned, request.start))
        except ScopixError as error:
            if planned.session_id is not None and sender.was_stored(error):
                self._journal.answered(planned, request, planned.session_id, {})
                return
            await self._send_otherwise(planned, request, error)
            return
        # Why a file was sent empty says more than that the server refused an empty one.
        refused = {one.index: one.reason for one in response.rejections or ()} | unfit | sender.lost
        by_index = {request.start + position: reason for position, reason in refused.items()}
        self._journal.answered(planned, request, response.session_id, by_index)

    async def _send_otherwise(self, planned: Planned, request: Request, error: ScopixError) -> None:
        """Split a request that was too large; give up one of an earlier run that no longer fits what the server has."""
        count = request.stop - request.start
        allowed = files_allowed(error, count)
        if allowed is not None and count > 1:
            ranges = [range(one[0], one[-1] + 1) for one in cut(range(request.start, request.stop), allowed)]
            smaller = self._journal.replan(planned, request, ranges)
            self._plan.find_places_in(planned)
            for one in smaller:
                await self._send_request(planned, one)
        elif error.status_code in (404, 409) and planned.number not in self._plan.own:
            # The session is closed, or the same key once stood for other options.
            self._journal.drop(planned, [one for one in planned.requests if not one.answered])
            self._plan.find_places()
        else:
            raise error

    def _pairs(self, planned: Planned) -> list[tuple[str, str]]:
        pairs = self._fields.to_pairs()
        return [(name, "true" if name == "skip_duplicates" and planned.careful else value) for name, value in pairs]

    # Results ----------------------------------------------------------------------------------------------------------

    def _live_sessions(self) -> list[Planned]:
        live = {planned.number for planned, request, _ in self._plan.places.values() if request.answered}
        return [planned for planned in self._journal.sessions if planned.number in live]

    async def _results_of(self, planned: Planned) -> dict[int, SessionResult] | None:
        try:
            results = await read_all_results(self._transport, self._config, str(planned.session_id))
        except ResourceNotFoundError:
            if planned.number in self._plan.own:
                raise
            return None  # forgotten after a while; the journal remembers
        return {result.index: result for result in results}

    def _settle(self, planned: Planned, index: int, known: dict[int, SessionResult] | None) -> None:
        stamp, refused = planned.files[index], planned.refused.get(index)
        position = self._plan.positions[stamp]
        filename = self._entries[position].filename
        response = None if known is None else known.get(index)
        if response is not None:
            result = result_from_session(response, filename=filename)
            if refused is not None and not result.image_id:
                result = replace(result, description_error=refused)
        elif refused is not None:
            result = rejected_result(filename, refused)
        elif known is not None:
            result = rejected_result(filename, "the server's session does not know this file", retryable=True)
        else:
            result = result_of_record(self._journal.ended.get(stamp[0], {}), filename)
        self._found[position] = result
        if response is not None and response.skipped_existing_image_id is not None:
            self._duplicates.add(position)
        if response is not None or refused is not None:
            file = self._file(position)
            self._journal.end(stamp[0], file.summary, result.image_id or None, file.reason)

    def _results(self) -> BatchUploadResults:
        found = self._found | self._plan.unfit
        ids = [planned.session_id for planned in self._live_sessions() if planned.session_id is not None]
        results = (replace(found[place], path=path) for place, path in self._order if place in found)
        return BatchUploadResults(results, session_ids=ids, skipped_paths=self._skipped)

    async def _collect_what_can_be(self) -> BatchUploadResults:
        try:
            return await self.collect()
        except ScopixError:
            # The server is gone: what is known without it is which files it took, and the sessions to ask for later.
            for position, stamp in enumerate(self._plan.stamps):
                place = self._plan.places.get(stamp)
                if place is not None and place[1].answered and position not in self._found:
                    planned, _, index = place
                    name, refused = self._entries[position].filename, planned.refused.get(index)
                    result = UploadResult("", name) if refused is None else rejected_result(name, refused)
                    self._found[position] = result
            return self._results()

    def _file(self, position: int) -> BatchFile:
        entry, stamp = self._entries[position], self._plan.stamps[position]
        result = self._plan.unfit.get(position) or self._found.get(position)
        result = None if result is None else replace(result, path=entry.path)
        place = self._plan.places.get(stamp)
        if result is not None and result.is_failed and not result.image_id:
            return BatchFile(entry.shown, BatchFileState.REFUSED, result)
        if place is not None and place[1].answered:
            return BatchFile(entry.shown, BatchFileState.STORED, result, is_duplicate=position in self._duplicates)
        is_begun = place is not None and place[1].key in self._begun
        return BatchFile(entry.shown, BatchFileState.UNCERTAIN if is_begun else BatchFileState.NOT_SENT)

    async def _upload_error(self, error: ScopixError, stage: str, session_id: str | None) -> UploadError:
        return UploadError(
            f"the batch broke off: {error.message}",
            details={**error.details, "stage": stage, "cause": error.code},
            session_id=session_id,
            partial_results=await self._collect_what_can_be(),
        )


def _is_all_there_will_be(planned: Planned) -> int | None:
    """How many files a session holds that was given up in part: it never ends by itself. None for one that does."""
    answered = sum(request.stop - request.start for request in planned.requests if request.answered)
    return answered if answered < len(planned.files) else None


def _place(planned: Planned, start: int) -> list[tuple[str, str]]:
    """The fields that tell where in the session a request's files belong."""
    place: dict[str, Any] = {"session_id": planned.session_id, "start_index": start}
    if planned.session_id is None:
        place["expected_files"] = len(planned.files)
    return query_pairs(place)
