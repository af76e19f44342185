#!/usr/bin/env bash
# libvips gives a GIF the size of its first frame instead of its canvas, but only for some sizes of the canvas.
#
# libvips 8.18.7 (pyvips 3.2.0, pyvips-binary 8.18.7); beside it Pillow 13.0.0, which always gives the canvas.
#
# The logical screen of a GIF may be larger than its first frame. libvips keeps the screen's size for 320 x 200 or
# 2000 x 2000, but takes 640 x 480, 800 x 600, 1024 x 768 and anything with a side of more than 2048 pixels for a value
# that old programs wrote by habit, and shrinks the picture to the frame. Whatever is placed by coordinates on the canvas
# (boxes, thumbnails with a margin) is then off, for the sizes that are most usual.
#
# Output seen:
#   320x200: libvips 320x200, Pillow 320x200
#   640x480: libvips 10x10, Pillow 640x480
#   1024x768: libvips 10x10, Pillow 1024x768
#   2000x2000: libvips 2000x2000, Pillow 2000x2000
#   2049x100: libvips 10x10, Pillow 2049x100
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pyvips==3.2.0 pyvips-binary==8.18.7 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io
import struct

import pyvips
from PIL import Image

frame = io.BytesIO()
Image.new("P", (10, 10), 1).save(frame, "GIF")
for size in ((320, 200), (640, 480), (1024, 768), (2000, 2000), (2049, 100)):
    gif = bytearray(frame.getvalue())
    gif[6:10] = struct.pack("<HH", *size)
    by_libvips = pyvips.Image.new_from_buffer(bytes(gif), "")
    by_pillow = Image.open(io.BytesIO(gif))
    print(
        f"{size[0]}x{size[1]}: libvips {by_libvips.width}x{by_libvips.height}, "
        f"Pillow {by_pillow.width}x{by_pillow.height}"
    )
PYTHON
diff "$folder/output" - <<'EXPECTED'
320x200: libvips 320x200, Pillow 320x200
640x480: libvips 10x10, Pillow 640x480
1024x768: libvips 10x10, Pillow 1024x768
2000x2000: libvips 2000x2000, Pillow 2000x2000
2049x100: libvips 10x10, Pillow 2049x100
EXPECTED
