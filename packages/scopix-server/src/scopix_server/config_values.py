"""The kinds of values that settings hold: each is read trimmed, checked, and None when it is empty."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr

from scopix_server.domain.settings_checks import (
    check_database_url,
    check_header_name,
    check_header_value,
    check_http_url,
    check_token,
    trimmed,
)

__all__ = ["Headers", "HttpUrl", "SecretDatabase", "SecretHeader", "SecretText", "SecretToken"]


def _read_with(check: Callable[[str], str]) -> BeforeValidator:
    """Read a text trimmed and checked; an empty one is as good as none."""

    def read(value: Any) -> Any:
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(given, str):
            return given
        return check(given) if given.strip() else None

    return BeforeValidator(read)


def _checked_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    return {
        check_header_name(name): SecretStr(check_header_value(value.get_secret_value()))
        for name, value in headers.items()
    }


SecretText = Annotated[SecretStr | None, _read_with(trimmed)]
SecretHeader = Annotated[SecretStr | None, _read_with(check_header_value)]
SecretToken = Annotated[SecretStr | None, _read_with(check_token)]
SecretDatabase = Annotated[SecretStr | None, _read_with(check_database_url)]
HttpUrl = Annotated[str | None, _read_with(check_http_url)]
Headers = Annotated[dict[str, SecretStr], AfterValidator(_checked_headers)]
