"""The client's settings: argument, then `SCOPIX_*` variable, then default. The only file that reads the environment."""

import copy
import ipaddress
import logging
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

__all__ = [
    "DEFAULT_BASE_URL",
    "ClientConfig",
    "InsecureTransportWarning",
    "is_loopback",
    "load_dotenv",
    "set_up_logging",
]

DEFAULT_BASE_URL = "http://localhost:8000/api/v2"

_API_PATH = "/api/v2"
_KEY_SHAPE = re.compile(r"[a-z]+_[A-Za-z0-9_-]{20,}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]{1,128}")
_TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
_CHANGEABLE = frozenset({"timeout", "max_retries", "retry_delay", "polling_interval", "polling_timeout"})
_LOG_FORMAT = "[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s"


class InsecureTransportWarning(UserWarning):
    """The key travels over plain http."""


@dataclass(frozen=True, kw_only=True)
class ClientConfig:
    """Everything a client can be told.

    `timeout` is how many seconds any single step of a request may take (send, wait, read), not a whole upload;
    connecting gets at most 10 of them. Retries start after about `retry_delay` seconds and double. Waiting for a
    description asks every `polling_interval` seconds, at most `polling_timeout`.

    `base_url`, `tenant_id`, `proxy_url` and `allow_insecure_http` come from `SCOPIX_*` variables when they are None;
    `from_env` reads the others there too. Raises `ValueError` for a value that cannot work.
    """

    api_key: str = field(repr=False)
    base_url: str | None = None
    timeout: float = 300.0
    max_retries: int = 3
    retry_delay: float = 1.0
    polling_interval: float = 2.0
    polling_timeout: float = 360.0
    tenant_id: str | None = None
    # Hidden like the key: a proxy's address may carry a password.
    proxy_url: str | None = field(default=None, repr=False)
    enable_tracing: bool = False
    allow_insecure_http: bool | None = None
    circuit_breaker_enabled: bool = True
    circuit_breaker_failure_threshold: int = 5
    circuit_breaker_success_threshold: int = 2
    circuit_breaker_timeout: float = 30.0
    enable_logging: bool = True
    tracing_service_name: str = "scopix"
    propagate_trace_context: bool = True
    send_correlation_id: bool = True
    send_request_id: bool = True

    def __post_init__(self) -> None:
        self._fill_from_environment()
        _check_key(self.api_key)
        _check_numbers(self)
        _check_proxy(self.proxy_url)
        if self.tenant_id is not None and not _HEADER_VALUE.fullmatch(self.tenant_id):
            raise ValueError("tenant_id must be 1 to 128 visible ASCII characters")

    def _fill_from_environment(self) -> None:
        insecure = self.allow_insecure_http
        if insecure is None:
            insecure = _read_bool("SCOPIX_ALLOW_INSECURE_HTTP") or False
        given = self.base_url or _read_text("SCOPIX_BASE_URL")
        # Only an address that somebody chose is warned about: the default never leaves the machine.
        base_url = _check_base_url(given, allow_insecure=insecure) if given else DEFAULT_BASE_URL
        # A frozen dataclass is filled this way; from here on it does not change.
        object.__setattr__(self, "allow_insecure_http", insecure)
        object.__setattr__(self, "base_url", base_url)
        object.__setattr__(self, "tenant_id", self.tenant_id or _read_text("SCOPIX_TENANT_ID"))
        object.__setattr__(self, "proxy_url", self.proxy_url or _read_text("SCOPIX_PROXY_URL"))

    @classmethod
    def from_env(cls, **overrides: Any) -> "ClientConfig":
        """Read every setting from its variable; keyword arguments that are not None win.

        Raises `ValueError` when there is no key, neither as `api_key` nor in `SCOPIX_API_KEY`. A number that cannot be
        read falls back to its default.
        """
        values = {name: read() for name, read in _VARIABLES.items()}
        found = {name: value for name, value in values.items() if value is not None}
        given = {name: value for name, value in overrides.items() if value is not None}
        merged = {**found, **given}
        if not merged.get("api_key"):
            raise ValueError("no API key: pass api_key or set SCOPIX_API_KEY")
        return cls(**merged)

    def with_changes(self, **changes: Any) -> "ClientConfig":
        """These settings with numbers changed. Raises `ValueError` for numbers that cannot work."""
        if unknown := set(changes) - _CHANGEABLE:
            raise TypeError(f"{', '.join(sorted(unknown))} cannot be changed for a copy of a client")
        # Not `replace`, which would read the environment again.
        changed = copy.copy(self)
        for name, value in changes.items():
            object.__setattr__(changed, name, value)
        _check_numbers(changed)
        return changed

    @property
    def url(self) -> str:
        """The API's address, without a slash at its end."""
        return self.base_url or DEFAULT_BASE_URL


def set_up_logging() -> None:
    """Log to standard error from the level that `SCOPIX_LOG` names (`debug`, `info`, ...) on, if it names one."""
    level = logging.getLevelNamesMapping().get((_read_text("SCOPIX_LOG") or "").upper())
    logger = logging.getLogger("scopix")
    # An application that has set the logger up itself knows better.
    if level is None or logger.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_LOG_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(level)


def load_dotenv(dotenv_path: str | Path | None = None, *, override: bool = False) -> bool:
    """Load variables from a `.env` file, by default the nearest one at or above the current directory.

    Returns True when something was set; False, quietly, when there is no file or the extra `dotenv` is not installed.
    With `override` the file wins over variables that are set already.
    """
    try:
        import dotenv
    except ImportError:
        return False
    path = dotenv_path or dotenv.find_dotenv(usecwd=True)
    return bool(path) and dotenv.load_dotenv(path, override=override)


def is_loopback(host: str | None) -> bool:
    """True for names and addresses that never leave this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_key(api_key: str) -> None:
    # The key itself stays out of the message: messages end up in logs.
    if not api_key:
        raise ValueError("api_key is empty")
    if not _KEY_SHAPE.fullmatch(api_key):
        raise ValueError("api_key has the wrong shape: expected scopix_ and at least 20 letters, digits, '_' or '-'")


def _check_numbers(config: ClientConfig) -> None:
    for name in ("timeout", "polling_interval", "polling_timeout", "retry_delay", "circuit_breaker_timeout"):
        if not getattr(config, name) > 0:
            raise ValueError(f"{name} must be greater than 0")
    if config.max_retries < 0:
        raise ValueError("max_retries must not be negative")
    for name in ("circuit_breaker_failure_threshold", "circuit_breaker_success_threshold"):
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1")


def _check_base_url(url: str, *, allow_insecure: bool) -> str:
    parts = _split(url, "base_url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must start with https:// (or http://) and name a host")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("base_url must hold no user, query or fragment")
    if parts.scheme == "http" and not allow_insecure:
        _refuse_or_warn_about_http(parts.hostname)
    path = parts.path.rstrip("/") or _API_PATH
    return f"{parts.scheme}://{parts.netloc}{path}"


def _refuse_or_warn_about_http(host: str) -> None:
    if not is_loopback(host):
        raise ValueError(
            f"base_url would send the key to {host} over plain http; use https, or, on a network that you trust, "
            "pass allow_insecure_http=True or set SCOPIX_ALLOW_INSECURE_HTTP=1"
        )
    # Up through __post_init__ and the constructors, so that the warning names a line the caller can find.
    warnings.warn(f"plain http to {host}: fine on this machine only", InsecureTransportWarning, stacklevel=7)


def _check_proxy(url: str | None) -> None:
    if url is None:
        return
    parts = _split(url, "proxy_url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("proxy_url must start with http:// or https:// and name a host")


def _split(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{name} is not an address") from error
    return parts


def _read_text(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _read_bool(name: str) -> bool | None:
    text = _read_text(name)
    return None if text is None else text.lower() in _TRUE_WORDS


def _read_float(name: str) -> float | None:
    try:
        return float(os.environ[name])
    except (KeyError, ValueError):
        return None


def _read_int(name: str) -> int | None:
    try:
        return int(os.environ[name])
    except (KeyError, ValueError):
        return None


_VARIABLES: dict[str, Callable[[], Any]] = {
    "api_key": lambda: _read_text("SCOPIX_API_KEY"),
    "timeout": lambda: _read_float("SCOPIX_TIMEOUT"),
    "max_retries": lambda: _read_int("SCOPIX_MAX_RETRIES"),
    "retry_delay": lambda: _read_float("SCOPIX_RETRY_DELAY"),
    "polling_interval": lambda: _read_float("SCOPIX_POLLING_INTERVAL"),
    "polling_timeout": lambda: _read_float("SCOPIX_POLLING_TIMEOUT"),
    "enable_tracing": lambda: _read_bool("SCOPIX_ENABLE_TRACING"),
}
