"""A database that lost commits, or is an older copy, is noticed, and nothing that it does not know is removed."""

import os
import shutil
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.errors import RecordsMissing
from scopix_server.domain.tenant import Tenant
from scopix_server.jobs.queue import DbosQueue
from scopix_server.upkeep.integrity import Records
from scopix_server.upkeep.sweep import Sweeper
from scopix_server.wiring.keys import first_start
from scopix_server.wiring.shared import open_database
from scopix_server.wiring.storage import Storage
from scopix_server.wiring.upkeep import build_sweeper
from tests.support.commands import command


def add_tenant(database: SqlDatabase) -> None:
    database.write(lambda t: t.tenants.add_tenant(Tenant(str(uuid.uuid4()), uuid.uuid4().hex, datetime.now(UTC))))


def tenants(database: SqlDatabase) -> int:
    return len(database.read(lambda t: t.tenants.list()))


def killed(database: Settings, folder: Path) -> Settings:
    """The data folder as a kill of every process leaves it: what was written is there, the shared memory is not."""
    shutil.copytree(database.data_dir, folder, ignore=shutil.ignore_patterns("*-shm"))
    return Settings(data_dir=folder)


@pytest.fixture
def whole(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "whole")


def sweeper_of(database: SqlDatabase, settings: Settings) -> Sweeper:
    return build_sweeper(settings, database, Storage(settings, "command"), DbosQueue(settings.database_address))


def test_a_kill_alone_loses_nothing_and_is_no_cause_for_doubt(whole: Settings, tmp_path: Path) -> None:
    database = open_database(whole)
    for _ in range(5):
        add_tenant(database)
    left = killed(whole, tmp_path / "left")
    opened = open_database(left)
    assert tenants(opened) == 5
    assert opened.read(lambda t: t.marks.current()).doubt is None
    opened.close()
    database.close()


@pytest.mark.parametrize("last_only", [True, False], ids=["the last commit", "the middle"])
def test_a_damaged_log_is_noticed_and_originals_stay(whole: Settings, tmp_path: Path, last_only: bool) -> None:
    database = open_database(whole)
    for _ in range(8):
        add_tenant(database)
    before = (whole.data_dir / "scopix.db-wal").stat().st_size
    add_tenant(database)
    left = killed(whole, tmp_path / "left")
    database.close()
    damage(left.data_dir / "scopix.db-wal", at=before + 100 if last_only else before // 2)
    # The original of a file that the database knows no more, and an old one.
    store, file_id = Storage(left, "command").own, str(uuid.uuid4())
    key = f"{uuid.uuid4()}/{file_id[:2]}/{file_id}/original.png"
    store.put(key, b"picture")
    os.utime(left.data_dir / "storage" / "objects" / key, (1, 1))
    opened = open_database(left)
    assert tenants(opened) < 9
    # However much is written from now on, and however often it is opened, the doubt stays.
    for _ in range(20):
        add_tenant(opened)
    opened.close()
    opened = open_database(left)
    mark = opened.read(lambda t: t.marks.current())
    assert mark.doubt is not None and "commits are missing" in mark.doubt
    sweeper = sweeper_of(opened, left)
    for sweep in (sweeper.clear, sweeper.expire):
        with pytest.raises(RecordsMissing):
            sweep()
    assert store.read(key) == b"picture"
    assert sweeper.preview().orphans == 1
    Records(opened, store).accept(opened.kept_mark())
    assert opened.lost_commits() == 0
    assert sweeper.clear().orphans == 1
    opened.close()


def damage(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 0xFF]))


def test_an_older_copy_of_the_database_is_noticed(whole: Settings, tmp_path: Path) -> None:
    database = open_database(whole)
    add_tenant(database)
    database.close()
    shutil.copy(whole.data_dir / "scopix.db", tmp_path / "backup.db")
    database = open_database(whole)
    add_tenant(database)
    database.close()
    shutil.copy(tmp_path / "backup.db", whole.data_dir / "scopix.db")
    database = open_database(whole)
    with pytest.raises(RecordsMissing, match="missing"):
        Records(database, Storage(whole, "command").own).check()
    database.close()


def test_the_commands_tell_of_it(whole: Settings) -> None:
    database = open_database(whole)
    first_start(database)
    database.close()
    (whole.data_dir / "scopix.db-mark").write_text(f"{10**6:020}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return command(whole.data_dir, *words)

    for words in (["records", "check"], ["sweep"]):
        told = run(*words)
        assert told.returncode == 1
        assert "commits are missing" in told.stderr
        assert "Traceback" not in told.stderr
    assert run("records", "accept", "--yes").returncode == 0
    assert run("records", "check").returncode == 0
    assert run("sweep").returncode == 0
