"""Links to stored bytes: signed, good for one object, for one hour at least.

A file has one link for each hour of the clock, so that whoever has fetched it finds it in its cache.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from scopix_server.domain.direct import LINK_LIFETIME
from scopix_server.domain.errors import Forbidden
from scopix_server.domain.storage_ports import LinkedStore

__all__ = ["LINK_SECONDS", "Grant", "LinkSigner", "PartGrant", "PartSigner", "link_in", "origin_of"]

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


def origin_of(store: LinkedStore) -> str:
    """Return the origin (scheme, host, port) that the store's own links lead to."""
    link = urlsplit(store.link("origin", content_type="image/jpeg", disposition="inline", seconds=1))
    return f"{link.scheme}://{link.netloc}"


class LinkSigner:
    """Makes and reads the token of a link (HMAC over the grant and the hour)."""

    def __init__(self, secret: str, now: Callable[[], float] = time.time) -> None:
        class HourlySigner(TimestampSigner):
            """Knows whole hours alone: what is signed in one is good in it and in the next."""

            def get_timestamp(self) -> int:
                return int(now()) // LINK_SECONDS * LINK_SECONDS

        self._serializer = URLSafeTimedSerializer(secret, salt="scopix content link", signer=HourlySigner)

    def sign(self, grant: Grant) -> str:
        """Return the token that stands for `grant` until the end of the next hour: the same for all of this one."""
        where = [] if grant.bucket is None else [grant.bucket]
        return self._serializer.dumps([grant.object_key, grant.content_type, grant.filename, grant.disposition, *where])

    def read(self, token: str) -> Grant:
        """Return what a token grants.

        Raises:
            Forbidden: it was tampered with or its time is over.
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
