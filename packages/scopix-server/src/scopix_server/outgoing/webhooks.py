"""Sending a message to a webhook: signed, to a checked address, without following anybody anywhere.

The headers are those of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` (Unix seconds) and
`webhook-signature`, "v1," and the Base64 of HMAC-SHA256 over `id.timestamp.body`.
"""

import time
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook as Signer

from scopix_server.domain.errors import AddressRefused
from scopix_server.domain.webhooks import Attempt, Delivery
from scopix_server.outgoing.http import OutgoingHttp, RequestFailed

__all__ = ["WebhookSender"]

_READ_BYTES = 4096


class WebhookSender:
    """Sends messages. Good for all threads."""

    def __init__(self, http: OutgoingHttp, *, agent: str) -> None:
        self._http = http
        self._agent = agent

    def send(self, delivery: Delivery, url: str, secret: str) -> Attempt:
        """Try once, and say what came of it. Raises nothing that the receiver could cause."""
        at, started = datetime.now(UTC), time.monotonic()
        # The library takes a time without its zone for one in UTC.
        stamp = at.replace(microsecond=0)
        message_id = f"msg_{delivery.id}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": Signer(secret).sign(message_id, stamp, delivery.payload),
        }
        status, error, wish = None, None, None
        try:
            with self._http.send("POST", url, headers, delivery.payload.encode()) as reply:
                status = reply.status
                wish = _seconds(reply.headers.get("retry-after", ""))
                # Read a little, so that the connection can be used again; what it says is nobody's business here.
                reply.read(_READ_BYTES)
        except AddressRefused as refusal:
            error = refusal.message
        except RequestFailed as failure:
            error = str(failure)
        if status is not None and not 200 <= status < 300:
            error = f"The receiver answered {status}."
            if 300 <= status < 400:
                error += " Redirects are not followed; give the address it leads to."
        return Attempt(at, int((time.monotonic() - started) * 1000), status, error, wish)


def _seconds(text: str) -> timedelta | None:
    return timedelta(seconds=int(text[:9])) if text.isascii() and text.isdigit() else None
