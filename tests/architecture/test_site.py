"""The documentation as a site: all pages, with links that lead somewhere and a search, and nothing from elsewhere."""

import json
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT


def test_the_site_is_built(tmp_path: Path) -> None:
    # It fails by itself on links that lead nowhere, and on what would be loaded from elsewhere.
    done = subprocess.run([sys.executable, ROOT / "scripts" / "site", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert pages | {"index.html", "changelog.html", "reference/sdk.html"} <= built
    found = json.loads((tmp_path / "search" / "search_index.json").read_text())
    assert any("images/analyze" in one["text"] for one in found["docs"])
