"""The circuit breaker, step by step and over any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix import CircuitBreakerError
from scopix._breaker import BreakerState, CircuitBreaker, refuse_while_open


def breaker():
    return CircuitBreaker(failure_threshold=5, success_threshold=2, open_seconds=30.0)


def fail(target, times, now=0.0):
    for _ in range(times):
        target.record_failure(now)


def test_it_opens_after_five_failures_in_a_row():
    target = breaker()
    fail(target, 4)
    target.record_success()
    fail(target, 4)
    assert target.seconds_to_wait(0.0) == 0
    fail(target, 1)
    assert target.seconds_to_wait(0.0) == 30.0
    assert target.seconds_to_wait(29.0) == 1.0


def test_it_closes_after_two_successes_on_probation():
    target = breaker()
    fail(target, 5)
    assert target.seconds_to_wait(30.0) == 0
    assert target.state is BreakerState.HALF_OPEN
    target.record_success()
    assert target.state is BreakerState.HALF_OPEN
    target.record_success()
    assert target.state is BreakerState.CLOSED


def test_one_failure_on_probation_opens_it_again():
    target = breaker()
    fail(target, 5)
    target.seconds_to_wait(30.0)
    target.record_success()
    target.record_failure(31.0)
    assert target.seconds_to_wait(31.0) == 30.0


def test_the_refusal_says_when():
    target = breaker()
    fail(target, 5)
    with pytest.raises(CircuitBreakerError, match="GET /x failed 5 times in a row") as caught:
        refuse_while_open(target, "GET /x", now=10.0)
    assert (caught.value.endpoint, caught.value.retry_after) == ("GET /x", 20.0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 100))))
def test_it_never_stays_shut_for_longer_than_it_says(history):
    target, now = breaker(), 0
    for good, step in history:
        now += step
        assert 0 <= target.seconds_to_wait(now) <= 30.0
        if good:
            target.record_success()
        else:
            target.record_failure(now)
    assert target.seconds_to_wait(now + 30.0) == 0
