"""What documents say of themselves, and their pages; documents that are there already have none until described."""

import sqlalchemy as sa
from alembic import op

from scopix_server.db.migrate import use_byte_order

revision = "0018"
down_revision = "0017"

# The usual triggers for an index over another table's content, as for the files' (see 0016).
_ADD = "INSERT INTO page_index(rowid, words) VALUES (new.number, new.words);"
_REMOVE = "INSERT INTO page_index(page_index, rowid, words) VALUES ('delete', old.number, old.words);"
_TRIGGERS = {"added AFTER INSERT": _ADD, "removed AFTER DELETE": _REMOVE, "changed AFTER UPDATE": f"{_REMOVE} {_ADD}"}


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("pages_read", sa.Integer(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("ocr_pages", sa.Integer(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_documents_file_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_documents")),
    )
    op.create_table(
        "document_pages",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("chunks", sa.JSON(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_document_pages_file_id")),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_document_pages")),
    )
    op.create_table(
        "search_pages",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_search_pages_file_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_pages")),
    )
    op.create_index("ix_search_pages_file", "search_pages", ["file_id", "page"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE page_index USING fts5(words, content='search_pages', content_rowid='number', "
            "tokenize='ascii')"
        )
        for event, entries in _TRIGGERS.items():
            op.execute(f"CREATE TRIGGER search_pages_{event} ON search_pages BEGIN {entries} END")
    else:
        # Before there is a column that is made of another, which bars a change of that.
        use_byte_order(op.get_bind())
        made = "array_to_tsvector(array_remove(string_to_array(words, ' '), ''))"
        op.execute(f"ALTER TABLE search_pages ADD COLUMN word_vector tsvector GENERATED ALWAYS AS ({made}) STORED")
        op.execute("CREATE INDEX ix_search_pages_word_vector ON search_pages USING gin (word_vector)")
