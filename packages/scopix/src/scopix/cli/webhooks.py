"""`scopix webhooks`: addresses that are told what happens."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from scopix.cli.outcome import EXIT_FAILED
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, harmless, one_line, out, say

__all__ = ["webhooks"]

webhooks = typer.Typer(
    help="List webhooks, make, try and remove them.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
WebhookId = Annotated[str, typer.Argument(metavar="ID", help="The webhook's whole id (scopix webhooks --json).")]


@webhooks.callback()
def list_webhooks(context: typer.Context, as_json: AsJson = False) -> None:
    """List webhooks, make, try and remove them."""
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        found = run(context, lambda client: client.webhooks.list())
    if as_json:
        for one in found.items:
            typer.echo(one.model_dump_json(ensure_ascii=True))
        return
    rows = []
    for one in found.items:
        state = "active" if one.is_active else one.disabled_reason or "paused"
        rows.append((one.id[:8], one.url, ", ".join(one.events), state))
    _print(("Id", "Address", "Events", "State"), rows)


@webhooks.command()
def create(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The address that is told.")],
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--event", help="file.described, file.failed, file.damaged or session.ended; repeatable [default: all]."
        ),
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let an address be told what happens.

    The last line is the secret that messages are signed with, which is shown this once.
    """
    with errors_shown():
        made = run(context, lambda client: client.webhooks.create(url, events=events, description=description))
    if as_json:
        typer.echo(made.model_dump_json(ensure_ascii=True))
        return
    say().print(one_line(f"webhook {made.id} is told of: {', '.join(made.events)}"), soft_wrap=True)
    typer.echo(made.secret)


@webhooks.command()
def ping(context: typer.Context, webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Send a message of the type webhook.ping; `scopix webhooks deliveries` tells what came of it."""
    with errors_shown():
        sent = run(context, lambda client: client.webhooks.ping(webhook_id))
    if as_json:
        typer.echo(sent.model_dump_json(ensure_ascii=True))
    else:
        say().print(one_line(f"message {sent.id} is on its way"), soft_wrap=True)


@webhooks.command()
def deliveries(
    context: typer.Context,
    webhook_id: WebhookId,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the messages to a webhook, newest first. Exit code 1 if one of them was given up."""
    with errors_shown():
        page = run(context, lambda client: _deliveries(client, webhook_id, limit))
    if as_json:
        for one in page.items:
            typer.echo(one.model_dump_json(ensure_ascii=True))
    else:
        rows = []
        for one in page.items:
            created = f"{one.created_at.astimezone():%Y-%m-%d %H:%M}"
            rows.append((one.id[:8], one.event_type, one.status, created, one.last_error or ""))
        _print(("Id", "Event", "State", "Made", "Reason"), rows)
    if any(one.status == "failed" for one in page.items):
        raise typer.Exit(EXIT_FAILED)


@webhooks.command()
def delete(context: typer.Context, webhook_id: WebhookId) -> None:
    """Remove a webhook with all messages to it."""
    with errors_shown():
        run(context, lambda client: client.webhooks.delete(webhook_id))
    say().print(one_line(f"webhook {webhook_id[:8]} is removed"))


async def _deliveries(client: Any, webhook_id: str, limit: int) -> Any:
    return await client.webhooks.deliveries(webhook_id, limit=limit)


def _print(headings: tuple[str, ...], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == "Id")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    out().print(table)
