"""What a request was for, in a word that no client chooses."""

from starlette.types import Scope

__all__ = ["UNKNOWN_ROUTE", "route_of"]

UNKNOWN_ROUTE = "unknown"
_PREFIX = "/api/v2"


def route_of(scope: Scope) -> str:
    """Return the pattern of the route that was found, such as /api/v2/files/{file_id}, or UNKNOWN_ROUTE."""
    pattern: str | None = getattr(scope.get("route"), "path", None)
    if pattern is None:
        return UNKNOWN_ROUTE
    # A router knows its patterns without the prefix it was included under.
    is_included = scope["path"].startswith(f"{_PREFIX}/") and not pattern.startswith(f"{_PREFIX}/")
    return f"{_PREFIX}{pattern}" if is_included else pattern
