"""Correlation ids and tracing."""

import contextvars
import subprocess
import sys

import pytest

from scopix import configure_tracing, is_tracing_available, set_correlation_id
from scopix._context import current_correlation_id, trace_request


def test_a_correlation_id_belongs_to_its_context():
    def inside():
        assert set_correlation_id("order-1") == "order-1"
        assert current_correlation_id() == "order-1"

    contextvars.copy_context().run(inside)
    assert current_correlation_id() is None


def test_a_fresh_correlation_id():
    one, other = (contextvars.copy_context().run(set_correlation_id) for _ in range(2))
    assert one != other


@pytest.mark.parametrize("value", ["", "a b", "a\r\nX: y", "ü", "x" * 129])
def test_a_correlation_id_must_fit_a_header(value):
    with pytest.raises(ValueError, match="visible ASCII"):
        set_correlation_id(value)


def test_tracing_is_optional():
    assert configure_tracing() is is_tracing_available()
    headers: dict[str, str] = {}
    with trace_request("x", headers, enabled=False, propagate=True, service_name="s"):
        pass
    assert headers == {}


def test_a_trace_travels_with_the_call():
    trace = pytest.importorskip("opentelemetry.trace")
    context = trace.SpanContext(0x1234, 0x5678, is_remote=False, trace_flags=trace.TraceFlags(1))
    headers: dict[str, str] = {}
    with (
        trace.use_span(trace.NonRecordingSpan(context)),
        trace_request("x", headers, enabled=True, propagate=True, service_name="s"),
    ):
        pass
    assert headers["traceparent"].split("-")[1] == f"{0x1234:032x}"


def test_without_opentelemetry_nothing_is_traced_and_nothing_fails():
    code = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import scopix
from scopix._context import trace_request

assert scopix.is_tracing_available() is False
assert scopix.configure_tracing(object()) is False
headers = {}
with trace_request("x", headers, enabled=True, propagate=True, service_name="s") as note_status:
    note_status(200)
assert headers == {}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
