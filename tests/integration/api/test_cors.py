"""Pages of other origins: refused by browsers unless the operator names them."""

from pathlib import Path

import httpx2
import pytest

from scopix_server.config import read_settings
from tests.integration.api.conftest import ON_SQLITE
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

pytestmark = ON_SQLITE
ORIGIN = "https://app.example"
ASK = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, idempotency-key"}


def test_pages_that_are_named_may_use_the_api(tmp_path: Path) -> None:
    with serving(tmp_path, worker=False, cors_origins=f"https://other.example:8443, {ORIGIN}") as server:
        # As a browser asks: without the key.
        with httpx2.Client(base_url=server.base_url) as browser:
            asked = browser.options("/files/upload", headers={"Origin": ORIGIN, **ASK})
            assert asked.status_code == 200
            assert asked.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert "POST" in asked.headers["Access-Control-Allow-Methods"]
            assert "Access-Control-Allow-Credentials" not in asked.headers
            stranger = browser.options("/files/upload", headers={"Origin": "https://evil.example", **ASK})
            assert stranger.status_code == 400 and "Access-Control-Allow-Origin" not in stranger.headers
            refused = browser.get("/files", headers={"Origin": ORIGIN})
            assert refused.status_code == 401 and refused.headers["Access-Control-Allow-Origin"] == ORIGIN
        with server.client(headers={"Origin": ORIGIN}) as http:
            sent = http.post("/files/upload", files={"file": ("a.png", encoded(picture()))})
            assert sent.status_code == 201 and sent.headers["Access-Control-Allow-Origin"] == ORIGIN
            told = sent.headers["Access-Control-Expose-Headers"]
            assert "X-Request-ID" in told and "Retry-After" in told and "Origin" in sent.headers["Vary"]


def test_below_a_path_of_a_proxy_links_lead_back_through_it(tmp_path: Path) -> None:
    """The proxy takes the path away; what the server says of itself has it."""
    public = "https://pictures.example/scopix"
    with serving(tmp_path, worker=False, public_url=public) as server, server.client() as http:
        file_id = http.post("/files/upload", files={"file": ("a.png", encoded(picture()))}).json()["image_id"]
        link = http.get(f"/files/{file_id}").json()["original_url"]
        assert link.startswith(f"{public}/api/v2/content/")
        assert httpx2.get(link.replace(public, server.root)).status_code == 200


def test_without_the_setting_no_page_may(server: InProcessServer, http: httpx2.Client) -> None:
    answer = http.get("/files", headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert http.options("/files", headers={"Origin": ORIGIN, **ASK}).status_code == 405


@pytest.mark.parametrize("origins", ["app.example", "https://app.example/path", "*, https://a.example", "null"])
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(ValueError, match="SCOPIX_CORS_ORIGINS"):
        read_settings(cors_origins=origins)
