"""A session's totals are the sum of its files' states, and its status follows from them."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.domain.session import (
    FileOutcome,
    FileProgress,
    Session,
    SessionCounts,
    SessionStatus,
    progress_of,
    status_of,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = st.lists(
    st.tuples(st.sampled_from(FileOutcome), st.sampled_from([*DescriptionStatus, None]), st.booleans()), max_size=30
)


def session(**changes: object) -> Session:
    return Session(**{"id": "s", "tenant_id": "t", "created_at": NOW, "updated_at": NOW, **changes})


@given(FILES, st.none() | st.integers(1, 60))
def test_totals_are_the_sum_of_the_states(files: list, expected: int | None) -> None:
    found = Counter(progress_of(outcome, status, deleted=deleted) for outcome, status, deleted in files)
    counts = SessionCounts.of(found, expected)
    assert counts.completed + counts.failed + counts.skipped + counts.pending == len(files)
    assert counts.total == max(len(files), expected or 0)
    status = status_of(session(expected_files=expected), counts, NOW)
    terminal = {SessionStatus.COMPLETED, SessionStatus.FAILED}
    assert (status in terminal) == (counts.total > 0 and counts.ended == counts.total)


@pytest.mark.parametrize(
    ("outcome", "description", "progress"),
    [
        (FileOutcome.REJECTED, None, FileProgress.FAILED),
        (FileOutcome.DUPLICATE, DescriptionStatus.QUEUED, FileProgress.SKIPPED),
        (FileOutcome.CANCELLED, DescriptionStatus.SKIPPED, FileProgress.SKIPPED),
        (FileOutcome.ACCEPTED, DescriptionStatus.QUEUED, FileProgress.PENDING),
        (FileOutcome.ACCEPTED, DescriptionStatus.COMPLETED, FileProgress.COMPLETED),
        (FileOutcome.ACCEPTED, DescriptionStatus.SKIPPED, FileProgress.COMPLETED),
        (FileOutcome.ACCEPTED, DescriptionStatus.FAILED, FileProgress.FAILED),
    ],
)
def test_the_progress_of_a_file(outcome: FileOutcome, description: DescriptionStatus, progress: FileProgress) -> None:
    assert progress_of(outcome, description, deleted=False) is progress


def test_a_deleted_file_holds_nothing_up() -> None:
    assert progress_of(FileOutcome.ACCEPTED, DescriptionStatus.QUEUED, deleted=True) is FileProgress.SKIPPED


def test_a_session_that_waits_for_files_in_vain_expires() -> None:
    counts = SessionCounts(completed=3, missing=2)
    waiting = session(expected_files=5)
    assert status_of(waiting, counts, NOW + timedelta(hours=23)) is SessionStatus.UPLOADING
    assert status_of(waiting, counts, NOW + timedelta(hours=25)) is SessionStatus.EXPIRED


def test_cancelled_stays_cancelled() -> None:
    assert status_of(session(cancelled_at=NOW), SessionCounts(completed=1), NOW) is SessionStatus.CANCELLED
