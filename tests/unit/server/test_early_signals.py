"""Told to stop, or interrupted, while its commands are being loaded: it goes without a word."""

import subprocess
import sys

import pytest

_SCRIPT = """
import os, signal, sys

class Sender:
    def find_spec(self, name, path=None, target=None):
        if name == "scopix_server.cli.app":
            os.kill(os.getpid(), int(sys.argv[2]))

sys.meta_path.insert(0, Sender())
from scopix_server.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("command", "number", "code"), [("serve", 15, 0), ("worker", 15, 0), ("doctor", 15, -15), ("doctor", 2, 130)]
)
def test_a_signal_that_comes_early(command: str, number: int, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT, command, str(number)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
