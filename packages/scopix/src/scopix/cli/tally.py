"""What became of each of many files that are there already: one end each, and numbers that add up."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from scopix.cli.outcome import EXIT_FAILED
from scopix.cli.terminal import one_line, out, say

__all__ = ["End", "end_program", "report"]

MAX_ROWS = 50


@dataclass(frozen=True)
class End:
    """One file: its id as it was given, the word for its end, and, when that is not what was asked for, why."""

    id: str
    state: str
    fine: bool
    filename: str | None = None
    reason: str | None = None


def report(ends: Sequence[End], *, as_json: bool) -> None:
    """All ends on standard output, or of many those only that need a look; the totals on standard error."""
    if as_json:
        for end in ends:
            record = {name: value for name, value in asdict(end).items() if name != "fine" and value is not None}
            typer.echo(json.dumps(record))
    else:
        shown = ends if len(ends) <= MAX_ROWS else [end for end in ends if not end.fine]
        if shown:
            out().print(_table(shown[:MAX_ROWS]))
        if len(shown) > MAX_ROWS:
            say().print(f"{len(shown) - MAX_ROWS} more of these are listed by --json")
    say().print(_totals(ends))


def end_program(ends: Iterable[End]) -> None:
    """Exit with 0 when all is as it was asked for, else with 1."""
    raise typer.Exit(0 if all(end.fine for end in ends) else EXIT_FAILED)


def _table(ends: Sequence[End]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    with_names = any(end.filename for end in ends)
    table.add_column("Id", width=8, no_wrap=True)
    if with_names:
        table.add_column("File", ratio=2, overflow="fold")
    table.add_column("Result", ratio=3, overflow="fold")
    for end in ends:
        message = f"{end.state}: {end.reason}" if end.reason else end.state
        name = [Text(one_line(end.filename or ""))] if with_names else []
        result = Text(one_line(message), style="" if end.fine else "red")
        table.add_row(Text(one_line(end.id)[:8], style="dim"), *name, result)
    return table


def _totals(ends: Sequence[End]) -> str:
    """Such as "5 files: 3 deleted, 2 skipped", with what went well first."""
    counts = Counter((not end.fine, end.state) for end in ends)
    parts = ", ".join(f"{count:,} {state}" for (_, state), count in sorted(counts.items()))
    return f"{len(ends):,} {'file' if len(ends) == 1 else 'files'}: {parts or 'nothing to do'}"
