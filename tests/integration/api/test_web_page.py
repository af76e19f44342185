"""The page at `/`: a shell with a strict policy, hashed assets that may be kept for good, and no other HTML."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from scopix_server.api import page


@pytest.fixture
def static(tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Scopix</title>")
    (assets / "app-1234.js").write_text("plain")
    (assets / "app-1234.js.br").write_bytes(b"as brotli")
    (assets / "app-1234.js.gz").write_bytes(b"as gzip")
    return tmp_path


def client(static: Path, **options: tuple[str, ...]) -> TestClient:
    app = FastAPI()
    page.install(app, static=static, **options)
    return TestClient(app)


@pytest.mark.parametrize("address", ["/", "/login", "/files/abc", "/settings/keys", "/ask", "/sessions"])
def test_the_page_is_served_at_its_addresses_with_a_strict_policy(static: Path, address: str) -> None:
    response = client(static).get(address)
    assert response.status_code == 200
    assert "Scopix" in response.text
    rules = dict(rule.split(" ", 1) for rule in response.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe-inline" not in str(rules)
    assert rules["require-trusted-types-for"] == "'script'"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_bucket_that_gives_the_pictures_itself_is_in_the_policy(static: Path) -> None:
    policy = client(static, origins=("https://bucket.example",)).get("/").headers["Content-Security-Policy"]
    assert "img-src 'self' blob: data: https://bucket.example" in policy
    assert "connect-src 'self' https://bucket.example" in policy


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [("gzip, br", "br", b"as brotli"), ("gzip", "gzip", b"as gzip"), ("br;q=0", None, b"plain"), ("", None, b"plain")],
)
def test_assets_are_sent_compressed_and_kept(static: Path, accepted: str, coding: str | None, body: bytes) -> None:
    with client(static).stream("GET", "/assets/app-1234.js", headers={"Accept-Encoding": accepted}) as response:
        assert b"".join(response.iter_raw()) == body
    assert response.headers.get("Content-Encoding") == coding
    assert "javascript" in response.headers["Content-Type"]
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_other_paths_are_no_page(static: Path) -> None:
    http = client(static)
    assert http.get("/api/v2/nope").headers["Content-Type"] == "application/json"
    for path in ("/nope", "/api/v2/nope", "/assets/nope.js", "/assets/%2e%2e/index.html"):
        assert http.get(path).status_code == 404, path


def test_a_server_without_the_page_says_how_to_get_it(tmp_path: Path) -> None:
    response = client(tmp_path).get("/")
    assert response.status_code == 200
    assert "scripts/web" in response.text
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"
