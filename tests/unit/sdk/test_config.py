"""Settings: where they come from, and what is refused."""

import os
import warnings

import pytest

import scopix
from scopix import ClientConfig, InsecureTransportWarning, Scopix, SyncScopix, load_dotenv

KEY = "scopix_abcdefgh_0123456789012345"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SCOPIX_")]:
        monkeypatch.delenv(name)


def test_the_defaults():
    config = ClientConfig(api_key=KEY)
    assert config.url == "http://localhost:8000/api/v2"
    assert (config.timeout, config.max_retries, config.retry_delay) == (300.0, 3, 1.0)
    assert (config.polling_interval, config.polling_timeout) == (2.0, 360.0)
    assert (config.tenant_id, config.proxy_url, config.enable_tracing) == (None, None, False)
    assert config.circuit_breaker_enabled
    assert (config.circuit_breaker_failure_threshold, config.circuit_breaker_success_threshold) == (5, 2)


def test_every_variable_is_read_when_asked(monkeypatch):
    variables = {
        "SCOPIX_API_KEY": KEY,
        "SCOPIX_BASE_URL": "https://example.org/api/v2/",
        "SCOPIX_TIMEOUT": "1.5",
        "SCOPIX_MAX_RETRIES": "7",
        "SCOPIX_RETRY_DELAY": "0.25",
        "SCOPIX_POLLING_INTERVAL": "3",
        "SCOPIX_POLLING_TIMEOUT": "4",
        "SCOPIX_TENANT_ID": "t",
        "SCOPIX_PROXY_URL": "http://user:secret@proxy:3128",
        "SCOPIX_ENABLE_TRACING": "Yes",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    config = ClientConfig.from_env()
    assert config.api_key == KEY
    assert config.url == "https://example.org/api/v2"
    assert (config.timeout, config.max_retries, config.retry_delay) == (1.5, 7, 0.25)
    assert (config.polling_interval, config.polling_timeout) == (3.0, 4.0)
    assert (config.tenant_id, config.enable_tracing) == ("t", True)
    assert config.proxy_url == variables["SCOPIX_PROXY_URL"]
    assert KEY not in repr(config)
    assert "secret" not in repr(config)


def test_arguments_win(monkeypatch):
    monkeypatch.setenv("SCOPIX_API_KEY", KEY)
    monkeypatch.setenv("SCOPIX_TIMEOUT", "1")
    monkeypatch.setenv("SCOPIX_BASE_URL", "https://a.example")
    config = ClientConfig.from_env(timeout=60.0, base_url="https://b.example")
    assert (config.timeout, config.url) == (60.0, "https://b.example/api/v2")
    config = ClientConfig.from_env(timeout=None, api_key=None)
    assert (config.timeout, config.api_key) == (1.0, KEY)


def test_what_cannot_be_read_falls_back(monkeypatch):
    monkeypatch.setenv("SCOPIX_API_KEY", KEY)
    monkeypatch.setenv("SCOPIX_TIMEOUT", "soon")
    monkeypatch.setenv("SCOPIX_MAX_RETRIES", "2.5")
    monkeypatch.setenv("SCOPIX_ENABLE_TRACING", "maybe")
    config = ClientConfig.from_env()
    assert (config.timeout, config.max_retries, config.enable_tracing) == (300.0, 3, False)


def test_the_constructor_reads_only_where_to_go(monkeypatch):
    monkeypatch.setenv("SCOPIX_BASE_URL", "https://example.org")
    monkeypatch.setenv("SCOPIX_TIMEOUT", "1")
    client = Scopix(KEY)
    assert (client.config.url, client.config.timeout) == ("https://example.org/api/v2", 300.0)


@pytest.mark.parametrize("kind", [Scopix, SyncScopix])
def test_no_key_is_an_error(kind):
    with pytest.raises(ValueError, match="SCOPIX_API_KEY"):
        kind.from_env()


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": ""},
        {"api_key": "scopix_..."},
        {"api_key": "Scopix_01234567890123456789"},
        {"api_key": "scopix_0123456789012345678"},
        {"api_key": "scopix_01234567890123456789\n"},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"polling_interval": -1},
        {"polling_timeout": 0},
        {"retry_delay": 0},
        {"circuit_breaker_timeout": 0},
        {"max_retries": -1},
        {"circuit_breaker_failure_threshold": 0},
        {"circuit_breaker_success_threshold": 0},
        {"base_url": "ftp://example.org"},
        {"base_url": "https://"},
        {"base_url": "https://example.org:port"},
        {"base_url": "https://user:pass@example.org"},
        {"base_url": "https://example.org/?a=b"},
        {"base_url": "http://example.org"},
        {"base_url": "http://192.168.1.2:8000/api/v2"},
        {"base_url": "http://localhost.example.org"},
        {"base_url": "http://127.0.0.1.example.org"},
        {"proxy_url": "socks5://proxy"},
        {"proxy_url": "http://"},
        {"tenant_id": "a\r\nX: y"},
    ],
)
def test_what_cannot_work_is_refused_without_showing_the_key(settings):
    with pytest.raises(ValueError) as caught:
        ClientConfig(**{"api_key": KEY, **settings})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "127.8.9.1:81", "[::1]:8000"])
def test_plain_http_to_this_machine_is_warned_about(host):
    with pytest.warns(InsecureTransportWarning) as caught:
        client = Scopix(KEY, base_url=f"http://{host}/api/v2")
    assert caught[0].filename == __file__
    assert client.config.url == f"http://{host}/api/v2"


def test_plain_http_elsewhere_needs_a_word(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ClientConfig(api_key=KEY, base_url="http://nas:8000", allow_insecure_http=True).allow_insecure_http
        monkeypatch.setenv("SCOPIX_ALLOW_INSECURE_HTTP", "1")
        assert ClientConfig(api_key=KEY, base_url="http://nas:8000").url == "http://nas:8000/api/v2"


def test_dotenv(tmp_path, monkeypatch):
    monkeypatch.setenv("SCOPIX_TIMEOUT", "1")
    path = tmp_path / ".env"
    path.write_text(f"SCOPIX_API_KEY={KEY}\nSCOPIX_TIMEOUT=2\n")
    monkeypatch.setenv("SCOPIX_API_KEY", "")
    monkeypatch.delenv("SCOPIX_API_KEY")
    assert load_dotenv(path)
    config = scopix.ClientConfig.from_env()
    assert (config.api_key, config.timeout) == (KEY, 1.0)
    assert load_dotenv(path, override=True)
    assert scopix.ClientConfig.from_env().timeout == 2.0


def test_dotenv_without_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_dotenv() is False
    assert load_dotenv(tmp_path / "nowhere") is False
