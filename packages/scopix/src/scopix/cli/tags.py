"""`scopix tags vocabulary`: the list of tags that descriptions follow."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from scopix import Scopix, TagVocabulary
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, harmless, one_line, out, say

__all__ = ["tags"]

tags = typer.Typer(
    help="See and change the list of tags that descriptions follow.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
vocabulary = typer.Typer(
    help="Show the list, change it, and bring files onto it.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)
tags.add_typer(vocabulary, name="vocabulary")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


@tags.callback()
def about() -> None:
    """See and change the list of tags that descriptions follow."""


@vocabulary.callback()
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the list, change it, and bring files onto it."""
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        found = run(context, lambda client: client.tags.vocabulary())
    if as_json:
        typer.echo(found.model_dump_json(ensure_ascii=True))
    else:
        _print(found)


@vocabulary.command("set")
def set_all(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A term a line, with its synonyms behind a colon (vehicle: car, lorry), or the JSON that `scopix tags "
            "vocabulary --json` prints; - reads standard input.",
        ),
    ],
    mode: Annotated[
        str | None, typer.Option(help="prefer: these tags first; only: no others; free: as without a list.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace the list. `apply` brings the files that are there onto it."""
    with errors_shown():
        terms, given_mode = _read(file)
        chosen = mode or given_mode or "prefer"
        after = run(context, lambda client: client.tags.set_vocabulary(terms, mode=chosen))
    _report(after, as_json=as_json)


@vocabulary.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help="The term; of one that is there synonyms are added.")],
    synonyms: Annotated[
        list[str] | None, typer.Option("--synonym", metavar="WORDS", help="What else is said for it; repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a term, such as a tag that descriptions found; or synonyms to one that is there."""
    with errors_shown():
        after = run(context, lambda client: client.tags.add_term(name, synonyms=synonyms or ()))
    _report(after, as_json=as_json)


@vocabulary.command()
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help="The term.")],
    as_json: AsJson = False,
) -> None:
    """Take a term off the list, with its synonyms."""
    with errors_shown():
        after = run(context, lambda client: client.tags.remove_term(name))
    _report(after, as_json=as_json)


@vocabulary.command()
def suggest(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List tags that descriptions found and the list does not have, the most frequent first."""

    async def fetch(client: Scopix) -> Any:
        return await client.tags.suggestions(limit=limit)

    with errors_shown():
        found = run(context, fetch)
    for one in found.items:
        typer.echo(one.model_dump_json() if as_json else one_line(f"{one.file_count:>8,}  {one.tag}"))


@vocabulary.command()
def apply(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the tags of all files that are there onto the list, without describing them again."""
    with errors_shown():
        done = run(context, lambda client: client.tags.apply_vocabulary())
    if as_json:
        typer.echo(json.dumps({"examined": done.examined, "changed": done.changed}))
    else:
        say().print(f"{done.examined:,} files looked at, {done.changed:,} have other tags now")


def _read(file: str) -> tuple[dict[str, list[str]], str | None]:
    """The terms in a file, each with its synonyms, and the mode where it names one."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    if text.lstrip().startswith("{"):
        content = json.loads(text)
        try:
            return {term["name"]: list(term.get("synonyms", ())) for term in content["terms"]}, content.get("mode")
        except (KeyError, TypeError, AttributeError):
            raise ValueError(f"{file} is no vocabulary: it needs a list `terms` of objects with a `name`") from None
    terms: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, synonyms = line.partition(":")
        if name.strip() and not name.lstrip().startswith("#"):
            terms[name.strip()] = [one.strip() for one in synonyms.split(",") if one.strip()]
    return terms, None


def _report(after: TagVocabulary, *, as_json: bool) -> None:
    if as_json:
        typer.echo(after.model_dump_json(ensure_ascii=True))
        return
    noun = "term" if len(after.terms) == 1 else "terms"
    say().print(f"{len(after.terms):,} {noun}, mode {after.mode}; `scopix tags vocabulary apply` brings files onto it")


def _print(found: TagVocabulary) -> None:
    say().print(f"mode {found.mode}")
    for term in found.terms:
        synonyms = f": {', '.join(term.synonyms)}" if term.synonyms else ""
        out().print(harmless(f"{term.name}{synonyms}"), markup=False, highlight=False, soft_wrap=True)
