"""What the setting `durability` forces to disk: the system calls of the store and of the database, without a server."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from scopix_server.db.engine import create_engine
from tests.support import syscalls

# Begins with a write to a file named `begin`, so that what was forced before, while things were made, is left out.
_PROGRAM = """
import sys
from pathlib import Path
from scopix_server.wiring.keys import first_start
from scopix_server.wiring.shared import open_database
from scopix_server.config import Settings
from scopix_server.wiring.storage import Storage
settings = Settings(data_dir=Path(sys.argv[1]), durability=sys.argv[2])
database, store = open_database(settings), Storage(settings, "web").own
first_start(database)
Path(sys.argv[1], "begin").write_bytes(b"begin")
store.put("tenant/ab/file/original.png", b"content")
tenant = database.read(lambda t: t.tenants.first_tenant())
database.write(lambda t: t.tenants.set_plan(tenant.id, "free"))
store.put("tenant/ab/file/tiny.png", b"content")
database.close()
"""


@pytest.mark.parametrize("way", ["each", "none"])
@pytest.mark.skipif(not syscalls.can_trace(), reason="system calls are traced on Linux, x86-64 or arm64")
def test_each_forces_everything_and_none_nothing(tmp_path: Path, way: str) -> None:
    out, folder = tmp_path / "trace", tmp_path / "data"
    command = [sys.executable, syscalls.__file__, str(out), sys.executable, "-c", _PROGRAM, str(folder), way]
    subprocess.run(command, check=True, cwd=tmp_path)
    trace = syscalls.read_trace(out)
    began = next(place for place, call in enumerate(trace) if call["path"] == str(folder / "begin"))
    # The end is left out as well: at its close the database takes its log in, and forces that in either case.
    ended = max(place for place, call in enumerate(trace) if call["path"].endswith(".part"))
    during = [call for call in trace[began:ended] if call["call"] in {"fsync", "fdatasync"}]
    forced = [call["path"] for call in during]
    if way == "none":
        assert forced == []
        return
    objects = folder / "storage" / "objects"
    new = [objects, objects / "tenant", objects / "tenant/ab", objects / "tenant/ab/file", folder / "scopix.db-wal"]
    assert {str(place) for place in new} <= set(forced)


def test_every_connection_that_writes_forces_its_commits(tmp_path: Path) -> None:
    """2 is FULL, 1 NORMAL. What SQLite does by itself counts, too: the job engine sets nothing of it."""
    url = f"sqlite:///{tmp_path / 'scopix.db'}"
    for durable, level in ((True, 2), (False, 1)):
        engine = create_engine(url, durable=durable)
        with engine.connect() as connection:
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar_one() == level
        engine.dispose()
    plain = sqlite3.connect(tmp_path / "scopix.db")
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert plain.execute("PRAGMA synchronous").fetchone() == (2,)
    plain.close()
