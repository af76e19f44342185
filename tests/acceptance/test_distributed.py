"""The same tests in the distributed set-up (see `tests/support/setup.py`): in CI some of them.

All of them: `SCOPIX_TEST_SETUP=distributed python -m pytest tests/acceptance tests/integration/api`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.setup import is_distributed

ROOT = Path(__file__).parents[2]
# None of them needs models: two workers would load them for nothing that a database or a bucket changes.
SOME = (
    "tests/integration/api/test_batch.py",
    "tests/integration/api/test_files_sdk.py::test_a_file_is_changed_deleted_and_brought_back",
    "tests/integration/api/test_files_sdk.py::test_every_file_is_met_once_on_the_way_through_all",
    "tests/integration/api/test_batch_sdk.py::test_directories",
    "tests/integration/api/test_batch_sdk.py::test_a_session_can_be_watched",
    "tests/integration/api/test_batch_sdk.py::test_failures_are_told_and_raise_nothing",
    "tests/acceptance/test_kill.py::test_a_server_killed_after_its_answer_describes_the_file_after_the_restart[0.3]",
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
        *(str(ROOT / it) for it in SOME),
    ]
    environment = {**os.environ, "SCOPIX_TEST_SETUP": "distributed"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
