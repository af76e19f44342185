"""`scopix settings s3`: a bucket of your own for what is uploaded with `storage_target="custom"`."""

import json
import sys
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from scopix import S3ConfigStatus
from scopix.cli.outcome import EXIT_FAILED
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, harmless, one_line, out, say, say_error

__all__ = ["settings"]

settings = typer.Typer(
    help="See and change the tenant's settings.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
s3 = typer.Typer(help="A bucket of your own.", no_args_is_help=True, rich_markup_mode=None, add_completion=False)
settings.add_typer(s3, name="s3")

_KEY_ID, _SECRET = "SCOPIX_CUSTOM_S3_ACCESS_KEY_ID", "SCOPIX_CUSTOM_S3_SECRET_ACCESS_KEY"
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@s3.command("set")
def set_bucket(
    context: typer.Context,
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's name.")],
    region: Annotated[str, typer.Option(help="Its region, such as eu-central-1.")],
    endpoint: Annotated[str | None, typer.Option(metavar="URL", help="Address of a store other than Amazon's.")] = None,
    path_style: Annotated[
        bool | None,
        typer.Option("--path-style/--host-style", help="Where the bucket stands in addresses [default: what works]."),
    ] = None,
    access_key_id: Annotated[
        str | None,
        typer.Option(envvar=_KEY_ID, metavar="ID", help="The access key's id; asked for if left out."),
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret access key from standard input.")
    ] = False,
    # The variable alone is meant; given as an argument it is refused.
    secret: Annotated[str | None, typer.Option("--secret-access-key", envvar=_SECRET, hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Let a bucket take what is uploaded with storage_target=custom.

    The secret access key is no argument, which others could see: it is taken from the variable
    SCOPIX_CUSTOM_S3_SECRET_ACCESS_KEY, from standard input with --secret-stdin, or asked for. The server tries the
    bucket out, keeps the key encrypted, and never shows it.
    """
    with errors_shown():
        _refuse_argument(context)
        key_id = access_key_id or _ask("Access key id", hidden=False)
        given = sys.stdin.readline().strip() if secret_stdin else secret or _ask("Secret access key", hidden=True)
        if not given:
            raise ValueError("the secret access key is empty")
        status = run(
            context,
            lambda client: client.settings.configure_custom_s3(
                access_key_id=key_id,
                secret_access_key=given,
                bucket_name=bucket,
                region=region,
                endpoint_url=endpoint,
                force_path_style=path_style,
            ),
        )
    _show(status, as_json=as_json)


@s3.command()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show which bucket is configured, and how its last check went."""
    with errors_shown():
        status = run(context, lambda client: client.settings.get_custom_s3_status())
    _show(status, as_json=as_json)


@s3.command()
def validate(context: typer.Context, as_json: AsJson = False) -> None:
    """Try the bucket out: write, read and delete a small object. Exit code 1 when something is missing."""
    with errors_shown():
        found = run(context, lambda client: client.settings.validate_custom_s3())
    if as_json:
        typer.echo(found.model_dump_json(ensure_ascii=True))
    elif found.valid:
        out().print(f"{harmless(found.bucket_name or '')} can be written, read and deleted from", soft_wrap=True)
    else:
        say_error(found.error or "the bucket cannot be used")
    if not found.valid:
        raise typer.Exit(EXIT_FAILED)


@s3.command()
def remove(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send no new files to the bucket. What is in it stays there, and stays readable."""
    with errors_shown():
        if not yes:
            if not sys.stdin.isatty():
                raise ValueError("nobody can be asked here: --yes removes without asking")
            if not typer.confirm("Remove the configuration of the bucket?", err=True):
                say().print("nothing was removed")
                raise typer.Exit(1)
        removal = run(context, lambda client: client.settings.remove_custom_s3())
    if as_json:
        typer.echo(json.dumps(removal))
    else:
        out().print(one_line(str(removal["message"])), soft_wrap=True)


def _refuse_argument(context: typer.Context) -> None:
    source = context.get_parameter_source("secret")
    if source is not None and source.name == "COMMANDLINE":
        raise ValueError(f"a secret on the command line can be seen by others: set {_SECRET} or use --secret-stdin")


def _ask(what: str, *, hidden: bool) -> str:
    if not sys.stdin.isatty():
        raise ValueError(
            f"nobody can be asked for the {what.lower()} here: set {_KEY_ID} and {_SECRET}, or use --secret-stdin"
        )
    entered: str = typer.prompt(what, hide_input=hidden, err=True)
    return entered.strip()


def _show(status: S3ConfigStatus, *, as_json: bool) -> None:
    if as_json:
        typer.echo(status.model_dump_json(ensure_ascii=True))
        return
    if not status.configured:
        out().print("no bucket is configured")
        return
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    checked = "can be used" if status.is_validated else status.error or "not tried yet"
    rows = (
        ("bucket", status.bucket_name),
        ("region", status.region),
        ("endpoint", status.endpoint_url or "Amazon's"),
        ("configured", status.configured_at),
        ("last check", checked),
    )
    for name, value in rows:
        table.add_row(name, Text(harmless(value or ""), overflow="fold"))
    out().print(table)
