"""What is public is a list one can read, and the list is true."""

import importlib
import subprocess
import sys

import pytest

import scopix
from tests.architecture.source import SDK, SERVER, modules, parsed


def test_the_public_names_are_sorted_and_exist() -> None:
    assert list(scopix.__all__) == sorted(scopix.__all__)
    for name in scopix.__all__:
        assert getattr(scopix, name) is not None
    assert {name for name in dir(scopix) if not name.startswith("_")} >= set(scopix.__all__) - {"__version__"}


def test_what_the_contract_exports_is_there() -> None:
    promised = """Scopix SyncScopix ContentCategory DescriptionStatus StorageTarget DescriptionErrorType ScopixError
        AuthenticationError ScopixPermissionError ResourceNotFoundError ValidationError QuotaExceededError
        PaymentRequiredError RateLimitError ScopixTimeoutError ServerError ScopixConnectionError CircuitBreakerError
        UploadError DescriptionError UploadResult BatchUploadResults UploadProgressEvent FileCompleteEvent
        S3ConfigStatus S3ValidationResult ClientConfig
        InsecureTransportWarning load_dotenv set_correlation_id configure_tracing is_tracing_available __version__"""
    assert set(promised.split()) <= set(scopix.__all__)


@pytest.mark.parametrize(
    ("name", "path"),
    [pair for pair in [*modules(SDK), *modules(SERVER)] if "migrations" not in pair[0] and "__main__" not in pair[0]],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_module_lists_what_it_offers(name: str, path) -> None:
    if not parsed(path).body[1:]:
        return  # a room's door: only its docstring
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", None)
    assert listed is not None, f"{name} has no __all__"
    for entry in listed:
        assert hasattr(module, entry), f"{name} lists {entry}, which it does not have"


def test_importing_scopix_loads_neither_server_nor_http_nor_models() -> None:
    script = "import scopix, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"scopix_server", "httpx2", "pydantic", "typer", "rich", "fastapi", "sqlalchemy", "numpy", "PIL", "cv2"}
    assert not heavy & {name.split(".")[0] for name in loaded}
