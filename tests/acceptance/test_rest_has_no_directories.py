"""Directories are a matter of the SDK's: the REST API takes files."""

import httpx2

from tests.support.server import ServerProcess


def test_no_route_takes_a_directory(server: ServerProcess, http: httpx2.Client) -> None:
    described = httpx2.get(f"{server.base_url}/openapi.json").json()
    assert not [path for path in described["paths"] if "director" in path.lower()]
    fields = http.post("/files/upload", data={"path": "/etc"}, files={"path": ("etc", b"")})
    assert fields.status_code == 400
