"""A data folder that cannot be used is told in one sentence, with exit code 1, by every command alike."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scopix_server.config import Settings
from scopix_server.wiring.shared import open_database
from tests.support.commands import command
from tests.support.disks import can_mount
from tests.support.setup import Setup

pytestmark = pytest.mark.embedded("the database is a file")

PROCESSES = [["serve", "--port", "0"], ["worker"]]
COMMANDS = [["keys", "list"], ["doctor"], ["migrate"]]


def damaged(folder: Path) -> None:
    """Scopix's own, with a page in its beginning overwritten."""
    open_database(Settings(data_dir=folder)).close()
    with (folder / "scopix.db").open("r+b") as file:
        file.write(os.urandom(8192))


def truncated(folder: Path) -> None:
    open_database(Settings(data_dir=folder)).close()
    size = (folder / "scopix.db").stat().st_size
    os.truncate(folder / "scopix.db", size // 2)


def foreign(folder: Path) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / "scopix.db") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def newer(folder: Path) -> None:
    open_database(Settings(data_dir=folder)).close()
    with sqlite3.connect(folder / "scopix.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def older(folder: Path) -> None:
    open_database(Settings(data_dir=folder)).close()
    with sqlite3.connect(folder / "scopix.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0013'")
    connection.close()


def no_folder(folder: Path) -> None:
    folder.touch()


@pytest.mark.parametrize("make", [damaged, truncated, foreign, newer, older, no_folder])
def test_every_command_says_in_a_sentence_what_is_wrong(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "data")
    check(tmp_path / "data")


def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    open_database(Settings(data_dir=folder)).close()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        check(folder)
        return
    if not can_mount():
        pytest.skip("root may write wherever it likes, and may mount nothing here")
    aside = shutil.copytree(folder, tmp_path / "aside")
    subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        check(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def check(folder: Path) -> None:
    setup = Setup(folder)
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(lambda process: setup.run(*process, analyzer="scripted"), PROCESSES))
    done += [command(folder, *words, analyzer="scripted") for words in COMMANDS]
    for words, ended in zip(PROCESSES + COMMANDS, done, strict=True):
        assert ended.returncode == 1, (words, ended.stdout, ended.stderr)
        assert "Traceback" not in ended.stderr + ended.stdout, (words, ended.stderr)
        if words != ["doctor"]:  # which goes on with the other parts
            told = [line for line in ended.stderr.splitlines() if line.startswith("scopix-server: ")]
            assert len(told) == 1, (words, ended.stderr)
            assert len(ended.stderr.splitlines()) <= 2, (words, ended.stderr)
