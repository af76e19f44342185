"""The small grey copy of a decoded picture by which its copies are found (`domain/fingerprint.py`)."""

from PIL import Image

from scopix_server.domain.fingerprint import SIDE, Fingerprint

__all__ = ["fingerprint_of"]


def fingerprint_of(image: Image.Image) -> Fingerprint:
    """Return it for a picture of mode RGB, turned upright."""
    # Reduced cheaply to eight times the side; from there on weighed by distance. Pillow's box takes pixels whole or not
    # at all, so that a copy of half the size would differ from its picture.
    small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=8.0)
    red, green, blue = small.resize((1, 1), Image.Resampling.BOX).tobytes()
    return Fingerprint(small.convert("L").tobytes(), (red, green, blue))
