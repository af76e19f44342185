"""Where links lead that the tools of /mcp follow: into the operator's store, and to what is public."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import httpx2
import pytest
from fastapi import FastAPI

from scopix_server.agents.inner import MAX_LINKED_BYTES, inner_transport
from scopix_server.outgoing.addresses import AddressGuard


class Bucket(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert "Authorization" not in self.headers
        content = bytes(MAX_LINKED_BYTES + 1) if self.path == "/large" else b"a picture"
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def client(*, store: str | None = None, allowed: tuple[str, ...] = ()) -> httpx2.AsyncClient:
    linking = None if store is None else SimpleNamespace(link=lambda key, **_: f"{store}/{key}?signature=1")
    links = SimpleNamespace(public_url=None, store=linking)
    app = FastAPI(docs_url=None)
    app.get("/health")(lambda: "well")
    return httpx2.AsyncClient(transport=inner_transport(app, links, AddressGuard(allowed), "http://localhost"))  # type: ignore[arg-type]


async def test_the_own_api_is_reached_without_a_network() -> None:
    async with client() as http:
        assert (await http.get("http://localhost/health")).json() == "well"


async def test_a_link_of_a_tenants_bucket_leads_to_nothing_that_is_not_public(bucket: str) -> None:
    async with client() as http:
        with pytest.raises(httpx2.ConnectError, match=r"could not be fetched from 127\.0\.0\.1"):
            await http.get(f"{bucket}/a.jpg")
    async with client(allowed=("127.0.0.1",)) as http:
        assert (await http.get(f"{bucket}/a.jpg", headers={"Authorization": "Bearer x"})).content == b"a picture"


async def test_the_operators_own_store_may_be_anywhere(bucket: str) -> None:
    async with client(store=bucket) as http:
        assert (await http.get(f"{bucket}/a.jpg")).headers["Content-Type"] == "image/jpeg"
        with pytest.raises(httpx2.ConnectError, match="too large"):
            await http.get(f"{bucket}/large")
