"""The master keys: from the setting, or from a file made when the first one is needed.

Each is 32 random bytes in base64. The first encrypts; the others only decrypt, until everything was re-encrypted.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from scopix_server.domain.redaction import register_secrets
from scopix_server.storage.private import write_private

__all__ = ["KeyRing", "MasterKey"]

_BYTES = 32


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key and its name, which says nothing about it."""

    id: str
    secret: bytes = field(repr=False)


class KeyRing:
    """The master keys of this server.

    Args:
        configured: the setting, keys separated by commas; empty for none.
        path: the file. It is made when there is no configured key.

    Raises:
        ValueError: a configured key is none. The message does not repeat it.
    """

    def __init__(self, configured: str, path: Path) -> None:
        self._configured = _read(configured.replace(",", "\n"), "SCOPIX_ENCRYPTION_KEY")
        self._path = path

    @property
    def is_configured(self) -> bool:
        """Whether the current key comes from the setting."""
        return bool(self._configured)

    def current(self) -> MasterKey:
        """Return the key that encrypts, as it is now: another process may have made a new one."""
        if self._configured:
            return self._configured[0]
        if not self._path.exists():
            write_private(self._path, _new() + "\n", keep=True)
        return self._kept()[0]

    def find(self, key_id: str) -> MasterKey | None:
        """Return the key of this name, current or not."""
        return next((key for key in (*self._configured, *self._kept()) if key.id == key_id), None)

    def add(self) -> None:
        """Put a new key in front of those in the file."""
        write_private(self._path, "\n".join([_new(), *self._lines()]) + "\n")

    def keep_first(self) -> None:
        """Forget all keys in the file but the current one."""
        write_private(self._path, self._lines()[0] + "\n")

    def _kept(self) -> list[MasterKey]:
        return _read("\n".join(self._lines()), str(self._path))

    def _lines(self) -> list[str]:
        return self._path.read_text().split() if self._path.exists() else []


def _new() -> str:
    return base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def _read(text: str, where: str) -> list[MasterKey]:
    keys = []
    for word in text.split():
        try:
            secret = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != _BYTES:
            raise ValueError(f"{where} must hold 32 random bytes in base64, as `openssl rand -base64 32` gives them")
        register_secrets(word)
        keys.append(MasterKey(hashlib.sha256(b"scopix key id" + secret).hexdigest()[:16], secret))
    return keys
