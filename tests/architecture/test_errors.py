"""Every error has a code, words, a status and a line in the documentation."""

import inspect

from scopix_server.api.problems import STATUS_OF, status_of
from scopix_server.domain import errors
from tests.architecture.source import ROOT

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.DomainError) and kind is not errors.DomainError
]


def test_every_error_has_a_code_words_and_a_status() -> None:
    assert CLASSES
    for kind in CLASSES:
        assert kind.code != errors.DomainError.code, kind
        assert (kind.__doc__ or "").strip(), kind
        assert kind in STATUS_OF, kind
        assert status_of(kind()) == STATUS_OF[kind]
    assert set(STATUS_OF) == set(CLASSES)


def test_every_code_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    for kind in CLASSES:
        assert f"`{kind.code}`" in page
        assert str(STATUS_OF[kind]) in page
