"""How far the look at all files has come, and what the last one found."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scopix_server.db.outbox import Outbox
from scopix_server.db.schema import files, inspections, text_embeddings, text_vectors
from scopix_server.domain.inspection import FoundProblem, InspectionReport, Problem, VectorsReport

__all__ = ["SqlInspections"]

_CURRENT, _LAST = "current", "last"
_TIMES = ("began_at", "ended_at")


class SqlInspections:
    """The `InspectionRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def current(self) -> InspectionReport | None:
        return self._get(_CURRENT)

    def last(self) -> InspectionReport | None:
        return self._get(_LAST)

    def keep(self, report: InspectionReport) -> None:
        names = [_CURRENT] if report.ended_at is None else [_CURRENT, _LAST]
        self._connection.execute(inspections.delete().where(inspections.c.name.in_(names)))
        self._connection.execute(inspections.insert().values(name=names[-1], data=_plain(report)))

    def vectors(self) -> VectorsReport:
        here = files.c.deleted_at.is_(None)
        joined = text_embeddings.join(files, files.c.id == text_embeddings.c.file_id)
        count = sa.select(sa.func.count()).select_from(joined)
        waiting = self._connection.execute(count.where(here, text_embeddings.c.model.is_(None))).scalar_one()
        first = sa.exists().where(text_vectors.c.file_id == text_embeddings.c.file_id, text_vectors.c.number == 0)
        without = count.where(here, text_embeddings.c.model.is_not(None), ~first)
        return VectorsReport(waiting, self._connection.execute(without).scalar_one())

    def report(self, problems: Sequence[FoundProblem], at: datetime) -> None:
        outbox = Outbox(self._connection)
        for each in problems:
            outbox.file_damaged(each.file_id, each.problem.value, at, is_original=each.is_original)

    def _get(self, name: str) -> InspectionReport | None:
        data = self._connection.execute(sa.select(inspections.c.data).where(inspections.c.name == name)).scalar()
        return None if data is None else _report(dict(data))


def _plain(report: InspectionReport) -> dict[str, Any]:
    data = asdict(report)
    times = {name: at.isoformat() for name in _TIMES if (at := getattr(report, name)) is not None}
    problems = [{**asdict(each), "problem": each.problem.value} for each in report.problems]
    return {**data, "ended_at": None, **times, "problems": problems}


def _report(data: dict[str, Any]) -> InspectionReport:
    times = {name: data[name] and datetime.fromisoformat(data[name]) for name in _TIMES}
    vectors = VectorsReport(**data["vectors"]) if data["vectors"] else None
    problems = tuple(FoundProblem(**{**each, "problem": Problem(each["problem"])}) for each in data["problems"])
    return InspectionReport(**{**data, **times, "vectors": vectors, "problems": problems})
