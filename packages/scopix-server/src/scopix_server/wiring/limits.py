"""What the settings allow: sizes, times, and how much at once."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scopix_server.config import Settings
from scopix_server.wiring.storage import Storage

if TYPE_CHECKING:
    from scopix_server.api.admission import Admission
    from scopix_server.api.parts import ApiLimits
    from scopix_server.intake.incoming import FileLimits

__all__ = ["WORKER_SILENCE", "admission", "api_limits", "direct_limits", "file_limits"]

WORKER_SILENCE = timedelta(seconds=20)
"""A worker that did not report for so long is not counted on."""


def api_limits(settings: Settings) -> "ApiLimits":
    """Return the limits of the routes."""
    from scopix_server.api.multipart import BodyPace
    from scopix_server.api.parts import ApiLimits

    return ApiLimits(
        max_file_bytes=settings.max_file_bytes,
        max_document_bytes=settings.max_document_bytes,
        max_batch_files=settings.max_batch_files,
        max_batch_bytes=settings.max_batch_bytes,
        body_pace=BodyPace(settings.body_idle_seconds, settings.min_body_bytes_per_second),
        worker_silence=WORKER_SILENCE,
    )


def admission(settings: Settings, storage: Storage) -> "Admission":
    """Return what lets uploads in while there is room."""
    from scopix_server.api.admission import Admission, AdmissionLimits

    limits = AdmissionLimits(
        uploads=settings.max_uploads_at_once,
        tenant_uploads=settings.max_tenant_uploads_at_once,
        bytes=settings.max_upload_bytes_at_once,
        tenant_bytes=settings.max_tenant_upload_bytes_at_once,
        reserved_disk_bytes=settings.reserved_disk_bytes,
    )
    return Admission(limits, storage.own.free_bytes)


def file_limits(settings: Settings) -> "FileLimits":
    """Return how large a file may be, and how many pixels it may have."""
    from scopix_server.intake.decode_plan import PixelLimits
    from scopix_server.intake.incoming import FileLimits

    pixels = PixelLimits(settings.image_pixels, settings.work_pixels)
    return FileLimits(settings.max_file_bytes, settings.max_document_bytes, pixels)


def direct_limits(settings: Settings, usual: "FileLimits") -> "FileLimits":
    """Return the same for direct uploads, which may be larger."""
    max_bytes = settings.max_direct_upload_bytes
    return usual if max_bytes is None else replace(usual, max_image_bytes=max_bytes, max_document_bytes=max_bytes)
