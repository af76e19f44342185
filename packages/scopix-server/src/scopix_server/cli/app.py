"""All commands, put together."""

import errno
import sys

import typer

from scopix_server.cli.backups import backup, backups, restore
from scopix_server.cli.common import report_failure, sentence_of
from scopix_server.cli.doctor import doctor_app
from scopix_server.cli.encryption import encryption_app
from scopix_server.cli.evaluation import evaluate
from scopix_server.cli.keys import keys_app
from scopix_server.cli.migrate import migrate
from scopix_server.cli.models import models_app
from scopix_server.cli.records import records_app
from scopix_server.cli.serve import serve
from scopix_server.cli.sweep import sweep
from scopix_server.cli.tenants import tenants_app
from scopix_server.cli.worker import worker
from scopix_server.domain.errors import DatabaseUnusable, DomainError

__all__ = ["app", "main"]

_OF_DISK = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,  # a file in the place of the data folder
    errno.EIO,
    errno.EISDIR,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
"""What an operator mends; whatever else is wrong with a file is a fault of ours, and shows where."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="The self-hosted Scopix server.",
)
app.command()(serve)
app.command()(worker)
app.command("eval")(evaluate)
app.command()(backup)
app.command()(backups)
app.command()(restore)
app.command()(sweep)
app.command()(migrate)
app.add_typer(keys_app, name="keys")
app.add_typer(tenants_app, name="tenants")
app.add_typer(models_app, name="models")
app.add_typer(doctor_app, name="doctor")
app.add_typer(encryption_app, name="encryption-key")
app.add_typer(records_app, name="records")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except DatabaseUnusable as error:
        # Whatever the command: none does anything without a database.
        sys.exit(report_failure(str(error)))
    except DomainError as error:
        sys.exit(report_failure(error.message))
    except OSError as error:
        if error.errno not in _OF_DISK:
            raise
        sys.exit(report_failure(f"Something cannot be written or read. {sentence_of(error)}"))
