"""Waiting for what the server does in its own time: however busy the machine is, not longer than this."""

import time
from collections.abc import Callable

import httpx2

MAX_SECONDS = 180


def wait_until_described(http: httpx2.Client, file_id: str) -> dict:
    """Return a file's status once its description has ended."""
    return _wait(http, f"/files/{file_id}/processing-status", lambda status: status["is_terminal"])


def wait_until_over(http: httpx2.Client, session_id: str) -> dict:
    """Return a session's status once it has ended."""
    path = f"/files/upload/sessions/{session_id}"
    return _wait(http, path, lambda status: status["status"] not in {"pending", "uploading", "processing"})


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + MAX_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"it was not so within {MAX_SECONDS} seconds"
        time.sleep(0.1)


def _wait(http: httpx2.Client, path: str, over) -> dict:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + MAX_SECONDS
    while time.monotonic() < deadline:
        status = http.get(f"{path}?wait=20").json()
        if over(status):
            return status
        time.sleep(0.1)
    raise AssertionError(f"{path} did not end within {MAX_SECONDS} seconds: {status}")
