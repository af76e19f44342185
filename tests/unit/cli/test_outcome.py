"""States, totals and exit codes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix import (
    AuthenticationError,
    DescriptionStatus,
    ScopixConnectionError,
    ScopixTimeoutError,
    ServerError,
    UploadResult,
    ValidationError,
)
from scopix.cli.outcome import Outcome, State, exit_code, totals_line

STORED = UploadResult("i", "f")


def described(status, description="d"):
    return Outcome.of_result("p", UploadResult("i", "f", description=description, description_status=status))


@given(st.lists(st.sampled_from(State)))
def test_the_totals_add_up(states):
    outcomes = [Outcome(str(number), state) for number, state in enumerate(states)]
    total, *parts = [int(number) for number in re.findall(r"\d+", totals_line(outcomes))]
    assert total == sum(parts) == len(states)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (described(DescriptionStatus.COMPLETED), State.DESCRIBED),
        (described(DescriptionStatus.SKIPPED), State.DESCRIBED),
        (described(DescriptionStatus.SKIPPED, None), State.UPLOADED),
        (described(DescriptionStatus.QUEUED, None), State.UPLOADED),
        (described(DescriptionStatus.FAILED, None), State.DESCRIPTION_FAILED),
        (Outcome.of_error("p", ValidationError("v")), State.REFUSED),
        (Outcome.of_error("p", ServerError("s")), State.FAILED),
        (Outcome.of_error("p", ScopixTimeoutError("t")), State.FAILED),
        (Outcome.of_error("p", ScopixTimeoutError("t", last_result=STORED)), State.TIMED_OUT),
    ],
)
def test_each_end_has_its_state(outcome, state):
    assert outcome.state is state
    assert outcome.to_dict()["state"] == state.name.lower()
    assert (outcome.reason is None) == (state in (State.DESCRIBED, State.UPLOADED))


GOOD = described(DescriptionStatus.COMPLETED)
BAD = Outcome.of_error("p", ValidationError("v"))
NO_KEY = Outcome.of_error("p", AuthenticationError("a"))
NO_SERVER = Outcome.of_error("p", ScopixConnectionError("c"))
NOT_SENT = Outcome("p", State.NOT_SENT)


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        ([GOOD, GOOD], 0),
        ([GOOD, BAD], 1),
        ([BAD], 1),
        ([NO_KEY, NOT_SENT], 3),
        ([NO_SERVER, BAD], 3),
        ([GOOD, NO_SERVER], 1),
        ([GOOD, NOT_SENT], 1),
    ],
)
def test_exit_codes(outcomes, code):
    assert exit_code(outcomes) == code
