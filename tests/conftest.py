"""Parts that several rooms of the tests need: started once, when the first test asks."""

import functools
import gc
import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.support.s3 import S3Server

# Some environments forbid to keep compiled modules. Then each of some hundred servers, commands and children that the
# tests start would compile all of ours again, a fifth of its start, and each run all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Thousands of tests and all that they import stay to the end: no search for garbage is to go through them.
gc.disable()


def pytest_collection_finish() -> None:
    """Search again, but for what was collected; read certificates once; wait for servers on a machine that is busy."""
    gc.freeze()
    gc.enable()
    if "httpcore2" in sys.modules:
        import httpcore2

        httpcore2.default_ssl_context = _remembered(httpcore2.default_ssl_context)
    if "httpx2" in sys.modules:
        from httpx2._config import DEFAULT_TIMEOUT_CONFIG as USUAL

        # Of tests that name none; it is five seconds as it comes, and the defaults of all calls are this one object.
        USUAL.connect = USUAL.read = USUAL.write = USUAL.pool = 60.0


def _remembered(read: "Callable[..., ssl.SSLContext]") -> "Callable[..., ssl.SSLContext]":
    """Each HTTP client reads all certificates of the machine, for plain HTTP too: half of the time of many tests."""

    @functools.cache
    def known(trust_env: bool, *_named: str | None) -> "ssl.SSLContext":
        return read(_trust_env=trust_env)

    return lambda *, _trust_env=True: known(_trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@pytest.fixture(scope="session")
def s3_server() -> "S3Server":
    """A real S3 server. Tests make buckets of their own in it."""
    from tests.support.setup import shared_s3

    return shared_s3()
