"""`scopix sidecar`: what is known of files, beside the files."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scopix import FileDetails, Scopix
from scopix.cli.connection import Connection, open_client
from scopix.cli.saving import new_file
from scopix.cli.selection import Rules, select
from scopix.cli.sidecar_formats import SidecarError, SidecarFormat, render
from scopix.cli.tally import End, end_program, report
from scopix.cli.terminal import counting, errors_shown

__all__ = ["sidecar"]

_CHUNK = 250
"""As many hashes the server takes at once."""


def sidecar(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="The files, and the directories of them.")],
    format: Annotated[
        SidecarFormat, typer.Option(help="What is written: JSON, Markdown, or XMP as photo programs read it.")
    ] = SidecarFormat.JSON,
    recursive: Annotated[bool, typer.Option(help="Search the directories of a directory, too.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files of these names that were not written by this command.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Write what is known of files beside them: photo.jpg.json, photo.jpg.md or photo.jpg.xmp.

    Files are told by their content, so they may have been moved or renamed since they were uploaded. In an XMP file
    that is there, every byte of other programs stays; what these say themselves is not said again.
    """
    connection: Connection = context.obj
    with errors_shown():
        selection = select(paths, Rules(recursive))
        ends = asyncio.run(_write_all(open_client(connection), selection.files, format, force=force))
        failed = [one for one in selection.left_out if not one.is_fine]
        ends += [End(one.path, "failed", False, None, one.reason) for one in failed]
    report(ends, as_json=as_json)
    end_program(ends)


async def _write_all(client: Scopix, files: Sequence[str], format: SidecarFormat, *, force: bool) -> list[End]:
    by_hash, ends = await asyncio.to_thread(_hashed, files)
    async with client:
        known = await _known(client, list(by_hash))
        missing = [path for digest, same in by_hash.items() if digest not in known for path in same]
        ends += [_end(path, "not on the server", False, "scopix upload sends it") for path in missing]
        with counting() as progress:
            task = progress.add_task("written", total=len(known))
            async for details in _met(client, known):
                for path in by_hash[(details.hash or "").lower()]:
                    ends.append(await asyncio.to_thread(_write, Path(path), details, format, force=force))
                progress.advance(task)
    return ends


async def _met(client: Scopix, known: set[str]) -> AsyncIterator[FileDetails]:
    """Yield a file for each of these hashes; of files with the same content a described one, the latest of these.

    The server finds no file by its hash, so all are gone through until each was met.
    """
    left = set(known)
    for is_described in (True, False):
        if not left:
            return
        filters = {"has_description": is_described, "sort_by": "created_at"}
        async for details in client.files.list_all(page_size=100, include_details=True, **filters):
            digest = (details.hash or "").lower()
            if digest in left:
                left.discard(digest)
                yield details
            if not left:
                return


async def _known(client: Scopix, hashes: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(hashes), _CHUNK):
        found |= {
            one.lower() for one in (await client.files.check_duplicates(hashes[start : start + _CHUNK])).duplicates
        }
    return found


def _hashed(files: Iterable[str]) -> tuple[dict[str, list[str]], list[End]]:
    """The paths by the hash of their content, and an end for each that cannot be read."""
    by_hash: dict[str, list[str]] = defaultdict(list)
    ends = []
    for path in files:
        try:
            with Path(path).open("rb") as file:
                by_hash[hashlib.file_digest(file, "sha256").hexdigest()].append(path)
        except OSError as error:
            ends.append(_end(path, "failed", False, error.strerror or str(error)))
    return by_hash, ends


def _write(path: Path, details: FileDetails, format: SidecarFormat, *, force: bool) -> End:
    target = path.with_name(f"{path.name}.{format.value}")
    try:
        before = target.read_bytes() if target.exists() else None
        after = render(details, format, before, force=force)
        if after == before:
            return _end(str(path), "unchanged", True, file_id=details.id)
        with new_file(target, force=True) as file:
            file.write(after)
    except SidecarError as error:
        return _end(str(path), "failed", False, f"{target.name}: {error}")
    except OSError as error:
        return _end(str(path), "failed", False, f"{target.name}: {error.strerror or error}")
    return _end(str(path), "written", True, file_id=details.id)


def _end(path: str, state: str, fine: bool, reason: str | None = None, *, file_id: str = "") -> End:
    return End(file_id, state, fine, path, reason)
