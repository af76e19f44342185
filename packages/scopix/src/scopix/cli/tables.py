"""Results as tables, for wide and for narrow terminals. Cells are `Text`: nothing in them is read as markup."""

from collections.abc import Sequence
from pathlib import PurePath

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scopix.cli.outcome import Outcome, State
from scopix.cli.terminal import harmless, shorten

__all__ = ["results_table"]

WIDE = 110
MAX_TEXT_LENGTH = 160

_STYLES = {
    State.DESCRIBED: "",
    State.UPLOADED: "dim",
    State.DUPLICATE: "dim",
    State.TIMED_OUT: "yellow",
    State.DESCRIPTION_FAILED: "red",
    State.REFUSED: "red",
    State.FAILED: "red",
    State.INTERRUPTED: "yellow",
    State.NOT_SENT: "dim",
    State.SKIPPED: "dim",
}


def results_table(outcomes: Sequence[Outcome], *, width: int) -> Table:
    """One row a file. From `WIDE` columns on, tags and text have columns of their own; below, they share one."""
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, expand=True, pad_edge=False)
    if width >= WIDE:
        table.add_column("File", ratio=4, overflow="fold")
        table.add_column("Description", ratio=7, overflow="fold")
        table.add_column("Tags", ratio=3, overflow="fold")
        table.add_column("Visible text", ratio=5, overflow="fold")
        for outcome in outcomes:
            table.add_row(_file(outcome), _description(outcome), _tags(outcome), _text(outcome), end_section=True)
        return table
    table.add_column("File", ratio=3, overflow="fold")
    table.add_column("Description, tags and visible text", ratio=7, overflow="fold")
    for outcome in outcomes:
        table.add_row(_file(outcome), _everything(outcome), end_section=True)
    return table


def _file(outcome: Outcome) -> Text:
    name = Text(harmless(PurePath(outcome.path).name or outcome.path).replace("\n", " "))
    if outcome.result is not None and outcome.result.image_id:
        # Eight characters are enough for `scopix show`.
        name.append(f"\n{harmless(outcome.result.image_id)[:8]}", style="dim")
    return name


def _description(outcome: Outcome) -> Text:
    description = outcome.result.description if outcome.result is not None else None
    if outcome.state is State.DESCRIBED and description:
        return Text(harmless(description))
    reason = f": {outcome.reason}" if outcome.reason else ""
    return Text(harmless(f"{outcome.state.value}{reason}"), style=_STYLES[outcome.state])


def _tags(outcome: Outcome) -> Text:
    tags = outcome.result.tags if outcome.result is not None else None
    return Text(harmless(", ".join(tags or ())).replace("\n", " "), style="cyan")


def _text(outcome: Outcome) -> Text:
    text = (outcome.result.visible_text if outcome.result is not None else None) or ""
    return Text(shorten(" / ".join(harmless(text).split("\n")), MAX_TEXT_LENGTH))


def _everything(outcome: Outcome) -> RenderableType:
    lines: list[RenderableType] = [_description(outcome)]
    tags, text = _tags(outcome), _text(outcome)
    if tags.plain:
        lines.append(Text.assemble(("Tags: ", "bold"), tags))
    if text.plain:
        lines.append(Text.assemble(("Text: ", "bold"), text))
    return Group(*lines)
