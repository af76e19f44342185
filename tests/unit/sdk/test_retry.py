"""Whether to try again, and after how long."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix._retry import MAX_WAIT, Outcome, RetryPolicy, parse_retry_after

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRANSIENT = [None, 408, 429, 500, 502, 503, 504]

attempts = st.integers(1, 10_000)
chances = st.floats(0, 1)
delays = st.floats(0.001, 1000)
statuses = st.none() | st.integers(400, 599)


@given(attempts, st.integers(0, 10_000), delays, chances, statuses)
def test_the_wait_is_bounded_and_the_attempts_are_counted(attempt, most, delay, chance, status):
    wait = RetryPolicy(most, delay).wait_before_next(attempt, Outcome(status), repeatable=True, chance=chance)
    if attempt > most or status not in TRANSIENT:
        assert wait is None
    else:
        assert 0 < wait <= MAX_WAIT
        assert wait >= 0.5 * min(delay, MAX_WAIT)


@given(attempts, delays, statuses, chances)
def test_what_may_not_be_repeated_never_is(attempt, delay, status, chance):
    policy = RetryPolicy(10_000, delay)
    assert policy.wait_before_next(attempt, Outcome(status), repeatable=False, chance=chance) is None


@given(st.integers(1, 29), chances)
def test_the_wait_doubles(attempt, chance):
    policy = RetryPolicy(100, 1e-8)
    first = policy.wait_before_next(attempt, Outcome(503), repeatable=True, chance=chance)
    second = policy.wait_before_next(attempt + 1, Outcome(503), repeatable=True, chance=chance)
    assert second == pytest.approx(2 * first)


def test_chance_spreads_over_the_second_half():
    policy = RetryPolicy(3, 1.0)
    waits = [policy.wait_before_next(1, Outcome(None), repeatable=True, chance=chance) for chance in (0.0, 0.5, 1.0)]
    assert waits == [0.5, 0.75, 1.0]


@given(st.floats(0, 1000), chances)
def test_the_servers_wish_is_followed_or_told(seconds, chance):
    outcome = Outcome(429, retry_after=seconds)
    wait = RetryPolicy(3, 1.0).wait_before_next(1, outcome, repeatable=True, chance=chance)
    assert wait == (seconds if seconds <= MAX_WAIT else None)


@pytest.mark.parametrize("code", ["USAGE_LIMIT_EXCEEDED", "QUOTA_EXCEEDED", "STORAGE_QUOTA_EXCEEDED"])
def test_a_used_up_quota_will_not_come_back_in_a_minute(code):
    outcome = Outcome(429, code=code, retry_after=1.0)
    assert RetryPolicy(3, 1.0).wait_before_next(1, outcome, repeatable=True, chance=0) is None


def test_a_conflict_is_transient_only_when_the_server_says_when():
    policy = RetryPolicy(3, 1.0)
    assert policy.wait_before_next(1, Outcome(409), repeatable=True, chance=0) is None
    assert policy.wait_before_next(1, Outcome(409, retry_after=2.0), repeatable=True, chance=0) == 2.0


@given(st.integers(0, 10**9))
def test_retry_after_in_seconds(seconds):
    assert parse_retry_after({"retry-after": f" {seconds} "}, now=NOW) == seconds


@given(st.integers(-(10**6), 10**6))
def test_retry_after_as_a_date(seconds):
    header = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after({"retry-after": header}, now=NOW) == max(0, seconds)


@given(st.text())
def test_any_retry_after_is_read_or_ignored(text):
    value = parse_retry_after({"retry-after": text}, now=NOW)
    assert value is None or value >= 0


def test_no_retry_after():
    assert parse_retry_after({}, now=NOW) is None
