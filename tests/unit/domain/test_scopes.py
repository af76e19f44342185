"""Scopes: which there are, what includes what, and that a key never outgrows its maker."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix.types.keys import CreateApiKeyRequest
from scopix_server.domain.errors import Forbidden, MalformedRequest
from scopix_server.domain.scopes import SCOPES, check_scopes, granted, narrowed


def test_every_scope_of_the_contract() -> None:
    resources, permissions = ("api_keys", "usage", "tenants", "cloud_storage"), ("read", "write", "delete", "share")
    assert set(SCOPES) == {"read", "write", "admin"} | {f"{r}:{p}" for r in resources for p in permissions}


@pytest.mark.parametrize("scope", ["", "Read", "owner", "api_keys", "api_keys:", "api_keys:own", "files:read", "*"])
def test_what_is_no_scope_is_refused(scope: str) -> None:
    with pytest.raises(MalformedRequest):
        check_scopes([scope])


def test_roles_include_those_below() -> None:
    assert granted(["read"]) < granted(["write"]) < granted(["admin"]) == set(SCOPES)
    assert "cloud_storage:read" in granted(["read"])
    assert "cloud_storage:write" not in granted(["write"])
    assert granted(["api_keys:write"]) == {"api_keys:write"}
    assert granted([]) == frozenset()


@given(wanted=st.lists(st.sampled_from(SCOPES)), creator=st.lists(st.sampled_from(SCOPES), min_size=1))
def test_a_key_is_never_wider_than_its_creator(wanted: list[str], creator: list[str]) -> None:
    try:
        scopes = narrowed(wanted, creator)
    except Forbidden:
        assert not granted(wanted) <= granted(creator)
        return
    assert granted(scopes) <= granted(creator)
    assert scopes == (tuple(dict.fromkeys(wanted)) or tuple(creator))


def test_the_document_describes_exactly_the_scopes_there_are() -> None:
    pattern = CreateApiKeyRequest.model_json_schema()["properties"]["scopes"]["items"]["pattern"]
    everything = [*SCOPES, *(f"{a}:{b}" for a in ("files", "usage", "") for b in ("own", "")), "reader", " read", ""]
    assert {scope for scope in everything if re.search(pattern, scope)} == set(SCOPES)
