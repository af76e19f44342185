"""`scopix login`, `logout` and `profiles`: keys that need not be given again."""

import json
import sys
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from scopix import ApiKeyInfo
from scopix.cli.connection import Connection, open_client
from scopix.cli.profiles import Profile, ProfileError, Profiles
from scopix.cli.terminal import errors_shown, harmless, one_line, out, say

__all__ = ["login", "logout", "profiles"]

NAME = "default"


def login(
    context: typer.Context,
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="The API's address, such as https://host/api/v2.")
    ] = None,
    key_stdin: Annotated[bool, typer.Option("--key-stdin", help="Read the key from standard input.")] = False,
) -> None:
    """Keep an address and a key, so that they need not be given again.

    The key is asked for, or read from standard input; it is tried out, and kept in a file that only you can read.
    `scopix --profile NAME login` keeps it under a name, for `scopix --profile NAME ...`. Variables (SCOPIX_API_KEY,
    SCOPIX_BASE_URL, SCOPIX_DATA_DIR) and options win over what is kept.
    """
    import asyncio

    connection: Connection = context.obj
    with errors_shown():
        kept = Profiles.read()
        name = connection.profile or NAME
        base_url = address or connection.base_url or _ask("Address", hidden=False)
        api_key = _read_key(from_stdin=key_stdin) or connection.api_key or _ask("Key", hidden=True)
        tried = Connection(api_key, base_url, connection.data_dir)
        client = open_client(tried)
        info = asyncio.run(_current(client))
        # As it was understood: with its path, and without what stood around it.
        kept.by_name[name] = Profile(name, client.config.url, client.config.api_key)
        kept.default = kept.default if kept.default in kept.by_name else name
        path = kept.write()
    scopes = ", ".join(info.scopes)
    say().print(f"key '{one_line(info.name)}' ({one_line(scopes)}) kept as profile '{name}' in {path}", soft_wrap=True)


def logout(context: typer.Context) -> None:
    """Forget a profile's key on this computer.

    The key itself stays good: `scopix keys revoke` ends it.
    """
    connection: Connection = context.obj
    with errors_shown():
        kept = Profiles.read()
        profile = kept.named(connection.profile)
        if profile is None:
            raise ProfileError("there is no profile to forget")
        del kept.by_name[profile.name]
        if kept.default == profile.name:
            kept.default = next(iter(kept.by_name), None)
        kept.write()
    say().print(f"profile '{profile.name}' is forgotten; its key is still good", soft_wrap=True)


def profiles(
    use: Annotated[str | None, typer.Option(metavar="NAME", help="Use this one unless told otherwise.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, without the keys.")] = False,
) -> None:
    """List the profiles that are kept, or choose the one that is used."""
    with errors_shown():
        kept = Profiles.read()
        if use is not None:
            kept.named(use)
            kept.default = use
            kept.write()
    if as_json:
        for one in kept.by_name.values():
            is_default = one.name == kept.default
            typer.echo(json.dumps({"name": one.name, "base_url": one.base_url, "is_default": is_default}))
        return
    if not kept.by_name:
        say().print("no profiles are kept; scopix login keeps one")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("", "Name", "Address"):
        table.add_column(heading, overflow="fold")
    for one in kept.by_name.values():
        cells = ("*" if one.name == kept.default else "", one.name, one.base_url)
        table.add_row(*(Text(harmless(cell)) for cell in cells))
    out().print(table)


async def _current(client: object) -> ApiKeyInfo:
    from scopix import Scopix

    assert isinstance(client, Scopix)
    async with client:
        return await client.api_keys.current()


def _read_key(*, from_stdin: bool) -> str | None:
    if not from_stdin:
        return None
    key = sys.stdin.readline().strip()
    if not key:
        raise ValueError("no key came from standard input")
    return key


def _ask(what: str, *, hidden: bool) -> str:
    if not sys.stdin.isatty():
        missing = "the key: use --key-stdin, or set SCOPIX_API_KEY" if hidden else "the address: give it as an argument"
        raise ValueError(f"nobody can be asked here for {missing}")
    entered: str = typer.prompt(what, hide_input=hidden, err=True)
    return entered.strip()
