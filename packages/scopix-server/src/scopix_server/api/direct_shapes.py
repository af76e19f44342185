"""Direct uploads from the domain to the wire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from scopix.types import direct as wire
from scopix.types.vocabulary import StorageTarget
from scopix_server.api.file_links import Links
from scopix_server.api.links import PartGrant, PartSigner
from scopix_server.api.shapes import upload_response
from scopix_server.domain.direct import LINK_LIFETIME, DirectUpload, DirectUploadStatus
from scopix_server.domain.file import Variant
from scopix_server.intake.direct import DirectUploads
from scopix_server.intake.receipts import Receipt

__all__ = ["PartAddresses", "direct_upload", "progress", "result"]

_LISTED_PARTS = 1000


class PartAddresses:
    """Makes the links of the parts of one upload, for one answer: into the store, where that takes them itself."""

    def __init__(
        self, upload: DirectUpload, direct: DirectUploads, signer: PartSigner, base_url: str, now: datetime
    ) -> None:
        self._upload = upload
        self._direct = direct
        self._signer = signer
        self._base_url = base_url.rstrip("/")
        self.expires_at = min(now + LINK_LIFETIME, upload.expires_at)
        self._seconds = int((self.expires_at - now).total_seconds())

    def of(self, number: int) -> wire.DirectUploadPart:
        """Return where a part goes."""
        link = self._direct.store_link(self._upload, number, seconds=self._seconds)
        return wire.DirectUploadPart(
            part_number=number,
            size_bytes=self._upload.size_of(number),
            upload_url=link or self._own_link(number),
            expires_at=self.expires_at,
        )

    def _own_link(self, number: int) -> str:
        upload = self._upload
        token = quote(self._signer.sign(PartGrant(upload.tenant_id, upload.id, number)))
        return f"{self._base_url}/api/v2/files/direct-uploads/{upload.id}/parts/{number}?token={token}"


def direct_upload(upload: DirectUpload, addresses: PartAddresses, max_bytes: int) -> wire.DirectUpload:
    """Answer an announcement."""
    parts = [addresses.of(number) for number in range(1, min(upload.total_parts, _LISTED_PARTS) + 1)]
    return wire.DirectUpload(
        id=upload.id,
        image_id=upload.image_id,
        upload_url=None if upload.is_multipart else parts[0].upload_url,
        expires_at=addresses.expires_at,
        max_size_bytes=max_bytes,
        storage_target=StorageTarget(upload.options["storage_target"]),
        part_size_bytes=upload.part_size_bytes,
        total_parts=upload.total_parts,
        parts=parts if upload.is_multipart else [],
    )


def progress(upload: DirectUpload, sent: Mapping[int, int], now: datetime) -> wire.DirectUploadProgress:
    """Answer how far an upload is; of a completed one everything has arrived."""
    completed = upload.status is DirectUploadStatus.COMPLETED
    numbers = range(1, upload.total_parts + 1)
    whole = [number for number in numbers if completed or sent.get(number) == upload.size_of(number)]
    present = set(whole)
    status = DirectUploadStatus.EXPIRED if upload.is_over(now) else upload.status
    return wire.DirectUploadProgress(
        id=upload.id,
        image_id=upload.image_id,
        filename=upload.filename,
        status=status.value,
        size_bytes=upload.size_bytes,
        received_bytes=sum(upload.size_of(number) for number in whole),
        part_size_bytes=upload.part_size_bytes,
        total_parts=upload.total_parts,
        received_parts=[wire.ReceivedPart(part_number=n, size_bytes=upload.size_of(n)) for n in whole],
        missing_parts=[number for number in numbers if number not in present],
        created_at=upload.created_at,
        expires_at=upload.expires_at,
        reason=upload.reason,
    )


def result(receipt: Receipt, variants: Sequence[Variant], links: Links) -> wire.DirectUploadResult:
    """Answer a completion."""
    response = upload_response(receipt, variants, links).model_dump()
    # An existing file is the answer here, not a reason to have skipped something.
    response |= {"processing_time_ms": None, "description_status": receipt.file.description_status}
    return wire.DirectUploadResult(**response, is_idempotent_retry=receipt.replayed)
