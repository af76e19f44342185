"""How much may be on its way in at once: uploads and bytes, of all tenants and of each, and room on the disk for them.

What arrives goes to disk, not to memory; what an upload holds in memory is at most two MiB. So a limit on uploads
bounds memory, a limit on bytes bounds the disk that unfinished uploads may claim, and room is promised once: what
earlier uploads have announced and not yet sent is counted as taken.

A tenant's share shrinks as the server fills: it may have as much as is still free, so one alone gets half, each of two
a third, and whoever comes next finds room. (Dynamic thresholds, as switches share their buffers.)
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scopix_server.domain.errors import ConcurrentUploads, OutOfSpace, TooManyBytes

__all__ = ["Admission", "AdmissionLimits", "UploadRoom"]

_RETRY_SECONDS = 2
_WAIT = "Wait until one has ended."


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """The most uploads and bytes that are under way at once, of all tenants and of one; and the disk left alone."""

    uploads: int
    tenant_uploads: int
    bytes: int
    tenant_bytes: int
    reserved_disk_bytes: int


class UploadRoom:
    """What one upload was admitted with: so many bytes announced, so many of them missing."""

    def __init__(self, owner: "Admission", tenant_id: str, announced: int) -> None:
        self._owner = owner
        self.tenant_id = tenant_id
        self.held = self.missing = announced

    def arrived(self, number: int) -> None:
        """Note that so many bytes have come. For the event loop.

        Raises:
            TooManyBytes: more came than were announced, and with those of others it is too much.
        """
        more = max(0, number - self.missing)
        self.missing = max(0, self.missing - number)
        if more:
            self._owner.grow(self, more)

    def check_promise(self) -> None:
        """Raise OutOfSpace when the disk has no room for all that is announced and missing, of all uploads."""
        self._owner.require(0)

    def check_disk(self) -> None:
        """Raise OutOfSpace when the disk has filled up, whatever was promised. For any thread: it asks the disk."""
        self._owner.check_disk()


class Admission:
    """Admits uploads. Where nothing else is said, its methods are for the event loop alone.

    Args:
        free_bytes: returns the room on the disk, or None when there is no such notion.
    """

    def __init__(self, limits: AdmissionLimits, free_bytes: Callable[[], int | None]) -> None:
        self._limits = limits
        self._free_bytes = free_bytes
        self._rooms: set[UploadRoom] = set()
        self._uploads: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    @property
    def uploads(self) -> int:
        """How many uploads are under way."""
        return self._uploads.total()

    @property
    def missing_bytes(self) -> int:
        """How many bytes they have announced and not sent yet."""
        return sum(room.missing for room in list(self._rooms))

    @contextmanager
    def upload(self, tenant_id: str, announced: int) -> Iterator[UploadRoom]:
        """Admit an upload of so many bytes for as long as the context lasts.

        One upload alone is always admitted, however large: its size has limits of its own.

        Raises:
            ConcurrentUploads, TooManyBytes: others are under way; it may be tried again soon.
        """
        refusal = self._too_many(tenant_id) or self._too_large(tenant_id, announced)
        if refusal is not None:
            raise refusal
        room = UploadRoom(self, tenant_id, announced)
        self._rooms.add(room)
        self._uploads[tenant_id] += 1
        self._bytes[tenant_id] += announced
        try:
            yield room
        finally:
            self._rooms.discard(room)
            self._uploads[tenant_id] -= 1
            self._bytes[tenant_id] -= room.held
            if not self._uploads[tenant_id]:
                del self._uploads[tenant_id], self._bytes[tenant_id]

    def grow(self, room: UploadRoom, more: int) -> None:
        """Let an upload have more bytes than it announced. Raises TooManyBytes when others leave no room for them."""
        if self.uploads > 1 and (refusal := self._too_large(room.tenant_id, more)) is not None:
            raise refusal
        room.held += more
        self._bytes[room.tenant_id] += more

    def require(self, more: int) -> None:
        """Raise OutOfSpace when the disk has no room for `more` bytes beside all that is promised. For any thread."""
        free, needed = self._free_bytes(), more + self.missing_bytes
        if free is not None and free < needed + self._limits.reserved_disk_bytes:
            raise OutOfSpace(free_bytes=free, reserved_bytes=self._limits.reserved_disk_bytes, needed_bytes=needed)

    def check_disk(self) -> None:
        """Raise OutOfSpace when the reserve is touched. For any thread."""
        free = self._free_bytes()
        if free is not None and free < self._limits.reserved_disk_bytes:
            raise OutOfSpace(free_bytes=free, reserved_bytes=self._limits.reserved_disk_bytes)

    def _too_many(self, tenant_id: str) -> ConcurrentUploads | None:
        limits, own, total = self._limits, self._uploads[tenant_id], self._uploads.total()
        message, maximum = "", limits.uploads
        if total >= limits.uploads:
            message = f"The server takes {maximum} uploads at once, and so many are under way."
        elif own >= limits.tenant_uploads:
            maximum = limits.tenant_uploads
            message = f"A tenant may have {maximum} uploads at once, and so many are under way."
        elif own >= limits.uploads - total:
            maximum = own
            message = (
                f"{own} of your uploads are under way and {limits.uploads - total} places are left, for other tenants."
            )
        return ConcurrentUploads(f"{message} {_WAIT}", limit=maximum, retry_after=_RETRY_SECONDS) if message else None

    def _too_large(self, tenant_id: str, more: int) -> TooManyBytes | None:
        limits, own, total = self._limits, self._bytes[tenant_id], self._bytes.total()
        message, held, maximum = "", own, limits.tenant_bytes
        if total and total + more > limits.bytes:
            held, maximum = total, limits.bytes
            message = f"The server takes {maximum} bytes at once; uploads of {held} bytes are under way."
        elif own and own + more > limits.tenant_bytes:
            message = f"A tenant may upload {maximum} bytes at once; uploads of {held} bytes are under way."
        elif own and own + more > limits.bytes - total:
            maximum = limits.bytes - total
            message = f"Uploads of yours of {held} bytes are under way; the {maximum} bytes left are for other tenants."
        refusal = TooManyBytes(f"{message} {_WAIT}", limit=maximum, under_way=held, retry_after=_RETRY_SECONDS)
        return refusal if message else None
