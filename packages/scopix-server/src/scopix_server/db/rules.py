"""Rules, what they did, and the queue of files that wait to be looked at."""

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from scopix_server.db.files import file_of
from scopix_server.db.locks import held
from scopix_server.db.schema import files, reviews, rule_runs, rules
from scopix_server.db.upkeep import remove
from scopix_server.domain.file import File
from scopix_server.domain.rules import Action, ActionKind, Review, ReviewStatus, Rule, RuleRun, Trigger

__all__ = ["SqlReviews", "SqlRules"]

_RUN_COLUMNS = [rule_runs.c[name] for name in RuleRun.__dataclass_fields__]
_REVIEW_COLUMNS = [reviews.c[name] for name in Review.__dataclass_fields__]


class SqlRules:
    """The `RuleRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, rule: Rule) -> None:
        self._connection.execute(rules.insert().values(_row_of(rule)))

    def list(self, tenant_id: str) -> Sequence[Rule]:
        return self._find(rules.c.tenant_id == tenant_id)

    def active(self, tenant_id: str, *triggers: Trigger) -> Sequence[Rule]:
        names = [trigger.value for trigger in triggers]
        return self._find(rules.c.tenant_id == tenant_id, rules.c.is_active, rules.c.trigger.in_(names))

    def update(self, rule: Rule) -> None:
        self._connection.execute(rules.update().where(rules.c.id == rule.id).values(_row_of(rule)))

    def delete(self, rule_id: str) -> None:
        remove(self._connection, rules, [rule_id])

    def add_run(self, run: RuleRun) -> None:
        self._connection.execute(rule_runs.insert().values(asdict(run) | {"done": list(run.done)}))

    def runs(self, tenant_id: str, rule_id: str | None, *, limit: int, offset: int) -> tuple[Sequence[RuleRun], int]:
        mine = [rule_runs.c.tenant_id == tenant_id, *([rule_runs.c.rule_id == rule_id] if rule_id else [])]
        total = self._connection.execute(sa.select(sa.func.count()).select_from(rule_runs).where(*mine)).scalar_one()
        query = sa.select(*_RUN_COLUMNS).where(*mine).order_by(rule_runs.c.at.desc(), rule_runs.c.id)
        rows = self._connection.execute(query.limit(limit).offset(offset)).mappings()
        return [RuleRun(**{**row, "done": tuple(row["done"])}) for row in rows], total

    def has_requested(self, file_id: str, revision: int) -> bool:
        query = sa.select(rule_runs.c.id).where(rule_runs.c.file_id == file_id, rule_runs.c.requested == revision)
        return self._connection.execute(query).first() is not None

    def prefer(self, file_id: str, category: str, engine: str | None) -> None:
        values = {"content_category": category, "description_engine": engine}
        self._connection.execute(files.update().where(files.c.id == file_id).values(values))

    def _find(self, *conditions: sa.ColumnElement[bool]) -> Sequence[Rule]:
        query = sa.select(rules).where(*conditions).order_by(rules.c.created_at, rules.c.id)
        return [_rule_of(row) for row in self._connection.execute(query).mappings()]


class SqlReviews:
    """The `ReviewRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, review: Review) -> bool:
        waiting = sa.select(reviews.c.id).where(
            reviews.c.file_id == review.file_id, reviews.c.status == ReviewStatus.OPEN.value
        )
        if self._connection.execute(waiting).first() is not None:
            return False
        self._connection.execute(reviews.insert().values(asdict(review) | {"status": review.status.value}))
        return True

    def get(self, tenant_id: str, review_id: str) -> Review | None:
        query = sa.select(*_REVIEW_COLUMNS).where(reviews.c.tenant_id == tenant_id, reviews.c.id == review_id)
        row = self._connection.execute(held(self._connection, query)).mappings().first()
        return None if row is None else _review_of(row)

    def list(
        self, tenant_id: str, status: ReviewStatus | None, *, limit: int, offset: int
    ) -> tuple[Sequence[tuple[Review, File]], int]:
        shown = [reviews.c.tenant_id == tenant_id, files.c.deleted_at.is_(None)]
        if status is not None:
            shown.append(reviews.c.status == status.value)
        joined = reviews.join(files, files.c.id == reviews.c.file_id)
        total = self._connection.execute(sa.select(sa.func.count()).select_from(joined).where(*shown)).scalar_one()
        order = (reviews.c.created_at, reviews.c.id)
        query = sa.select(*_REVIEW_COLUMNS).select_from(joined).where(*shown).order_by(*order)
        page = [_review_of(row) for row in self._connection.execute(query.limit(limit).offset(offset)).mappings()]
        ids = [review.file_id for review in page]
        rows = self._connection.execute(sa.select(files).where(files.c.id.in_(ids))).mappings()
        by_id = {row["id"]: file_of(row) for row in rows}
        return [(review, by_id[review.file_id]) for review in page], total

    def decide(self, review: Review) -> None:
        values = {"status": review.status.value, "decided_at": review.decided_at, "note": review.note}
        self._connection.execute(reviews.update().where(reviews.c.id == review.id).values(values))


def _row_of(rule: Rule) -> dict[str, object]:
    actions = [asdict(action) | {"kind": action.kind.value, "tags": list(action.tags)} for action in rule.actions]
    return asdict(rule) | {"trigger": rule.trigger.value, "actions": actions}


def _rule_of(row: sa.RowMapping) -> Rule:
    actions = tuple(
        Action(**{**action, "kind": ActionKind(action["kind"]), "tags": tuple(action["tags"])})
        for action in row["actions"]
    )
    return Rule(**{**row, "trigger": Trigger(row["trigger"]), "actions": actions})


def _review_of(row: sa.RowMapping) -> Review:
    return Review(**{**row, "status": ReviewStatus(row["status"])})
