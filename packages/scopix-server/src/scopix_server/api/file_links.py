"""The links of an answer: to the bytes of files, on this server or in their store."""

from collections.abc import Sequence

from starlette.requests import HTTPConnection

from scopix.types.vocabulary import VariantType
from scopix_server.api.links import Grant, LinkSigner, link_in
from scopix_server.domain.file import File, Variant
from scopix_server.domain.storage_ports import LinkedStore
from scopix_server.domain.tiles import TILES

__all__ = ["LinkFactory", "Links", "original_grant"]


class Links:
    """Absolute URLs of a file's bytes, for one answer: on this server, or in its store itself where that has links.

    An original in a tenant's bucket is reached by way of this server, which looks for it there when it is asked.
    """

    def __init__(self, signer: LinkSigner, base_url: str, store: LinkedStore | None = None) -> None:
        self._signer = signer
        self._base_url = base_url.rstrip("/")
        self._store = store

    def original(self, file: File) -> str:
        return self.to(original_grant(file))

    def variant(self, file: File, variant: Variant) -> str:
        name = f"{file.filename.rpartition('.')[0] or file.filename}-{variant.name}.jpg"
        return self.to(Grant(variant.object_key, variant.content_type, name, "inline"))

    def of(self, file: File, variants: Sequence[Variant], name: VariantType) -> str | None:
        found = next((variant for variant in variants if variant.name == name.value), None)
        return None if found is None else self.variant(file, found)

    def tiles(self, file: File, variants: Sequence[Variant]) -> str | None:
        """Return the URL of the descriptor of a file's tiles; always on this server, which alone finds them."""
        found = next((variant for variant in variants if variant.name == TILES), None)
        if found is None:
            return None
        token = self._signer.sign(Grant(found.object_key, found.content_type, file.filename, "inline"))
        return f"{self._base_url}/api/v2/content/{token}/tiles.dzi"

    def to(self, grant: Grant) -> str:
        """Return the URL that a grant is for."""
        if self._store is not None and grant.bucket is None:
            return link_in(self._store, grant)
        return f"{self._base_url}/api/v2/content/{self._signer.sign(grant)}"


class LinkFactory:
    """Makes links on the server's public URL, or else on the address that a client used."""

    def __init__(self, signer: LinkSigner, public_url: str | None, store: LinkedStore | None) -> None:
        self.signer = signer
        self.store = store
        self.public_url = public_url

    def base_url(self, request: HTTPConnection) -> str:
        """Return the address that links begin with."""
        return self.public_url or str(request.base_url)

    def seen_from(self, request: HTTPConnection) -> Links:
        """Return the links for an answer to `request`."""
        return Links(self.signer, self.base_url(request), self.store)


def original_grant(file: File) -> Grant:
    """Return what a link to a file's original gives."""
    bucket = None if file.storage_id is None else (file.tenant_id, file.storage_id)
    return Grant(file.object_key, file.content_type, file.filename, "attachment", bucket)
