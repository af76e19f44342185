"""Of an animation, the first frame that shows something."""

from typing import Final

import numpy as np
from PIL import Image

__all__ = ["clear_around", "first_with_content", "is_blank"]

_SAMPLE: Final = 256
"""Pixels of the longest side that is looked at: a spinner of a few pixels is still there."""
_SEEN: Final = 64
"""Of 255: from that alpha on a pixel can be seen."""
_FLAT: Final = 12
"""Of 255, between the darkest and the lightest pixel: noise of compression on one colour stays below."""
_MAX_FRAMES: Final = 60
"""An opening that is blank for longer than two seconds of film is taken for what the animation shows."""
_MAX_PIXELS: Final = 400_000_000
"""Of all frames that are decoded: 4 s of a core at 10 ns a pixel."""
_MAX_CANVAS: Final = 40_000_000
"""Pixels of one frame: from the second on Pillow holds three pictures of 4 bytes a pixel."""


def first_with_content(image: Image.Image) -> int:
    """Bring a loaded image to its first frame that is not blank, and return that frame's number, from 1.

    Where all that may be looked at are blank, or a later one is broken, it is the first again.
    """
    if not is_blank(image) or not getattr(image, "is_animated", False):
        return 1
    pixels = image.width * image.height
    if pixels <= _MAX_CANVAS:
        try:
            for number in range(1, min(_MAX_FRAMES, _MAX_PIXELS // pixels)):
                image.seek(number)
                image.load()
                if not is_blank(image):
                    return number + 1
        except (EOFError, OSError, ValueError, SyntaxError):
            pass  # the last one is behind us, or one is broken
        image.seek(0)
        image.load()
    return 1


def clear_around(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Return the picture with all clear that lies outside of `box` (left, top, right, bottom).

    Pillow fills that with the GIF's background colour, browsers do not. Beyond 40 million pixels it stays so.
    """
    if image.width * image.height > _MAX_CANVAS:
        return image
    clear = Image.new("RGBA", image.size)
    clear.paste(image.crop(box).convert("RGBA"), box[:2])
    return clear


def is_blank(image: Image.Image) -> bool:
    """Whether all that can be seen of a frame has one colour."""
    scale = min(1.0, _SAMPLE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    sample = image.resize(size, Image.Resampling.NEAREST)
    sample.info = dict(image.info)
    pixels = np.asarray(sample.convert("RGBA")).reshape(-1, 4)
    seen = pixels[pixels[:, 3] >= _SEEN]
    if len(seen) == 0:
        return True
    # Something clear beside something that is seen is a shape.
    return len(seen) == len(pixels) and int(np.ptp(seen[:, :3], axis=0).max()) <= _FLAT
