"""The page: one HTML shell at a few addresses, and the hashed assets it asks for.

`scripts/web` builds them into the package (`static/`, see `packages/scopix-web`); a server without them says how to get
them, and its API is the same.
"""

import mimetypes
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["STATIC", "install"]

STATIC: Final = Path(__file__).resolve().parent.parent / "static"

# Addresses by name: a catch-all would answer a misspelt path of the API with HTML instead of a JSON 404.
_ADDRESSES: Final = ("/", "/login", "/files/{_}", "/upload", "/ask", "/sessions", "/settings", "/settings/{_}")

_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_MISSING: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Scopix</title>
<h1>Scopix</h1>
<p>This server was installed without its page. To get it, run <code>scripts/web</code> in the checkout and start the
server again. The API works without it: it is described at <a href="/docs">/docs</a>.</p></html>"""


class _Assets(StaticFiles):
    """Serves `name.br` or `name.gz` where it lies beside `name` and the client takes it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = self._compressed(path, scope) or await super().get_response(path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        # The name holds a hash of the content.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        # A worker's policy is that of its own response.
        response.headers["Content-Security-Policy"] = policy()
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _compressed(self, path: str, scope: Scope) -> Response | None:
        header = Request(scope).headers.get("Accept-Encoding", "")
        accepted = {coding.partition(";")[0].strip() for coding in header.split(",") if ";q=0" not in coding}
        for coding, ending in (("br", ".br"), ("gzip", ".gz")):
            full, found = self.lookup_path(path + ending) if coding in accepted else ("", None)
            if found is not None:
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
                return FileResponse(full, stat_result=found, media_type=kind, headers={"Content-Encoding": coding})
        return None


def policy(origins: tuple[str, ...] = ()) -> str:
    """Return the Content-Security-Policy of the page; `origins` are those of a bucket that gives and takes files."""
    elsewhere = "".join(f" {origin}" for origin in origins)
    return "; ".join(
        [
            "default-src 'none'",
            # WebAssembly computes the SHA-256 of what is uploaded: plain http in a local network has no crypto.subtle.
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            f"img-src 'self' blob: data:{elsewhere}",
            f"connect-src 'self'{elsewhere}",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ]
    )


def install(app: FastAPI, *, origins: tuple[str, ...] = (), static: Path = STATIC) -> None:
    """Let `app` serve what lies in `static` when this is called. `origins`: see `policy`."""
    index = static / "index.html"
    body = index.read_text("utf-8") if index.is_file() else None

    async def show_page(_: Request) -> Response:
        if body is None:
            return HTMLResponse(_MISSING, headers={**_HEADERS, "Content-Security-Policy": "default-src 'none'"})
        return HTMLResponse(body, headers={**_HEADERS, "Content-Security-Policy": policy(origins)})

    for address in _ADDRESSES:
        app.add_route(address, show_page, methods=["GET"], include_in_schema=False)
    if body is not None:
        app.mount("/assets", _Assets(directory=static / "assets"), name="assets")
