"""The states of a description and the moves between them.

    (new) ── PENDING ── QUEUED ── PROCESSING ── COMPLETED
      │         │          ▲          │  │
      │         │          └──────────┘  └───── FAILED ── QUEUED (asked for again)
      └─ SKIPPED            (automatic retry)

Source: contract 5.1. COMPLETED, FAILED and SKIPPED are terminal; asking for a new description is the only way out.
"""

from scopix.types.vocabulary import DescriptionStatus

__all__ = ["ALLOWED_MOVES", "TERMINAL", "IllegalMove", "check_move"]

_S = DescriptionStatus

TERMINAL = frozenset({_S.COMPLETED, _S.FAILED, _S.SKIPPED})

ALLOWED_MOVES: dict[DescriptionStatus, frozenset[DescriptionStatus]] = {
    _S.PENDING: frozenset({_S.QUEUED, _S.SKIPPED}),
    # QUEUED to FAILED: the job was given up before it could start, so the file must not wait for ever.
    # QUEUED to COMPLETED: an answer came while the file was said to wait for another try.
    _S.QUEUED: frozenset({_S.PROCESSING, _S.COMPLETED, _S.FAILED, _S.SKIPPED, _S.QUEUED}),
    # PROCESSING to itself: a worker died and the job was recovered.
    _S.PROCESSING: frozenset({_S.PROCESSING, _S.COMPLETED, _S.FAILED, _S.QUEUED, _S.SKIPPED}),
    _S.COMPLETED: frozenset({_S.QUEUED}),
    _S.FAILED: frozenset({_S.QUEUED}),
    _S.SKIPPED: frozenset({_S.QUEUED}),
}


class IllegalMove(RuntimeError):
    """A description was to move where it cannot."""


def check_move(current: DescriptionStatus, target: DescriptionStatus) -> DescriptionStatus:
    """Return `target` if a description may move there from `current`.

    Raises:
        IllegalMove: if it may not.
    """
    if target not in ALLOWED_MOVES[current]:
        raise IllegalMove(f"a description cannot move from {current.value} to {target.value}")
    return target
