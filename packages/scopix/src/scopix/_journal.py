"""The journal of an upload: which file is at which place of which session, written before it is sent.

One JSON object a line, only ever appended, so that a run that was killed at any moment can be continued: a request that
was not answered is sent again with its key, and the server knows whether it has it already.

    {"ledger": 1, "server": address}
    {"plan": number, "at": seconds, "careful": false, "tenant": id, "fields": {name: value},
     "files": [[path, size, mtime], ...], "requests": [[key, start, stop], ...]}
    {"replan": number, "requests": [[key, start, stop], ...]}       in place of those that it covers
    {"drop": number, "keys": [key, ...]}                            not to be sent any more
    {"answered": key, "session_id": id, "refused": {index: why}}
    {"ended": path, "state": state, "id": id, "reason": why}        for people, and for when the session is forgotten
"""

import json
import os
import time
import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from scopix._errors import ValidationError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["CONTENT", "Journal", "Planned", "Request", "Stamp", "is_as_stamped", "stamp_of"]

_HEADER = '{"ledger": 1'

CONTENT = "bytes:"

Stamp = tuple[str, int, int]
"""A file as it was: absolute path, size in bytes, time of change in nanoseconds; -1 for one that is not there.

Content from memory has, in place of the path, `bytes:` with its hash and name.
"""


@dataclass(slots=True)
class Request:
    """One request of a session: its files are those from `start` to before `stop`."""

    key: str
    start: int
    stop: int
    answered: bool = False


@dataclass(slots=True)
class Planned:
    """An upload session as it was planned, and how far it got.

    A `careful` one holds files that the server may have already, so it is asked to store no content twice. `fields` are
    those that go along with its files, by their names, `tenant` is whose files they are; both are None in journals of
    versions before.
    """

    number: int
    files: list[Stamp]
    requests: list[Request]
    at: float
    careful: bool = False
    fields: dict[str, str] | None = None
    tenant: str | None = None
    session_id: str | None = None
    refused: dict[int, str] = field(default_factory=dict)


class Journal:
    """The journal, in memory and, with a path, in a file. Open it with `with`; one process at a time.

    Opening raises `ValidationError` (`details["field"]` is `journal`) for a file that cannot be used: of another
    server, of something else, in use, or not to be written.

    `tenant` is the id of the tenant whose files are sent, once it is known: what was sent for another, or to a server
    that stood at this address before and was set up anew, does not count.
    """

    def __init__(self, path: Path | None, server: str) -> None:
        self.tenant: str | None = None
        self._planned: list[Planned] = []
        self.ended: dict[str, dict[str, Any]] = {}
        self._path = path
        self._server = server
        self._file: IO[str] | None = None

    def __enter__(self) -> "Journal":
        if self._path is None:
            return self
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}") from error
        try:
            self._take_in(file)
        except BaseException:
            file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def sessions(self) -> list[Planned]:
        """What was planned for this tenant."""
        return [one for one in self._planned if None in (self.tenant, one.tenant) or one.tenant == self.tenant]

    def plan(
        self,
        files: Sequence[Stamp],
        ranges: Iterable[range],
        *,
        careful: bool,
        fields: Mapping[str, str] | None = None,
    ) -> Planned:
        """Write down a session before anything of it is sent."""
        requests = [Request(uuid.uuid4().hex, one.start, one.stop) for one in ranges]
        kept = None if fields is None else dict(fields)
        planned = Planned(len(self._planned), list(files), requests, time.time(), careful, kept, self.tenant)
        self._planned.append(planned)
        rows = {"tenant": self.tenant, "fields": kept, "files": files, "requests": _rows(requests)}
        self._write({"plan": planned.number, "at": planned.at, "careful": careful, **rows})
        return planned

    def drop(self, planned: Planned, requests: Sequence[Request]) -> None:
        """Give requests up; their files belong to this session no more."""
        _drop(planned, {request.key for request in requests})
        self._write({"drop": planned.number, "keys": [request.key for request in requests]})

    def replan(self, planned: Planned, old: Request, ranges: Iterable[range]) -> list[Request]:
        """Put other requests, with keys of their own, in the place of one that was not answered."""
        requests = [Request(uuid.uuid4().hex, one.start, one.stop) for one in ranges]
        _replace(planned, requests)
        self._write({"replan": planned.number, "requests": _rows(requests)})
        return requests

    def answered(self, planned: Planned, request: Request, session_id: str, refused: dict[int, str]) -> None:
        """Write down that the server has these files, or has refused them."""
        request.answered, planned.session_id = True, session_id
        planned.refused |= refused
        self._write({"answered": request.key, "session_id": session_id, "refused": refused})

    def end(self, path: str, state: str, file_id: str | None, reason: str | None) -> None:
        """Write down what became of a file."""
        record = {"ended": path, "state": state, "id": file_id, "reason": reason}
        if self.ended.get(path) != record:
            self.ended[path] = record
            self._write(record, sync=False)

    def _unusable(self, reason: str) -> ValidationError:
        return ValidationError(
            f"the journal {self._path} {reason}; name another file",
            details={"field": "journal", "path": str(self._path)},
        )

    def _write(self, record: dict[str, Any], *, sync: bool = True) -> None:
        if self._path is None:
            return
        if self._file is None:
            raise RuntimeError("the journal is not open")
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        if sync:
            os.fsync(self._file.fileno())

    def _take_in(self, file: IO[str]) -> None:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise self._unusable("is in use by another upload") from error
        file.seek(0)
        try:
            content = file.read()
        except ValueError as error:  # no UTF-8
            raise self._unusable("is no journal of an upload") from error
        # A file that is somebody else's is not to be written to.
        if not (content.startswith(_HEADER) or _HEADER.startswith(content)):
            raise self._unusable("is no journal of an upload")
        if "\n" not in content:
            # Killed at its very first line.
            file.truncate(0)
            content = ""
        for line in content.splitlines():
            self._read(line)
        self._file = file
        if content and not content.endswith("\n"):
            # The last run was killed while it wrote; what it wrote half is as if it had not been.
            file.write("\n")
        if not content:
            self._write({"ledger": 1, "server": self._server})

    def _read(self, line: str) -> None:
        try:
            record = json.loads(line)
        except ValueError:
            return
        try:
            self._replay(record)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise self._unusable("is no journal of an upload") from error

    def _replay(self, record: dict[str, Any]) -> None:
        if "ledger" in record:
            if record["server"] != self._server:
                raise self._unusable(f"is the journal of an upload to {record['server']}")
        elif "plan" in record:
            files = [(str(path), int(size), int(mtime)) for path, size, mtime in record["files"]]
            requests = [Request(*row) for row in record["requests"]]
            careful = bool(record["careful"])
            at, fields = float(record["at"]), record.get("fields")
            kept = fields and dict(fields)
            tenant = record.get("tenant")
            self._planned.append(Planned(len(self._planned), files, requests, at, careful, kept, tenant))
        elif "drop" in record:
            _drop(self._planned[record["drop"]], set(record["keys"]))
        elif "replan" in record:
            _replace(self._planned[record["replan"]], [Request(*row) for row in record["requests"]])
        elif "answered" in record:
            self._replay_response(record)
        else:
            self.ended[record["ended"]] = record

    def _replay_response(self, record: dict[str, Any]) -> None:
        for planned in self._planned:
            for request in planned.requests:
                if request.key == record["answered"]:
                    request.answered, planned.session_id = True, record["session_id"]
                    planned.refused |= {int(index): reason for index, reason in record["refused"].items()}


def stamp_of(path: Path) -> Stamp:
    """The file as it is now."""
    absolute = os.path.abspath(path)  # noqa: PTH100 -- links stay as they are named
    try:
        status = path.stat()
    except (OSError, ValueError):
        return absolute, -1, -1
    return absolute, status.st_size, status.st_mtime_ns


def is_as_stamped(stamp: Stamp, at_hand: Container[Stamp]) -> bool:
    """Whether a file is still as it was. Content from memory is if it is at hand."""
    return stamp in at_hand if stamp[0].startswith(CONTENT) else stamp_of(Path(stamp[0])) == stamp


def _rows(requests: Iterable[Request]) -> list[list[Any]]:
    return [[request.key, request.start, request.stop] for request in requests]


def _replace(planned: Planned, requests: Sequence[Request]) -> None:
    covered = range(requests[0].start, requests[-1].stop)
    kept = [request for request in planned.requests if request.start not in covered]
    planned.requests = sorted([*kept, *requests], key=lambda request: request.start)


def _drop(planned: Planned, keys: set[str]) -> None:
    planned.requests = [request for request in planned.requests if request.key not in keys]
