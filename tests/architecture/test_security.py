"""The table of attacks names settings and tests that exist, at least one test a row."""

import re

import pytest

from scopix_server.config import Settings
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Tried |")]


def test_there_are_rows() -> None:
    assert len(ROWS) >= 50
    assert len({row.split("|")[1] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_row_names_tests_and_settings_that_exist(row: str) -> None:
    _, tried, happens, setting, tests, end = row.split("|")
    assert (tried.strip(), happens.strip(), setting.strip(), end) != ("", "", "", "")
    named = re.findall(r"`([^`]+)`", tests)
    assert named, "a row without a test"
    for name in named:
        file, _, test = name.partition("::")
        assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE), name
    for name in re.findall(r"SCOPIX_\w+", setting):
        assert name.removeprefix("SCOPIX_").lower() in Settings.model_fields, name
