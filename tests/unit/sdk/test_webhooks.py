"""`scopix.webhooks.verify` against the library that the server signs with."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

import scopix
from scopix import webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
BODY = '{"type": "file.described", "timestamp": "2026-01-01T00:00:00Z", "data": {"filename": "h\u00e9ron.png"}}'


def signed(body: str = BODY, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    stamp = (at or datetime.now(UTC)).replace(microsecond=0)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(stamp.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg_1", stamp, body),
    }


def test_a_good_message_is_read() -> None:
    assert scopix.webhooks is webhooks
    for body in (BODY, BODY.encode()):
        assert webhooks.verify(signed(), body, SECRET)["data"] == {"filename": "h\u00e9ron.png"}
    # While a secret is being replaced there may be two signatures, and others of versions to come.
    both = signed(secret=OTHER)["Webhook-Signature"] + " v2,abc " + signed()["Webhook-Signature"]
    assert webhooks.verify(signed() | {"Webhook-Signature": both}, BODY, SECRET)["type"] == "file.described"


@pytest.mark.parametrize(
    ("changed", "body", "told"),
    [
        ({"Webhook-Signature": ""}, BODY, "missing"),
        ({"Webhook-Id": "msg_2"}, BODY, "not the server's"),
        ({}, BODY + " ", "not the server's"),
        ({"Webhook-Signature": "v1," + "\u00e9" * 44}, BODY, "not the server's"),
        ({"Webhook-Signature": "v2,abc"}, BODY, "not the server's"),
        ({"Webhook-Timestamp": "soon"}, BODY, "too old"),
        ({"Webhook-Timestamp": "1"}, BODY, "too old"),
        ({"Webhook-Timestamp": "99999999999"}, BODY, "from the future"),
    ],
)
def test_any_other_is_refused(changed: dict[str, str], body: str, told: str) -> None:
    with pytest.raises(webhooks.SignatureError, match=told):
        webhooks.verify(signed() | changed, body, SECRET)


def test_what_another_has_signed_or_is_no_event_is_refused() -> None:
    with pytest.raises(webhooks.SignatureError, match="missing"):
        webhooks.verify({}, BODY, SECRET)
    with pytest.raises(webhooks.SignatureError, match="not the server's"):
        webhooks.verify(signed(secret=OTHER), BODY, SECRET)
    for body in ("no json", "[]"):
        with pytest.raises(webhooks.SignatureError, match="no JSON"):
            webhooks.verify(signed(body), body, SECRET)


def test_an_old_one_may_be_allowed() -> None:
    old = signed(at=datetime.fromtimestamp(time.time(), UTC) - timedelta(minutes=50))
    assert webhooks.verify(old, BODY, SECRET, tolerance=3600)["type"] == "file.described"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!"])
def test_what_is_no_secret_is_told_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match="secret") as refused:
        webhooks.verify(signed(), BODY, secret)
    assert not isinstance(refused.value, webhooks.SignatureError)
    assert "base64!" not in str(refused.value)
