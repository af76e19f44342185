"""Search on PostgreSQL, the same words on SQLite; lists of many files; workers that are alive but not ready yet."""

import sqlalchemy as sa
from alembic import op

from scopix_server.db.migrate import use_byte_order

revision = "0006"
# Others came first: the chain follows the order in which the migrations were published.
down_revision = "0008"

# Our words as PostgreSQL's index wants them: each once, without places; what stands together is looked up in the text.
_VECTORS = {
    "metadata_words": "title || ' ' || description || ' ' || tags",
    "visible_words": "visible_text",
}
_EXISTING = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.add_column("workers", sa.Column("is_ready", sa.Boolean(), nullable=False, server_default=sa.true()))
    for name, column in (("created", "created_at"), ("sorted", "sorted_at")):
        op.drop_index(f"ix_files_tenant_{name}", "files")
        op.create_index(
            f"ix_files_tenant_{name}",
            "files",
            ["tenant_id", column, "id"],
            sqlite_where=_EXISTING,
            postgresql_where=_EXISTING,
        )
    if op.get_bind().dialect.name == "sqlite":
        _index_on_sqlite()
    else:
        _index_on_postgresql()


def _index_on_sqlite() -> None:
    # The words are ours (domain/words.py). The tokenizer is to part them at spaces and nothing else; `ascii` does, for
    # it takes every character beyond ASCII for a letter, while unicode61 knows the letters of one year only.
    op.execute("DROP TABLE search_index")
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(title, description, visible_text, tags, "
        "content='search_documents', content_rowid='number', tokenize='ascii')"
    )
    op.execute("INSERT INTO search_index(search_index) VALUES ('rebuild')")


def _index_on_postgresql() -> None:
    # Before there are columns that are made of others, which bars a change of these.
    use_byte_order(op.get_bind())
    for name, texts in _VECTORS.items():
        made = f"array_to_tsvector(array_remove(string_to_array({texts}, ' '), ''))"
        op.execute(f"ALTER TABLE search_documents ADD COLUMN {name} tsvector GENERATED ALWAYS AS ({made}) STORED")
        op.execute(f"CREATE INDEX ix_search_documents_{name} ON search_documents USING gin ({name})")
