"""Upload sessions: asking for one, reading its results, waiting for its end."""

import time
from collections.abc import Callable
from typing import Any

from scopix._async.transport import AsyncTransport
from scopix._concurrency import async_sleep, run_callback_async
from scopix._config import ClientConfig
from scopix._errors import ScopixTimeoutError
from scopix._request import Request, parse_response, query_pairs, session_path
from scopix.types.sessions import QuotaInfo, SessionResult, UploadSessionResults, UploadSessionStatus

__all__ = ["ask_for_quota", "ask_for_results", "ask_for_status", "read_all_results", "wait_until_ended"]

_MAX_LONG_POLL = 25
_PAGE = 500


async def ask_for_status(
    transport: AsyncTransport, config: ClientConfig, session_id: str, *, wait: int = 0
) -> UploadSessionStatus:
    """Ask where a session is. The server may hold its answer back for `wait` seconds, until the session ends."""
    request = Request(
        method="GET",
        url=config.url + session_path(session_id),
        endpoint="GET /files/upload/sessions/{id}",
        params=[("wait", str(wait))] if wait else [],
        extra_seconds=wait,
    )
    return parse_response(UploadSessionStatus, await transport.send(request))


async def ask_for_quota(transport: AsyncTransport, config: ClientConfig, file_count: int) -> QuotaInfo:
    """Ask whether so many files may be uploaded now, and in which portions."""
    request = Request(
        method="GET",
        url=f"{config.url}/files/quota-check",
        endpoint="GET /files/quota-check",
        params=query_pairs({"file_count": file_count}),
    )
    return parse_response(QuotaInfo, await transport.send(request))


async def ask_for_results(
    transport: AsyncTransport, config: ClientConfig, session_id: str, **page: Any
) -> UploadSessionResults:
    """Ask for one page of a session's results."""
    request = Request(
        method="GET",
        url=config.url + session_path(session_id, "/results"),
        endpoint="GET /files/upload/sessions/{id}/results",
        params=query_pairs(page),
    )
    return parse_response(UploadSessionResults, await transport.send(request))


async def read_all_results(transport: AsyncTransport, config: ClientConfig, session_id: str) -> list[SessionResult]:
    """All results of a session, page by page."""
    results: list[SessionResult] = []
    while True:
        page = await ask_for_results(transport, config, session_id, offset=len(results), limit=_PAGE)
        results += page.results
        if not page.has_more or not page.results:
            return results


async def wait_until_ended(
    transport: AsyncTransport,
    config: ClientConfig,
    session_id: str,
    *,
    timeout: float,
    poll_interval: float | None = None,
    on_progress: Callable[[UploadSessionStatus], Any] | None = None,
    progress_counts: bool = False,
    enough: int | None = None,
) -> UploadSessionStatus:
    """Wait until the session is completed, failed, expired or cancelled, or until `enough` of its files are done.

    Raises `ScopixTimeoutError`, with `last_result`, after `timeout` seconds; with `progress_counts`, after so many
    seconds in which no file came to its end.
    """
    interval = config.polling_interval if poll_interval is None else poll_interval
    # Someone who watches wants to hear more often than when it is over, and the first time at once.
    maximum = _MAX_LONG_POLL if on_progress is None else min(_MAX_LONG_POLL, int(interval))
    deadline = time.monotonic() + timeout
    hold = _whole_seconds(deadline, maximum) if on_progress is None else 0
    is_first, ended = True, 0
    while True:
        requested_at = time.monotonic()
        status = await ask_for_status(transport, config, session_id, wait=hold)
        await run_callback_async(on_progress, status)
        if status.is_terminal or (enough is not None and _ended(status) >= enough):
            return status
        now = time.monotonic()
        if progress_counts and _ended(status) > ended:
            ended, deadline = _ended(status), now + timeout
        if now >= deadline:
            raise _out_of_time(status, timeout, progress_counts)
        # An early answer means that the server does not hold answers back, so asking at once would be hammering.
        if now - requested_at < hold or (hold == 0 and not is_first):
            await async_sleep(min(interval, deadline - now))
        is_first, hold = False, _whole_seconds(deadline, maximum)


def _whole_seconds(deadline: float, maximum: int) -> int:
    # Below one second there is nothing worth holding an answer back for.
    return max(0, min(maximum, int(deadline - time.monotonic())))


def _ended(status: UploadSessionStatus) -> int:
    return status.completed_files + status.failed_files + status.skipped_files


def _out_of_time(status: UploadSessionStatus, limit: float, progress_counts: bool) -> ScopixTimeoutError:
    problem = f"made no progress for {limit:g} s" if progress_counts else f"was not over after {limit:g} s"
    return ScopixTimeoutError(
        f"the upload session {status.session_id} {problem}: {_ended(status)} of {status.total_files} files are done; "
        "the files are stored, ask again with wait_for_session",
        details={"session_id": status.session_id, "status": status.status},
        last_result=status,
    )
