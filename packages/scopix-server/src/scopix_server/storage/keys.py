"""The one rule for object keys, checked by every store before a key is used."""

import re

__all__ = ["check_key"]

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,7}")


def check_key(key: str) -> str:
    """Return `key` if it is one the server may have made: words of [A-Za-z0-9._-] joined by `/`, none hidden.

    Raises:
        ValueError: if it is not. It is a programming error, for client names never become keys.
    """
    if len(key) > 512 or not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key!r}")
    return key
