"""The commands by name. A command's file is read when it is asked for: the client behind it takes long to load."""

from collections import UserDict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["HELP", "LazyGroup"]

# What `scopix --help` says of each, in its order; a test holds that it is what the command says of itself.
HELP = {
    "upload": "Upload images and documents, and print what is on them.",
    "list": "List files, the latest pictures first.",
    "search": "Find files by words in titles, names, tags, descriptions and the text visible on them.",
    "ask": "Ask the library: which files, how many, how much in total; with what each line rests on.",
    "similar": "Find the images that look most like one, the likest first.",
    "get": "Show everything known about files, or save them.",
    "show": "Show a file's description, tags, text and particulars.",
    "open": "Open a file on the server's page, in the browser; or print its address where there is no browser.",
    "tag": "Add tags of yours to files, or take them off.",
    "tags": "See and change the list of tags that descriptions follow.",
    "rules": "List rules, try them out, make and remove them.",
    "review": "List the files that wait to be looked at, and decide them.",
    "edit": "Change a file's title or tags, or correct its description.",
    "delete": "Delete files.",
    "restore": "Bring deleted files back, up to 30 days after the deletion.",
    "retry": "Describe images again: those named, those whose description failed, or those that meet the conditions "
    "given.",
    "export": "Write everything known about files, in the order of their upload, as JSON Lines, CSV or Parquet.",
    "watch": "Upload what is put into a folder, and go on doing so.",
    "sidecar": "Write what is known of files beside them: photo.jpg.json, photo.jpg.md or photo.jpg.xmp.",
    "sessions": "List upload sessions, or show one.",
    "mcp": "Serve your pictures to an agent on this computer (Model Context Protocol, over standard input and output).",
    "keys": "List API keys, make and revoke them.",
    "webhooks": "List webhooks, make, try and remove them.",
    "settings": "See and change the tenant's settings.",
    "login": "Keep an address and a key, so that they need not be given again.",
    "logout": "Forget a profile's key on this computer.",
    "profiles": "List the profiles that are kept, or choose the one that is used.",
}
# A file and what is in it are named like the command, but `list`, which would hide Python's own.
_FILES = {"list": "list_files", "logout": "login", "profiles": "login"}
_FUNCTIONS = {"list": "list_files"}


class _Commands(UserDict[str, Any]):
    """Typer's commands by name, made when they are looked up."""

    def __getitem__(self, name: str) -> Any:
        if name in HELP and name not in self.data:
            self.data[name] = _load(name)
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in HELP

    def __iter__(self) -> Iterator[str]:
        return iter(HELP)

    def __len__(self) -> int:
        return len(HELP)


class LazyGroup(TyperGroup):
    """The program's group; its help and its list of names load no command."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(HELP)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands' section of the help, as Typer does."""
        limit = formatter.width - 6 - max(map(len, HELP))
        rows = [(name, TyperCommand(name, help=text).get_short_help_str(limit)) for name, text in HELP.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str) -> Any:
    found = getattr(import_module(f"scopix.cli.{_FILES.get(name, name)}"), _FUNCTIONS.get(name, name))
    if isinstance(found, typer.Typer):
        group = typer.main.get_command(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)
