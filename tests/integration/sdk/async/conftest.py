"""Clients for the tests of this folder."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from scopix import Scopix
from tests.integration.sdk.faulty_server import FaultyServer
from tests.integration.sdk.keys import KEY


def connect(server: FaultyServer, **settings: Any):
    """A client that waits next to nothing between attempts."""
    quick = {"base_url": server.base_url, "allow_insecure_http": True, "retry_delay": 0.001, "polling_interval": 0.001}
    return Scopix.from_env(api_key=KEY, **{**quick, **settings})


@pytest.fixture
async def client(server: FaultyServer) -> AsyncIterator[Any]:
    async with connect(server) as client:
        yield client
