"""One request with a picture, answered with all that was seen on it: as a form, in base64, by its address."""

import base64
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scopix import InsecureTransportWarning, Scopix, SyncScopix, ValidationError
from tests.integration.api.conftest import EXAMPLES, ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

pytestmark = pytest.mark.filterwarnings(f"ignore::{InsecureTransportWarning.__module__}.InsecureTransportWarning")
PNG = encoded(picture(seed=411))
PATIENT = {"timeout": "60"}


class Site:
    """A site with pictures: `/photo.png` is one, `/moved` leads there, `/loop` to itself, `/page` is none."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                path = self.path.partition("?")[0]
                moved = {"/moved": "/photo.png", "/loop": "/loop", "/inside": "http://10.0.0.1/photo.png"}
                body = {"/photo.png": PNG, "/page": b"<!DOCTYPE html><title>No picture</title>"}.get(path, b"")
                self.send_response(302 if path in moved else 200 if body else 404)
                if path in moved:
                    self.send_header("Location", moved[path])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """A server that may call addresses of this machine."""
    with serving(tmp_path_factory.mktemp("fetching"), allowed_addresses="127.0.0.1") as running:
        yield running
        assert "Traceback" not in running.log


def analyze(http: httpx2.Client, **members: Any) -> httpx2.Response:
    return http.post("/images/analyze", json=members)


def refused(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    return response.json()["error"]


# As a form ------------------------------------------------------------------------------------------------------------


def test_a_form_is_answered_with_everything(http: httpx2.Client) -> None:
    form = {**PATIENT, "title": "Shapes", "tags": "mine"}
    answer = http.post("/images/analyze", files={"file": ("a.png", PNG)}, data=form)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["description_status"] == "completed"
    assert body["description"] and body["description"] == body["upload_description"]
    assert (body["image_id"], body["title"], body["warnings"]) == (body["id"], "Shapes", None)
    assert "mine" in body["tags"] and body["thumbnail_url"]
    again = http.get(f"/files/{body['id']}").json()
    links = {"original_url", "thumbnail_url", "medium_url", "full_url"}
    assert {name: body[name] for name in again if name not in links} == {
        name: again[name] for name in again if name not in links
    }


@ON_SQLITE
def test_what_takes_longer_is_accepted_and_asked_for_later(tmp_path: Path) -> None:
    with serving(tmp_path, worker=False) as idle, idle.client() as http:
        answer = http.post("/images/analyze", files={"file": ("a.png", PNG)}, data={"timeout": "0.2"})
        assert answer.status_code == 202, answer.text
        body = answer.json()
        assert (body["description_status"], body["description"]) == ("queued", None)
        status = http.get(answer.headers["Location"].removeprefix("/api/v2"))
        assert status.json()["image_id"] == body["id"]
        uploaded = http.post("/files/upload", params={"wait": 0.2}, files={"file": ("b.png", PNG)}).json()
        assert uploaded["details"]["description_status"] == uploaded["description_status"] == "queued"


@ON_SQLITE
def test_the_whole_reading_comes_with_it(seeing: InProcessServer) -> None:
    with SyncScopix(api_key=seeing.api_key, base_url=seeing.base_url) as client:
        result = client.files.analyze(EXAMPLES / "screenshot-stock.png", tags=["one request"], timeout=60)
    assert result.is_completed
    assert "Storeroom" in (result.visible_text or "")
    assert result.text_regions and result.request_id


@ON_SQLITE
@pytest.mark.parametrize("timeout", ["soon", "-1", "61", "nan", "1e999"])
def test_a_timeout_is_a_number_of_seconds(http: httpx2.Client, timeout: str) -> None:
    answer = http.post("/images/analyze", files={"file": ("a.png", PNG)}, data={"timeout": timeout})
    assert refused(answer, 422)["details"]["field"] == "timeout"


# As an upload that waits ----------------------------------------------------------------------------------------------


def test_an_upload_may_wait_and_has_the_details_then(http: httpx2.Client) -> None:
    answer = http.post("/files/upload", params={"wait": 25}, files={"file": ("a.png", PNG)})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["description_status"] == body["details"]["description_status"] == "completed"
    assert body["details"]["upload_description"] and body["details"]["id"] == body["image_id"]
    assert http.post("/files/upload", files={"file": ("b.png", PNG)}).json()["details"] is None
    assert http.post("/files/upload", params={"wait": 26}, files={"file": ("b.png", PNG)}).status_code == 422


# As JSON --------------------------------------------------------------------------------------------------------------


def test_base64_is_taken_plainly_and_as_a_data_address(http: httpx2.Client) -> None:
    text = base64.encodebytes(PNG).decode()  # with line breaks
    for sent, name in ((text, "a.png"), (f"data:image/png;base64,{text}", None)):
        named = {} if name is None else {"filename": name}
        answer = analyze(http, base64=sent, timeout=60, tags=["x, y", "z"][1:], **named)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["original_filename"], body["description_status"]) == (name or "image", "completed")
        assert "z" in body["tags"]


@ON_SQLITE
def test_a_retry_under_its_key_stores_nothing_twice(http: httpx2.Client) -> None:
    body = {"base64": base64.b64encode(PNG).decode(), "timeout": 0}
    first, again = (
        http.post("/images/analyze", json=body, headers={"Idempotency-Key": "analyze-once"}) for _ in range(2)
    )
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"


@ON_SQLITE
def test_bodies_that_hold_no_picture(http: httpx2.Client, server: InProcessServer) -> None:
    both = {"url": "https://example.com/a.png", "base64": "aaaa"}
    for members in ({}, both):
        assert refused(analyze(http, **members), 422)["details"]["field"] == "url"
    assert refused(analyze(http, base64="no base64!"), 422)["details"]["field"] == "base64"
    assert refused(analyze(http, base64=""), 400)["code"] == "VALIDATION_ERROR"
    assert refused(analyze(http, base64="aGVsbG8gAAECAw=="), 400)["code"] == "UNSUPPORTED_FILE_TYPE"
    assert refused(analyze(http, base64="aaaa", content_category="poetry"), 422)["details"]["field"] == (
        "content_category"
    )
    assert refused(analyze(http, base64="aaaa", timeout="soon"), 422)["details"]["field"] == "timeout"
    large = refused(http.post("/images/analyze", json={"base64": "a" * (16 * 1024 * 1024)}), 413)
    assert "form" in large["message"]
    assert server.nothing_half_stored()


# By its address -------------------------------------------------------------------------------------------------------


def test_a_picture_is_fetched_also_where_it_has_moved_to(fetching: InProcessServer, site: Site) -> None:
    with fetching.client() as http:
        for path in ("/photo.png?size=large#top", "/moved"):
            answer = analyze(http, url=site.url + path, timeout=60)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert (body["original_filename"], body["description_status"]) == ("photo.png", "completed")
            assert body["size_bytes"] == len(PNG)
    assert site.asked == ["/photo.png?size=large", "/moved", "/photo.png"]


async def test_the_client_has_it_fetched(fetching: InProcessServer, site: Site) -> None:
    async with Scopix(api_key=fetching.api_key, base_url=fetching.base_url) as client:
        result = await client.files.analyze(url=f"{site.url}/photo.png", filename="mine.png", timeout=60)
        assert result.is_completed and result.filename == "mine.png"
        with pytest.raises(ValidationError, match="one of them"):
            await client.files.analyze()


def test_what_cannot_be_fetched_says_why(fetching: InProcessServer, site: Site) -> None:
    with fetching.client() as http:
        for path, reason in (("/nothing", "answered 404"), ("/loop", "redirect")):
            problem = refused(analyze(http, url=site.url + path), 422)
            assert reason in problem["message"] and problem["details"]["field"] == "url"
        assert refused(analyze(http, url=f"{site.url}/page"), 400)["code"] == "UNSUPPORTED_FILE_TYPE"
        inside = refused(analyze(http, url=f"{site.url}/inside"), 422)
        assert "10.0.0.1" in inside["message"] and inside["details"]["field"] == "url"
    assert fetching.nothing_half_stored()


@ON_SQLITE
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://localhost:8000/a.png",
        "http://[::1]/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/a.png",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "https://user:secret@example.com/a.png",
        "nonsense",
        "",
    ],
)
def test_addresses_of_the_servers_own_network_are_refused(http: httpx2.Client, url: str) -> None:
    problem = refused(analyze(http, url=url), 422)
    assert problem["details"]["field"] == "url"
    assert "secret" not in problem["message"]


@ON_SQLITE
def test_an_operator_may_switch_fetching_off(tmp_path: Path, site: Site) -> None:
    settings = {"allowed_addresses": "127.0.0.1", "fetch_urls": "false"}
    asked = len(site.asked)
    with serving(tmp_path, worker=False, **settings) as closed, closed.client() as http:
        assert "SCOPIX_FETCH_URLS" in refused(analyze(http, url=f"{site.url}/photo.png"), 422)["message"]
    assert len(site.asked) == asked


# As the documentation says --------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_documented_calls_do_what_they_say(server: InProcessServer, tmp_path: Path) -> None:
    page = (EXAMPLES.parents[1] / "docs" / "reference" / "rest-api.md").read_text()
    (block,) = re.findall(r"```\n(.*?)```", page.partition("## One picture, one answer")[2].partition("\n## ")[0], re.S)
    (tmp_path / "photo.jpg").write_bytes(encoded(picture(seed=412), "JPEG"))
    script = block.replace("http://localhost:8000", server.root).replace("curl ", "curl -sf ")
    environment = {**os.environ, "SCOPIX_API_KEY": server.api_key}
    done = subprocess.run(["bash", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    by_form, by_json = json.loads(f"[{done.stdout.replace('}{', '},{')}]")
    assert by_form["description_status"] == by_json["description_status"] == "completed"
    assert (by_form["original_filename"], by_json["tags"][0]) == ("photo.jpg", "site")


# Bodies and parts that are not known ----------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("path", ["/images/analyze", "/files/upload", "/files/upload/batch"])
def test_a_body_that_is_neither_form_nor_json_is_told_what_would_do(http: httpx2.Client, path: str) -> None:
    for kind in ("image/png", "text/plain", "application/xml"):
        problem = refused(http.post(path, content=PNG, headers={"Content-Type": kind}), 415)
        assert problem["code"] == "UNSUPPORTED_CONTENT_TYPE" and "multipart/form-data" in problem["message"]


@ON_SQLITE
def test_a_wrong_part_says_which_are_known(http: httpx2.Client) -> None:
    for path, part in (("/images/analyze", "file"), ("/files/upload", "file"), ("/files/upload/batch", "files")):
        message = refused(http.post(path, files={"picture": ("a.png", PNG)}), 400)["message"]
        assert f"'picture'; files belong into parts named '{part}'" in message and "'tags'" in message
        message = refused(http.post(path, files={"title": (None, "no file")}), 400)["message"]
        assert f"no part named '{part}'" in message and "it has 'title'" in message and "'content_category'" in message


@ON_SQLITE
def test_fields_that_nobody_knows_are_named(http: httpx2.Client) -> None:
    wrong = {"tag": "a", "zzz\x1b[2J": "b", "auto_describe": "false"}
    for path, part in (("/files/upload", "file"), ("/files/upload/batch", "files")):
        answer = http.post(path, files={part: ("a.png", PNG)}, data=wrong)
        assert answer.status_code == 201
        first, second = answer.json()["warnings"]
        assert first == "The field 'tag' is not known and was ignored; did you mean 'tags'?"
        assert "\x1b" not in second and "known are auto_describe" in second
        assert http.post(path, files={part: ("a.png", PNG)}, data={"tags": "a"}).json()["warnings"] is None
    (warning,) = analyze(http, base64=base64.b64encode(PNG).decode(), timeout=0, titel="A").json()["warnings"]
    assert "did you mean 'title'?" in warning
