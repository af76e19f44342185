"""With `describe_once`, of files with the same bytes one is looked at, and the others take its description."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scopix import SyncScopix
from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.errors import DescribeError
from scopix_server.intake.options import UploadOptions
from tests.support import job_runner
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until, wait_until_described, wait_until_over

ONCE = {"describe_once": "true"}


class Looks:
    """Stands before the analyzer: counts what it is asked to look at, and can hold it up or let it fail."""

    def __init__(self) -> None:
        self.number, self.failures = 0, 0
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()
        self._analyzer: Any = None

    def over(self, analyzer: Any) -> "Looks":
        self._analyzer = analyzer
        return self

    def analyze(self, path: Path) -> Any:
        self.number += 1
        self.begun.set()
        assert self.may_go_on.wait(60)
        if self.failures:
            self.failures -= 1
            raise DescribeError("It cannot be read today.", DescriptionErrorType.VALIDATION_ERROR, retryable=False)
        return self._analyzer.analyze(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._analyzer, name)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    looks, build = Looks(), job_runner.analyzer_and_describer

    def build_over(*arguments: Any) -> Any:
        analyzer, describer = build(*arguments)
        return looks.over(analyzer), describer

    monkeypatch.setattr(job_runner, "analyzer_and_describer", build_over)
    return looks


@pytest.fixture
def server(looks: Looks, database: str, tmp_path: Path) -> Iterator[InProcessServer]:
    with serving(tmp_path, database=database) as running:
        yield running
        looks.may_go_on.set()


@pytest.fixture
def http(server: InProcessServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def send(http: httpx2.Client, name: str = "a.png", **fields: str) -> str:
    response = http.post("/files/upload", files={"file": (name, encoded(picture()))}, data=fields)
    assert response.status_code == 201, response.text
    return str(response.json()["image_id"])


def status(http: httpx2.Client, file_id: str) -> str:
    wait_until_described(http, file_id)
    return str(http.get(f"/files/{file_id}").json()["description_status"])


def version(http: httpx2.Client, file_id: str) -> dict:
    assert status(http, file_id) == "completed"
    found = http.get(f"/files/{file_id}/descriptions").json()["items"]
    return dict(next(one for one in found if one["is_current"]))


def hold(looks: Looks, http: httpx2.Client, **fields: str) -> str:
    """Upload a file, and return its id while it is being looked at."""
    looks.may_go_on.clear()
    lender = send(http, **fields)
    assert looks.begun.wait(60)
    return lender


def test_the_same_bytes_are_looked_at_once(looks: Looks, http: httpx2.Client) -> None:
    lender = send(http)
    theirs = version(http, lender)
    borrower = send(http, "b.png", **ONCE)
    lent = version(http, borrower)

    assert looks.number == 1
    assert (theirs["lent_from"], lent["lent_from"]) == (None, lender)
    same = ("description", "tags", "visible_text", "category_data", "engine", "model", "content_category", "language")
    assert [lent[name] for name in same] == [theirs[name] for name in same]
    assert lent["id"] != theirs["id"]
    mine, other = (http.get(f"/files/{one}").json() for one in (borrower, lender))
    assert mine["variant_count"] == other["variant_count"] > 1
    assert mine["text_regions"] == other["text_regions"] != []
    assert mine["dimensions"] == other["dimensions"]
    found = http.get("/files", params={"search": lent["visible_text"].split()[1]}).json()
    assert {file["id"] for file in found["items"]} == {lender, borrower}
    alike = http.get(f"/files/{borrower}/similar").json()["items"]
    assert lender in str(alike)


def test_twenty_of_a_batch_wait_for_the_first(looks: Looks, server: InProcessServer, http: httpx2.Client) -> None:
    data = encoded(picture())
    forms = [("files", (f"{number}.png", data)) for number in range(20)]
    session = http.post("/files/upload/batch", files=forms, data=ONCE).json()["session_id"]
    counts = wait_until_over(http, session)
    assert counts["status"] == "completed", counts
    assert looks.number == 1
    assert server.setup.rows("SELECT count(*), count(lent_from), count(DISTINCT lent_from) FROM descriptions") == [
        (20, 19, 1)
    ]
    wait_until(lambda: server.setup.rows("SELECT DISTINCT variant_status FROM files") == [("completed",)])


def test_a_file_that_comes_while_the_lender_is_under_way_waits(looks: Looks, http: httpx2.Client) -> None:
    lender = hold(looks, http)
    borrower = send(http, **ONCE)
    assert http.get(f"/files/{borrower}").json()["description_status"] == "queued"
    assert http.post(f"/files/{borrower}/describe").status_code == 409
    looks.may_go_on.set()
    assert version(http, borrower)["lent_from"] == lender
    assert looks.number == 1


def test_it_is_described_itself_when_its_lender_fails(looks: Looks, http: httpx2.Client) -> None:
    looks.failures = 1
    lender = hold(looks, http)
    borrower = send(http, **ONCE)
    looks.may_go_on.set()
    assert version(http, borrower)["lent_from"] is None
    assert status(http, lender) == "failed"
    assert looks.number == 2


def test_when_its_lender_is_deleted_one_is_described_for_the_others(looks: Looks, http: httpx2.Client) -> None:
    lender = hold(looks, http)
    borrowers = [send(http, f"{number}.png", **ONCE) for number in range(3)]
    assert http.delete(f"/files/{lender}").status_code == 200
    looks.may_go_on.set()
    lent = [version(http, borrower)["lent_from"] for borrower in borrowers]
    assert lent == [None, borrowers[0], borrowers[0]]
    assert looks.number == 2


def test_a_copy_stays_when_its_lender_is_deleted(looks: Looks, http: httpx2.Client) -> None:
    lender = send(http)
    version(http, lender)
    borrower = send(http, **ONCE)
    lent = version(http, borrower)
    assert http.delete(f"/files/{lender}").status_code == 200
    assert version(http, borrower) == lent
    # It can lend in its turn; what is told is the file that was looked at.
    assert version(http, send(http, **ONCE))["lent_from"] == lender
    assert looks.number == 1


def test_a_copy_described_again_has_an_answer_of_its_own(looks: Looks, http: httpx2.Client) -> None:
    version(http, send(http))
    borrower = send(http, **ONCE)
    version(http, borrower)
    assert http.post(f"/files/{borrower}/describe").status_code == 202
    own = version(http, borrower)
    assert (own["version"], own["lent_from"]) == (2, None)


def test_what_a_person_wrote_is_not_lent(looks: Looks, http: httpx2.Client) -> None:
    lender = send(http)
    theirs = version(http, lender)
    assert http.patch(f"/files/{lender}", json={"description": "My own words."}).status_code == 200
    lent = version(http, send(http, **ONCE))
    assert (lent["description"], lent["lent_from"]) == (theirs["description"], lender)


@pytest.mark.parametrize(
    ("first", "second"),
    [({"content_category": "artwork"}, {}), ({"auto_describe": "false"}, {}), ({}, {"describe_once": ""})],
)
def test_others_do_not_lend(looks: Looks, http: httpx2.Client, first: dict, second: dict) -> None:
    wait_until_described(http, send(http, **first))
    looks.number = 0
    assert version(http, send(http, **(ONCE | second)))["lent_from"] is None
    assert looks.number == 1


def test_another_tenants_file_does_not_lend(looks: Looks, server: InProcessServer, http: httpx2.Client) -> None:
    version(http, send(http))
    key = server.new_tenant("others")
    with server.client(headers={"Authorization": f"Bearer {key}"}) as other:
        assert version(other, send(other, **ONCE))["lent_from"] is None
    assert looks.number == 2


def test_a_cancelled_borrower_stays_cancelled(looks: Looks, server: InProcessServer, http: httpx2.Client) -> None:
    hold(looks, http)
    form = {"files": ("b.png", encoded(picture()))}
    session = http.post("/files/upload/batch", files=form, data=ONCE).json()["session_id"]
    assert http.post(f"/files/upload/sessions/{session}/cancel").status_code == 200
    looks.may_go_on.set()
    wait_until(lambda: server.setup.rows("SELECT DISTINCT variant_status FROM files") == [("completed",)])
    query = "SELECT description_status FROM files ORDER BY description_status"
    wait_until(lambda: server.setup.rows(query) == [("completed",), ("skipped",)])
    assert looks.number == 1


def test_the_same_request_again_changes_nothing(looks: Looks, http: httpx2.Client) -> None:
    version(http, send(http))
    form: Callable[[], dict] = lambda: {"file": ("b.png", encoded(picture()))}  # noqa: E731
    answers = [
        http.post("/files/upload", files=form(), data=ONCE, headers={"Idempotency-Key": "k"}).json() for _ in range(2)
    ]
    assert answers[0]["image_id"] == answers[1]["image_id"]
    refused = http.post("/files/upload", files=form(), headers={"Idempotency-Key": "k"})
    assert refused.status_code == 409
    version(http, answers[0]["image_id"])
    assert looks.number == 1


def test_a_borrower_outlives_a_restart(looks: Looks, database: str, tmp_path: Path) -> None:
    server = InProcessServer(tmp_path, database=database, worker=False).start()
    with server.client() as http:
        lender, borrower = send(http), send(http, **ONCE)
    server.stop()
    server._with_worker = True
    server.start()
    try:
        with server.client() as http:
            assert version(http, borrower)["lent_from"] == lender
    finally:
        server.stop()
    assert looks.number == 1


def test_a_direct_upload_borrows_too(looks: Looks, http: httpx2.Client) -> None:
    lender, content = send(http), encoded(picture())
    version(http, lender)
    body = {"filename": "b.png", "size_bytes": len(content), "describe_once": True}
    upload = http.post("/files/direct-uploads", json=body).json()
    assert httpx2.put(upload["upload_url"], content=content).status_code == 200
    done = http.post(f"/files/direct-uploads/{upload['id']}/complete")
    assert done.status_code == 201, done.text
    assert version(http, upload["image_id"])["lent_from"] == lender
    assert looks.number == 1


def test_requests_of_earlier_releases_keep_their_fingerprints() -> None:
    assert "describe_once" not in UploadOptions().plain()
    assert UploadOptions.from_plain(UploadOptions(describe_once=True).plain()).describe_once


@pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
def test_by_the_sdk(looks: Looks, server: InProcessServer) -> None:
    data = encoded(picture())
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        first = client.files.upload(data, filename="a.png")
        second = client.files.upload(data, filename="b.png", describe_once=True)
        results = client.files.upload_batch([data, data], filenames=["c.png", "d.png"], describe_once=True)
        assert first.image_id and second.image_id
        current = client.files.get(second.image_id).full_descriptions[0]
    assert second.description == first.description
    assert [result.description for result in results] == [first.description] * 2
    assert current.lent_from == first.image_id
    assert looks.number == 1
