"""Full-text search and tags; when a picture was taken or else uploaded, as a column to sort by."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"

# The usual triggers for an index over another table's content (SQLite documentation, FTS5, section 4.4.3).
_TRIGGERS = (
    """CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN
      INSERT INTO search_index(rowid, title, description, visible_text, tags)
      VALUES (new.number, new.title, new.description, new.visible_text, new.tags);
    END""",
    """CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN
      INSERT INTO search_index(search_index, rowid, title, description, visible_text, tags)
      VALUES ('delete', old.number, old.title, old.description, old.visible_text, old.tags);
    END""",
    """CREATE TRIGGER search_documents_changed AFTER UPDATE ON search_documents BEGIN
      INSERT INTO search_index(search_index, rowid, title, description, visible_text, tags)
      VALUES ('delete', old.number, old.title, old.description, old.visible_text, old.tags);
      INSERT INTO search_index(rowid, title, description, visible_text, tags)
      VALUES (new.number, new.title, new.description, new.visible_text, new.tags);
    END""",
)


def upgrade() -> None:
    op.create_table(
        "search_documents",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("visible_text", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_search_documents_file_id")),
        sa.UniqueConstraint("file_id", name=op.f("uq_search_documents_file_id")),
    )
    op.create_table(
        "file_tags",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_tags_file_id")),
        sa.PrimaryKeyConstraint("file_id", "source", "tag", name=op.f("pk_file_tags")),
    )
    op.create_index(op.f("ix_file_tags_tag"), "file_tags", ["tag"])
    with op.batch_alter_table("files") as files:
        files.add_column(sa.Column("sorted_at", sa.String(length=32), nullable=False, server_default=""))
    op.execute("UPDATE files SET sorted_at = coalesce(content_created_at, created_at)")
    op.create_index("ix_files_tenant_sorted", "files", ["tenant_id", "sorted_at", "id"])
    if op.get_bind().dialect.name == "sqlite":
        _create_index()
    _fill_index()


def _create_index() -> None:
    # The words are ours (domain/words.py) and hold no accents; the tokenizer has only to part them at spaces.
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(title, description, visible_text, tags, "
        "content='search_documents', content_rowid='number', tokenize='unicode61 remove_diacritics 0')"
    )
    for trigger in _TRIGGERS:
        op.execute(trigger)


def _fill_index() -> None:
    """Enter the files that are there already."""
    from scopix_server.domain.words import words_of

    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT f.id, f.title, f.filename, f.user_tags, d.description, d.visible_text, d.tags FROM files f "
            "LEFT JOIN descriptions d ON d.file_id = f.id AND d.revision = f.description_revision"
        )
    )
    for file_id, title, filename, user_tags, description, visible_text, ai_tags in rows.all():
        tags = {"user": _list(user_tags), "ai": _list(ai_tags)}
        joined = " ".join(sorted({tag.casefold() for each in tags.values() for tag in each}))
        texts = (f"{title or ''} {filename}", description or "", visible_text or "", joined)
        values = dict(zip(("t", "d", "v", "g"), (" ".join(words_of(text)) for text in texts), strict=True))
        connection.execute(
            sa.text(
                "INSERT INTO search_documents (file_id, title, description, visible_text, tags) "
                "VALUES (:f, :t, :d, :v, :g)"
            ),
            {"f": file_id, **values},
        )
        for source, each in tags.items():
            for tag in {tag.casefold() for tag in each}:
                connection.execute(
                    sa.text("INSERT INTO file_tags (file_id, source, tag) VALUES (:f, :s, :t)"),
                    {"f": file_id, "s": source, "t": tag},
                )


def _list(tags: str | list[str] | None) -> list[str]:
    # PostgreSQL's driver reads JSON by itself.
    found = json.loads(tags) if isinstance(tags, str) else tags
    return list(found or [])
