"""The page in a real browser, against the real app in this process with the scripted analyzer."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scopix_server.api.page import STATIC
from tests.support.inprocess import InProcessServer, serving

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = Path("/usr/bin/chromium")
# How long a condition is waited for, in ms. No promise of the page's: a busy machine with two cores needs it at times.
PATIENCE = 90_000
# Its own sandbox needs a user who is not root; there is no graphics card; and it is not to call anybody.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def browser_place(scratch: Path) -> dict[str, Any]:
    """Where the browser is: Debian's, or the one that npm brings with its libraries."""
    if DEBIAN.exists():
        return {"executable_path": DEBIAN}
    done = subprocess.run([sys.executable, ROOT / "scripts/web", "--browser"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(done.stdout.strip())
    fonts = scratch / "fonts.conf"
    fonts.write_text(f"<fontconfig><dir>{folder / 'fonts'}</dir><cachedir>{fonts.parent}</cachedir></fontconfig>")
    env = {**os.environ, "LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_FILE": str(fonts)}
    return {"executable_path": folder / "chromium", "env": env}


expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    place = browser_place(tmp_path_factory.mktemp("fonts"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(headless=True, args=FLAGS, chromium_sandbox=False, **place)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    assert (STATIC / "index.html").is_file(), "The page is not built: run scripts/web, which says why."
    # Pictures for the documentation show what is truly described.
    analyzer = "builtin" if "SCOPIX_WRITE_PICTURES" in os.environ else "scripted"
    with serving(tmp_path_factory.mktemp("web"), analyzer=analyzer) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of nobody's, which knows no key yet. No page in it may break its own policy, or throw."""
    context = new_context(browser, viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme="light")
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    yield context
    context.close()
    assert not problems, problems


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser of its own, as patient as the tests."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context


def signed_in(context: BrowserContext, server: InProcessServer, path: str = "/", key: str | None = None) -> Page:
    """A tab that holds a key, at an address of the page."""
    page = context.new_page()
    # Once, before the page's own script: what becomes of the key later is the page's business.
    give = f"sessionStorage.setItem('scopix.key', {json.dumps(key or server.api_key)})"
    page.add_init_script(f"if (!sessionStorage.given) {{ sessionStorage.given = 'yes'; {give} }}")
    page.goto(server.root + path)
    return page
