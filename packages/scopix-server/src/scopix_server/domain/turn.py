"""Whose work is done now, and how urgent it is: what decides who is next wherever tenants share something."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Priority", "Turn", "current_turn", "take_turn", "taking_turn"]


class Priority(IntEnum):
    """What goes first among the jobs of one tenant; smaller numbers do."""

    INTERACTIVE = 1
    """Somebody waits for it: an upload of one file, or one image described again."""
    BATCH = 2
    AGAIN = 3
    """Described again by a filter: every file has a description already, or has failed."""
    VARIANTS = 4
    """Thumbnails alone."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A tenant's id (empty where there is none), and the priority of its work."""

    tenant_id: str
    priority: Priority


_NOBODY = Turn("", Priority.BATCH)
_current: ContextVar[Turn] = ContextVar("turn", default=_NOBODY)


def current_turn() -> Turn:
    """Return whose work this thread, or task, is at."""
    return _current.get()


def take_turn(turn: Turn) -> None:
    """Do all that this task has left to do as a tenant's."""
    _current.set(turn)


@contextmanager
def taking_turn(turn: Turn) -> Iterator[None]:
    """Do work as a tenant's."""
    token = _current.set(turn)
    try:
        yield
    finally:
        _current.reset(token)
