"""What a key, a token or an address in the settings must be: read trimmed, and refused with the reason when it is none.

A line break at its end is how files and editors end lines; anywhere else, and with any sign that a header cannot carry,
the value is not what was meant. The reasons never repeat the value, but for the one sign that is wrong.
"""

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

__all__ = ["check_database_url", "check_header_name", "check_header_value", "check_http_url", "check_token", "trimmed"]

# Besides spaces and line breaks: marks that editors and web pages put around what is copied, invisible.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\x00"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")


def trimmed(text: str) -> str:
    """Return the text without what is around it.

    Raises:
        ValueError: it holds a line break or another control character.
    """
    kept = text.strip().strip(_INVISIBLE).strip()
    _refuse(kept, lambda sign: unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return kept


def check_header_value(text: str) -> str:
    """Return what a header can carry: printable ASCII, with spaces inside.

    Raises:
        ValueError: it is none.
    """
    kept = trimmed(text)
    _refuse(kept, lambda sign: not " " <= sign <= "~")
    return kept


def check_token(text: str) -> str:
    """Return a key or token: printable ASCII without spaces.

    Raises:
        ValueError: it is none.
    """
    kept = check_header_value(text)
    _refuse(kept, lambda sign: sign == " ")
    return kept


def check_header_name(text: str) -> str:
    """Return the name of a header. Raises ValueError when it cannot be one."""
    kept = text.strip()
    if not _HEADER_NAME.fullmatch(kept):
        raise ValueError(f"{kept[:64]!a} cannot be the name of a header")
    return kept


def check_http_url(text: str, *, schemes: tuple[str, ...] = ("http", "https"), with_user: bool = False) -> str:
    """Return an address of the form http(s)://HOST[:PORT][/PATH].

    Raises:
        ValueError: it is none, or names a user where that would be shown to others.
    """
    kept = check_token(text)
    message = f"must be an address such as {schemes[-1]}://HOST:PORT/PATH"
    try:
        parts = urlsplit(kept)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # The library's reason may hold a part of a password.
        raise ValueError(f"{message}; its host or port is wrong") from None
    if parts.scheme not in schemes or not host or "\\" in kept:
        raise ValueError(message)
    if parts.query or parts.fragment:
        raise ValueError(f"{message}, without ? and #")
    if "@" in parts.netloc and (not with_user or parts.netloc.count("@") > 1):
        raise ValueError(
            "must not hold more than one @: in a password it is written %40"
            if with_user
            else "must not hold a user or password; there is a setting for keys"
        )
    return kept


def check_database_url(text: str) -> str:
    """Return the address of a database, as far as it can be judged without its driver.

    Raises:
        ValueError: it is none.
    """
    kept = trimmed(text)
    _refuse(kept, lambda sign: sign.isspace())
    authority = kept.partition("://")[2].partition("?")[0]
    # A driver would take what follows the first one for the host, and show it.
    if not kept.startswith("sqlite") and authority.count("@") > 1:
        raise ValueError("holds more than one @: in the user and the password, @ is written %40 and / is written %2F")
    return kept


def _refuse(text: str, is_wrong: Callable[[str], bool]) -> None:
    for position, sign in enumerate(text, start=1):
        if is_wrong(sign):
            what = "a space" if sign == " " else f"the sign U+{ord(sign):04X} {unicodedata.name(sign, '')}".rstrip()
            hint = "; was it copied from a formatted text, or over several lines?"
            raise ValueError(f"holds {what} at position {position}, which cannot be part of it{hint}")
