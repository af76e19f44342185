"""Reading what a bucket lists (ListObjectsV2)."""

from datetime import datetime
from xml.etree import ElementTree

from scopix_server.domain.errors import BucketUnavailable
from scopix_server.domain.storage_ports import StoredObject
from scopix_server.storage.keys import check_key

__all__ = ["MAX_BYTES", "read_page"]

MAX_BYTES = 8 * 1024 * 1024
"""A page of 1,000 objects has less."""


def read_page(body: bytes) -> tuple[list[StoredObject], str | None]:
    """Return the objects of a page, and what to ask for the next one with (None: it was the last).

    Objects whose keys we would not make are somebody else's and are left out.
    """
    try:
        # The parser of the standard library follows no external entity, and bounds what internal ones grow to.
        page = ElementTree.fromstring(body)  # noqa: S314
        found = [one for entry in page.iterfind("{*}Contents") if (one := _object_of(entry)) is not None]
    except (ElementTree.ParseError, ValueError) as error:
        raise BucketUnavailable("The bucket's list of objects cannot be read.") from error
    more = page.findtext("{*}IsTruncated") == "true"
    return found, page.findtext("{*}NextContinuationToken") if more else None


def _object_of(entry: ElementTree.Element) -> StoredObject | None:
    try:
        key = check_key(entry.findtext("{*}Key", ""))
    except ValueError:
        return None
    modified = datetime.fromisoformat(entry.findtext("{*}LastModified", ""))
    return StoredObject(key, int(entry.findtext("{*}Size", "")), modified)
