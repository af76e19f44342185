"""Rules and reviews in their wire form, and back."""

from datetime import UTC, datetime

from scopix.types import rules as wire
from scopix_server.categories import Catalogue
from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import File, check_tags
from scopix_server.domain.rules import Action, ActionKind, Review, Rule, RuleRun, Trigger

__all__ = ["review_shape", "rule_of", "rule_shape", "run_shape"]


def rule_of(body: wire.RuleRequest, known: Catalogue, engines: EngineChoice) -> Rule:
    """Return what a client asks for, without an id. Raises ValidationFailed for an action without what it needs."""
    now = datetime.now(UTC)
    return Rule(
        id="",
        tenant_id="",
        name=body.name,
        trigger=Trigger(body.trigger),
        search=body.filter.strip(),
        field=body.field,
        below=body.below,
        actions=tuple(_action(action, known, engines) for action in body.actions),
        is_active=body.is_active,
        created_at=now,
        updated_at=now,
    )


def _action(action: wire.RuleAction, known: Catalogue, engines: EngineChoice) -> Action:
    kind = ActionKind(action.do)
    needed = {ActionKind.TAG: "tags", ActionKind.CATEGORY: "category", ActionKind.WEBHOOK: "webhook_id"}.get(kind)
    if needed is not None and not getattr(action, needed):
        raise ValidationFailed(f"The action '{action.do}' needs `{needed}`.", field="actions")
    return Action(
        kind,
        tags=check_tags(list(action.tags)),
        category=None if action.category is None else known.check(action.category, "actions"),
        engine=None if action.engine is None else engines.check(action.engine),
        webhook_id=None if action.webhook_id is None else action.webhook_id.lower(),
        reason=action.reason,
    )


def rule_shape(rule: Rule) -> wire.Rule:
    """Return a rule for an answer."""
    actions = [
        wire.RuleAction(
            do=action.kind.value,
            tags=list(action.tags),
            category=action.category,
            engine=action.engine,
            webhook_id=action.webhook_id,
            reason=action.reason,
        )
        for action in rule.actions
    ]
    return wire.Rule(
        id=rule.id,
        name=rule.name,
        trigger=rule.trigger.value,
        filter=rule.search,
        field=rule.field,
        below=rule.below,
        actions=actions,
        is_active=rule.is_active,
        created_at=rule.created_at,
        updated_at=rule.updated_at,
    )


def run_shape(run: RuleRun) -> wire.RuleRun:
    """Return what a rule did for an answer."""
    return wire.RuleRun(
        id=run.id,
        rule_id=run.rule_id,
        rule_name=run.rule_name,
        image_id=run.file_id,
        revision=run.revision,
        at=run.at,
        done=list(run.done),
        error=run.error,
    )


def review_shape(review: Review, file: File | None = None) -> wire.Review:
    """Return an entry of the queue for an answer, with what its file is called if that is at hand."""
    return wire.Review(
        id=review.id,
        image_id=review.file_id,
        filename=file.filename if file else None,
        title=file.title if file else None,
        reason=review.reason,
        rule_id=review.rule_id,
        status=review.status.value,
        created_at=review.created_at,
        decided_at=review.decided_at,
        note=review.note,
    )
