"""Messages to webhooks, written in the transactions in which happens what they tell."""

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.db.count_tables import SESSION_COUNTED
from scopix_server.db.schema import files, session_files, sessions, webhook_deliveries, webhooks
from scopix_server.domain.session import FileOutcome
from scopix_server.domain.webhooks import DeliveryStatus, EventType

__all__ = ["Outbox"]


class Outbox:
    """Writes messages. Where nobody listens nothing is written, and little is asked."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def file_ended(self, file_id: str, at: datetime) -> None:
        """Tell of a description that was completed or failed, and of the end of the session if it was the last."""
        listeners = self._listeners(sa.select(files.c.tenant_id).where(files.c.id == file_id).scalar_subquery())
        if not listeners:
            return
        file = self._connection.execute(sa.select(files).where(files.c.id == file_id)).mappings().one()
        completed = file["description_status"] == DescriptionStatus.COMPLETED.value
        kind = EventType.FILE_DESCRIBED if completed else EventType.FILE_FAILED
        self._write(listeners, kind, at, _file_payload(file))
        self.file_removed(file_id, at)

    def file_damaged(self, file_id: str, problem: str, at: datetime, *, is_original: bool) -> None:
        """Tell of an original or a variant that is missing from the store, or not as it came."""
        file = self._connection.execute(sa.select(files).where(files.c.id == file_id)).mappings().first()
        if file is None or not (listeners := self._listeners(file["tenant_id"])):
            return
        about = {name: file[name] for name in ("filename", "path")}
        data = {"image_id": file_id, **about, "problem": problem, "is_original": is_original}
        self._write(listeners, EventType.FILE_DAMAGED, at, data)

    def file_removed(self, file_id: str, at: datetime) -> None:
        """Tell of the end of a file's session if that file was all it waited for."""
        found = sa.select(session_files.c.session_id).where(
            session_files.c.file_id == file_id, session_files.c.outcome == FileOutcome.ACCEPTED.value
        )
        self.sessions_changed(self._connection.execute(found).scalars().all(), at)

    def sessions_changed(self, session_ids: Iterable[str], at: datetime) -> None:
        """Tell of those sessions that have ended, once."""
        for session_id in session_ids:
            tenant = sa.select(sessions.c.tenant_id).where(sessions.c.id == session_id).scalar_subquery()
            listeners = self._listeners(tenant)
            if (
                any(EventType.SESSION_ENDED.value in events for _, _, events in listeners)
                and self._has_ended(session_id)
                and self._is_reported_first(session_id)
            ):
                self._write(listeners, EventType.SESSION_ENDED, at, self._session_payload(session_id))

    def _listeners(self, tenant_id: Any) -> Sequence[tuple[str, str, list[str]]]:
        query = sa.select(webhooks.c.id, webhooks.c.tenant_id, webhooks.c.events).where(
            webhooks.c.tenant_id == tenant_id, webhooks.c.is_active.is_(True)
        )
        return [(row.id, row.tenant_id, row.events) for row in self._connection.execute(query)]

    def _has_ended(self, session_id: str) -> bool:
        session = self._connection.execute(sa.select(sessions).where(sessions.c.id == session_id)).mappings().one()
        if session["cancelled_at"] is not None:
            return True
        here: int = sum(session[f"{name}_files"] for name in SESSION_COUNTED)
        expected: int = session["expected_files"] or 1
        return not session["pending_files"] and here >= expected

    def _is_reported_first(self, session_id: str) -> bool:
        marked = self._connection.execute(
            sessions.update().where(sessions.c.id == session_id, sessions.c.end_told.is_(False)).values(end_told=True)
        )
        return marked.rowcount == 1

    def _session_payload(self, session_id: str) -> dict[str, Any]:
        cancelled = self._connection.execute(
            sa.select(sessions.c.cancelled_at).where(sessions.c.id == session_id)
        ).scalar_one()
        count = sa.func.count()
        failed = sa.case((files.c.description_status == DescriptionStatus.FAILED.value, 1), else_=0)
        refused = sa.case((session_files.c.outcome == FileOutcome.REJECTED.value, 1), else_=0)
        query = (
            sa.select(count, sa.func.coalesce(sa.func.sum(failed), 0), sa.func.coalesce(sa.func.sum(refused), 0))
            .select_from(session_files.outerjoin(files, files.c.id == session_files.c.file_id))
            .where(session_files.c.session_id == session_id)
        )
        total, failures, refusals = self._connection.execute(query).one()
        bad = int(failures) + int(refusals)
        status = "cancelled" if cancelled else "failed" if bad == total else "completed"
        return {"session_id": session_id, "status": status, "total_files": total, "failed_files": bad}

    def _write(
        self,
        listeners: Sequence[tuple[str, str, list[str]]],
        kind: EventType,
        at: datetime,
        data: dict[str, Any],
    ) -> None:
        payload = json.dumps({"type": kind.value, "timestamp": at.astimezone(UTC).isoformat(), "data": data})
        rows = [
            {
                "id": str(uuid.uuid4()),
                "tenant_id": tenant_id,
                "webhook_id": webhook_id,
                "event_type": kind.value,
                "payload": payload,
                "status": DeliveryStatus.PENDING.value,
                "attempts": 0,
                "created_at": at,
                "next_attempt_at": at,
            }
            for webhook_id, tenant_id, events in listeners
            if kind.value in events
        ]
        if rows:
            self._connection.execute(webhook_deliveries.insert(), rows)


def _file_payload(file: sa.RowMapping) -> dict[str, Any]:
    # Little on purpose: what was said about the picture is read with a key, not posted to an address.
    return {
        "image_id": file["id"],
        "filename": file["filename"],
        "path": file["path"],
        "content_category": file["content_category"],
        "description_status": file["description_status"],
        "description_error": file["description_error"],
        "description_error_type": file["description_error_type"],
        "description_is_retryable": file["description_is_retryable"],
    }
