"""`scopix retry`: descriptions made again."""

import asyncio
import time
from typing import Annotated, Any

import typer

from scopix import ContentCategory, DescriptionStatus, FileSummary, Scopix
from scopix.cli.connection import Connection, open_client
from scopix.cli.filters import WordFilters, takes_filters
from scopix.cli.ids import CHUNK, find_named, given_ids
from scopix.cli.paging import summary_pages
from scopix.cli.tally import End, end_program, report
from scopix.cli.terminal import counting, errors_shown

__all__ = ["retry"]

AT_A_TIME = 500
_UNDER_WAY = frozenset({DescriptionStatus.PENDING, DescriptionStatus.QUEUED, DescriptionStatus.PROCESSING})


@takes_filters
def retry(
    context: typer.Context,
    filters: WordFilters,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Ids, or their first 8 characters; - reads them from standard input."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Those whose description failed.")] = False,
    as_category: Annotated[
        ContentCategory | None,
        typer.Option("--as", metavar="CATEGORY", help="Describe them as showing this, from now on."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until they are described.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Describe images again: those named, those whose description failed, or those that meet the conditions given.

    Earlier descriptions are kept. Images whose description is under way are left alone.
    """
    connection: Connection = context.obj
    with errors_shown():
        arguments = filters.to_arguments()
        if failed:
            arguments["description_statuses"] = [DescriptionStatus.FAILED, *(filters.statuses or ())]
        if bool(ids) == bool(arguments):
            raise ValueError("name ids, or say which files are meant with --failed or a condition; not both")
        run = _Retry(open_client(connection), as_category, wait=wait)
        ends = asyncio.run(run.go(given_ids(ids or []), arguments))
    report(ends, as_json=as_json)
    end_program(ends)


class _Retry:
    """One run over many images."""

    def __init__(self, client: Scopix, category: ContentCategory | None, *, wait: bool) -> None:
        self._client = client
        self._category = category
        self._wait = wait
        self._ends: dict[str, End] = {}

    async def go(self, ids: list[str], arguments: dict[str, Any]) -> list[End]:
        """Ask for all of them, wait if that is wished, and return an end for each."""
        async with self._client:
            files = await self._find(ids, arguments)
            requested = [file for file in files.values() if self._can_be_described(file)]
            for start in range(0, len(requested), AT_A_TIME):
                await self._ask(requested[start : start + AT_A_TIME])
            if self._wait:
                await self._follow([file for file in files.values() if self._is_under_way(file)])
        return list(self._ends.values())

    async def _find(self, ids: list[str], arguments: dict[str, Any]) -> dict[str, FileSummary]:
        if ids:
            named = await find_named(self._client, ids)
            for given, reason in named.unknown.items():
                self._ends[given] = End(given, "failed", False, None, reason)
            return named.files
        by_upload = {**arguments, "sort_by": "created_at", "sort_order": "asc"}
        # Everything is found before anything is asked for: what is asked for may meet the conditions no more.
        return {
            file.id: file async for page in summary_pages(self._client, by_upload, limit=None) for file in page.items
        }

    def _can_be_described(self, file: FileSummary) -> bool:
        if file.description_status in _UNDER_WAY:
            self._end(file, "under way", fine=True)
        else:
            return True
        return False

    def _is_under_way(self, file: FileSummary) -> bool:
        return self._ends[file.id].state in ("queued", "under way")

    async def _ask(self, files: list[FileSummary]) -> None:
        response = await self._client.files.describe_matching(
            ids=[file.id for file in files], content_category=self._category
        )
        left_out: set[str] = set()
        if response.queued < len(files):
            left_out = {file.id for file in await self._look(files) if file.description_status not in _UNDER_WAY}
        for file in files:
            if file.id in left_out:
                self._end(file, "not queued", "deleted meanwhile, or the month's descriptions are used up")
            else:
                self._end(file, "queued", fine=True)

    async def _look(self, files: list[FileSummary]) -> list[FileSummary]:
        """The files as they are now, without those that are gone."""
        found: list[FileSummary] = []
        for start in range(0, len(files), CHUNK):
            ids = [file.id for file in files[start : start + CHUNK]]
            found += (await self._client.files.list(ids=ids, limit=CHUNK)).items
        return found

    async def _follow(self, files: list[FileSummary]) -> None:
        waiting = {file.id: file for file in files}
        settings = self._client.config
        latest = time.monotonic()
        with counting() as progress:
            task = progress.add_task("described", total=len(waiting))
            while waiting and time.monotonic() - latest < settings.polling_timeout:
                now = {file.id: file for file in await self._look(list(waiting.values()))}
                ended = [one for one in waiting if one not in now or now[one].description_status not in _UNDER_WAY]
                for file_id in ended:
                    self._settle(waiting.pop(file_id), now.get(file_id))
                if ended:
                    latest = time.monotonic()
                progress.update(task, completed=len(files) - len(waiting))
                if waiting:
                    await asyncio.sleep(settings.polling_interval)
        for file in waiting.values():
            self._end(file, "still being described", "the wait was over before it was done")

    def _settle(self, before: FileSummary, now: FileSummary | None) -> None:
        if now is None:
            self._end(before, "failed", "deleted meanwhile")
        elif now.description_status is DescriptionStatus.COMPLETED:
            self._end(before, "described", fine=True)
        else:
            self._end(before, "description failed", now.description_error or "no reason given")

    def _end(self, file: FileSummary, state: str, reason: str | None = None, *, fine: bool = False) -> None:
        self._ends[file.id] = End(file.id, state, fine, file.filename, reason)
