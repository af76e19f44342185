"""Files named by their ids on the command line: whole ids, their first 8 characters, or a list from elsewhere."""

import re
import sys
from collections.abc import Iterable, Sequence

from scopix import FileSummary, Scopix, ScopixError

__all__ = ["CHUNK", "Named", "find_named", "given_ids", "is_whole"]

CHUNK = 100
_WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHORT = re.compile(r"[0-9a-f]{8}", re.IGNORECASE)


class Named:
    """The files that ids stand for, in their order, and why the other ids stand for none."""

    def __init__(self) -> None:
        self.files: dict[str, FileSummary] = {}
        self.unknown: dict[str, str] = {}


def given_ids(arguments: Sequence[str]) -> list[str]:
    """The ids given, each once; `-` stands for those on standard input, one a line."""
    ids: list[str] = []
    for argument in arguments:
        ids += [line.strip() for line in sys.stdin] if argument == "-" else [argument.strip()]
    return list(dict.fromkeys(one for one in ids if one))


def is_whole(file_id: str) -> bool:
    """Whether it is an id and not just the beginning of one."""
    return _WHOLE.fullmatch(file_id) is not None


async def find_named(client: Scopix, ids: Iterable[str]) -> Named:
    """Ask which files the ids stand for. Raises the errors of the server, but none for an id that stands for none."""
    found = Named()
    whole: dict[str, str] = {}
    for given in ids:
        if is_whole(given):
            whole[given.lower()] = given
        elif _SHORT.fullmatch(given):
            await _look_up(client, given, whole, found)
        else:
            found.unknown[given] = "is no id; an id has 36 characters, or its first 8 are given"
    requested = list(whole)
    for start in range(0, len(requested), CHUNK):
        page = await client.files.list(ids=requested[start : start + CHUNK], limit=CHUNK)
        found.files |= {file.id: file for file in page.items}
    found.unknown |= {given: "there is no such file" for file_id, given in whole.items() if file_id not in found.files}
    found.files = {file_id: found.files[file_id] for file_id in requested if file_id in found.files}
    return found


async def _look_up(client: Scopix, given: str, whole: dict[str, str], found: Named) -> None:
    try:
        whole[(await client.files.get(given)).id] = given
    except ScopixError as error:
        if error.details.get("http_status") not in (404, 409):
            raise
        found.unknown[given] = error.message
