"""encryption-key: rotate."""

import typer

from scopix_server.cli.common import DataDir, fail, lend_database, say

__all__ = ["encryption_app"]

encryption_app = typer.Typer(
    no_args_is_help=True, help="The key that encrypts credentials of tenants' buckets and secrets of webhooks."
)


@encryption_app.callback()
def encryption_key() -> None:
    """The key that encrypts credentials of tenants' buckets and secrets of webhooks."""


@encryption_app.command()
def rotate(data_dir: DataDir = None) -> None:
    """Encrypt everything with a new key, and forget the old ones. A running server goes on without a restart.

    When SCOPIX_ENCRYPTION_KEY is set, put the new key in front of the old one there first, restart the servers, then
    run this; afterwards the old one can be taken out.
    """
    from scopix_server.domain.errors import DomainError
    from scopix_server.library.own_bucket import reseal_all
    from scopix_server.wiring.storage import key_ring, open_vault

    with lend_database(data_dir) as (database, settings):
        try:
            keys, vault = key_ring(settings), open_vault(settings)
        except ValueError as error:
            fail(f"{error}.")
        if not keys.is_configured:
            # From here on servers encrypt with the new key; until all is done, they can read both.
            keys.add()
        try:
            number = database.write(lambda t: reseal_all(t, vault))
        except DomainError as error:
            fail(f"Nothing was re-encrypted: {error.message}")
        if not keys.is_configured:
            keys.keep_first()
    say(f"{number} credentials of buckets and secrets of webhooks are encrypted with the key {keys.current().id}.")
    if keys.is_configured:
        say("Other keys in SCOPIX_ENCRYPTION_KEY are not needed any more.")
