"""Directories are a matter of the SDK's: the REST API takes files."""

import httpx2

from tests.integration.api.conftest import ON_SQLITE
from tests.support.inprocess import InProcessServer

pytestmark = ON_SQLITE


def test_no_route_takes_a_directory(server: InProcessServer, http: httpx2.Client) -> None:
    described = http.get("/openapi.json").json()
    assert not [path for path in described["paths"] if "director" in path.lower()]
    fields = http.post("/files/upload", data={"path": "/etc"}, files={"path": ("etc", b"")})
    assert fields.status_code == 400
