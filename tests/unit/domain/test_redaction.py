"""No secret in any text, however a library, an engine or a shell has written it."""

import base64
import html
import itertools
import json
import pickle
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.engines import EngineBusy, EngineSpec, EngineUnavailable
from scopix_server.domain.errors import DatabaseUnusable, DescribeError, DomainError
from scopix_server.domain.redaction import (
    Redactor,
    header_secrets,
    redact,
    redact_values,
    register_secrets,
    url_secrets,
)

UNKNOWN = DescriptionErrorType.UNKNOWN
ODD_SIGNS = ["\r", "\n", "\r\n", "\t", " ", "\x1b", "\x00", "é", "”", "\u202e", '"', "'", "\\", "%", "&<", "/+=", "@:"]
PLACES = ["{sign}{first}{second}", "{first}{sign}{second}", "{first}{second}{sign}"]
FIRST, SECOND = "s3cr3t-Kh7qW", "9vTz-LmXp42"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "repr": repr,
    "ascii": ascii,
    "bytes": lambda secret: repr(secret.encode()),
    "header": lambda secret: repr(f"Bearer {secret}".encode()),
    "JSON": json.dumps,
    "JSON, in Unicode": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON of a repr": lambda secret: json.dumps(repr(secret)),
    "repr of a repr": lambda secret: repr(repr(secret)),
    "URL": lambda secret: quote(secret, safe=""),
    "URL, lower case": lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%C3%A9", "%c3%a9"),
    "form": lambda secret: quote_plus(secret),
    "HTML": html.escape,
    "UTF-8 as Latin-1": lambda secret: secret.encode().decode("latin-1"),
    "on several lines": lambda secret: " / ".join(secret.splitlines()),
    "without what is around it": str.strip,
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "Basic": lambda secret: "Basic " + base64.b64encode(f"somebody:{secret}".encode()).decode(),
    "Base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"me:{secret}:x".encode()).decode(),
    "cut in its second half": lambda secret: secret[: len(secret) - 4],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_with_any_odd_sign_is_masked_in_every_spelling(spelling: str) -> None:
    for sign, place in itertools.product(ODD_SIGNS, PLACES):
        secret = place.format(first=FIRST, sign=sign, second=SECOND)
        redactor = Redactor()
        redactor.register([secret])
        shown = redactor.redact(f"Illegal header value: {SPELLINGS[spelling](secret)}. Tried again.")
        assert FIRST not in shown, (sign, place)
        assert SECOND not in shown, (sign, place)
        assert base64.b64encode(FIRST.encode()).decode()[:12] not in shown, (sign, place)
        assert re.fullmatch(r"Illegal header value:.*[*]{3}.*Tried again[.]", shown, re.DOTALL), (sign, place, shown)


def test_what_is_no_secret_stays() -> None:
    redactor = Redactor()
    redactor.register(["ollama", "EMPTY", "abc", "", None, "short1", "postgres"])
    text = "The engine ollama says EMPTY: abc, shortage of short10, shorts. Basic authentication, bearer of news."
    assert redactor.redact(text) == text
    assert redactor.redact("it is short1, or 'short1'") == "it is ***, or '***'"
    assert redactor.redact("postgresql says: wrong password postgres") == "postgresql says: wrong password ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key scopix_abcdefgh" + "Qx7_" * 10, "key scopix_abcdefgh***"),
        ("secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "secret whsec_***"),
        ("postgresql://me:pa/s@s:w@db:5432/x is", "postgresql://***@db:5432/x is"),
        ("http://token1234@proxy:3128", "http://***@proxy:3128"),
        ("Authorization: Bearer eyJhbGciOi.JIUzI1NiIs", "Authorization: Bearer ***"),
        ("authorization: basic dXNlcjpwYXNzd29yZDE=", "authorization: basic ***"),
        (
            "GET /b?X-Amz-Credential=AK%2F20&X-Amz-Signature=ab12&x=1",
            "GET /b?X-Amz-Credential=***&X-Amz-Signature=***&x=1",
        ),
        ("The Authorization header must read 'Bearer scopix_...'.",) * 2,
        ("scopix_server.jobs.worker and scopix_database_of_production",) * 2,
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_secrets_of_urls_and_headers() -> None:
    assert url_secrets("postgresql://me:p%40ss@db/x?sslpassword=zzz") == ("zzz", "p%40ss", "p@ss")
    assert url_secrets("postgresql://db/x") == url_secrets("http://me@db/x") == ()
    headers = {"X-Team": "archive", "X-Api-Key": "k-1", "Authorization": "Basic abcd"}
    assert header_secrets(headers) == ("k-1", "Basic abcd", "", "abcd")


def test_secrets_of_many_tenants_are_known_as_long_as_they_are_in_use() -> None:
    redactor = Redactor()
    redactor.register(["the-servers-own-1"])
    redactor.register((f"tenant-secret-{number:04}-x" for number in range(1000)), temporary=True)
    assert redactor.redact("tenant-secret-0999-x the-servers-own-1") == "*** ***"
    assert len(redactor._temporary) == 64


def test_errors_are_redacted_as_they_are_made() -> None:
    register_secrets("made-into-errors-1\r")
    text = "LocalProtocolError: Illegal header value b'Bearer made-into-errors-1\\r'"
    failure = DescribeError(text, DescriptionErrorType.VLM_ERROR, retryable=True)
    for error in (DomainError(text), DatabaseUnusable(text), EngineUnavailable(text), EngineBusy(text, 1.0), failure):
        assert "made-into" not in f"{error} {error!r} {error.args}"
    assert pickle.loads(pickle.dumps(failure)).message == failure.message
    assert redact_values({"a": [text, 1, None], "b": {"c": text}})["b"]["c"].count("***") == 1


def test_keys_among_the_members_of_a_body_are_secret() -> None:
    body = {
        "api_key": "sk-1234567890ab",
        "n": 1,
        "extra": [{"X-Token": "tok-abcdefgh12"}],
        "prompt_cache_key": "scopix",
    }
    spec = EngineSpec(name="vlm", kind="openai", extra_body=body | {"reasoning_effort": "a-rather-low-one"})
    assert spec.secrets == ("sk-1234567890ab", "tok-abcdefgh12")


@pytest.mark.parametrize(
    "error", [EngineUnavailable("no\0 \ud83d"), DescribeError("no\0 \ud83d", UNKNOWN, retryable=True)]
)
def test_a_message_that_is_kept_holds_nothing_that_no_database_takes(error: EngineUnavailable | DescribeError) -> None:
    assert error.message == r"no\x00 \ud83d"


def test_a_secret_that_is_learnt_later_is_masked_where_the_text_was_clean_before() -> None:
    redactor = Redactor()
    line = "the password is correct-horse-battery"
    assert redactor.redact(line) == redactor.redact(line) == line
    redactor.register(["correct-horse-battery"])
    assert redactor.redact(line) == "the password is ***"
    for number in range(5_000):
        assert redactor.redact(f"line {number}") == f"line {number}"
    assert len(redactor._clean) <= 2_000
