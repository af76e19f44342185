"""Whose a text is stands beside its words, so that hits are counted by the index of texts alone."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

# As in 0016, with the tenant before the texts.
_ADD = """INSERT INTO search_index(rowid, tenant, title, description, visible_text, tags)
      VALUES (new.number, new.tenant, new.title, new.description, new.visible_text, new.tags);"""
_REMOVE = """INSERT INTO search_index(search_index, rowid, tenant, title, description, visible_text, tags)
      VALUES ('delete', old.number, old.tenant, old.title, old.description, old.visible_text, old.tags);"""
_TRIGGERS = {"added AFTER INSERT": _ADD, "removed AFTER DELETE": _REMOVE, "changed AFTER UPDATE": f"{_REMOVE} {_ADD}"}

_MARK = sa.text(
    "UPDATE search_documents SET tenant = :word "
    "WHERE file_id IN (SELECT id FROM files WHERE tenant_id = :tenant_id AND deleted_at IS NULL)"
)


def upgrade() -> None:
    bind = op.get_bind()
    is_sqlite = bind.dialect.name == "sqlite"
    if is_sqlite:
        for event in _TRIGGERS:
            op.execute(f"DROP TRIGGER search_documents_{event.split()[0]}")
        op.execute("DROP TABLE search_index")
    op.add_column("search_documents", sa.Column("tenant", sa.String(length=80), nullable=False, server_default=""))
    for tenant_id in bind.execute(sa.text("SELECT id FROM tenants")).scalars().all():
        # As `tenant_word` in db/search.py had it when this was written.
        bind.execute(_MARK, {"word": f"t{tenant_id.encode().hex()}", "tenant_id": tenant_id})
    if is_sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(tenant, title, description, visible_text, tags, "
            "content='search_documents', content_rowid='number', tokenize='ascii')"
        )
        op.execute("INSERT INTO search_index(search_index) VALUES ('rebuild')")
        for event, entries in _TRIGGERS.items():
            op.execute(f"CREATE TRIGGER search_documents_{event} ON search_documents BEGIN {entries} END")
