"""How the arguments and results of jobs are kept in the database: as JSON.

The job engine's own way is Python's pickle: whoever can write into the database could have the workers run anything.
Jobs that an earlier version wrote so are still read, but as data only.
"""

import base64
import io
import pickle
from typing import Any

from dbos import DBOSPortableJSONSerializer, PortableWorkflowError
from dbos._serialization import DefaultSerializer

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.errors import DescribeError

__all__ = ["SERIALIZER", "kept_failure"]

SERIALIZER = DBOSPortableJSONSerializer()
"""The job engine's own JSON, which workers of the version before read as well."""

# What an earlier version's jobs hold besides numbers, texts and lists: how an attempt failed.
_HARMLESS = frozenset(
    {
        ("scopix_server.domain.errors", "_rebuild_describe_error"),
        ("scopix.types.vocabulary", "DescriptionErrorType"),
        ("dbos._error", "DBOSMaxStepRetriesExceeded"),
    }
)


class _DataOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"a job may not hold a {module}.{name}")
        return super().find_class(module, name)


def _read_earlier(_serializer: DefaultSerializer, text: str) -> Any:
    return _DataOnly(io.BytesIO(base64.b64decode(text))).load()


# What is marked as a pickle is read with this, whatever serializer the job engine is given.
DefaultSerializer.deserialize = _read_earlier  # type: ignore[assignment, method-assign]


def kept_failure(error: BaseException) -> DescribeError | None:
    """Return the failure that was kept as JSON, if `error` is one that came back from the database."""
    if not isinstance(error, PortableWorkflowError) or not isinstance(error.data, dict):
        return None
    try:
        kind = DescriptionErrorType(str(error.data["error_type"]))
        return DescribeError(error.message, kind, retryable=bool(error.data["retryable"]))
    except (KeyError, ValueError):
        return None
