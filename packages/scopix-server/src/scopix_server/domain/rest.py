"""What a process keeps for its next image, and gives back when none comes."""

import weakref
from collections.abc import Callable
from typing import TypeVar

__all__ = ["give_back", "when_at_rest"]

_Keeper = TypeVar("_Keeper")
_keepers: "weakref.WeakKeyDictionary[object, Callable[[], None]]" = weakref.WeakKeyDictionary()


def when_at_rest(keeper: _Keeper, release: Callable[[_Keeper], None]) -> None:
    """Let `release(keeper)` be called by `give_back` for as long as `keeper` lives; it may run beside other calls."""
    kept = weakref.ref(keeper)

    def release_if_alive() -> None:
        alive = kept()
        if alive is not None:
            release(alive)

    _keepers[keeper] = release_if_alive


def give_back() -> None:
    """Release what is kept. To be called when a process has had nothing to do for a while."""
    for release in list(_keepers.values()):
        release()
