"""The one gate through which image bytes become pixels.

Every image is opened here and nowhere else (a test holds it), in a child process: its header is read by hand, the
limits are checked, and only then does a decoder see it, without the metadata that are of no use to it. What is held
while a picture is decoded is planned before (`intake/decode_plan.py`): pictures are converted in bands, so that there
is never a second one of full size.
"""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from scopix.types.sniff import ENOUGH_BYTES, sniff
from scopix_server.analysis.decode_streamed import DecodingFailed, decode_streamed
from scopix_server.analysis.descriptive import read_descriptive
from scopix_server.analysis.exif import EXIF_IFD, GPS_IFD, Metadata, read_capture, read_taken
from scopix_server.analysis.frames import clear_around, first_with_content, is_blank
from scopix_server.analysis.jpegxl import read_jpegxl
from scopix_server.analysis.look import Look
from scopix_server.analysis.partial import damage_of, tolerant
from scopix_server.analysis.psd_merged import is_beyond_pillow, read_merged
from scopix_server.analysis.raw_preview import preview_of
from scopix_server.domain.description import Capture, DescriptiveMetadata
from scopix_server.domain.errors import CorruptImage, DomainError
from scopix_server.intake.decode_plan import (
    MAX_BYTES,
    PixelLimits,
    Plan,
    check_header,
    is_raw,
    plan_decode,
    read_header,
)
from scopix_server.intake.headers.essentials import MAX_UNPACKED, essential_jpeg, essential_png
from scopix_server.intake.headers.gif import count_frames
from scopix_server.intake.headers.walk import Header

__all__ = ["QUARTER_TURNS", "Decoded", "decode", "load", "opened", "pixels_of", "read_file_header"]

# Our own limit is checked below, on every path; Pillow's warns at one value and refuses at twice that.
Image.MAX_IMAGE_PIXELS = None

_MAX_EXIF: Final = 1 << 20  # bytes; a camera writes at most 64 KiB
_FORMATS: Final = {
    "image/avif": "AVIF",
    "image/bmp": "BMP",
    "image/gif": "GIF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
    "image/jp2": "JPEG2000",
    "image/jpeg": "JPEG",
    "image/jxl": "JXL",
    "image/png": "PNG",
    "image/tiff": "TIFF",
    "image/vnd.adobe.photoshop": "PSD",
    "image/vnd.microsoft.icon": "ICO",
    "image/webp": "WEBP",
}
_SIZED_BY_DECODER: Final = frozenset(
    {"image/avif", "image/heic", "image/heif", "image/jxl", "image/vnd.microsoft.icon"}
)
"""Of these the decoder gives the whole picture, cut and, but for AVIF, turned as its own properties say."""
_IN_PARTS: Final = frozenset({"image/jpeg", "image/png", "image/gif"})
"""Of these Pillow decodes what comes before the damage; each row of theirs stands for itself."""
_TURNED_BY_EXIF: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/tiff"})
"""Elsewhere EXIF's orientation has no say: it repeats what the file's own properties say, or contradicts it."""
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
QUARTER_TURNS: Final = frozenset({5, 6, 7, 8})
_BAND_PIXELS: Final = 1 << 20
"""Converted at a time: what lies between two pictures then takes 4 to 16 MB."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image in memory: mode RGB in sRGB, one frame, turned as its EXIF says, alpha laid on a ground.

    `full_size` is its size in pixels before any reduction, `taken` the EXIF time, and `capture` what EXIF says else.
    `is_transparent` tells of holes large enough to see the ground in. It is number `frame` of `frames`: of an
    animation the first that is not blank. `descriptive` is what people wrote into the file. `damage` says what is
    missing where only a part could be decoded.
    """

    image: Image.Image
    full_size: tuple[int, int]
    taken: datetime | None
    capture: Capture | None = None
    is_transparent: bool = False
    frame: int = 1
    frames: int = 1
    descriptive: DescriptiveMetadata | None = None
    damage: str = ""


def decode(source: Path | BinaryIO, *, max_pixels: int, work_pixels: int, min_side: int | None = None) -> Decoded:
    """Decode an image once, for everything that follows.

    Args:
        source: the image.
        max_pixels: images with more pixels are refused on their header.
        work_pixels: images with more pixels are reduced to at most so many, JPEGs already while decoding.
        min_side: pixels; who needs no longer side than this spares most of the work on a large JPEG.

    Raises:
        CorruptImage: the header is broken or the pixels cannot be decoded.
        TooManyPixels: the header promises more pixels, or more memory for them, than is allowed.
    """
    with opened(source) as original:
        content_type, header, file = read_file_header(original)
        if header.raw:
            return _decode_raw(file, max_pixels, work_pixels, min_side)
        check_header(content_type, header, PixelLimits(max_pixels, work_pixels))
        plan = plan_decode(content_type, header, work_pixels, min_side)
        frame = frames = 1
        try:
            loaded, metadata, damage = _as_far_as_possible(file, content_type, header, plan, work_pixels)
            descriptive = read_descriptive(loaded, metadata)
            if not plan.streamed and not damage:
                if header.frames > 1 and content_type == "image/png" and is_blank(loaded):
                    loaded = _with_frames(original, header, plan) or loaded
                frame = first_with_content(loaded)
            if getattr(loaded, "is_animated", False) or header.frames > 1:
                frames = count_frames(file) if content_type == "image/gif" else _frames(loaded, header)
            if header.first_frame is not None and frame == 1:
                loaded = clear_around(loaded, header.first_frame)
            # A PNG's code points go before its profile (third edition, 4.3); elsewhere a profile says more.
            if header.code_points and (content_type == "image/png" or not loaded.info.get("icc_profile")):
                loaded.info["code_points"] = header.code_points
            orientation = _orientation(content_type, header, metadata)
            turn = 1 if loaded.format == "TIFF" else orientation  # Pillow turns these, and no others, as it loads them
            stored = loaded.size if content_type in _SIZED_BY_DECODER else (header.width, header.height)
            image, is_transparent = _as_rgb(loaded, work_pixels)
            del loaded  # before the picture is turned, which takes a second one
            image = _upright(image, turn)
        except (MemoryError, DomainError):
            raise
        except Exception as error:  # decoders raise what they like on what strangers sent
            raise CorruptImage(issue="undecodable", reason=str(error)[:200]) from error
    return Decoded(
        image,
        (stored[1], stored[0]) if orientation in QUARTER_TURNS else stored,
        taken=read_taken(metadata),
        capture=read_capture(metadata),
        is_transparent=is_transparent,
        frame=frame,
        frames=frames,
        descriptive=descriptive,
        damage=damage,
    )


def _decode_raw(file: BinaryIO, max_pixels: int, work_pixels: int, min_side: int | None) -> Decoded:
    """Decode the preview in a camera's raw file, which the camera has developed and turned the sensor's data into."""
    preview = preview_of(file)
    decoded = decode(io.BytesIO(preview.jpeg), max_pixels=max_pixels, work_pixels=work_pixels, min_side=min_side)
    width, height = decoded.full_size
    # Where the preview tells its own turn, it was followed; where it lies upright already, none is needed.
    is_turned = preview.is_turned or (preview.orientation in QUARTER_TURNS and height > width)
    if not is_turned and preview.orientation in _TURNS:
        size = (height, width) if preview.orientation in QUARTER_TURNS else (width, height)
        decoded = replace(decoded, image=_upright(decoded.image, preview.orientation), full_size=size)
    if (metadata := preview.metadata) is None:
        return decoded
    taken, capture = read_taken(metadata), read_capture(metadata)
    return replace(decoded, taken=taken or decoded.taken, capture=capture or decoded.capture)


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    """Open a path; give another source as it is."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        yield source


def read_file_header(file: BinaryIO) -> tuple[str, Header, BinaryIO]:
    """Return the content type, the header, and the file as decoders may see it."""
    file.seek(0)
    file_type = sniff(file.read(ENOUGH_BYTES))
    content_type = file_type.content_type if file_type is not None else ""
    if content_type == "image/jpeg":
        header, file = essential_jpeg(file)
    elif content_type == "image/png":
        header, file = essential_png(file)
    elif content_type in _FORMATS or is_raw(content_type):
        header = read_header(content_type, file)
    else:
        raise CorruptImage(issue="unreadable_header")
    if not header.pixels and not header.raw:
        raise CorruptImage(issue="unreadable_header")
    file.seek(0)
    return content_type, header, file


def _as_far_as_possible(
    file: BinaryIO, content_type: str, header: Header, plan: Plan, work_pixels: int
) -> tuple[Image.Image, Metadata, str]:
    """Load an image; where that fails, what can be decoded of it, and a sentence about what is missing."""
    try:
        return *_loaded(file, content_type, header, plan, work_pixels), ""
    except (MemoryError, DomainError):
        raise
    except Exception:  # decoders raise what they like on what strangers sent
        if content_type not in _IN_PARTS or plan.streamed:
            raise
        with tolerant():
            file.seek(0)
            image, metadata = load(file, content_type, header, plan)
            damage = damage_of(image, is_jpeg=content_type == "image/jpeg", in_passes=header.interlaced)
        if damage is None:
            raise
        return image, metadata, damage


def _loaded(
    file: BinaryIO, content_type: str, header: Header, plan: Plan, work_pixels: int
) -> tuple[Image.Image, Metadata]:
    if not plan.streamed:
        return load(file, content_type, header, plan)
    try:
        return _stream(file, content_type, header, work_pixels)
    except DecodingFailed:
        # Some compressions, and the colours of Lab, only Pillow knows.
        whole = Plan(header.pixels * 8)
        if content_type != "image/tiff" or whole.peak > MAX_BYTES:
            raise
        file.seek(0)
        return load(file, content_type, header, whole)


def load(file: BinaryIO, content_type: str, header: Header, plan: Plan) -> tuple[Image.Image, Metadata]:
    """Decode a file that was looked at by `read_file_header`, as planned. Raises whatever decoders raise."""
    _make_known(content_type)
    image: Image.Image
    if content_type == "image/vnd.adobe.photoshop" and is_beyond_pillow(file.read(ENOUGH_BYTES)):
        return read_merged(file), Metadata()
    if content_type == "image/jxl":
        image = read_jpegxl(file)
        return image, _metadata(image)
    file.seek(0)
    with warnings.catch_warnings():
        # Broken metadata is no reason to refuse a picture that decodes.
        warnings.simplefilter("ignore")
        image = Image.open(file, formats=[_FORMATS[content_type]])
        if content_type == "image/jp2":
            image.reduce = plan.reduced.bit_length() - 1  # type: ignore[assignment,method-assign]
        elif plan.reduced > 1:
            # A side of no pixel would not be understood; such a thin picture is decoded whole.
            image.draft(None, (max(1, image.width // plan.reduced), max(1, image.height // plan.reduced)))
        # Before anything else looks at the image: some plugins load it themselves when asked for its metadata, and
        # _metadata forgives errors.
        image.load()
        if header.profile is not None:
            file.seek(header.profile[0])
            image.info["icc_profile"] = file.read(min(header.profile[1] - header.profile[0], MAX_UNPACKED))
        key = image.info.get("transparency")
        if header.bits == 16 and isinstance(key, tuple):
            # The pixels lost their lower bytes, and the colour that stands for holes did not.
            image.info["transparency"] = tuple(value >> 8 for value in key)
        return image, _metadata(image)


def _with_frames(original: BinaryIO, header: Header, plan: Plan) -> Image.Image | None:
    """Load an animated PNG once more with its frames, which decoders are spared otherwise; None if one is broken."""
    _, file = essential_png(original, with_frames=True)
    with suppress(Exception):  # decoders raise what they like on what strangers sent
        return load(file, "image/png", header, plan)[0]
    return None


def _make_known(content_type: str) -> None:
    """Let Pillow know of a decoder that it does not come with; it is loaded with its first picture."""
    if content_type in {"image/heic", "image/heif"}:
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)


def _stream(file: BinaryIO, content_type: str, header: Header, work_pixels: int) -> tuple[Image.Image, Metadata]:
    size = _fitting((header.width, header.height), work_pixels)
    streamed = decode_streamed(file, size=size, content_type=content_type)
    image = Image.frombytes(streamed.mode, (streamed.width, streamed.height), streamed.pixels)
    image.info |= {"exif": streamed.exif or b"", "icc_profile": streamed.icc_profile}
    if content_type != "image/tiff":
        return image, _metadata(image)
    # Its directories are its EXIF data.
    file.seek(0)
    with suppress(Exception), warnings.catch_warnings():  # whatever is broken in them, the pixels are there
        warnings.simplefilter("ignore")
        opened = Image.open(file, formats=["TIFF"])
        image.info |= {"xmp": opened.info.get("xmp", b"")}
        return image, _metadata(opened)
    return image, Metadata()


def _frames(image: Image.Image, header: Header) -> int:
    return max(header.frames, int(getattr(image, "n_frames", 1)))


def _orientation(content_type: str, header: Header, metadata: Metadata) -> int:
    """How the decoded picture is still to be turned, 1 to 8 as EXIF counts."""
    if content_type in _TURNED_BY_EXIF:
        return header.orientation
    # Pillow tells AVIF's own properties in this way.
    return int(metadata.base.get(_ORIENTATION, 1)) if content_type == "image/avif" else 1


def _fitting(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    scale = min(1.0, (pixels / (size[0] * size[1])) ** 0.5)
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def _as_rgb(image: Image.Image, work_pixels: int) -> tuple[Image.Image, bool]:
    """Return a loaded image in sRGB, reduced to `work_pixels`, and whether it has holes; it is converted in bands."""
    width, height = image.size
    size = _fitting(image.size, work_pixels) if width * height > work_pixels else image.size
    look = Look.of(image)
    if image.mode == "RGB" and size == image.size and look.is_plain:
        return image, False
    result = Image.new("RGB", size)
    scale = height / size[1]
    rows = max(1, int(_BAND_PIXELS / width / scale))
    for top in range(0, size[1], rows):
        bottom = min(size[1], top + rows)
        # A row of the source that belongs to two bands is in both.
        first, last = int(top * scale), min(height, math.ceil(bottom * scale))
        band = look.shown(image.crop((0, first, width, last)))
        if size != image.size:
            box = (0, top * scale - first, width, min(bottom * scale, height) - first)
            band = band.resize((size[0], bottom - top), Image.Resampling.BOX, box=box)
        result.paste(band, (0, top))
    return result, look.is_transparent


def pixels_of(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return the pixels of an RGB image, height x width x 3; nothing else of that size is held meanwhile."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return pixels


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    method = _TURNS.get(orientation)
    return image if method is None else image.transpose(method)


def _metadata(image: Image.Image) -> Metadata:
    """Return the EXIF values of a loaded image; none where they are broken or beyond all measure."""
    try:
        if len(image.info.get("exif", b"")) > _MAX_EXIF:
            return Metadata()
        exif = image.getexif()
        return Metadata(dict(exif), dict(exif.get_ifd(EXIF_IFD)), dict(exif.get_ifd(GPS_IFD)))
    except Exception:  # whatever broken EXIF data make of it, they must not cost the picture
        return Metadata()
