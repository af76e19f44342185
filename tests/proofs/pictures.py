"""What the stories send: a few small pictures, one whose middle is damaged, a text, and one that is refused."""

import functools
import hashlib

from tests.support.images import encoded, noise, picture

__all__ = ["CONTENTS", "DAMAGED", "TEXT", "content", "digest", "extension"]

CONTENTS = 7
"""Contents 0 to 6 are accepted."""
DAMAGED, TEXT, _REFUSED = 5, 6, 7


@functools.cache
def content(number: int) -> bytes:
    """The bytes of a content."""
    if number == DAMAGED:
        # Header and end are sound, so it is stored; its pixels are not, so its description fails.
        data = bytearray(encoded(noise(60, 60)))
        first = data.index(b"IDAT") + 4
        data[first : first + 400] = hashlib.sha512(b"damage").digest() * 6 + bytes(16)
        return bytes(data)
    if number == TEXT:
        return b"A few words of plain text: a document, described like the pictures.\n" * 3
    if number == _REFUSED:
        return b"MZ\x90\x00" + bytes(60)
    return encoded(picture(48, 48, seed=number))


def extension(number: int) -> str:
    """The extension of its file's name."""
    return "txt" if number == TEXT else "png"


@functools.cache
def digest(number: int) -> str:
    """The SHA-256 of a content, in hex."""
    return hashlib.sha256(content(number)).hexdigest()
