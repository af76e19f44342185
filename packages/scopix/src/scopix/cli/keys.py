"""`scopix keys`: the API keys of the tenant."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from scopix import ApiKeyInfo, ApiKeyList
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, harmless, one_line, out, say

__all__ = ["keys"]

keys = typer.Typer(
    help="List API keys, make and revoke them.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]


@keys.callback()
def list_keys(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that were revoked, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List API keys, make and revoke them."""
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        page: ApiKeyList = run(context, lambda c: _page(c, include_inactive=everything))
    if as_json:
        for one in page.items:
            typer.echo(one.model_dump_json(ensure_ascii=True))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Id", width=8, no_wrap=True)
    for heading, ratio in (("Name", 3), ("Scopes", 4)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for heading in ("Expires", "Last used"):
        table.add_column(heading, width=10, no_wrap=True)
    for one in page.items:
        table.add_row(*_cells(one), style="" if one.is_active else "dim")
    out().print(table)
    if page.has_more:
        say().print(f"{page.total_count - len(page.items):,} more are not shown")


@keys.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")],
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it may do, such as read or write; repeatable [default: what yours may]."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when, such as 2027-01-31T12:00:00Z.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. The last line is the key itself, which is shown this once."""
    with errors_shown():
        made = run(
            context,
            lambda client: client.api_keys.create(name, scopes=scopes, expires_at=expires, description=description),
        )
    if as_json:
        typer.echo(made.model_dump_json(ensure_ascii=True))
        return
    say().print(one_line(f"key {made.id[:8]} '{made.name}' may: {', '.join(made.scopes)}"), soft_wrap=True)
    typer.echo(made.api_key)


@keys.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's whole id (scopix keys --json).")],
    reason: Annotated[str | None, typer.Option(help="Why, for the record.")] = None,
) -> None:
    """End a key, and those that it made. It cannot be brought back."""
    with errors_shown():
        run(context, lambda client: client.api_keys.deactivate(key_id, reason=reason))
    say().print(one_line(f"key {key_id[:8]} is revoked"))


async def _page(client: object, *, include_inactive: bool) -> ApiKeyList:
    from scopix import Scopix

    assert isinstance(client, Scopix)
    return await client.api_keys.list(include_inactive=include_inactive, limit=100)


def _cells(one: ApiKeyInfo) -> list[Text]:
    expires = f"{one.expires_at:%Y-%m-%d}" if one.expires_at else "never"
    state = expires if one.is_active else "revoked"
    used = f"{one.last_used_at:%Y-%m-%d}" if one.last_used_at else "never"
    return [Text(harmless(cell)) for cell in (one.id[:8], one.name, ", ".join(one.scopes), state, used)]
