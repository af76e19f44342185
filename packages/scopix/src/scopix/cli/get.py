"""`scopix get`: everything known about files, and the files themselves."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import typer

from scopix import FileDetails, Scopix, ScopixError, VariantType
from scopix.cli.connection import Connection, open_client
from scopix.cli.ids import given_ids
from scopix.cli.saving import check_target, new_file, safe_name
from scopix.cli.show import details_table
from scopix.cli.terminal import errors_shown, harmless, out, say

__all__ = ["get"]

STANDARD_OUTPUT = Path("-")
_ENDS_OF_FOLDERS = ("/", os.sep)


@dataclass(frozen=True)
class _Options:
    """What is to be saved, and where."""

    original: bool
    thumbnail: bool
    to: Path
    force: bool
    makes_folder: bool


def get(
    context: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="The files' ids, or their first 8 characters; - reads them from standard input."
        ),
    ],
    download: Annotated[bool, typer.Option("--download", help="Save the file as it was uploaded.")] = False,
    thumbnail: Annotated[bool, typer.Option("--thumbnail", help="Save a small JPEG of it, 256 pixels.")] = False,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Where to save them: a directory, a file for one of them, or - [default: this directory]. What is not "
            "there yet is made a directory if it ends in / or has no extension.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Show everything known about files, or save them.

    In a directory the file gets the name it was uploaded with, as far as that is a harmless name. What is saved is
    compared with the hash that the server has for it.
    """
    connection: Connection = context.obj
    with errors_shown():
        named = given_ids(ids)
        if not named:
            raise ValueError("name an id, or its first 8 characters")
        options = _Options(download, thumbnail, Path(to or ""), force, _means_folder(to))
        _check(options, given=to is not None, as_json=as_json, files=len(named))
        for details, saved in _get_all(open_client(connection), named, options):
            _report(details, saved, saves=download or thumbnail, as_json=as_json)


def _means_folder(to: str | None) -> bool:
    """Whether a path that is not there yet is to be a directory: a file would have an extension."""
    if to is None or to == str(STANDARD_OUTPUT) or os.path.lexists(to):
        return False
    return to.endswith(_ENDS_OF_FOLDERS) or not Path(to).suffix


def _report(details: FileDetails, saved: list[Path], *, saves: bool, as_json: bool) -> None:
    if as_json:
        record = details.model_dump(mode="json")
        if saved:
            record["saved"] = [str(path) for path in saved]
        # ASCII only: what a picture says can hold characters that a terminal obeys.
        typer.echo(json.dumps(record))
    elif not saves:
        out().print(details_table(details))
    for path in saved if not as_json else ():
        out().print(harmless(str(path)), soft_wrap=True)


def _check(options: _Options, *, given: bool, as_json: bool, files: int) -> None:
    several = options.original + options.thumbnail > 1 or files > 1
    if not options.original and not options.thumbnail:
        if given or options.force:
            raise ValueError("--to and --force go with --download or --thumbnail")
    elif options.to == STANDARD_OUTPUT:
        if several or as_json:
            raise ValueError("standard output takes one file and nothing else: leave the others, or --json, out")
        if sys.stdout.isatty():
            raise ValueError("a picture does not belong on a terminal; send standard output to a file or a program")
    elif not options.to.is_dir() and not options.makes_folder:
        if several:
            raise ValueError("--to must name a directory when several files are saved")
        check_target(options.to, force=options.force)


def _get_all(client: Scopix, ids: Sequence[str], options: _Options) -> Iterator[tuple[FileDetails, list[Path]]]:
    """Yield the files one after the other, each as soon as it is there. The first error ends it."""
    with asyncio.Runner() as runner:
        try:
            for file_id in ids:
                yield runner.run(_get(client, file_id, options))
        finally:
            runner.run(client.close())


async def _get(client: Scopix, file_id: str, options: _Options) -> tuple[FileDetails, list[Path]]:
    saved: list[Path] = []
    details = await client.files.get(file_id)
    if options.makes_folder and (options.original or options.thumbnail):
        options.to.mkdir(parents=True, exist_ok=True)
    if options.original:
        target = _target(options, details.original_filename or "", details.content_type, details.id)
        with say().status(f"fetching {details.size_bytes or 0:,} bytes"):
            saved += await _fetch(client, details, target, options)
    if options.thumbnail:
        stem = (details.original_filename or "").rpartition(".")[0] or details.original_filename or details.id
        target = _target(options, f"{stem}-thumbnail.jpg", "image/jpeg", f"{details.id}-thumbnail")
        data = await client.files.download(details.id, variant_type=VariantType.SMALL_256)
        saved += _save(data, target, options)
    return details, saved


def _target(options: _Options, name: str, content_type: str | None, otherwise: str) -> Path:
    if options.to == STANDARD_OUTPUT or not options.to.is_dir():
        return options.to
    path = options.to / safe_name(name, content_type, otherwise=safe_name(otherwise, None, otherwise="file"))
    check_target(path, force=options.force)
    return path


async def _fetch(client: Scopix, details: FileDetails, target: Path, options: _Options) -> list[Path]:
    """Save the file as it comes; nothing is left of it when it is not what was uploaded."""
    digest = hashlib.sha256()
    with _opened(target, options) as file:
        async with aclosing(client.files.stream_download(details.id)) as chunks:
            async for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        _compare(details, digest.hexdigest())
    return [] if target == STANDARD_OUTPUT else [target]


@contextmanager
def _opened(target: Path, options: _Options) -> Iterator[IO[bytes]]:
    if target == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with new_file(target, force=options.force) as file:
        yield file


def _compare(details: FileDetails, digest: str) -> None:
    if details.hash is not None and digest != details.hash.lower():
        raise ScopixError("HASH_MISMATCH", f"what came of {details.id} is not what was uploaded; nothing was saved")


def _save(data: bytes, target: Path, options: _Options) -> list[Path]:
    with _opened(target, options) as file:
        file.write(data)
    return [] if target == STANDARD_OUTPUT else [target]
