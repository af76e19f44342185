"""Plans: the table of the contract, its changes, and what is left of a month."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.errors import UsageLimitExceeded
from scopix_server.domain.plans import PLANS, Allowance, MonthlyUsage, Plan, PlanTable, month_of, plans_with


@pytest.mark.parametrize(
    ("name", "requests", "files", "uploads_at_once", "descriptions", "uploads"),
    [
        ("free", 10, 10, 10, 10, 1_000),
        ("starter", 30, 50, 20, 500, 10_000),
        ("professional", 100, 100, 30, 2_500, 50_000),
        ("enterprise", 500, 200, 50, 10_000, None),
        ("custom", None, 200, None, None, None),
    ],
)
def test_the_table_of_the_contract(name, requests, files, uploads_at_once, descriptions, uploads) -> None:
    assert PLANS[name] == Plan(name, requests, files, uploads_at_once, descriptions, uploads)


def test_a_limit_is_changed_and_the_others_stay() -> None:
    plans = plans_with({"free": {"requests_per_minute": 20, "descriptions_per_month": None}})
    assert plans["free"] == Plan("free", 20, 10, 10, None, 1_000)
    assert plans["starter"] == PLANS["starter"]
    assert plans_with({}) == PLANS


def test_all_keys_of_a_tenant_have_three_times_the_limits_of_one() -> None:
    free, custom = PLANS["free"], PLANS["custom"]
    assert (free.tenant_requests_per_minute, free.tenant_concurrent_uploads) == (30, 30)
    assert (custom.tenant_requests_per_minute, custom.tenant_concurrent_uploads) == (None, None)
    changed = plans_with(
        {"free": {"requests_per_minute": 20, "tenant_multiple": 5}, "starter": {"tenant_multiple": None}}
    )
    assert (changed["free"].tenant_requests_per_minute, changed["free"].tenant_concurrent_uploads) == (100, 50)
    assert changed["starter"].tenant_requests_per_minute is None


@pytest.mark.parametrize(
    "changes",
    [
        [],
        {"gold": {}},
        {"free": 3},
        {"free": {"name": "x"}},
        {"free": {"requests": 3}},
        {"free": {"requests_per_minute": 0}},
        {"free": {"requests_per_minute": True}},
        {"free": {"requests_per_minute": 1.5}},
        {"free": {"requests_per_minute": "10"}},
        {"custom": {"files_per_batch": None}},
    ],
)
def test_changes_that_are_none_are_refused(changes: object) -> None:
    with pytest.raises(ValueError, match=r"plan|free|custom"):
        plans_with(changes)


def test_a_tenant_without_a_plan_follows_the_settings() -> None:
    table = PlanTable(PLANS, "starter")
    assert table.of(None).name == table.of("removed").name == "starter"
    assert table.of("free").name == "free"


def test_a_month_begins_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    assert month_of(datetime(2026, 3, 1, 5, tzinfo=east)) == datetime(2026, 2, 1, tzinfo=UTC)
    assert month_of(datetime(2026, 3, 1, tzinfo=UTC)) == datetime(2026, 3, 1, tzinfo=UTC)


@given(used=st.integers(0, 15))
def test_no_more_than_the_month_allows_is_taken(used: int) -> None:
    allowance = Allowance(PLANS["free"], MonthlyUsage(uploads=used, descriptions=used))
    left = max(0, 10 - used)
    assert allowance.available == left
    for _ in range(left):
        allowance.take(described=True)
    with pytest.raises(UsageLimitExceeded) as refused:
        allowance.take(described=True)
    assert refused.value.details == {"available": 0, "limit": 10, "resource": "descriptions", "plan": "free"}
    allowance.take(described=False)


def test_uploads_are_limited_whether_described_or_not() -> None:
    allowance = Allowance(PLANS["free"], MonthlyUsage(uploads=999, descriptions=0))
    allowance.take(described=False)
    with pytest.raises(UsageLimitExceeded, match="1000 uploads"):
        allowance.take(described=False)


def test_an_unlimited_plan_never_ends() -> None:
    allowance = Allowance(PLANS["custom"], MonthlyUsage(10**9, 10**9))
    allowance.take(described=True)
    assert allowance.available is None
