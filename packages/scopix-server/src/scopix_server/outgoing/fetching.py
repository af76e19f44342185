"""Fetching a picture from an address that a client gave: checked, redirects included, within a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urldefrag, urljoin

from scopix_server.domain.errors import AddressRefused, ValidationFailed
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp, RequestFailed

__all__ = ["Fetcher"]

_MAX_REDIRECTS = 3
"""From http to https, to a host's full name, to its store of files."""
_SILENCE_SECONDS = 10.0
_TOTAL_SECONDS = 30.0
"""A picture of 100 MB within it needs 27 Mbit/s. Longer than this nobody waits for an answer."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Fetcher:
    """Fetches what strangers' addresses lead to. Good for all threads.

    Args:
        guard: says which addresses may be called; each redirect is asked of it as well.
        agent: how we call ourselves.
    """

    def __init__(self, guard: AddressGuard, *, agent: str) -> None:
        self._guard = guard
        self._http = OutgoingHttp(guard, connections=16, silence_seconds=_SILENCE_SECONDS, total_seconds=_TOTAL_SECONDS)
        # Nothing is unpacked here, so a small answer cannot become a large one.
        self._headers = {"User-Agent": agent, "Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}

    @contextmanager
    def __call__(self, url: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield a name and the content in chunks.

        Raises:
            AddressRefused: the address, or one that it leads to, is not to be called.
            ValidationFailed: it cannot be had from there, not wholly or not in time. Also while the chunks are read.
        """
        try:
            # The fragment is for the one who looks at it, not for the server.
            with self._found(urldefrag(url).url) as found:
                yield found
        except AddressRefused as refusal:
            refusal.details.setdefault("field", "url")
            raise
        except RequestFailed as failure:
            raise ValidationFailed(f"The picture could not be fetched: {failure}", field="url") from failure

    @contextmanager
    def _found(self, url: str, redirects: int = 0) -> Iterator[tuple[str, Iterator[bytes]]]:
        parts = self._guard.check_url(url, with_query=True)
        with self._http.send("GET", url, self._headers) as reply:
            onward = reply.headers.get("location") if reply.status in _REDIRECTS else None
            if onward is None:
                if reply.status != 200:
                    raise RequestFailed(f"'{parts.hostname}' answered {reply.status}.")
                yield unquote(parts.path.rpartition("/")[2]) or "image", reply.chunks
                return
        if redirects == _MAX_REDIRECTS:
            raise RequestFailed(f"'{parts.hostname}' was the {redirects + 1}th to redirect it elsewhere.")
        with self._found(urldefrag(urljoin(url, onward)).url, redirects + 1) as found:
            yield found

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
