"""The distinct words of each tenant, with an index over their parts; filled with those of the texts that are there.

Words that a line's end divides are joined in texts that are read from now on: what is kept of earlier ones has no
lines.
"""

import sqlalchemy as sa
from alembic import op

from scopix_server.db.migrate import use_byte_order

revision = "0022"
down_revision = "0021"

# As with the index of texts (see 0016).
_ADD = "INSERT INTO search_word_index(rowid, word) VALUES (new.number, new.word);"
_REMOVE = "INSERT INTO search_word_index(search_word_index, rowid, word) VALUES ('delete', old.number, old.word);"
_TRIGGERS = {"added AFTER INSERT": _ADD, "removed AFTER DELETE": _REMOVE}
_PORTION = 2_000  # texts at a time: a few megabytes, whatever their number
_MIN_WORD = 4  # as in domain/words.py when this was written
_TEXTS = sa.text(
    "SELECT number, tenant_id, s.title || ' ' || s.description || ' ' || s.visible_text || ' ' || s.tags AS words "
    "FROM search_documents s JOIN files f ON f.id = s.file_id WHERE number > :number ORDER BY number LIMIT :portion"
)


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_search_words_tenant_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_words")),
    )
    bind = op.get_bind()
    use_byte_order(bind)
    _fill(bind)
    op.create_index("ix_search_words_tenant_word", "search_words", ["tenant_id", "word"])
    if bind.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_word_index USING fts5(word, content='search_words', content_rowid='number', "
            "tokenize='trigram')"
        )
        op.execute("INSERT INTO search_word_index(search_word_index) VALUES ('rebuild')")
        for event, entries in _TRIGGERS.items():
            op.execute(f"CREATE TRIGGER search_words_{event} ON search_words BEGIN {entries} END")
    else:
        _index_on_postgresql(bind)


def _fill(bind: sa.Connection) -> None:
    known: dict[str, set[str]] = {}
    last = 0
    while rows := bind.execute(_TEXTS, {"number": last, "portion": _PORTION}).all():
        for row in rows:
            words = known.setdefault(row.tenant_id, set())
            words.update(word for word in row.words.split(" ") if len(word) >= _MIN_WORD)
        last = rows[-1].number
    table = sa.table("search_words", sa.column("tenant_id"), sa.column("word"))
    for tenant_id, words in known.items():
        ordered = sorted(words)
        for start in range(0, len(ordered), _PORTION):
            chunk = [{"tenant_id": tenant_id, "word": word} for word in ordered[start : start + _PORTION]]
            bind.execute(table.insert(), chunk)


def _index_on_postgresql(bind: sa.Connection) -> None:
    """Index the parts where PostgreSQL's own extension for that may be made; the words are few enough without."""
    try:
        with bind.begin_nested():
            bind.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            bind.exec_driver_sql("CREATE INDEX ix_search_words_parts ON search_words USING gin (word gin_trgm_ops)")
    except sa.exc.DBAPIError:
        # Not installed, or not allowed: a tenant's words are read through then, 20 ms for 185,000 of them.
        return
