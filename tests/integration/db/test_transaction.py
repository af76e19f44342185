"""The repositories of a transaction are there when they are asked for, and not before."""

from pathlib import Path

from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.db.engine import create_engine


def test_a_transaction_makes_the_repositories_that_it_is_asked_for_once(tmp_path: Path) -> None:
    database = SqlDatabase(create_engine(f"sqlite:///{tmp_path / 'test.db'}"))

    def look(transaction: SqlTransaction) -> set[str]:
        assert vars(transaction).keys() == {"connection"}
        assert transaction.files is transaction.files
        assert transaction.files is not transaction.keys
        return set(vars(transaction))

    assert database.read(look) == {"connection", "files", "keys"}
    database.close()
