"""`scopix get`: everything known about one file, and the file itself."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import typer

from scopix import FileDetails, Scopix, ScopixError, VariantType
from scopix.cli.connection import Connection, open_client
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
    file_id: Annotated[str, typer.Argument(metavar="ID", help="The file's id, or its first 8 characters.")],
    download: Annotated[bool, typer.Option("--download", help="Save the file as it was uploaded.")] = False,
    thumbnail: Annotated[bool, typer.Option("--thumbnail", help="Save a small JPEG of it, 256 pixels.")] = False,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Where to save it: a directory (one that ends in / is made), a file, or - [default: this directory].",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Show everything known about a file, or save it.

    In a directory the file gets the name it was uploaded with, as far as that is a harmless name. What is saved is
    compared with the hash that the server has for it.
    """
    connection: Connection = context.obj
    makes_folder = to is not None and to.endswith(_ENDS_OF_FOLDERS)
    options = _Options(download, thumbnail, Path(to or ""), force, makes_folder)
    with errors_shown():
        _check(options, given=to is not None, as_json=as_json)
        details, saved = asyncio.run(_get(open_client(connection), file_id, options))
    if as_json:
        record = details.model_dump(mode="json")
        if saved:
            record["saved"] = [str(path) for path in saved]
        # ASCII only: what a picture says can hold characters that a terminal obeys.
        typer.echo(json.dumps(record))
    elif not download and not thumbnail:
        out().print(details_table(details))
    elif saved:
        for path in saved:
            out().print(harmless(str(path)), soft_wrap=True)


def _check(options: _Options, *, given: bool, as_json: bool) -> None:
    both = options.original and options.thumbnail
    if not options.original and not options.thumbnail:
        if given or options.force:
            raise ValueError("--to and --force go with --download or --thumbnail")
    elif options.to == STANDARD_OUTPUT:
        if both or as_json:
            raise ValueError("standard output takes one file and nothing else: leave --thumbnail or --json out")
        if sys.stdout.isatty():
            raise ValueError("a picture does not belong on a terminal; send standard output to a file or a program")
    elif not options.to.is_dir() and not options.makes_folder:
        if both:
            raise ValueError("--to must name a directory when two files are saved")
        check_target(options.to, force=options.force)


async def _get(client: Scopix, file_id: str, options: _Options) -> tuple[FileDetails, list[Path]]:
    saved: list[Path] = []
    async with client:
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
