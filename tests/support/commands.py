"""`scopix-server` commands in the tests' own process: each costs a second of the processor's time less."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import click
from click.testing import CliRunner

from scopix_server.cli.app import main

__all__ = ["command"]


def command(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a data folder under these settings and none of the environment's; return what came of it."""
    environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("SCOPIX_")}
    environment |= {f"SCOPIX_{name.upper()}": value for name, value in settings.items()}
    words = [*arguments, "--data-dir", str(data_dir)]
    with _as_it_was(), mock.patch.object(sys, "argv", ["scopix-server", *words]):
        result = CliRunner(env=environment).invoke(click.Command("scopix-server", callback=main), [])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(words, result.exit_code, result.stdout, result.stderr)


@contextmanager
def _as_it_was() -> Iterator[None]:
    """Take back what a command does to its process: the logs go to its standard error, files are for one user alone."""
    root = logging.getLogger()
    handlers, level, mask = root.handlers[:], root.level, os.umask(0o022)
    try:
        yield
    finally:
        os.umask(mask)
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
