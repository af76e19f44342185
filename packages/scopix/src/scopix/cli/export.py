"""`scopix export`: everything known about many files, as a file for other programs."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from scopix import FileDetails, Scopix
from scopix.cli.connection import Connection, open_client
from scopix.cli.export_formats import Format, Writer, open_writer, record_of
from scopix.cli.filters import WordFilters, takes_filters
from scopix.cli.paging import Page, detail_pages
from scopix.cli.saving import check_target, new_file
from scopix.cli.terminal import counting, errors_shown, harmless, say

__all__ = ["export"]

STANDARD_OUTPUT = Path("-")
_FORMAT_OF_SUFFIX = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
}


@dataclass(frozen=True)
class _Options:
    """Where the export goes, and in which format."""

    output: Path
    format: Format
    for_excel: bool
    force: bool

    @property
    def to_standard_output(self) -> bool:
        return self.output == STANDARD_OUTPUT


@takes_filters
def export(
    context: typer.Context,
    filters: WordFilters,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write; - is standard output.")
    ] = STANDARD_OUTPUT,
    format: Annotated[
        Format | None,
        typer.Option(
            help="JSON Lines, CSV or Parquet [default: by the file's suffix; jsonl for -].", show_default=False
        ),
    ] = None,
    excel: Annotated[bool, typer.Option("--excel", help="CSV: with the mark that tells Excel it is UTF-8.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say what was written as one JSON object on standard output.")
    ] = False,
) -> None:
    """Write everything known about files, in the order of their upload, as JSON Lines, CSV or Parquet.

    The file appears when it is complete. Each file that is there all the while is in it once, whatever is uploaded or
    deleted meanwhile. In CSV, text that a spreadsheet would take for a formula begins with a quotation mark.
    """
    connection: Connection = context.obj
    with errors_shown():
        options = _Options(output, _format_of(output, format), excel, force)
        _check(options, as_json=as_json)
        arguments = {**filters.to_arguments(), "sort_by": "created_at", "sort_order": "asc"}
        started = time.monotonic()
        with _target(options) as file:
            # No writer, no request: a missing library is told first.
            writer = open_writer(options.format, file, for_excel=excel, ascii_only=_on_terminal(options))
            try:
                count = asyncio.run(_export(open_client(connection), arguments, writer))
            finally:
                writer.close()
    seconds = time.monotonic() - started
    if as_json:
        summary = {"output": str(output), "format": options.format.value, "files": count, "seconds": round(seconds, 3)}
        typer.echo(json.dumps({**summary, "bytes": output.stat().st_size}))
    noun = "file" if count == 1 else "files"
    place = "" if options.to_standard_output else f" written to {harmless(str(output))}"
    say().print(f"{count:,} {noun}{place} ({count / max(seconds, 0.001):,.0f} a second)", soft_wrap=True)


def _format_of(output: Path, given: Format | None) -> Format:
    if given is not None:
        return given
    if output == STANDARD_OUTPUT:
        return Format.JSONL
    found = _FORMAT_OF_SUFFIX.get(output.suffix.lower())
    if found is None:
        raise ValueError(
            f"{output}: the suffix names no format; end it with .jsonl, .csv or .parquet, or give --format"
        )
    return found


def _check(options: _Options, *, as_json: bool) -> None:
    if options.for_excel and options.format is not Format.CSV:
        raise ValueError("--excel is for CSV")
    if not options.to_standard_output:
        check_target(options.output, force=options.force)
    elif options.format is Format.PARQUET:
        raise ValueError("Parquet cannot be written to standard output; name a file with --output")
    elif as_json:
        raise ValueError("--json tells of a file that was written; name one with --output")


def _on_terminal(options: _Options) -> bool:
    return options.to_standard_output and sys.stdout.isatty()


@contextmanager
def _target(options: _Options) -> Iterator[IO[bytes]]:
    if options.to_standard_output:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with new_file(options.output, force=options.force) as file:
        yield file


async def _export(client: Scopix, arguments: dict[str, Any], writer: Writer) -> int:
    count = 0
    async with client:
        with counting() as progress:
            task = progress.add_task("exported", total=None)
            async for page in _ahead(detail_pages(client, arguments, limit=None)):
                await asyncio.to_thread(_write, writer, page.items)
                count += len(page.items)
                progress.update(task, completed=count, total=max(count, page.total))
    return count


def _write(writer: Writer, files: Sequence[FileDetails]) -> None:
    writer.write([record_of(file) for file in files])


async def _ahead(pages: AsyncIterator[Page[FileDetails]]) -> AsyncIterator[Page[FileDetails]]:
    """The pages, each asked for while the one before is being written."""
    upcoming = asyncio.ensure_future(anext(pages))
    try:
        while True:
            try:
                page = await upcoming
            except StopAsyncIteration:
                return
            upcoming = asyncio.ensure_future(anext(pages))
            yield page
    finally:
        upcoming.cancel()
