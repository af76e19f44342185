"""`scopix edit`: a file's title and tags, and corrections of what was said of it."""

import sys
from typing import Annotated

import typer

from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, one_line, say

__all__ = ["edit"]


def edit(
    context: typer.Context,
    file_id: Annotated[str, typer.Argument(metavar="ID", help="The file's id, or its first 8 characters.")],
    title: Annotated[str | None, typer.Option(help="Its title; an empty one takes it away.")] = None,
    tags: Annotated[
        str | None, typer.Option(help="All tags of yours, separated by commas; none takes them away.")
    ] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A better description; - reads it from standard input.")
    ] = None,
    ai_tags: Annotated[str | None, typer.Option("--ai-tags", help="Better tags of the description.")] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let an empty description take the place of the one there is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Change a file's title or tags, or correct its description.

    A correction is a version of its own, which no engine replaces.
    """
    with errors_shown():
        if title is tags is ai_tags is description is None:
            raise ValueError("say what is to change: --title, --tags, --ai-tags or --description")
        text = sys.stdin.read().strip() if description == "-" else description
        if text is not None and not text.strip() and not allow_empty:
            raise ValueError(
                "the description is empty, and would take the place of the one that is there; --allow-empty means it"
            )
        result = run(
            context,
            lambda client: client.files.update(
                file_id, title=title, tags=_split(tags), description=text, ai_tags=_split(ai_tags)
            ),
        )
    if as_json:
        typer.echo(result.model_dump_json(ensure_ascii=True))
    else:
        say().print(one_line(f"{result.id[:8]} is changed"))


def _split(text: str | None) -> list[str] | None:
    return None if text is None else [tag.strip() for tag in text.split(",") if tag.strip()]
