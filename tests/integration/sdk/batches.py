"""The batch half of a well-behaved Scopix: sessions, and a table of files that a repeated request cannot double."""

import hashlib
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any
from urllib.parse import unquote

from tests.integration.sdk.faulty_server import FaultyServer, Reply, Seen, json_reply, problem

PREFIX = "/api/v2/files"


@dataclass
class StoredSession:
    """`entries` are keyed by index, as the real server's are."""

    session_id: str
    expected: int
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    polls: int = 0


class BatchScopix:
    """Sessions on a `FaultyServer`. A session ends after `polls` questions once all its files have come."""

    def __init__(
        self, server: FaultyServer, *, max_files: int = 200, at_once: int | None = None, polls: int = 0
    ) -> None:
        self.server = server
        self.max_files = max_files
        self.quota: dict[str, Any] = {"max_batch_size": max_files, "max_concurrent_uploads": at_once}
        self.polls = polls
        self.sessions: dict[str, StoredSession] = {}
        self.answers: dict[str, tuple[str, Reply]] = {}
        self.requests: list[dict[str, str]] = []
        self.lock = threading.Lock()
        server.routes |= {
            f"GET {PREFIX}/quota-check": self._quota,
            f"POST {PREFIX}/upload/batch": self._upload,
            f"GET {PREFIX}/upload/sessions": self._list,
        }

    @property
    def files(self) -> list[dict[str, Any]]:
        """Every file stored, session after session, in the order of their indexes."""
        entries = [entry for s in self.sessions.values() for _, entry in sorted(s.entries.items())]
        return [entry for entry in entries if entry["image_id"] and not entry["skipped_existing_image_id"]]

    def names(self) -> Counter[str]:
        return Counter(entry["filename"] for entry in self.files)

    def _quota(self, seen: Seen) -> Reply:
        return json_reply({"can_proceed": True, "requested": int(seen.query["file_count"][0]), **self.quota})

    def _upload(self, seen: Seen) -> Reply:
        fields, files = read_form(seen)
        self.requests.append(fields)
        if len(files) > self.max_files:
            return problem(413, "BATCH_TOO_LARGE", "too many", details={"max_files": self.max_files})
        key = seen.headers["idempotency-key"]
        fingerprint = hashlib.sha256(repr((fields, files)).encode()).hexdigest()
        if key in self.answers:
            known, answer = self.answers[key]
            return answer if known == fingerprint else problem(409, "CONFLICT", "key used for another upload")
        session = self._session(fields)
        start = int(fields["start_index"])
        if set(session.entries) & set(range(start, start + len(files))):
            return problem(409, "CONFLICT", "position taken")
        known = {entry["sha256"]: entry["image_id"] for entry in self.files if fields["skip_duplicates"] == "true"}
        entries = [_entry(start + position, *file, known) for position, file in enumerate(files)]
        session.entries |= {entry["index"]: entry for entry in entries}
        answer = json_reply(_receipt(session.session_id, start, entries), 201)
        self.answers[key] = fingerprint, answer
        return answer

    def _session(self, fields: dict[str, str]) -> StoredSession:
        if "session_id" in fields:
            return self.sessions[fields["session_id"]]
        session = StoredSession(str(uuid.uuid4()), int(fields["expected_files"]))
        self.sessions[session.session_id] = session
        path = f"{PREFIX}/upload/sessions/{session.session_id}"
        self.server.routes |= {
            f"GET {path}": lambda _: json_reply(self._status(session)),
            f"GET {path}/results": lambda seen: json_reply(self._results(session, seen)),
            f"POST {path}/cancel": lambda _: json_reply({**self._status(session), "status": "cancelled"}),
        }
        return session

    def is_over(self, session: StoredSession) -> bool:
        return len(session.entries) >= session.expected and session.polls > self.polls

    def _status(self, session: StoredSession) -> dict[str, Any]:
        session.polls += 1
        over, total = self.is_over(session), session.expected
        failed = sum(entry["status"] == "failed" for entry in session.entries.values())
        done = total - failed if over else min(session.polls - 1, total - failed)
        return {
            "session_id": session.session_id,
            "status": "completed" if over else "processing",
            "total_files": total,
            "completed_files": done,
            "failed_files": failed,
            "skipped_files": 0,
            "pending_files": total - done - failed,
            "progress_percentage": 100 * (done + failed) / total,
        }

    def _results(self, session: StoredSession, seen: Seen) -> dict[str, Any]:
        offset, limit = (int(seen.query[name][0]) for name in ("offset", "limit"))
        assert limit <= 500
        entries = [entry for _, entry in sorted(session.entries.items())]
        page = [entry if entry["status"] != "pending" else self._told(session, entry) for entry in entries]
        return {
            "session_id": session.session_id,
            "results": page[offset : offset + limit],
            "total_count": len(entries),
            "offset": offset,
            "limit": limit,
            "has_more": offset + limit < len(entries),
            "summary": {"total_files": len(entries), "completed": 0, "failed": 0, "skipped": 0},
        }

    def _told(self, session: StoredSession, entry: dict[str, Any]) -> dict[str, Any]:
        if not self.is_over(session):
            return {**entry, "status": "pending", "description_status": "queued"}
        text = f"What {entry['filename']} shows."
        return {**entry, "status": "completed", "description_status": "completed", "description": text, "tags": ["a"]}

    def _list(self, _: Seen) -> Reply:
        items = [{"session_id": s, "status": "processing", "total_files": 1} for s in reversed(self.sessions)]
        return json_reply({"items": items, "total_count": len(items), "offset": 0, "limit": 20, "has_more": False})


def read_form(seen: Seen) -> tuple[dict[str, str], list[tuple[str, int, str]]]:
    """The fields, and of each file its name, its size and its hash; read by Python's own mail parser."""
    assert seen.body is not None
    head = f"Content-Type: {seen.headers['content-type']}\r\n\r\n".encode()
    fields: dict[str, str] = {}
    files = []
    for part in message_from_bytes(head + seen.body).get_payload():
        content = part.get_payload(decode=True)
        filename = part.get_param("filename", header="content-disposition")
        name = part.get_param("name", header="content-disposition")
        if filename is None:
            fields[name] = content.decode()
        else:
            assert name == "files"
            files.append((unquote(filename), len(content), hashlib.sha256(content).hexdigest()))
    return fields, files


def _entry(index: int, filename: str, size: int, sha256: str, known: dict[str, str]) -> dict[str, Any]:
    refused = size == 0 or "refuse" in filename
    existing = known.get(sha256)
    return {
        "index": index,
        "filename": filename,
        "image_id": None if refused else existing or str(uuid.uuid4()),
        "skipped_existing_image_id": existing,
        "status": "failed" if refused else "skipped" if existing else "pending",
        "error_message": "the server does not like it" if refused else None,
        "retryable": False if refused else None,
        "sha256": sha256,
    }


def _receipt(session_id: str, start: int, entries: list[dict[str, Any]]) -> dict[str, Any]:
    refused = [
        {
            "filename": entry["filename"],
            "index": entry["index"] - start,
            "reason": entry["error_message"],
            "retryable": False,
        }
        for entry in entries
        if entry["status"] == "failed"
    ]
    return {
        "session_id": session_id,
        "total_files": len(entries),
        "accepted_files": len(entries) - len(refused),
        "rejected_files": len(refused),
        "status": "partial" if refused else "processing",
        "rejections": refused or None,
    }
