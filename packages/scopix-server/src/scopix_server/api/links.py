"""Links to stored bytes: signed, good for one object, for one hour."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from scopix_server.domain.direct import LINK_LIFETIME
from scopix_server.domain.errors import Forbidden
from scopix_server.domain.storage_ports import LinkedStore

__all__ = ["LINK_SECONDS", "Grant", "LinkSigner", "PartGrant", "PartSigner", "link_in"]

LINK_SECONDS = 3600
Disposition = Literal["inline", "attachment"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link gives: one object, served under this type and name.

    `bucket` is a tenant's and the id of its configuration; None is the server's own store.
    """

    object_key: str
    content_type: str
    filename: str
    disposition: Disposition
    bucket: tuple[str, str] | None = None

    @property
    def content_disposition(self) -> str:
        """The header that names the file to whoever saves it."""
        return f"{self.disposition}; filename*=UTF-8''{quote(self.filename, safe='')}"


def link_in(store: LinkedStore, grant: Grant) -> str:
    """Return the store's own link for a grant, good for an hour."""
    return store.link(
        grant.object_key,
        content_type=grant.content_type,
        disposition=grant.content_disposition,
        seconds=LINK_SECONDS,
    )


class LinkSigner:
    """Makes and reads the token of a link (HMAC over the grant and the time)."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="scopix content link")

    def sign(self, grant: Grant) -> str:
        """Return the token that stands for `grant` from now on for an hour."""
        where = [] if grant.bucket is None else [grant.bucket]
        return self._serializer.dumps([grant.object_key, grant.content_type, grant.filename, grant.disposition, *where])

    def read(self, token: str) -> Grant:
        """Return what a token grants.

        Raises:
            Forbidden: it was tampered with or its hour is over.
        """
        try:
            return Grant(*self._serializer.loads(token, max_age=LINK_SECONDS))
        except SignatureExpired as error:
            raise Forbidden("This link has expired. Ask the API for a new one.") from error
        except BadData as error:
            raise Forbidden("This link is not valid. Ask the API for a new one.") from error


@dataclass(frozen=True, slots=True)
class PartGrant:
    """What a part's link gives: sending one part of one direct upload."""

    tenant_id: str
    upload_id: str
    number: int


class PartSigner:
    """Makes and reads the token of a link to send a part by."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="scopix part link")

    def sign(self, grant: PartGrant) -> str:
        """Return the token that stands for `grant` from now on for ten minutes."""
        return self._serializer.dumps([grant.tenant_id, grant.upload_id, grant.number])

    def read(self, token: str) -> PartGrant:
        """Return what a token grants.

        Raises:
            Forbidden: it was tampered with or its time is over.
        """
        try:
            return PartGrant(*self._serializer.loads(token, max_age=int(LINK_LIFETIME.total_seconds())))
        except SignatureExpired as error:
            raise Forbidden("This link has expired. Ask for new links of the parts.") from error
        except BadData as error:
            raise Forbidden("This link is not valid. Ask for new links of the parts.") from error
