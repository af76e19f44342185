"""The tables, once for both dialects. The migrations must arrive at the same (a test holds it).

Times are UTC, kept as ISO 8601 text with microseconds so that they sort as text on both databases. Texts are compared
byte by byte on both (see `migrate`).
"""

import sqlalchemy as sa

from scopix_server.db.columns import UtcDateTime, high_water, inspections, metadata
from scopix_server.db.count_tables import file_counts, session_count_columns
from scopix_server.db.file_indexes import borrowing_columns, file_indexes
from scopix_server.db.rule_tables import reviews, rule_runs, rules, tag_vocabularies
from scopix_server.db.search_tables import (
    document_pages,
    documents,
    file_fields,
    file_objects,
    file_tags,
    fingerprints,
    search_documents,
    search_pages,
    search_words,
    text_embeddings,
    text_vectors,
    vector_changes,
    vectors,
)

__all__ = [
    "api_keys",
    "descriptions",
    "direct_uploads",
    "document_pages",
    "documents",
    "engines",
    "file_counts",
    "file_fields",
    "file_objects",
    "file_tags",
    "files",
    "fingerprints",
    "high_water",
    "idempotency_keys",
    "inspections",
    "maintenance",
    "metadata",
    "perceptions",
    "reviews",
    "rule_runs",
    "rules",
    "search_documents",
    "search_pages",
    "search_words",
    "session_events",
    "session_files",
    "sessions",
    "stage_times",
    "tag_vocabularies",
    "tenant_s3_configs",
    "tenants",
    "text_embeddings",
    "text_vectors",
    "variants",
    "vector_changes",
    "vectors",
    "webhook_attempts",
    "webhook_deliveries",
    "webhooks",
    "workers",
]

_ID = sa.String(36)
_PENDING = sa.text("status = 'pending'")

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # None follows the settings.
    sa.Column("plan", sa.String(32)),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("key_prefix", sa.String(32), nullable=False, unique=True),
    sa.Column("key_hash", sa.String(64), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("description", sa.String(500)),
    sa.Column("metadata", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("usage_count", sa.BigInteger, nullable=False, server_default="0"),
    # The id of a key. No foreign key: it is a record, and stays when that one is gone.
    sa.Column("created_by", _ID, index=True),
    sa.Column("outlives_creator", sa.Boolean, nullable=False, server_default=sa.false()),
)

tenant_s3_configs = sa.Table(
    "tenant_s3_configs",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("bucket_name", sa.String(63), nullable=False),
    sa.Column("region", sa.String(64), nullable=False),
    sa.Column("endpoint_url", sa.String(512)),
    sa.Column("force_path_style", sa.Boolean),
    # Encrypted, with the key that key_id names.
    sa.Column("sealed_credentials", sa.Text, nullable=False),
    sa.Column("key_id", sa.String(32), nullable=False),
    sa.Column("configured_at", UtcDateTime, nullable=False),
    sa.Column("is_validated", sa.Boolean, nullable=False),
    sa.Column("error", sa.Text),
    # Takes no new files any more, but there are files in it.
    sa.Column("removed_at", UtcDateTime),
    sa.Index(
        "uq_tenant_s3_configs_current",
        "tenant_id",
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    ),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("filename", sa.String(255), nullable=False),
    sa.Column("title", sa.String(255)),
    sa.Column("content_type", sa.String(100), nullable=False),
    sa.Column("media_type", sa.String(16), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("object_key", sa.String(512), nullable=False),
    sa.Column("storage_target", sa.String(16), nullable=False),
    # The tenant's bucket that the original is in; None for the server's own store.
    sa.Column("storage_id", _ID, sa.ForeignKey("tenant_s3_configs.id")),
    sa.Column("upload_method", sa.String(16), nullable=False),
    sa.Column("content_category", sa.String(64), nullable=False),
    sa.Column("user_tags", sa.JSON, nullable=False),
    sa.Column("folder_id", _ID),
    sa.Column("project_id", _ID),
    sa.Column("custom_schema_id", _ID),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("content_created_at", UtcDateTime),
    # When the picture was taken, or else uploaded: kept so that the usual order has an index.
    sa.Column("sorted_at", UtcDateTime, nullable=False, server_default=""),
    sa.Column("deleted_at", UtcDateTime),
    sa.Column("variant_status", sa.String(16), nullable=False),
    sa.Column("variant_error", sa.Text),
    sa.Column("blur_hash", sa.String(64)),
    sa.Column("description_status", sa.String(16), nullable=False),
    sa.Column("description_revision", sa.Integer, nullable=False),
    sa.Column("description_attempts", sa.Integer, nullable=False),
    sa.Column("description_error", sa.Text),
    sa.Column("description_error_type", sa.String(32)),
    sa.Column("description_is_retryable", sa.Boolean),
    sa.Column("description_started_at", UtcDateTime),
    sa.Column("description_finished_at", UtcDateTime),
    # Which engine was asked for, or chosen; and which version counts.
    sa.Column("description_engine", sa.String(64)),
    sa.Column("description_current", sa.Integer),
    # Where the client had it, relative to what was given there.
    sa.Column("path", sa.String(1024)),
    *borrowing_columns(),
    *file_indexes(),
)

variants = sa.Table(
    "variants",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("object_key", sa.String(512), nullable=False),
    sa.Column("content_type", sa.String(100), nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
)

perceptions = sa.Table(
    "perceptions",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("embedding", sa.LargeBinary),
)

descriptions = sa.Table(
    "descriptions",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("category", sa.String(64), nullable=False),
    sa.Column("engine", sa.String(64), nullable=False),
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("visible_text", sa.Text),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("category_data", sa.JSON, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("processing_time_ms", sa.Integer, nullable=False),
    sa.Column("prompt_hash", sa.String(64)),
    sa.Column("language", sa.String(35), nullable=False, server_default="en"),
    sa.Column("engine_seconds", sa.Float),
    sa.Column("input_tokens", sa.Integer),
    sa.Column("output_tokens", sa.Integer),
    sa.Column("cost", sa.Float),
    # The tags as they were given, where the tenant's vocabulary made others of them.
    sa.Column("given_tags", sa.JSON(none_as_null=True)),
    # The file that was looked at instead of this one.
    sa.Column("lent_from", _ID),
    # One answer a revision: a job that runs twice cannot make a second version.
    sa.UniqueConstraint("file_id", "revision"),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("upload_method", sa.String(16), nullable=False),
    sa.Column("expected_files", sa.Integer),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("cancelled_at", UtcDateTime),
    # The number of its last event. Counted here, in the row, so that events become visible in their order.
    sa.Column("last_event", sa.Integer, nullable=False, server_default="0"),
    sa.Column("end_told", sa.Boolean, nullable=False, server_default=sa.false()),  # to webhooks, once
    # How its files stand, announced ones that have not come left out (see `session_counts`).
    *session_count_columns(),
    sa.Index("ix_sessions_tenant_created", "tenant_id", "created_at", "id"),
)

session_files = sa.Table(
    "session_files",
    metadata,
    sa.Column("session_id", _ID, sa.ForeignKey("sessions.id"), primary_key=True),
    # A position is taken once: a sub-request that is sent again cannot double its files.
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("filename", sa.String(255), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), index=True),
    sa.Column("error", sa.Text),
    sa.Column("error_is_retryable", sa.Boolean),
    sa.Column("path", sa.String(1024)),
)

session_events = sa.Table(
    "session_events",
    metadata,
    sa.Column("session_id", _ID, sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("error_type", sa.String(32)),
    sa.Column("error_is_retryable", sa.Boolean),
)

direct_uploads = sa.Table(
    "direct_uploads",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("image_id", _ID, nullable=False),
    sa.Column("filename", sa.String(255), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64)),
    sa.Column("part_size_bytes", sa.BigInteger, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("answer", sa.JSON),
    sa.Index("ix_direct_uploads_status_expires", "status", "expires_at"),
    sa.Index("ix_direct_uploads_tenant_sha256", "tenant_id", "sha256"),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("url", sa.String(512), nullable=False),
    sa.Column("description", sa.String(500)),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("sealed_secret", sa.Text, nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("disabled_reason", sa.Text),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("webhook_id", _ID, sa.ForeignKey("webhooks.id"), nullable=False),
    sa.Column("event_type", sa.String(32), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("last_status_code", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Index(
        "ix_webhook_deliveries_pending",
        "webhook_id",
        "next_attempt_at",
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    ),
    sa.Index("ix_webhook_deliveries_webhook", "webhook_id", "created_at", "id"),
)

webhook_attempts = sa.Table(
    "webhook_attempts",
    metadata,
    sa.Column("delivery_id", _ID, sa.ForeignKey("webhook_deliveries.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("status_code", sa.Integer),
    sa.Column("error", sa.Text),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    # Whether its engines have loaded their models.
    sa.Column("is_ready", sa.Boolean, nullable=False, server_default=sa.true()),
)

maintenance = sa.Table(
    "chores",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("holder", sa.String(255)),
    # A holder that died is waited for no longer than this.
    sa.Column("held_until", UtcDateTime),
    sa.Column("done_at", UtcDateTime),
)

stage_times = sa.Table(
    "stage_times",
    metadata,
    sa.Column("stage", sa.String(32), primary_key=True),
    sa.Column("outcome", sa.String(16), primary_key=True),
    # The upper end of a class of durations; -1 for the class without one.
    sa.Column("most_seconds", sa.Double, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
)

engines = sa.Table(
    "engines",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("available", sa.Boolean, nullable=False),
    # Why it is not.
    sa.Column("reason", sa.Text),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("checked_at", UtcDateTime, nullable=False),
)
