"""Envelope encryption with AES-256-GCM: each secret has a key of its own, which the master key encrypts.

A sealed text is bound to its purpose: moved to another row, it does not open. To change the master key is to encrypt
the small keys again; the secrets stay as they are.
"""

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.domain.storage_ports import Sealed
from scopix_server.storage.keyring import KeyRing, MasterKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["EnvelopeVault"]

_VERSION = 1
_KEY, _NONCE = 32, 12  # bytes


class EnvelopeVault:
    """The `Vault` port. Its methods raise ServiceUnavailable when the server was installed without support for S3."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, secret: bytes, purpose: str) -> Sealed:
        own = secrets.token_bytes(_KEY)
        return self._wrap(own, self._encrypt(own, secret, purpose), purpose)

    def open(self, sealed: str, purpose: str) -> bytes:
        own, content = self._unwrap(sealed, purpose)
        return self._decrypt(own, content, purpose)

    def reseal(self, sealed: str, purpose: str) -> Sealed:
        return self._wrap(*self._unwrap(sealed, purpose), purpose)

    def _wrap(self, own: bytes, content: bytes, purpose: str) -> Sealed:
        master = self._keys.current()
        wrapped = self._encrypt(master.secret, own, purpose)
        text = json.dumps({"v": _VERSION, "kid": master.id, "key": _text(wrapped), "content": _text(content)})
        return text, master.id

    def _unwrap(self, sealed: str, purpose: str) -> tuple[bytes, bytes]:
        try:
            spool: dict[str, Any] = json.loads(sealed)
            key_id, wrapped, content = str(spool["kid"]), _bytes(spool["key"]), _bytes(spool["content"])
        except (ValueError, KeyError, TypeError):
            raise _unreadable("they are damaged") from None
        return self._decrypt(self._master(key_id).secret, wrapped, purpose), content

    def _master(self, key_id: str) -> MasterKey:
        master = self._keys.find(key_id)
        if master is None:
            raise _unreadable(f"the encryption key '{key_id}' is not on this server")
        return master

    def _encrypt(self, key: bytes, secret: bytes, purpose: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        sealed: bytes = _cipher(key).encrypt(nonce, secret, purpose.encode())
        return nonce + sealed

    def _decrypt(self, key: bytes, sealed: bytes, purpose: str) -> bytes:
        cipher = _cipher(key)
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except Exception:  # the library's InvalidTag, or a ValueError: either way it says no more than this
            raise _unreadable("they are damaged") from None


def _cipher(key: bytes) -> "AESGCM":
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ModuleNotFoundError as error:
        raise ServiceUnavailable(
            "This server was installed without support for buckets. Its operator adds it with: "
            "pip install 'scopix-server[s3]'."
        ) from error
    return AESGCM(key)


def _unreadable(why: str) -> ServiceUnavailable:
    return ServiceUnavailable(f"The stored credentials cannot be read: {why}. Configure the storage again.")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
