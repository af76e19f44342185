"""Files as rows of a table that fits the terminal, page after page under one heading."""

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scopix import DescriptionStatus, FileSummary
from scopix.cli.terminal import one_line, shown_size, word_of

__all__ = ["FileRows"]

NARROW, WIDE = 60, 110
GAP = 2

_STYLES = {
    DescriptionStatus.FAILED: "red",
    DescriptionStatus.SKIPPED: "dim",
    DescriptionStatus.PENDING: "yellow",
    DescriptionStatus.QUEUED: "yellow",
    DescriptionStatus.PROCESSING: "yellow",
}


class FileRows:
    """A table printed in pieces: the widths of its columns follow from the terminal's alone."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = False

    def print(self, files: Sequence[FileSummary]) -> None:
        """Print these files, under the heading if it is not there yet."""
        if not files:
            return
        table = self._table()
        for file in files:
            table.add_row(*self._cells(file))
        self._console.print(table)
        self._begun = True

    def _table(self) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD, pad_edge=False, show_header=not self._begun, show_edge=False, padding=(0, 1, 0, 0)
        )
        for heading, width, justify in self._columns():
            table.add_column(heading, width=width, no_wrap=True, overflow="ellipsis", justify=justify)  # type: ignore[arg-type]
        return table

    def _columns(self) -> list[tuple[str, int, str]]:
        width = self._console.width
        fixed = [("Id", 8, "left")]
        tail = [("Status", 10, "left")]
        if width >= NARROW:
            tail += [("Size", 8, "right"), ("Date", 10, "left")]
        if width >= WIDE:
            tail = [("Pixels", 11, "right"), *tail[:2], ("Date", 16, "left")]
        rest = width - sum(size + GAP for _, size, _ in [*fixed, *tail])
        if width < WIDE:
            return [*fixed, ("File", max(8, rest), "left"), *tail]
        tags = max(12, rest * 2 // 5)
        return [*fixed, ("File", rest - tags - GAP, "left"), *tail, ("Tags", tags, "left")]

    def _cells(self, file: FileSummary) -> list[Text]:
        width = self._console.width
        style = (
            _STYLES.get(file.description_status, "") if isinstance(file.description_status, DescriptionStatus) else ""
        )
        status = Text(one_line(word_of(file.description_status)), style=style)
        cells = [Text(one_line(file.id)[:8], style="dim"), _name(file)]
        if width < NARROW:
            return [*cells, status]
        size = Text(shown_size(file.size_bytes) or "")
        moment = file.content_created_at or file.created_at
        if width < WIDE:
            return [*cells, status, size, Text(_date(moment, "%Y-%m-%d"))]
        pixels = f"{file.dimensions.width}×{file.dimensions.height}" if file.dimensions else ""
        tags = Text(one_line(", ".join(file.tags)), style="cyan")
        return [*cells, Text(pixels), status, size, Text(_date(moment, "%Y-%m-%d %H:%M")), tags]


def _name(file: FileSummary) -> Text:
    """The title and the name; under them, why there is no description."""
    name = Text(one_line(file.title or file.filename))
    if file.title and file.filename:
        name.append(f"  {one_line(file.filename)}", style="dim")
    if file.description_error:
        name.append(f"\n{one_line(file.description_error)}", style="red")
    return name


def _date(moment: datetime | None, form: str) -> str:
    # As the reader's clock has it.
    return "" if moment is None else f"{moment.astimezone():{form}}"
