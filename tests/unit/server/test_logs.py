"""Logs tell what went wrong, and no secret that was at hand when it did."""

import json as json_library
import subprocess
import sys
from pathlib import Path

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


BOTH = """
import logging, structlog
from scopix_server.logs import bound, configure_logs
configure_logs(level="{level}", json=True)
with bound(request_id="r1"):
    structlog.get_logger("one").info("it is", path="/a")
    logging.getLogger("one").info("it is")
    structlog.get_logger("one").warning("it is", path="/a")
"""


@pytest.mark.parametrize(("level", "lines"), [("info", 3), ("warning", 1)])
def test_our_own_lines_are_like_those_of_libraries(level: str, lines: int) -> None:
    command = [sys.executable, "-c", BOTH.format(level=level)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    found = [json_library.loads(line) for line in told]
    assert len(found) == lines
    for line in found:
        assert (line["event"], line["logger"], line["request_id"]) == ("it is", "one", "r1")
        assert line["level"] in {"info", "warning"} and line["timestamp"].endswith("Z")
    assert found[-1]["path"] == "/a"


FULL = """
import structlog, sys
from scopix_server.logs import configure_logs
sys.stderr = open("/dev/full", "w")
configure_logs(level="info", json=True)
structlog.get_logger("one").info("nobody takes it")
print("it goes on")
sys.stderr = sys.__stderr__
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a file that is always full is Linux's")
def test_a_log_that_nobody_takes_fails_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=False)
    assert done.stdout == "it goes on\n", done.stderr
