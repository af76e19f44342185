"""The same tests in the distributed set-up (see `tests/support/setup.py`): in CI some of them.

All of them: `SCOPIX_TEST_SETUP=distributed python -m pytest tests/acceptance`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.setup import is_distributed

HERE = Path(__file__).parent
SOME = (
    "test_page.py",
    "test_batch.py",
    "test_kill.py::test_a_server_killed_after_its_answer_describes_the_file_after_the_restart[0.3]",
)


@pytest.mark.skipif(is_distributed(), reason="it runs in it already")
def test_some_of_the_tests_pass_in_the_distributed_set_up() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        *(str(HERE / it) for it in SOME),
    ]
    environment = {**os.environ, "SCOPIX_TEST_SETUP": "distributed"}
    done = subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
