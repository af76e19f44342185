"""migrate: bring the database to the current schema."""

from scopix_server.cli.common import DataDir, lend_database, say

__all__ = ["migrate"]


def migrate(data_dir: DataDir = None) -> None:
    """Make the tables, or bring them up to date, and make the first tenant. Every start of a server does so, too.

    The first tenant has no key then: `keys create` makes one.
    """
    with lend_database(data_dir, with_key=False, may_make=True) as (database, _):
        tenant = database.read(lambda t: t.tenants.first_tenant())
    name = tenant.name if tenant is not None else "none"
    say(f"The database is up to date; the first tenant is {name}.")
