"""Waiting for a description."""

import dataclasses
import time

from scopix._async.transport import AsyncTransport
from scopix._concurrency import async_sleep
from scopix._config import ClientConfig
from scopix._errors import ScopixTimeoutError
from scopix._request import Request, file_path, parse_response
from scopix._results import result_from_details
from scopix.types.files import FileDetails, ProcessingStatus
from scopix.types.results import UploadResult
from scopix.types.vocabulary import DescriptionStatus

__all__ = ["fetch_details", "fetch_status", "wait_until_described"]

_MAX_LONG_POLL = 25


async def fetch_details(transport: AsyncTransport, config: ClientConfig, file_id: str) -> FileDetails:
    """Ask for one file."""
    request = Request(method="GET", url=config.url + file_path(file_id), endpoint="GET /files/{id}")
    return parse_response(FileDetails, await transport.send(request))


async def fetch_status(
    transport: AsyncTransport, config: ClientConfig, file_id: str, *, wait: int = 0
) -> ProcessingStatus:
    """Ask where a file is. The server may hold its answer back for `wait` seconds until there is news."""
    request = Request(
        method="GET",
        url=config.url + file_path(file_id, "/processing-status"),
        endpoint="GET /files/{id}/processing-status",
        params=[("wait", str(wait))] if wait else [],
        extra_seconds=wait,
    )
    return parse_response(ProcessingStatus, await transport.send(request))


async def wait_until_described(
    transport: AsyncTransport,
    config: ClientConfig,
    latest: UploadResult,
    *,
    timeout: float | None = None,
    poll_interval: float | None = None,
) -> UploadResult:
    """Wait until the description is completed, failed or skipped, and give back the result with everything in it.

    Raises `ScopixTimeoutError`, with `last_result`, after `timeout` seconds.
    """
    limit = config.polling_timeout if timeout is None else timeout
    interval = config.polling_interval if poll_interval is None else poll_interval
    deadline = time.monotonic() + limit
    while True:
        requested_at = time.monotonic()
        # Whole seconds: below one there is nothing worth holding an answer back for.
        hold = max(0, min(_MAX_LONG_POLL, int(deadline - requested_at)))
        status = await fetch_status(transport, config, latest.image_id, wait=hold)
        if status.description_is_terminal:
            return result_from_details(await fetch_details(transport, config, latest.image_id))
        latest = _with_status(latest, status)
        now = time.monotonic()
        if now >= deadline:
            raise _out_of_time(latest, limit)
        # An early answer means that the server does not hold answers back, so asking at once would be hammering.
        if now - requested_at < hold or hold == 0:
            await async_sleep(min(interval, deadline - now))


def _with_status(latest: UploadResult, status: ProcessingStatus) -> UploadResult:
    reached = status.component_statuses.description_status
    if not isinstance(reached, DescriptionStatus):
        return latest
    return dataclasses.replace(latest, description_status=reached)


def _out_of_time(latest: UploadResult, limit: float) -> ScopixTimeoutError:
    return ScopixTimeoutError(
        f"the description of {latest.filename or latest.image_id} was not ready after {limit:g} s "
        f"({latest.description_status.value}); the file is stored, ask again with wait_for_description",
        details={"image_id": latest.image_id, "description_status": latest.description_status.value},
        last_result=latest,
    )
