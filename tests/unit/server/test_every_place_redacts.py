"""Wherever errors are shown, no secret is: every kind of secret, through every place."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from scopix_server.api import problems
from scopix_server.api.metrics import MetricsAccess
from scopix_server.cli.checks import _tried
from scopix_server.cli.common import report_failure, say
from scopix_server.config import Settings
from scopix_server.domain.engines import EngineSpec
from scopix_server.domain.errors import BucketRefused, ServiceUnavailable
from scopix_server.domain.redaction import register_secrets
from scopix_server.domain.storage import BucketAddress, S3Credentials
from scopix_server.domain.tenant import make_api_key
from scopix_server.outgoing.http import RequestFailed
from scopix_server.storage.keyring import KeyRing
from scopix_server.storage.s3_links import S3Signer
from scopix_server.wiring.keys import link_secret

API_KEY = make_api_key().secret
KNOWN = {
    "engine key": "sk-Kh7qW9vTzLmXp42-places",
    "engine header": "team-Zq8w1Rt5-places-00",
    "proxy password": "proxy-Pw4f8Ns2-places-0",
    "database password": "db-Vt6h3Gk9-places-0000",
    "metrics token": "metrics-Uc5g1Xe8-places",
    "server's bucket": "bucket-Jd7s2Ma4-places-00",
    "tenant's bucket": "tenant-Ly1o9Be3-places-00",
    "tracing header": "trace-Wr5i7Cz0-places-00",
    "API key": API_KEY,
    "webhook secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every kind of secret, read as a server reads it."""
    folder = tmp_path_factory.mktemp("secrets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key={KNOWN['tracing header']},x=y")
        settings = Settings(
            data_dir=folder,
            engine_key=KNOWN["engine key"] + "\r",
            engine_headers={"X-Api-Key": KNOWN["engine header"]},
            database_url=f"postgresql://me:{KNOWN['database password']}@h/x",
            metrics_token=KNOWN["metrics token"],
            s3_access_key_id="AKIA-places-000000",
            s3_secret_access_key=KNOWN["server's bucket"],
        )
    register_secrets(*EngineSpec("a", "openai", proxy=f"http://u:{KNOWN['proxy password']}@h").secrets)
    S3Signer(BucketAddress("bucket", "r"), S3Credentials("AKIA-tenant-0000", KNOWN["tenant's bucket"]))
    ring = KeyRing("", folder / "encryption-keys")
    ring.current()
    encryption_key = (folder / "encryption-keys").read_text().strip()
    return {**KNOWN, "link secret": link_secret(settings), "encryption key": encryption_key}


def in_response(text: str, capture: Any) -> str:
    metrics = SimpleNamespace(refused=lambda _code: None)
    parts = SimpleNamespace(reception=SimpleNamespace(metrics=metrics))
    request: Any = SimpleNamespace(scope={})
    error = ServiceUnavailable(f"Not ready. {text}", problems={"storage": text, "more": [text]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problems, "parts_of", lambda _request: parts)
        shown = asyncio.run(problems._domain_error(request, error)).body
        shown += asyncio.run(problems._http_error(request, HTTPException(400, text))).body
    return bytes(shown).decode()


def in_doctor(text: str, capture: Any) -> str:
    def fails() -> Any:
        raise RuntimeError(text)

    return _tried("engine", fails).message


def on_the_terminal(text: str, capture: Any) -> str:
    report_failure(text)
    say(text)
    shown = capture.readouterr()
    return str(shown.out + shown.err)


PLACES: dict[str, Callable[[str, Any], str]] = {
    "response": in_response,
    "doctor": in_doctor,
    "terminal": on_the_terminal,
    "delivery of a webhook": lambda text, _: str(RequestFailed(f"'host' cannot be reached: {text}.")),
    "bucket": lambda text, _: BucketRefused(text, reason="refused").message,
    "metrics access": lambda text, _: repr(MetricsAccess("token", text)),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_shown(place: str, secrets: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for kind, secret in secrets.items():
        for written in (secret, repr(f"Bearer {secret}\r".encode()), json.dumps([secret])):
            shown = PLACES[place](f"Illegal value: {written}!", capsys)
            assert secret not in shown, kind
            assert secret[-12:] not in shown, kind


LOGGING = """
import json, logging, sys
from scopix_server.domain.redaction import register_secrets
from scopix_server.logs import configure_logs
import structlog
as_json, secrets = json.loads(sys.argv[1])
register_secrets(*secrets)
configure_logs(level="info", json=as_json)
for secret in secrets:
    text = repr(secret + chr(13))
    logging.getLogger("library").warning("refused: %s", secret)
    logging.getLogger("dbos").error("refused: %s", secret)
    values = [{"a": text}, (secret,), {secret}]
    structlog.get_logger("ours").info("it is " + text, path="/" + secret, values=values)
    try:
        raise ValueError(secret) from KeyError(text)
    except ValueError:
        logging.getLogger("library").exception("failed")
raise RuntimeError("nobody catches " + secrets[0])
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_no_line_of_the_log_shows_one(as_json: bool, secrets: dict[str, str]) -> None:
    known = list(secrets.values())
    done = subprocess.run(
        [sys.executable, "-c", LOGGING, json.dumps([as_json, known])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "nobody catches" in done.stderr
    for secret in known:
        assert secret not in done.stderr
        assert secret[-12:] not in done.stderr
    if as_json:
        assert all(json.loads(line) for line in done.stderr.splitlines())


def test_no_span_shows_one(secrets: dict[str, str]) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from scopix_server.span_export import RedactingExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(RedactingExporter(exporter)))
    tracer = provider.get_tracer("test")
    for secret in secrets.values():
        # As the library does it, tracebacks and all: what another library traces goes the same way.
        with pytest.raises(RuntimeError), tracer.start_as_current_span(f"work on {secret}") as span:
            span.set_attribute("url.path", f"/x/{secret}")
            raise RuntimeError(f"failed with {secret}")
    spans = exporter.get_finished_spans()
    assert len(spans) == len(secrets)
    shown = "".join(span.to_json() for span in spans)
    assert "Traceback" not in shown
    assert "failed with" in shown
    assert not [kind for kind, secret in secrets.items() if secret in shown]
