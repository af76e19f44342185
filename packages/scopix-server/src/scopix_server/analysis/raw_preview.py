"""The preview in a camera's raw file: the picture as the camera itself developed it, by LibRaw."""

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from scopix_server.analysis.exif import EXIF_IFD, GPS_IFD, Metadata
from scopix_server.domain.errors import CorruptImage
from scopix_server.intake.headers.jpeg import walk_jpeg
from scopix_server.intake.headers.walk import HeaderReader

__all__ = ["Preview", "preview_of"]

_ORIENTATIONS: Final = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's turns as EXIF counts them: 5 is a quarter to the left, 6 one to the right."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The bytes of a JPEG, how it is turned (1 to 8) unless it says so itself (`is_turned`), and the file's EXIF."""

    jpeg: bytes
    orientation: int
    is_turned: bool
    metadata: Metadata | None


def preview_of(file: BinaryIO) -> Preview:
    """Return the largest preview of a raw file. Raises CorruptImage when it has none, or is no such file."""
    import rawpy

    file.seek(0)
    try:
        with rawpy.imread(file) as raw:
            orientation = _ORIENTATIONS.get(raw.sizes.flip, 1)
            thumbnail = raw.extract_thumb()
            data = thumbnail.data if isinstance(thumbnail.data, bytes) else _encoded(thumbnail.data)
    except rawpy.LibRawNoThumbnailError as error:
        raise CorruptImage(
            "The camera's raw file holds no preview, and raw data are not developed here. Export it as JPEG or TIFF, "
            "then upload that.",
            issue="no_preview",
        ) from error
    except rawpy.LibRawError as error:
        raise CorruptImage(issue="undecodable", reason=str(error)[:200]) from error
    turned = HeaderReader(walk_jpeg).read(io.BytesIO(data)).orientation != 1
    return Preview(data, orientation, turned, _metadata(file))


def _encoded(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A preview that is no JPEG, as one, so that all go the same way; at a quality that loses nothing to be seen."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=95)
    return target.getvalue()


def _metadata(file: BinaryIO) -> Metadata | None:
    """The EXIF data of raw files that begin as a TIFF; the others' are in their preview."""
    file.seek(0)
    with suppress(Exception):  # whatever broken EXIF data make of it, they must not cost the picture
        exif = Image.Exif()
        exif.load_from_fp(file)
        return Metadata(dict(exif), dict(exif.get_ifd(EXIF_IFD)), dict(exif.get_ifd(GPS_IFD)))
    return None
