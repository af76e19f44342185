"""One-time links: whoever starts the server opens its page without typing a key."""

import hashlib
import secrets
import threading
import time
from typing import Final

from scopix_server.domain.errors import InvalidApiKey

__all__ = ["OneTimeLinks"]

_LIFETIME_SECONDS: Final = 300.0
"""From the start of the server to the browser that it opens; a link left in a terminal is worth nothing later."""


class OneTimeLinks:
    """Tokens that are each worth one key, once. Only their hashes are kept, in memory. Good for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._good_until: dict[str, tuple[str, float]] = {}

    def issue(self, tenant_id: str) -> str:
        """Return a token that whoever shows it gets a key of this tenant for: 43 characters, good for five minutes."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._good_until[_hash(token)] = (tenant_id, time.monotonic() + _LIFETIME_SECONDS)
        return token

    def redeem(self, token: str) -> str:
        """Return the tenant that a token was for, which is worth nothing from now on.

        Raises:
            InvalidApiKey: it was used, has expired or never was.
        """
        with self._lock:
            tenant_id, good_until = self._good_until.pop(_hash(token), ("", 0.0))
        if time.monotonic() >= good_until:
            raise InvalidApiKey("This link was used already, or its five minutes are over. Sign in with an API key.")
        return tenant_id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
