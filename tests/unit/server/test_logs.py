"""Logs tell what went wrong, and no secret that was at hand when it did."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging
from scopix_server.logs import configure_logs
configure_logs(level="info", json={json})
def fail(api_key):
    raise RuntimeError("something broke")
try:
    fail("scopix_" + "abcdefgh" + "SECRET" * 5)
except RuntimeError:
    logging.getLogger("test").exception("it failed")
"""


@pytest.mark.parametrize("json", [True, False])
def test_a_traceback_shows_no_local_variables(json: bool) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(json=json)], capture_output=True, text=True, check=True)
    assert "something broke" in done.stderr
    assert "it failed" in done.stderr
    assert "SECRETSECRET" not in done.stderr
