"""The tables of rules, of what they did, of the files that wait for a person, and of tenants' own lists of tags."""

import sqlalchemy as sa

from scopix_server.db.columns import UtcDateTime, metadata

__all__ = ["reviews", "rule_runs", "rules", "tag_vocabularies"]

_ID = sa.String(36)
_OPEN = sa.text("status = 'open'")

rules = sa.Table(
    "rules",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("trigger", sa.String(16), nullable=False),
    sa.Column("search", sa.String(1000), nullable=False),
    sa.Column("field", sa.String(255)),
    sa.Column("below", sa.Float),
    sa.Column("actions", sa.JSON, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

rule_runs = sa.Table(
    "rule_runs",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    # What a rule did stays when it is gone.
    sa.Column("rule_id", _ID, sa.ForeignKey("rules.id")),
    sa.Column("rule_name", sa.String(100), nullable=False),
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), nullable=False, index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("done", sa.JSON, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("requested", sa.Integer),
    # Once: whatever is tried twice would fail here.
    sa.UniqueConstraint("rule_id", "file_id", "revision"),
    sa.Index("ix_rule_runs_tenant_at", "tenant_id", "at", "id"),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), nullable=False),
    sa.Column("rule_id", _ID, sa.ForeignKey("rules.id"), index=True),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("note", sa.String(500)),
    # A file waits once.
    sa.Index("uq_reviews_open", "file_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    sa.Index("ix_reviews_tenant", "tenant_id", "status", "created_at", "id"),
    sa.Index("ix_reviews_file_id", "file_id"),
)

# A tenant's own list of tags: each term with its synonyms, as [[name, [synonym, ...]], ...].
tag_vocabularies = sa.Table(
    "tag_vocabularies",
    metadata,
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), primary_key=True),
    sa.Column("mode", sa.String(8), nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)
