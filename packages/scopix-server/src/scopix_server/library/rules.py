"""A tenant's rules: kept, tried out on what is there, and what they did."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scopix_server.domain.errors import Conflict, NotFound, ValidationFailed
from scopix_server.domain.file import File
from scopix_server.domain.ids import is_uuid
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.rules import MAX_RULES, ActionKind, Rule, RuleRun, Trigger, is_triggered
from scopix_server.domain.search_query import parse_search

__all__ = ["DryRun", "Rules"]

_LOOKED_AT = 1_000
"""Files that a dry run looks at, the latest first: enough to tell what a rule finds, within a second."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """How many files were looked at, and those that the rule would be run on."""

    examined: int
    files: Sequence[File]


class Rules:
    """Rules of all tenants. All methods block."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    def new(self, tenant_id: str, rule: Rule) -> Rule:
        """Return a rule as it would be kept. Raises ValidationFailed, NotFound: what it names is not there."""
        now = self._now()
        made = replace(rule, id=str(uuid.uuid4()), tenant_id=tenant_id, created_at=now, updated_at=now)
        self._database.read(lambda t: _check(t, made))
        return made

    def create(self, tenant_id: str, rule: Rule) -> Rule:
        """Keep a rule. Raises as `new`; Conflict: there are too many."""
        made = self.new(tenant_id, rule)

        def add(transaction: Transaction) -> Rule:
            if len(transaction.rules.list(tenant_id)) >= MAX_RULES:
                raise Conflict(f"There are {MAX_RULES} rules already, and there can be no more.")
            transaction.rules.add(made)
            return made

        return self._database.write(add)

    def list(self, tenant_id: str) -> Sequence[Rule]:
        """Return the rules, oldest first."""
        return self._database.read(lambda t: t.rules.list(tenant_id))

    def find(self, tenant_id: str, rule_id: str) -> Rule:
        """Return a rule. Raises NotFound."""
        return self._database.read(lambda t: _find(t, tenant_id, rule_id))

    def change(self, tenant_id: str, rule_id: str, rule: Rule) -> Rule:
        """Replace a rule; what it did stays on record. Raises as `new`, NotFound."""

        def save(transaction: Transaction) -> Rule:
            before = _find(transaction, tenant_id, rule_id)
            after = replace(
                rule, id=before.id, tenant_id=tenant_id, created_at=before.created_at, updated_at=self._now()
            )
            _check(transaction, after)
            transaction.rules.update(after)
            return after

        return self._database.write(save)

    def delete(self, tenant_id: str, rule_id: str) -> None:
        """Remove a rule; what it did stays on record. Raises NotFound."""
        self._database.write(lambda t: t.rules.delete(_find(t, tenant_id, rule_id).id))

    def runs(self, tenant_id: str, rule_id: str | None, *, limit: int, offset: int) -> tuple[Sequence[RuleRun], int]:
        """Return a page of what rules did, newest first, of one if named, and how much there is. Raises NotFound."""

        def read(transaction: Transaction) -> tuple[Sequence[RuleRun], int]:
            known = None if rule_id is None else _find(transaction, tenant_id, rule_id).id
            return transaction.rules.runs(tenant_id, known, limit=limit, offset=offset)

        return self._database.read(read)

    def try_out(self, tenant_id: str, rule: Rule) -> DryRun:
        """Look which of the latest 1,000 files that are there meet a rule; nothing is done. Raises as `new`."""
        made = self.new(tenant_id, rule)
        criteria = FileFilter(search=made.search or None)

        def look(transaction: Transaction) -> DryRun:
            page, _ = transaction.files.page(tenant_id, criteria, limit=_LOOKED_AT, offset=0)
            if made.trigger is Trigger.UPLOADED:
                return DryRun(len(page), page)
            current = transaction.descriptions.current([file.id for file in page])
            found = [file for file in page if file.id in current and is_triggered(made, current[file.id].description)]
            return DryRun(len(page), found)

        return self._database.read(look)


def _check(transaction: Transaction, rule: Rule) -> None:
    if notes := parse_search(rule.search).notes:
        # A search takes what it does not understand for words; a rule would wait for them for ever.
        raise ValidationFailed(notes[0], field="filter")
    if rule.trigger is Trigger.FIELD_FOUND and not rule.field:
        raise ValidationFailed("Name the field that is waited for.", field="field")
    if rule.trigger is Trigger.LOW_CONFIDENCE and rule.below is None:
        raise ValidationFailed("Say with `below` from which confidence (0 to 1) on a field is sure.", field="below")
    kinds = [action.kind for action in rule.actions]
    if ActionKind.CATEGORY in kinds and ActionKind.DESCRIBE in kinds:
        raise ValidationFailed("Give `describe` the category, instead of two actions that describe.", field="actions")
    if len(set(kinds)) != len(kinds):
        raise ValidationFailed("Each kind of action can be there once.", field="actions")
    for action in rule.actions:
        if action.kind is ActionKind.WEBHOOK and (
            not is_uuid(action.webhook_id or "")
            or transaction.webhooks.get(rule.tenant_id, action.webhook_id or "") is None
        ):
            raise ValidationFailed(f"There is no webhook '{(action.webhook_id or '')[:64]}'.", field="actions")


def _find(transaction: Transaction, tenant_id: str, rule_id: str) -> Rule:
    found = next((rule for rule in transaction.rules.list(tenant_id) if rule.id == rule_id.lower()), None)
    if found is None:
        raise NotFound(f"There is no rule '{rule_id[:64]}'.", resource_type="rule")
    return found
