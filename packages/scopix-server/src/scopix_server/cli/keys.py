"""keys: create, list, revoke."""

import functools
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from scopix_server.cli.common import DataDir, fail, find_tenant, lend_database, printable, say, table, when
from scopix_server.domain.tenant import ApiKey, Tenant, key_prefix_of

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlTransaction

__all__ = ["keys_app"]

_SPAN = re.compile(r"(?P<number>\d{1,6})(?P<unit>[dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}

keys_app = typer.Typer(no_args_is_help=True, help="Manage API keys.")


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    data_dir: DataDir = None,
    scope: Annotated[list[str] | None, typer.Option(help="read, write, admin (the default); may be repeated.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Name or id of the tenant; default: the first.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="When: 90d, 12h, or a date such as 2027-01-31 (UTC); default: never.")
    ] = None,
) -> None:
    """Make another API key and print it, alone on the last line of standard output. It is shown this once."""
    from scopix_server.domain.errors import DomainError
    from scopix_server.domain.scopes import check_scopes
    from scopix_server.wiring.keys import create_key

    try:
        scopes = check_scopes(scope or ["admin"])
    except DomainError as error:
        fail(error.message)
    if not 1 <= len(name.strip()) <= 255:
        fail("A key's name has 1 to 255 characters.")
    expires_at = _moment(expires, datetime.now(UTC)) if expires else None
    with lend_database(data_dir) as (database, settings):
        owner = find_tenant(database, tenant) if tenant else None
        made = create_key(database, name.strip(), scopes, tenant=owner, expires_at=expires_at)
        where = "the PostgreSQL database" if settings.database_url else str(settings.data_dir)
    typer.echo(f"A key for the server that keeps its data in {printable(where)}:", err=True)
    print(made.secret)  # noqa: T201


@keys_app.command("list")
def list_keys(
    data_dir: DataDir = None,
    tenant: Annotated[str | None, typer.Option(help="Name or id of a tenant; default: all.")] = None,
) -> None:
    """List the API keys: never the secrets, which nobody has."""
    now = datetime.now(UTC)
    rows: list[tuple[str, ...]] = [
        ("TENANT", "PREFIX", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "MADE BY", "STATE")
    ]
    with lend_database(data_dir) as (database, _):
        owners = [find_tenant(database, tenant)] if tenant else database.read(lambda t: t.tenants.list())
        for owner in owners:
            keys = database.read(functools.partial(_keys_of, owner))
            prefixes = {key.id: key.key_prefix for key in keys}
            rows += [
                (
                    owner.name,
                    key.key_prefix,
                    key.name,
                    ",".join(key.scopes),
                    *(when(at) for at in (key.created_at, key.expires_at, key.last_used_at)),
                    prefixes.get(key.created_by or "", key.created_by or "-"),
                    key.state(now),
                )
                for key in keys
            ]
    table(rows)


@keys_app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's prefix (scopix_ and 8 characters) or id.")],
    data_dir: DataDir = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the key.")] = None,
    keep_created: Annotated[
        bool, typer.Option("--keep-created", help="Keep the keys that it made; else they end with it.")
    ] = False,
) -> None:
    """Deactivate an API key, with those it made and what these made, at once and for good."""
    from scopix_server.library.keys import deactivate

    # A whole key is as good as its prefix; what is said about it is the prefix alone.
    prefix = key_prefix_of(key) or key
    with lend_database(data_dir) as (database, _):
        found = database.read(lambda t: t.keys.find(prefix))
        if found is None:
            fail(f"There is no key '{printable(prefix)}'.")
        now = datetime.now(UTC)
        ended = database.write(lambda t: deactivate(t, found, reason, now, keep_created=keep_created))
    more = f", and with it {ended} that it made" if ended else ""
    say(f"{found.key_prefix} ({found.name}) is deactivated{more}.")


def _moment(text: str, now: datetime) -> datetime:
    """Read a time to come, or a span from now on; end with a message if it is neither."""
    span = _SPAN.fullmatch(text.strip())
    try:
        if span:
            at = now + timedelta(**{_UNITS[span["unit"]]: int(span["number"])})
        else:
            at = datetime.fromisoformat(text.strip())
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        fail(f"'{printable(text)}' is no time; say 90d, 12h or 2027-01-31.")
    if at <= now:
        fail(f"'{printable(text)}' is over; a key expires in the future.")
    return at


def _keys_of(tenant: Tenant, transaction: "SqlTransaction") -> Sequence[ApiKey]:
    keys, _ = transaction.keys.list(tenant.id, include_inactive=True, limit=1_000_000, offset=0)
    return keys
