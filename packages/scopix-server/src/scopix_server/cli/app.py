"""All commands, put together."""

import sys

import typer

from scopix_server.cli.common import told
from scopix_server.cli.doctor import doctor_app
from scopix_server.cli.encryption import encryption_app
from scopix_server.cli.evaluation import evaluate
from scopix_server.cli.keys import keys_app
from scopix_server.cli.migrate import migrate
from scopix_server.cli.models import models_app
from scopix_server.cli.serve import serve
from scopix_server.cli.sweep import sweep
from scopix_server.cli.tenants import tenants_app
from scopix_server.cli.worker import worker
from scopix_server.domain.errors import DatabaseUnusable

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="The self-hosted Scopix server.",
)
app.command()(serve)
app.command()(worker)
app.command("eval")(evaluate)
app.command()(sweep)
app.command()(migrate)
app.add_typer(keys_app, name="keys")
app.add_typer(tenants_app, name="tenants")
app.add_typer(models_app, name="models")
app.add_typer(doctor_app, name="doctor")
app.add_typer(encryption_app, name="encryption-key")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except DatabaseUnusable as error:
        # Whatever the command: none does anything without a database.
        sys.exit(told(str(error)))
