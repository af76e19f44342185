"""The state machine of a description."""

import pytest

from scopix.types.vocabulary import DescriptionStatus
from scopix_server.domain.states import ALLOWED_MOVES, TERMINAL, IllegalMove, check_move


def test_every_state_has_its_moves() -> None:
    assert set(ALLOWED_MOVES) == set(DescriptionStatus)


def test_every_state_can_end() -> None:
    for start in DescriptionStatus:
        reached, edge = {start}, [start]
        while edge:
            new = ALLOWED_MOVES[edge.pop()] - reached
            reached |= new
            edge += new
        assert reached & TERMINAL


@pytest.mark.parametrize("terminal", sorted(TERMINAL))
def test_a_terminal_state_is_left_only_by_asking_again(terminal: DescriptionStatus) -> None:
    assert ALLOWED_MOVES[terminal] == {DescriptionStatus.QUEUED}


def test_a_completed_description_cannot_fail() -> None:
    with pytest.raises(IllegalMove, match="completed to failed"):
        check_move(DescriptionStatus.COMPLETED, DescriptionStatus.FAILED)
