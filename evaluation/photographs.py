"""The photographs: from scikit-image where it ships them, else from `photographs/`; truth written by hand.

Some are given a second time with a known change: blurred, moved, darkened, toned, or with metadata. What is changed is
known, so that the truth is; nothing moves from one split to the other.
"""

import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

HERE = Path(__file__).parent / "photographs"


def photographs() -> dict[str, tuple[bytes, str, dict[str, Any]]]:
    """By name: the bytes of the file, its suffix, its truth."""
    found = {}
    for name, entry in json.loads((HERE / "truth.json").read_text("utf-8")).items():
        truth = dict(entry)
        path = _skimage() / truth.pop("file") if truth.pop("from", "here") == "skimage" else HERE / truth.pop("file")
        found[name] = (path.read_bytes(), path.suffix, {"kinds": ["photo"], **truth})
    return found


METADATA = {
    0x010F: "Nikon",
    0x0110: "Nikon Z 6",
    "taken": "2024:08:17 06:42:10",
    "exposure": 4.0,
    "aperture": 8.0,
    "iso": 64,
}
TOLD = ("17 August 2024 at 06:42", "Nikon Z 6", "4 s", "f/8", "ISO 64")
# Name: the photograph, what is done to it, the look that it has then (with the photograph's own, if that stays).
MADE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "astronaut-blurred": ("astronaut", "blurred", ("blurred",)),
    "coffee-moved": ("coffee", "moved", ("moved", "blurred")),
    "cat-dark": ("cat", "dark", ("dark", "little contrast")),
    "coffee-toned": ("coffee", "toned", ("toned",)),
    "rocket-metadata": ("rocket", "metadata", ()),
    "pagoda-blurred": ("pagoda", "blurred", ("blurred",)),
    "dahlia-moved": ("dahlia", "moved", ("moved", "blurred")),
    "officer-dark": ("officer", "dark", ("dark", "dark blue in right half", "dark brown in middle")),
    "pagoda-toned": ("pagoda", "toned", ("toned", "warm colours", "beige in upper half", "brown in lower half")),
    "dahlia-metadata": ("dahlia", "metadata", ()),
}


def made_photographs() -> dict[str, tuple[bytes, str, dict[str, Any]]]:
    """By name: photographs with a known change, as `photographs`."""
    originals = photographs()
    found = {}
    for name, (original, change, look) in MADE.items():
        data, _, truth = originals[original]
        with Image.open(io.BytesIO(data)) as image:
            changed = _changed(image.convert("RGB"), change)
        truth = {**truth, "look": [*truth["look"], *look], "source": f"{truth['source']}; {change} by us"}
        options: dict[str, Any] = {}
        if change == "metadata":
            options["exif"] = _exif()
            truth |= {"metadata": TOLD, "fields": {"taken": ["2024-08-17 06:42"], "camera": ["Nikon Z 6"]}}
        out = io.BytesIO()
        changed.save(out, "JPEG", quality=92, **options)
        found[name] = (out.getvalue(), ".jpg", truth)
    return found


def _changed(image: Image.Image, change: str) -> Image.Image:
    size = max(image.size)
    if change == "blurred":
        return image.filter(ImageFilter.GaussianBlur(size / 160))
    if change == "moved":
        shift = size // 30
        smeared = Image.new("RGB", image.size)
        # The mean of copies that are each shifted a little further.
        for number in range(shift):
            moved = image.transform(image.size, Image.Transform.AFFINE, (1, 0, number - shift / 2, 0, 1, 0))
            smeared = Image.blend(smeared, moved, 1 / (number + 1))
        return smeared.crop((shift, 0, image.width - shift, image.height))
    if change == "dark":
        return ImageEnhance.Brightness(image).enhance(0.3)
    if change == "toned":
        return ImageOps.colorize(ImageOps.grayscale(image), (28, 16, 4), (255, 240, 204), (150, 112, 70))
    return image


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = METADATA[0x010F], METADATA[0x0110]
    details = exif.get_ifd(0x8769)
    details |= {0x9003: METADATA["taken"], 0x829A: METADATA["exposure"]}
    details |= {0x829D: METADATA["aperture"], 0x8827: METADATA["iso"]}
    return exif


def _skimage() -> Path:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SystemExit("The photographs need scikit-image: scripts/setup test")
    return Path(spec.origin).parent / "data"
