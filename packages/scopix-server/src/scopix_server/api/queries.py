"""What may stand in a request's query: what its route reads, and nothing else."""

from collections.abc import Iterator
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from scopix_server.domain.errors import MalformedRequest
from scopix_server.domain.printable import printable

__all__ = ["check_query"]

_known: dict[str, frozenset[str]] = {}
"""By a route's unique id the parameters that it reads: gathered once, as walking its dependencies takes a while."""


def check_query(request: Request) -> None:
    """Refuse a parameter that the request's route does not read.

    A misspelt filter that is ignored finds everything, which then is deleted, exported or believed.

    Raises:
        MalformedRequest: `details.field` is the first such parameter, `details.known` are those there are.
    """
    route = request.scope.get("route")
    if not request.scope.get("query_string") or not isinstance(route, APIRoute):
        return
    known = _known.get(route.unique_id)
    if known is None:
        known = _known[route.unique_id] = frozenset(_names(route.dependant))
    unknown = [name for name in request.query_params if name not in known]
    if not unknown:
        return
    names = sorted(known)
    name = printable(unknown[0])[:50]
    meant = get_close_matches(unknown[0], names, n=1)
    hint = f" Did you mean '{meant[0]}'?" if meant else ""
    there_are = f"Known are {', '.join(names)}." if names else "There are none here."
    raise MalformedRequest(
        f"There is no query parameter '{name}' at {request.method} {route.path}.{hint} {there_are}",
        field=name,
        known=names,
    )


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for one in dependant.dependencies:
        yield from _names(one)
