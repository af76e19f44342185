"""Holders of keys are remembered for a second, and not a moment longer than this server knows them to be right."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from scopix_server.api.known_keys import KnownKeys
from scopix_server.domain.tenant import ApiKey, Tenant

TENANT = Tenant("t", "t", datetime.now(UTC))


class Keys:
    """A database of one key, which counts how often it is asked."""

    def __init__(self) -> None:
        self.key = ApiKey("k", "t", "a key", "scopix_abcdefgh", "0" * 64, ("read",), datetime.now(UTC))
        self.asked = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def read(self, work: Callable[[Any], Any]) -> Any:
        self.asked += 1
        found = work(SimpleNamespace(keys=SimpleNamespace(holder=self.holder)))
        self.meanwhile()
        return found

    def holder(self, prefix: str) -> tuple[ApiKey, Tenant] | None:
        return (self.key, TENANT) if prefix == self.key.key_prefix else None


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_holder_is_asked_for_once_a_second() -> None:
    database, clock = Keys(), Clock()
    known = KnownKeys(database, now=clock)  # type: ignore[arg-type]
    assert known.recent("scopix_abcdefgh") is None
    assert known.look_up("scopix_abcdefgh") == (database.key, TENANT)
    clock.now += 0.9
    assert known.recent("scopix_abcdefgh") == (database.key, TENANT)
    clock.now += 0.2
    assert known.recent("scopix_abcdefgh") is None


def test_what_this_server_changed_is_forgotten_at_once() -> None:
    known = KnownKeys(Keys())  # type: ignore[arg-type]
    known.look_up("scopix_abcdefgh")
    known.clear()
    assert known.recent("scopix_abcdefgh") is None


def test_a_look_up_that_a_change_overtook_is_not_remembered() -> None:
    """It may have read the key before the commit that deactivated it."""
    database = Keys()
    known = KnownKeys(database)  # type: ignore[arg-type]
    database.meanwhile = known.clear
    assert known.look_up("scopix_abcdefgh") is not None
    assert known.recent("scopix_abcdefgh") is None


def test_keys_that_are_not_there_are_not_remembered() -> None:
    """A key that was made a moment ago works, and strangers fill no memory."""
    database = Keys()
    known = KnownKeys(database)  # type: ignore[arg-type]
    assert known.look_up("scopix_nobody00") is None
    database.key = ApiKey("k2", "t", "new", "scopix_nobody00", "0" * 64, ("read",), datetime.now(UTC))
    assert known.recent("scopix_nobody00") is None
    assert known.look_up("scopix_nobody00") is not None
    assert database.asked == 2
