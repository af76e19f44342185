"""`scopix rules`: what is done with files by itself."""

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from scopix import Rule, RuleDryRun, Scopix
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, one_line, say

__all__ = ["rules"]

rules = typer.Typer(
    help="List rules, try them out, make and remove them.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
RuleFile = Annotated[
    str, typer.Argument(metavar="FILE", help="A rule, or a list of them, as YAML or JSON; - reads standard input.")
]


async def _fetch(client: Scopix) -> Any:
    return await client.rules.list()


@rules.callback()
def list_rules(context: typer.Context, as_json: AsJson = False) -> None:
    """List rules, try them out, make and remove them."""
    if context.invoked_subcommand is not None:
        return

    with errors_shown():
        found = run(context, _fetch)
    for rule in found.items:
        state = "" if rule.is_active else "  (off)"
        actions = ", ".join(action.do for action in rule.actions)
        line = f"{rule.id}  {rule.name}: {rule.trigger} [{rule.filter or 'all files'}] -> {actions}{state}"
        typer.echo(rule.model_dump_json(ensure_ascii=True) if as_json else one_line(line))


@rules.command()
def check(context: typer.Context, file: RuleFile, as_json: AsJson = False) -> None:
    """Tell which of the latest 1,000 files a rule would be run on. Nothing is kept or done."""
    with errors_shown():
        for rule in _read(file):
            found = run(context, partial(_try_out, rule))
            if as_json:
                typer.echo(found.model_dump_json(ensure_ascii=True))
                continue
            say().print(one_line(f"{rule.get('name')}: {found.matched:,} of {found.examined:,} files"), soft_wrap=True)
            say().print(one_line(f"would be {', '.join(found.would)}"), soft_wrap=True)
            for one in found.files:
                typer.echo(one_line(f"{one.id[:8]}  {one.title or one.filename}"))


@rules.command()
def add(context: typer.Context, file: RuleFile, as_json: AsJson = False) -> None:
    """Make rules of a file. They are run on what happens from now on; `check` tries them out before.

    Of two rules of one name each would be run, so one whose name is there already is left out.
    """
    with errors_shown():
        known = {rule.name: rule.id for rule in run(context, _fetch).items}
        for rule in _read(file):
            if (there := known.get(rule.get("name"))) is not None:
                say().print(one_line(f"rule {there} is there already: {rule['name']}"), soft_wrap=True)
                continue
            made = run(context, partial(_create, rule))
            if as_json:
                typer.echo(made.model_dump_json(ensure_ascii=True))
            else:
                say().print(one_line(f"rule {made.id} is active: {made.name}"), soft_wrap=True)


@rules.command()
def delete(
    context: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule's whole id, as scopix rules shows it.")],
) -> None:
    """Remove a rule. What it did stays on record."""
    with errors_shown():
        run(context, lambda client: client.rules.delete(rule_id))
    say().print(one_line(f"rule {rule_id[:8]} is removed"))


@rules.command()
def runs(
    context: typer.Context,
    rule_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="What this rule did.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List what rules did, newest first."""

    async def fetch(client: Scopix) -> Any:
        return await client.rules.runs(rule_id, limit=limit)

    with errors_shown():
        found = run(context, fetch)
    for one in found.items:
        what = "; ".join([*one.done, *([f"could not: {one.error}"] if one.error else [])])
        line = f"{one.at.astimezone():%Y-%m-%d %H:%M}  {one.image_id[:8]}  {one.rule_name}: {what}"
        typer.echo(one.model_dump_json(ensure_ascii=True) if as_json else one_line(line))


async def _try_out(rule: Mapping[str, Any], client: Scopix) -> RuleDryRun:
    return await client.rules.dry_run(rule)


async def _create(rule: Mapping[str, Any], client: Scopix) -> Rule:
    return await client.rules.create(rule)


def _read(file: str) -> list[Mapping[str, Any]]:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    content = _parsed(file, text)
    found = content if isinstance(content, list) else [content]
    if not found or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{file} holds no rule: it needs a name, a trigger and actions")
    return found


def _parsed(file: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    import yaml  # after JSON, which needs nothing to be loaded

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is neither JSON nor YAML: {error}") from None
