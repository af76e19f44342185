"""Secrets stay out of what is shown: one place knows them all, in every spelling in which they come back.

Whoever reads a secret registers it. Whatever text others may have written (an HTTP library, an engine, a database) goes
through `redact` before anybody sees it: in log lines, error responses, states, deliveries, traces, on the terminal.
Errors do it when they are made (`domain/errors.py`); logs, traces and responses once more at their end.

Masked are, besides what was registered: API keys, webhook secrets, users and passwords in URLs, bearer and basic
credentials, signatures of signed links.
"""

import base64
import html
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

__all__ = [
    "MASK",
    "Redactor",
    "header_secrets",
    "member_secrets",
    "redact",
    "redact_values",
    "register_secrets",
    "register_temporary_secrets",
    "url_secrets",
]

MASK = "***"

_SHORTEST = 4  # a shorter secret protects nothing, and masking it would leave no text readable
_MIN_ANYWHERE = 8  # shorter ones, and mere words, are masked as whole words only: innocent ones contain them
_MAX_WORD_LENGTH = 16
_MIN_PART = 8  # of a secret, masked by itself: what is left of it when it was cut, wrapped or escaped unforeseen
_MIN_MEMBER = 12  # "prompt_cache_key": "scopix" is no secret, and would hide our own name
_MAX_CLEAN, _MAX_CLEAN_LENGTH = 2_000, 100  # texts without secrets that are remembered: half a MB at the most
_MAX_TEMPORARY = 64  # tenants' credentials in use at once; each costs some microseconds a line
# What people write where an engine wants some key and checks none. Masked, they would hide names of engines and models.
_PLACEHOLDERS = frozenset(
    {"ollama", "none", "empty", "dummy", "lm-studio", "not-needed", "no-key", "sk-no-key-required"}
)

_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|pass|session", re.IGNORECASE)
_PATTERNS = (
    # An API key keeps the part that names it; that is no secret.
    (re.compile(r"(scopix_[A-Za-z0-9]{8})[A-Za-z0-9_-]{16,}"), rf"\1{MASK}"),
    (re.compile(r"(whsec_)[A-Za-z0-9+/=_-]{8,}"), rf"\1{MASK}"),
    # Greedy: the password of an address that was written wrong may hold slashes and at-signs.
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s\"'<>]+@"), rf"\1{MASK}@"),
    # With a digit somewhere, so that prose about "basic authentication" stays.
    (re.compile(r"\b((?:bearer|basic)\s+)(?=\S*\d)[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"'<>]+", re.IGNORECASE), rf"\1{MASK}"),
)


class Redactor:
    """Knows secrets, and masks them in texts. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, set[str]] = {}
        self._temporary: OrderedDict[str, set[str]] = OrderedDict()
        self._spellings: tuple[str, ...] = ()
        self._words: re.Pattern[str] | None = None
        self._beginnings: tuple[tuple[str, str], ...] = ()
        self._clean: set[str] = set()
        """Short texts that were looked through: what a line of the log says of a request is mostly the same."""

    def register(self, secrets: Iterable[str | None], *, temporary: bool = False) -> None:
        """Mask these from now on. Of the `temporary` ones, those of many tenants, the 64 used last are known."""
        with self._lock:
            new = [secret for secret in dict.fromkeys(secrets) if secret is not None and self._is_new(secret)]
            if not new:
                return
            (self._temporary if temporary else self._secrets).update({secret: _spellings(secret) for secret in new})
            while len(self._temporary) > _MAX_TEMPORARY:
                self._temporary.popitem(last=False)
            self._learn()

    def redact(self, text: str) -> str:
        """Return the text with every secret masked."""
        clean = self._clean  # before all else: what is learnt meanwhile brings another set
        if text in clean:
            return text
        redacted = self._redact(text)
        if redacted == text and len(text) <= _MAX_CLEAN_LENGTH:
            if len(clean) >= _MAX_CLEAN:
                clean.clear()
            clean.add(text)
        return redacted

    def _redact(self, text: str) -> str:
        # The whole ones first, the longest before the others: what is masked in pieces leaves pieces.
        for spelling in self._spellings:
            if spelling in text:
                text = text.replace(spelling, MASK)
        if self._words is not None:
            text = self._words.sub(MASK, text)
        for beginning, secret in self._beginnings:
            text = _masked_beginning(text, beginning, secret)
        for pattern, mask in _PATTERNS:
            text = pattern.sub(mask, text)
        return text

    def _is_new(self, secret: str) -> bool:
        if secret in self._temporary:
            self._temporary.move_to_end(secret)
        plain = secret.strip()
        known = secret in self._secrets or secret in self._temporary
        return not known and len(plain) >= _SHORTEST and plain.lower() not in _PLACEHOLDERS

    def _learn(self) -> None:
        spellings = set().union(*self._secrets.values(), *self._temporary.values())
        known = [secret.strip() for secret in (*self._secrets, *self._temporary)]
        words = [re.escape(secret) for secret in known if _is_word(secret)]
        self._spellings = tuple(sorted(spellings, key=len, reverse=True))
        self._words = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(words)})(?![A-Za-z0-9])") if words else None
        # Where a text was cut, half of a secret is still too much of it.
        self._beginnings = tuple(
            (secret[: max(_MIN_PART, len(secret) // 2)], secret) for secret in known if not _is_word(secret)
        )
        self._clean = set()  # last, since it stands for all of the above


def _is_word(secret: str) -> bool:
    return len(secret) < _MIN_ANYWHERE or (len(secret) < _MAX_WORD_LENGTH and secret.isalpha() and secret.islower())


def _masked_beginning(text: str, beginning: str, secret: str) -> str:
    at = text.find(beginning)
    while at >= 0:
        end = at + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text[at:], secret, strict=False)))
        text = text[:at] + MASK + text[end:]
        at = text.find(beginning, at + len(MASK))
    return text


_redactor = Redactor()


def register_secrets(*secrets: str | None) -> None:
    """Mask these in this process from now on."""
    _redactor.register(secrets)


def register_temporary_secrets(*secrets: str | None) -> None:
    """Mask these, of which there may be many in the life of this process, as long as they are in use."""
    _redactor.register(secrets, temporary=True)


def redact(text: str) -> str:
    """Return the text with every secret that this process knows masked."""
    return _redactor.redact(text)


def redact_values(value: Any) -> Any:
    """Return a value of JSON's kinds with the texts in it redacted; the names of fields are ours and stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: redact_values(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(inner) for inner in value]
    return value


def url_secrets(url: str) -> tuple[str, ...]:
    """Return what is secret in an address: its password and the like, as written and as meant."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ()
    fields = [part.partition("=") for part in parts.query.split("&")]
    found = [value for name, _, value in fields if name.lower() in {"password", "sslpassword", "token"} and value]
    userinfo, at, _ = parts.netloc.rpartition("@")
    if at:
        user, _, password = userinfo.partition(":")
        # A user without a password is the name of a role, or a token, which is never so short.
        found += [password] if password else [user] if len(user) >= 16 else []
    return tuple(dict.fromkeys([*found, *map(unquote, found)]))


def header_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return what may be secret in headers: long values, and those of headers named after keys and the like."""
    found = [value for name, value in headers.items() if len(value) >= 12 or _SECRET_HEADER.search(name)]
    # After the scheme, as in `Authorization: Basic ...`, comes the secret itself.
    return tuple(dict.fromkeys([*found, *(value.partition(" ")[2] for value in found)]))


def member_secrets(body: Any) -> tuple[str, ...]:
    """Return what may be secret in the members of a JSON body: long texts named after keys and the like, anywhere."""
    if isinstance(body, Mapping):
        named = {str(name): value for name, value in body.items()}
        own = [
            value
            for name, value in named.items()
            if isinstance(value, str) and len(value) >= _MIN_MEMBER and _SECRET_HEADER.search(name)
        ]
        return tuple(dict.fromkeys([*own, *(found for value in named.values() for found in member_secrets(value))]))
    if isinstance(body, list | tuple):
        return tuple(found for value in body for found in member_secrets(value))
    return ()


def _spellings(secret: str) -> set[str]:
    """Return the ways in which programs write a text: quoted, escaped, encoded, and what remains where it was cut."""
    plain = secret.strip()
    if _is_word(plain):
        return {form for form in _base64_forms(plain.encode()) if len(form) >= _MIN_PART}
    forms = {secret, plain}
    for form in (secret, plain):
        data = form.encode("utf-8", "surrogateescape")
        forms |= {repr(form)[1:-1], ascii(form)[1:-1], repr(data)[2:-1], data.decode("latin-1")}
        forms |= {json.dumps(form)[1:-1], html.escape(form), form.replace("\\", "\\\\").replace("'", "\\'")}
        for quoted in (quote(data, safe=""), quote(data), quote_plus(data)):
            forms |= {quoted, re.sub("%..", lambda found: found[0].lower(), quoted)}
        forms |= _base64_forms(data)
    # An error that shows another one escapes what is escaped already.
    forms |= {json.dumps(form)[1:-1] for form in forms} | {repr(form)[1:-1] for form in forms}
    parts = {part for part in re.findall(r"[A-Za-z0-9._~-]+", plain) if len(part) * 3 >= len(plain)}
    return {form for form in forms | parts if len(form) >= _MIN_PART}


def _base64_forms(data: bytes) -> set[str]:
    """Return the secret's own letters in Base64, wherever in the encoded text it stands, as in `user:password`."""
    forms = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        # The first letters mix with what stands before, the last one with what follows.
        own = encoded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
        forms |= {own, own.replace("+", "-").replace("/", "_")}
    return forms
