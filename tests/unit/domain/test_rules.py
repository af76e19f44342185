"""Which descriptions a rule waits for."""

from datetime import UTC, datetime

import pytest

from scopix_server.domain.description import Description, ImageKind
from scopix_server.domain.rules import Action, ActionKind, Rule, Trigger, is_triggered

AT = datetime(2026, 11, 30, tzinfo=UTC)
RECEIPT = Description(
    "A receipt.",
    (),
    "TOTAL 5.00",
    ImageKind.DOCUMENT,
    "builtin",
    "1",
    category_data={"sender": {"name": "Corner Shop"}, "total": {"amount": "5.00", "currency": ""}, "dates": []},
    evidence=(
        {"field": "/sender/name", "confidence": 0.7},
        {"field": "/total/amount", "confidence": 0.95},
        {"statement": "A receipt.", "regions": [0]},
    ),
)


def rule(trigger: Trigger, field: str | None = None, below: float | None = None) -> Rule:
    tag = (Action(ActionKind.TAG, tags=("seen",)),)
    return Rule("r", "t", "a rule", trigger, tag, AT, AT, field=field, below=below)


@pytest.mark.parametrize(
    ("field", "is_found"),
    [("sender", True), ("sender_name", True), ("name", True), ("total_currency", False), ("dates", False)],
)
def test_a_field_is_found_where_it_holds_something(field: str, is_found: bool) -> None:
    assert is_triggered(rule(Trigger.FIELD_FOUND, field), RECEIPT) is is_found


@pytest.mark.parametrize(
    ("field", "below", "is_low"),
    [
        (None, 0.8, True),
        (None, 0.7, False),
        ("total_amount", 0.8, False),
        ("total_amount", 0.96, True),
        ("sender_name", 0.8, True),
        ("date", 1.0, False),
    ],
)
def test_confidence_is_low_where_a_field_is_less_sure(field: str | None, below: float, is_low: bool) -> None:
    assert is_triggered(rule(Trigger.LOW_CONFIDENCE, field, below), RECEIPT) is is_low


def test_any_description_is_one() -> None:
    assert is_triggered(rule(Trigger.DESCRIBED), RECEIPT)
    assert not is_triggered(rule(Trigger.UPLOADED), RECEIPT)
