"""API keys: their shape, their hash, and who is let in."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.errors import DeactivatedApiKey, ExpiredApiKey, Forbidden, InvalidApiKey
from scopix_server.domain.tenant import ApiKey, Caller, key_prefix_of, make_api_key

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def key_of(made, **changes: object) -> ApiKey:
    key = ApiKey("id", "tenant", "name", made.key_prefix, made.key_hash, ("admin",), NOW)
    return dataclasses.replace(key, **changes)


def test_the_shape_of_a_key() -> None:
    made = make_api_key()
    assert re.fullmatch(r"scopix_[A-Za-z0-9]{8}[A-Za-z0-9_-]{43}", made.secret)
    # The SDK's own check (contract 2.4).
    assert re.fullmatch(r"[a-z]+_[A-Za-z0-9_-]{20,}", made.secret)
    assert key_prefix_of(made.secret) == made.key_prefix == made.secret[:15]
    assert made.secret not in repr(made)
    assert made.secret[15:] not in made.key_hash


def test_who_is_let_in() -> None:
    made = make_api_key()
    key_of(made).admit(made.secret, NOW)
    with pytest.raises(InvalidApiKey):
        key_of(made).admit(made.secret + "x", NOW)
    with pytest.raises(DeactivatedApiKey):
        key_of(made, is_active=False).admit(made.secret, NOW)
    with pytest.raises(ExpiredApiKey):
        key_of(made, expires_at=NOW - timedelta(seconds=1)).admit(made.secret, NOW)


def test_a_wrong_secret_never_learns_that_the_key_has_expired() -> None:
    made = make_api_key()
    with pytest.raises(InvalidApiKey):
        key_of(made, expires_at=NOW - timedelta(days=1), is_active=False).admit("scopix_guess", NOW)


@given(st.text(max_size=300))
def test_any_text_is_a_key_or_it_is_not(text: str) -> None:
    prefix = key_prefix_of(text)
    assert prefix is None or text.startswith(prefix)


@pytest.mark.parametrize(
    ("held", "needed", "allowed"),
    [
        ("admin", "read", True),
        ("admin", "write", True),
        ("write", "read", True),
        ("write", "admin", False),
        ("read", "write", False),
    ],
)
def test_scopes(held: str, needed: str, allowed: bool) -> None:
    caller = Caller("tenant", "key", (held,))
    if allowed:
        caller.require(needed)
    else:
        with pytest.raises(Forbidden, match=f"'{needed}'"):
            caller.require(needed)
