"""A proxy between the client and the server."""

from collections.abc import Iterator

import pytest

from scopix import ScopixConnectionError
from tests.integration.sdk.faulty_server import json_reply
from tests.integration.sdk.happy import DETAILS, IMAGE_ID, behave
from tests.integration.sdk.proxy import Proxy

from .conftest import connect


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy().start()
    yield running
    running.stop()


async def test_everything_goes_through_the_proxy(server, proxy, png):
    behave(server)
    async with connect(server, proxy_url=proxy.url) as client:
        assert (await client.files.upload(png)).is_completed
    assert len(proxy.seen) == len(server.seen) >= 3
    assert proxy.seen[0] == f"POST {server.base_url}/files/upload"
    assert server.seen[0].headers["authorization"].startswith("Bearer ")


async def test_the_proxy_is_told_who_asks(server, proxy):
    server.routes[f"GET /api/v2/files/{IMAGE_ID}"] = json_reply(DETAILS)
    address = f"http://user:secret@127.0.0.1:{proxy.port}"
    async with connect(server, proxy_url=address) as client:
        await client.files.get(IMAGE_ID)
        assert "secret" not in repr(client) + repr(client.config)
    assert proxy.credentials[0].startswith("Basic ")
    assert "proxy-authorization" not in server.seen[0].headers


async def test_the_proxy_of_the_environment(server, proxy, monkeypatch):
    server.routes[f"GET /api/v2/files/{IMAGE_ID}"] = json_reply(DETAILS)
    # A server on this machine is asked directly, whatever the environment says for the world outside ...
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    async with connect(server) as client:
        await client.files.get(IMAGE_ID)
    assert proxy.seen == []
    # ... but by the proxy that is meant for Scopix.
    monkeypatch.setenv("SCOPIX_PROXY_URL", proxy.url)
    async with connect(server) as client:
        await client.files.get(IMAGE_ID)
    assert len(proxy.seen) == 1


async def test_a_proxy_that_is_not_there(server, proxy):
    proxy.stop()
    async with connect(server, proxy_url=proxy.url, max_retries=0) as client:
        with pytest.raises(ScopixConnectionError):
            await client.files.get(IMAGE_ID)
    assert server.seen == []
