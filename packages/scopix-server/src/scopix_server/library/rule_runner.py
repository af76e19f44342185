"""Running rules, within the transaction of what they wait for."""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.domain.errors import DomainError, NotFound
from scopix_server.domain.file import File, check_tags
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import JobQueue, Transaction
from scopix_server.domain.rules import (
    Action,
    ActionKind,
    Review,
    ReviewStatus,
    Rule,
    RuleRun,
    Trigger,
    is_triggered,
)
from scopix_server.domain.turn import Priority
from scopix_server.domain.webhooks import Delivery, DeliveryStatus, EventType

__all__ = ["RuleRunner", "matching", "sentence_of"]

_DESCRIBES = frozenset({ActionKind.CATEGORY, ActionKind.DESCRIBE})
_AFTER_DESCRIPTION = (Trigger.DESCRIBED, Trigger.FIELD_FOUND, Trigger.LOW_CONFIDENCE)


class RuleRunner:
    """The `RuleBook` port. What fails for a reason of the rule's is recorded, and hinders nothing else."""

    def __init__(self, jobs: JobQueue, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._jobs = jobs
        self._now = now

    def uploaded(self, transaction: Transaction, files: Sequence[File]) -> None:
        if not files:
            return
        for rule in transaction.rules.active(files[0].tenant_id, Trigger.UPLOADED):
            found = matching(transaction, rule, [file.id for file in files])
            for file in files:
                if file.id in found:
                    self._run(transaction, rule, file.id, 0)

    def described(self, transaction: Transaction, file: File, revision: int) -> None:
        rules = transaction.rules.active(file.tenant_id, *_AFTER_DESCRIPTION)
        if not rules:
            return
        record = transaction.descriptions.current([file.id]).get(file.id)
        if record is None or record.revision != revision:
            return  # what a person wrote counts, and goes on doing so
        by_rule = transaction.rules.has_requested(file.id, revision)
        for rule in rules:
            if by_rule and not _DESCRIBES.isdisjoint(action.kind for action in rule.actions):
                continue
            if is_triggered(rule, record.description) and matching(transaction, rule, [file.id]):
                self._run(transaction, rule, file.id, revision)

    def _run(self, transaction: Transaction, rule: Rule, file_id: str, revision: int) -> None:
        run = RuleRun(str(uuid.uuid4()), rule.tenant_id, rule.id, rule.name, file_id, revision, self._now())
        # To describe comes last: what the others do is done to the description that there is.
        for action in sorted(rule.actions, key=lambda one: one.kind in _DESCRIBES):
            try:
                run = self._do(transaction, rule, action, run)
            except DomainError as error:
                run = replace(run, error=error.message)
        transaction.rules.add_run(run)

    def _do(self, transaction: Transaction, rule: Rule, action: Action, run: RuleRun) -> RuleRun:
        file = transaction.files.get(rule.tenant_id, run.file_id)
        if file is None:
            raise NotFound("The file was deleted meanwhile.")
        if action.kind is ActionKind.TAG:
            tags = check_tags([*file.user_tags, *action.tags])
            transaction.files.update(replace(file, user_tags=tags, updated_at=run.at))
        elif action.kind is ActionKind.WEBHOOK:
            self._tell(transaction, rule, action, file, run)
        elif action.kind is ActionKind.REVIEW:
            review = Review(
                str(uuid.uuid4()), file.tenant_id, file.id, action.reason or rule.name, ReviewStatus.OPEN, run.at
            )
            transaction.reviews.add(replace(review, rule_id=rule.id))
        else:
            run = self._describe(transaction, action, file, run)
        return replace(run, done=(*run.done, sentence_of(action)))

    def _describe(self, transaction: Transaction, action: Action, file: File, run: RuleRun) -> RuleRun:
        category = action.category or file.content_category
        if file.description_status in (DescriptionStatus.QUEUED, DescriptionStatus.SKIPPED):
            # Not described yet: it will be so, or stays as it was wished.
            transaction.rules.prefer(file.id, category, action.engine or file.description_engine)
            return run
        revision = transaction.descriptions.ask_again(file, category, run.at, engine=action.engine)
        self._jobs.enqueue_description(transaction, file, revision, Priority.AGAIN)
        return replace(run, requested=revision)

    @staticmethod
    def _tell(transaction: Transaction, rule: Rule, action: Action, file: File, run: RuleRun) -> None:
        webhook = transaction.webhooks.get(rule.tenant_id, action.webhook_id or "")
        if webhook is None or not webhook.is_active:
            raise NotFound("The webhook is gone, or switched off.", resource_type="webhook")
        data = {
            "rule": rule.name,
            "image_id": file.id,
            "filename": file.filename,
            "path": file.path,
            "content_category": file.content_category,
        }
        body = {"type": EventType.RULE_MATCHED.value, "timestamp": run.at.isoformat(), "data": data}
        delivery = Delivery(
            id=str(uuid.uuid4()),
            tenant_id=rule.tenant_id,
            webhook_id=webhook.id,
            event_type=EventType.RULE_MATCHED,
            payload=json.dumps(body),
            status=DeliveryStatus.PENDING,
            attempts=0,
            created_at=run.at,
            next_attempt_at=run.at,
        )
        transaction.webhooks.add_delivery(delivery)


def matching(transaction: Transaction, rule: Rule, file_ids: Sequence[str]) -> set[str]:
    """Return those of the files that meet the rule's filter."""
    if not rule.search:
        return set(file_ids)
    return transaction.files.matching(rule.tenant_id, FileFilter(search=rule.search), file_ids)


def sentence_of(action: Action) -> str:
    """Return what an action does, for people."""
    if action.kind is ActionKind.TAG:
        return f"tagged {', '.join(action.tags)}"
    if action.kind is ActionKind.CATEGORY:
        return f"described as {action.category}"
    if action.kind is ActionKind.DESCRIBE:
        return f"described by {action.engine or 'the usual engine'}"
    if action.kind is ActionKind.WEBHOOK:
        return f"webhook {action.webhook_id} told"
    return "moved to the review queue"
