"""Clients that do not give up, the faults they meet, and what must be on the server in the end."""

import hashlib
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2

from tests.support.images import encoded, picture
from tests.support.relay import Fault, Relay, random_faults
from tests.support.waiting import wait_until

__all__ = [
    "FILES",
    "KINDS",
    "SEED",
    "check_files",
    "details",
    "file_of",
    "let_fail",
    "persist",
    "upload",
    "wait_until_ended",
]

FILES = int(os.environ.get("FAULTS_FILES", "8"))
SEED = int(os.environ.get("FAULTS_SEED", str(random.SystemRandom().randrange(10**6))))
TRIES = 100

KINDS: dict[str, Callable[[random.Random], Fault]] = {
    "delay": lambda chance: Fault(delay=chance.uniform(0, 0.1)),
    "refuse": lambda chance: Fault(refuse=True),
    "cut request": lambda chance: Fault(cut_request=chance.randrange(3000)),
    "cut response": lambda chance: Fault(cut_response=chance.randrange(400)),
    "twice": lambda chance: Fault(twice=True),
}


def let_fail(relay: Relay, share: float, *kinds: str) -> None:
    """Let that share of what passes fail, and the first of each kind for certain."""
    print(f"FAULTS_SEED={SEED} FAULTS_FILES={FILES}")
    chosen = [KINDS[kind] for kind in kinds or KINDS]
    relay.then(*(kind(random.Random(SEED)) for kind in chosen))
    relay.choose = random_faults(SEED, share, *chosen)


def file_of(number: int) -> tuple[str, bytes]:
    """Name and bytes of a picture like no other."""
    return f"{number:04}.png", encoded(picture(48, 48, seed=number + 1))


def persist(http: httpx2.Client, method: str, path: str, **sent: Any) -> httpx2.Response:
    """Send it until the response is something else than "later" (503, 429) or silence.

    Raises:
        AssertionError: that never came, or it is a fault of the server (500).
    """
    response = None
    for _ in range(TRIES):
        try:
            response = http.request(method, path, **sent)
        except httpx2.HTTPError:
            time.sleep(0.05)
            continue
        if response.status_code not in {429, 503}:
            assert response.status_code < 500, response.text
            return response
        time.sleep(0.1)
    raise AssertionError(f"{method} {path} was tried {TRIES} times: {response and response.text}")


def upload(http: httpx2.Client, number: int, *, described: bool) -> str:
    """Upload a picture under its key until that is acknowledged; return its id."""
    response = persist(
        http,
        "POST",
        "/files/upload",
        files={"file": file_of(number)},
        data={"auto_describe": str(described).lower()},
        headers={"Idempotency-Key": f"fault-{SEED}-{number}"},
    )
    assert response.status_code == 201, response.text
    return str(response.json()["image_id"])


def wait_until_ended(http: httpx2.Client) -> None:
    """Return once no description is to come."""
    waiting = {"description_statuses": ["pending", "queued", "processing"], "limit": 1}
    wait_until(lambda: persist(http, "GET", "/files", params=waiting).json()["total_count"] == 0)


def details(http: httpx2.Client) -> list[dict[str, Any]]:
    """All that is known about each file; there may be a hundred."""
    page = http.get("/files", params={"include": "details", "limit": 100}).json()
    assert not page["has_more"]
    return list(page["items"])


def check_files(http: httpx2.Client, ids: dict[int, str], *, state: str) -> None:
    """Every file is there once with its bytes, has come to that state, and was described once if at all."""
    assert len(set(ids.values())) == len(ids), "two uploads were given the same file"
    found = {item["id"]: item for item in details(http)}
    assert found.keys() == set(ids.values())
    errors = {item["description_error"] for item in found.values()}
    assert Counter(item["description_status"] for item in found.values()) == {state: len(ids)}, errors
    for number, file_id in ids.items():
        name, data = file_of(number)
        assert (found[file_id]["original_filename"], found[file_id]["hash"]) == (name, hashlib.sha256(data).hexdigest())
        assert len(found[file_id]["full_descriptions"]) == (1 if state == "completed" else 0)
        assert http.get(f"/files/{file_id}/download", follow_redirects=True).content == data
