"""The schema of release 2.0.0, in one step.

Sixteen migrations led here before the first release. A database that they brought to their end is at this one's
revision and needs nothing; `migrate` refuses what is at an earlier one.
"""

import sqlalchemy as sa
from alembic import op

from scopix_server.db.migrate import use_byte_order

# The number of the last of those that it stands for.
revision = "0016"
down_revision = None

# The usual triggers for an index over another table's content (SQLite documentation, FTS5, section 4.4.3).
_ADD = """INSERT INTO search_index(rowid, title, description, visible_text, tags)
      VALUES (new.number, new.title, new.description, new.visible_text, new.tags);"""
_REMOVE = """INSERT INTO search_index(search_index, rowid, title, description, visible_text, tags)
      VALUES ('delete', old.number, old.title, old.description, old.visible_text, old.tags);"""
_TRIGGERS = {"added AFTER INSERT": _ADD, "removed AFTER DELETE": _REMOVE, "changed AFTER UPDATE": f"{_REMOVE} {_ADD}"}
# Our words as PostgreSQL's index wants them: each once, without places; what stands together is looked up in the text.
_VECTORS = {"metadata_words": "title || ' ' || description || ' ' || tags", "visible_words": "visible_text"}


def upgrade() -> None:
    _create_tables()
    op.execute("INSERT INTO high_water (number) VALUES (0)")
    if op.get_bind().dialect.name == "sqlite":
        _index_on_sqlite()
    else:
        _index_on_postgresql()


def _index_on_sqlite() -> None:
    # The words are ours (domain/words.py). The tokenizer is to part them at spaces and nothing else; `ascii` does, for
    # it takes every character beyond ASCII for a letter, while unicode61 knows the letters of one year only.
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(title, description, visible_text, tags, "
        "content='search_documents', content_rowid='number', tokenize='ascii')"
    )
    for event, entries in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER search_documents_{event} ON search_documents BEGIN {entries} END")


def _index_on_postgresql() -> None:
    # Before there are columns that are made of others, which bars a change of these.
    use_byte_order(op.get_bind())
    for name, texts in _VECTORS.items():
        made = f"array_to_tsvector(array_remove(string_to_array({texts}, ' '), ''))"
        op.execute(f"ALTER TABLE search_documents ADD COLUMN {name} tsvector GENERATED ALWAYS AS ({made}) STORED")
        op.execute(f"CREATE INDEX ix_search_documents_{name} ON search_documents USING gin ({name})")


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    rows = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=rows, postgresql_where=rows)


def _create_tables() -> None:
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=255)),
        sa.Column("held_until", sa.String(length=32)),
        sa.Column("done_at", sa.String(length=32)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.create_table(
        "engines",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.Column("checked_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_engines")),
    )
    op.create_table(
        "high_water",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("doubt", sa.Text()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_high_water")),
    )
    op.create_table(
        "stage_times",
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("most_seconds", sa.Double(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "outcome", "most_seconds", name=op.f("pk_stage_times")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("plan", sa.String(length=32)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("heartbeat_at", sa.String(length=32), nullable=False),
        sa.Column("is_ready", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("key_prefix", sa.String(length=32), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32)),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(length=500)),
        sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("last_used_at", sa.String(length=32)),
        sa.Column("usage_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_by", sa.String(length=36)),
        sa.Column("outlives_creator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_keys_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_prefix", name=op.f("uq_api_keys_key_prefix")),
    )
    op.create_index(op.f("ix_api_keys_created_by"), "api_keys", ["created_by"])
    op.create_index(op.f("ix_api_keys_tenant_id"), "api_keys", ["tenant_id"])
    op.create_table(
        "direct_uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("part_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("answer", sa.JSON()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_direct_uploads_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_uploads")),
    )
    op.create_index("ix_direct_uploads_status_expires", "direct_uploads", ["status", "expires_at"])
    op.create_index("ix_direct_uploads_tenant_sha256", "direct_uploads", ["tenant_id", "sha256"])
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_keys_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("upload_method", sa.String(length=16), nullable=False),
        sa.Column("expected_files", sa.Integer()),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("cancelled_at", sa.String(length=32)),
        sa.Column("last_event", sa.Integer(), server_default="0", nullable=False),
        sa.Column("end_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sessions_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_tenant_created", "sessions", ["tenant_id", "created_at", "id"])
    op.create_table(
        "tenant_s3_configs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("bucket_name", sa.String(length=63), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("endpoint_url", sa.String(length=512)),
        sa.Column("force_path_style", sa.Boolean()),
        sa.Column("sealed_credentials", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("configured_at", sa.String(length=32), nullable=False),
        sa.Column("is_validated", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("removed_at", sa.String(length=32)),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_s3_configs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_s3_configs")),
    )
    _partial("uq_tenant_s3_configs_current", "tenant_s3_configs", ["tenant_id"], "removed_at IS NULL", unique=True)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.String(length=512), nullable=False),
        sa.Column("description", sa.String(length=500)),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_webhooks_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_tenant_id"), "webhooks", ["tenant_id"])
    op.create_table(
        "files",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255)),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("media_type", sa.String(length=16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=512), nullable=False),
        sa.Column("storage_target", sa.String(length=16), nullable=False),
        sa.Column("storage_id", sa.String(length=36)),
        sa.Column("upload_method", sa.String(length=16), nullable=False),
        sa.Column("content_category", sa.String(length=64), nullable=False),
        sa.Column("user_tags", sa.JSON(), nullable=False),
        sa.Column("folder_id", sa.String(length=36)),
        sa.Column("project_id", sa.String(length=36)),
        sa.Column("custom_schema_id", sa.String(length=36)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("content_created_at", sa.String(length=32)),
        sa.Column("sorted_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("deleted_at", sa.String(length=32)),
        sa.Column("variant_status", sa.String(length=16), nullable=False),
        sa.Column("variant_error", sa.Text()),
        sa.Column("description_status", sa.String(length=16), nullable=False),
        sa.Column("description_revision", sa.Integer(), nullable=False),
        sa.Column("description_attempts", sa.Integer(), nullable=False),
        sa.Column("description_error", sa.Text()),
        sa.Column("description_error_type", sa.String(length=32)),
        sa.Column("description_is_retryable", sa.Boolean()),
        sa.Column("description_started_at", sa.String(length=32)),
        sa.Column("description_finished_at", sa.String(length=32)),
        sa.Column("description_engine", sa.String(length=64)),
        sa.Column("description_current", sa.Integer()),
        sa.ForeignKeyConstraint(["storage_id"], ["tenant_s3_configs.id"], name=op.f("fk_files_storage_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_files_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    _partial("ix_files_deleted", "files", ["deleted_at"], "deleted_at IS NOT NULL")
    _partial("ix_files_tenant_created", "files", ["tenant_id", "created_at", "id"], "deleted_at IS NULL")
    op.create_index("ix_files_tenant_sha256", "files", ["tenant_id", "sha256"])
    _partial("ix_files_tenant_sorted", "files", ["tenant_id", "sorted_at", "id"], "deleted_at IS NULL")
    _partial("ix_files_unrendered", "files", ["variant_status"], "variant_status = 'pending'")
    _partial(
        "ix_files_waiting", "files", ["description_status"], "description_status IN ('pending', 'queued', 'processing')"
    )
    op.create_table(
        "session_events",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("error_type", sa.String(length=32)),
        sa.Column("error_is_retryable", sa.Boolean()),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_session_events_session_id")),
        sa.PrimaryKeyConstraint("session_id", "number", name=op.f("pk_session_events")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("webhook_id", sa.String(length=36), nullable=False),
        sa.Column("event_type", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("next_attempt_at", sa.String(length=32)),
        sa.Column("finished_at", sa.String(length=32)),
        sa.Column("last_status_code", sa.Integer()),
        sa.Column("last_error", sa.Text()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_webhook_deliveries_tenant_id")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    _partial(
        "ix_webhook_deliveries_pending", "webhook_deliveries", ["webhook_id", "next_attempt_at"], "status = 'pending'"
    )
    op.create_index("ix_webhook_deliveries_webhook", "webhook_deliveries", ["webhook_id", "created_at", "id"])
    op.create_table(
        "descriptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("visible_text", sa.Text()),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("category_data", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("processing_time_ms", sa.Integer(), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64)),
        sa.Column("language", sa.String(length=35), server_default="en", nullable=False),
        sa.Column("engine_seconds", sa.Float()),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("cost", sa.Float()),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_descriptions_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_descriptions")),
        sa.UniqueConstraint("file_id", "revision", name=op.f("uq_descriptions_file_id_revision")),
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
    op.create_table(
        "perceptions",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("embedding", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_perceptions_file_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_perceptions")),
    )
    op.create_table(
        "search_documents",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("visible_text", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_search_documents_file_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_documents")),
        sa.UniqueConstraint("file_id", name=op.f("uq_search_documents_file_id")),
    )
    op.create_table(
        "session_files",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("file_id", sa.String(length=36)),
        sa.Column("error", sa.Text()),
        sa.Column("error_is_retryable", sa.Boolean()),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_session_files_file_id")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_session_files_session_id")),
        sa.PrimaryKeyConstraint("session_id", "position", name=op.f("pk_session_files")),
    )
    op.create_index(op.f("ix_session_files_file_id"), "session_files", ["file_id"])
    op.create_table(
        "variants",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("object_key", sa.String(length=512), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_variants_file_id")),
        sa.PrimaryKeyConstraint("file_id", "name", name=op.f("pk_variants")),
    )
    op.create_table(
        "vectors",
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_vectors_file_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vectors_tenant_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_vectors")),
    )
    op.create_index(op.f("ix_vectors_tenant_id"), "vectors", ["tenant_id"])
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["webhook_deliveries.id"], name=op.f("fk_webhook_attempts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempts")),
    )
