"""Checking what a webhook of yours is sent: that it is the server's, untouched and fresh.

    from scopix import webhooks

    event = webhooks.verify(request.headers, request.body, secret)

Messages are signed as Standard Webhooks 1.0 says.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

__all__ = ["SignatureError", "verify"]

_PREFIX = "whsec_"


class SignatureError(ValueError):
    """The message is not one to trust; the words say why. Answer it with 400."""


def verify(headers: Mapping[str, str], body: bytes | str, secret: str, *, tolerance: float = 300.0) -> dict[str, Any]:
    """Return the content of a message whose signature is good: `type`, `timestamp` and `data`.

    `headers` are the request's, in any spelling of their names; `body` is exactly what came, before anything was made
    of it; `secret` is the webhook's (`whsec_...`). A message may be `tolerance` seconds old, or from the future: who
    records one cannot send it again later. The same message can come twice, with the same `webhook-id`.

    Raises `SignatureError` for a message that is not to be trusted, `ValueError` for a secret that is none.
    """
    key = _key_of(secret)
    given = {name.lower(): value for name, value in headers.items()}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, sent, signatures = (given.get(name, "") for name in names)
    if not (message_id and sent and signatures):
        raise SignatureError("the headers of a signature are missing")
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 15) or abs(time.time() - int(sent)) > tolerance:
        raise SignatureError("the message is too old, or from the future")
    content = body.encode() if isinstance(body, str) else body
    signed = f"{message_id}.{sent}.".encode() + content
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # There are several while a secret is being replaced.
    found = [
        text.encode() for version, _, text in (one.partition(",") for one in signatures.split()) if version == "v1"
    ]
    if not any(hmac.compare_digest(text, expected) for text in found):
        raise SignatureError("the signature is not the server's")
    try:
        read = json.loads(content)
    except ValueError as error:
        raise SignatureError("the body is no JSON") from error
    if not isinstance(read, dict):
        raise SignatureError("the body is no JSON object")
    return read


def _key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("that is no secret of a webhook: it looks like whsec_...") from error
    if not key:
        raise ValueError("the secret of the webhook is empty")
    return key
