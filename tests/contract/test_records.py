"""Whether the database has all that was acknowledged, by the mark in the store: on SQLite and on PostgreSQL."""

import pytest

from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.errors import RecordsMissing
from scopix_server.storage.memory import MemoryStore
from scopix_server.upkeep.integrity import Records


def test_an_older_copy_is_noticed_by_the_mark_in_the_store(empty_database: SqlDatabase) -> None:
    """On either database; on PostgreSQL, and where a backup brought the mark beside the file as well, by it alone."""
    store = MemoryStore()
    records = Records(empty_database, store)
    records.check()
    for _ in range(3):
        records.keep()
    behind = empty_database.read(lambda t: t.marks.current()).number + 5
    store.put("scopix/high-water-mark", str(behind).encode())
    with pytest.raises(RecordsMissing, match="behind what the store was told"):
        records.keep()
    assert store.read("scopix/high-water-mark") == str(behind).encode()
    for _ in range(10):
        empty_database.write(lambda t: t.marks.count_up())
    with pytest.raises(RecordsMissing):
        records.check()
    records.accept()
    records.check()
    records.keep()
    assert int(store.read("scopix/high-water-mark")) > behind
