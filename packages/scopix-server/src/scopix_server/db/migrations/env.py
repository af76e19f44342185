"""Alembic's entry point; the connection comes from `db/migrate.py`."""

from alembic import context

from scopix_server.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
# The caller owns the transaction.
context.run_migrations()
