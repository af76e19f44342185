"""Settings are read trimmed, and refused with the reason and without their value when they cannot be used."""

import pytest
from pydantic import SecretStr, ValidationError

from scopix_server.config import Settings
from scopix_server.domain.redaction import redact

SECRETS = {
    "engine_key": "{}",
    "metrics_token": "{}",
    "link_secret": "{}",
    "s3_access_key_id": "{}",
    "s3_secret_access_key": "{}",
    "encryption_key": "{}",
    "database_url": "postgresql://me:{}@127.0.0.1:1/x",
}
VALUE = "Kh7qW-s3cr3t-9vTz"
URLS = ("public_url", "engine_url", "s3_endpoint_url", "s3_public_endpoint_url")
ANY_TEXT = {"link_secret", "encryption_key", "database_url"}


def set_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SCOPIX_{name.upper()}", value)


def revealed(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def test_every_secret_setting_is_tried_here() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == {*SECRETS, "engine_headers"}


@pytest.mark.parametrize("around", ["\r", "\n", "\r\n", " ", "\t", "\ufeff", "\u200b\n"], ids=ascii)
@pytest.mark.parametrize("name", [*SECRETS, *URLS])
def test_what_is_around_a_value_does_not_count(monkeypatch: pytest.MonkeyPatch, name: str, around: str) -> None:
    value = SECRETS[name].format(VALUE) if name in SECRETS else "https://host.test:8443/v1"
    for given in (value + around, around + value):
        set_variable(monkeypatch, name, given)
        assert revealed(Settings(), name) == value


@pytest.mark.parametrize("sign", ["\r", "\n", "\x1b", "\x7f", "\u202e", "\u2028", "é", "”", "中"], ids=ascii)
@pytest.mark.parametrize("name", [*SECRETS, *URLS])
def test_odd_signs_are_told_by_their_place_and_the_value_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str, sign: str
) -> None:
    value = f"{VALUE}{sign}{VALUE}"
    set_variable(monkeypatch, name, SECRETS[name].format(value) if name in SECRETS else f"https://{value}.test/v1")
    if name in ANY_TEXT and sign.isprintable():
        assert sign in revealed(Settings(), name)
        return
    with pytest.raises(ValidationError) as caught:
        Settings()
    (error,) = caught.value.errors(include_input=False, include_context=False)
    assert f"U+{ord(sign):04X}" in error["msg"]
    assert VALUE not in error["msg"]


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "url", ["ftp://h/x", "h/x", "https://", "http://h:port/", "http://h:99999/", "http://[::1/", "http://h/?a=1"]
)
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    set_variable(monkeypatch, name, url)
    with pytest.raises(ValidationError, match="must be an address"):
        Settings()


@pytest.mark.parametrize("name", URLS)
def test_an_address_that_others_see_holds_no_password(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_variable(monkeypatch, name, f"https://me:{VALUE}@host.test/")
    with pytest.raises(ValidationError, match="must not hold a user or password") as caught:
        Settings()
    assert VALUE not in str(caught.value.errors(include_input=False, include_context=False))


def test_a_password_with_an_at_sign_is_refused_before_its_rest_is_taken_for_the_host() -> None:
    with pytest.raises(ValidationError, match="written %40"):
        Settings(database_url="postgresql://me:pass@word@host/x")


@pytest.mark.parametrize("name", [*SECRETS, *URLS])
def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_variable(monkeypatch, name, " \n")
    assert getattr(Settings(), name) is None


def test_headers_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variable(monkeypatch, "engine_headers", '{" X-Key ": "abcd-1234-efgh\\r\\n"}')
    ((name, value),) = Settings().engine_headers.items()
    assert (name, value.get_secret_value()) == ("X-Key", "abcd-1234-efgh")
    for given in ('{"X Key": "a"}', '{"X": "a\\nb"}', '{"X": "é"}'):
        set_variable(monkeypatch, "engine_headers", given)
        with pytest.raises(ValidationError):
            Settings()


def test_all_that_is_secret_is_masked_from_then_on_and_left_out_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {name: f"{name.replace('_', '-')}-{VALUE}" for name in SECRETS}
    for name, value in values.items():
        set_variable(monkeypatch, name, SECRETS[name].format(value) + "\n")
    set_variable(monkeypatch, "engine_headers", '{"X-Api-Key": "engine-headers-1"}')
    settings = Settings()
    shown = redact(" ".join([*values.values(), "engine-headers-1"]))
    assert shown.split() == ["***"] * 8
    assert not any(value in repr(settings) for value in values.values())
    bare = settings.without_secrets()
    assert all(getattr(bare, name) is None for name in SECRETS)
    assert bare.engine_headers == {}
    assert bare.port == settings.port


def test_the_password_of_the_drivers_own_variable_is_known_without_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPASSWORD", "driver's own/1")
    assert Settings(database_url="postgresql://me@h/x").database_address.endswith("/x?password=driver%27s%20own%2F1")
    assert Settings(database_url="postgresql://me:other@h/x").database_address == "postgresql://me:other@h/x"
    assert redact("FATAL: driver's own/1") == "FATAL: ***"
