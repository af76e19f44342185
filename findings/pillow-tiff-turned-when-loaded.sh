#!/usr/bin/env bash
# Pillow turns a TIFF by its orientation as it is loaded, and takes the tag away; all other formats it leaves as stored.
#
# Pillow 13.0.0, Linux.
#
# So of a TIFF, `size` is the turned one from the start, and `getexif()` tells the orientation before `load` and none
# after it. A program that notes the orientation first, as one does with JPEG, and turns the pixels itself, turns TIFF
# twice; one that takes the stored size from `size` is wrong for TIFF alone. `ImageOps.exif_transpose` is right for all,
# as it looks after loading.
#
# Output seen:
#   JPEG: opened 40 x 20, orientation 6; loaded 40 x 20, orientation 6; exif_transpose 20 x 40
#   PNG: opened 40 x 20, orientation 6; loaded 40 x 20, orientation 6; exif_transpose 20 x 40
#   WEBP: opened 40 x 20, orientation 6; loaded 40 x 20, orientation 6; exif_transpose 20 x 40
#   TIFF: opened 20 x 40, orientation 6; loaded 20 x 40, orientation None; exif_transpose 20 x 40
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io

from PIL import Image, ImageOps

ORIENTATION = 274


def state(image):
    return f"{image.width} x {image.height}, orientation {image.getexif().get(ORIENTATION)}"


exif = Image.Exif()
exif[ORIENTATION] = 6
for name in ("JPEG", "PNG", "WEBP", "TIFF"):
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(file, name, exif=exif)
    with Image.open(file) as image:
        opened = state(image)
        image.load()
        turned = ImageOps.exif_transpose(image)
        print(f"{name}: opened {opened}; loaded {state(image)}; exif_transpose {turned.width} x {turned.height}")
PYTHON
diff "$folder/output" - <<'EXPECTED'
JPEG: opened 40 x 20, orientation 6; loaded 40 x 20, orientation 6; exif_transpose 20 x 40
PNG: opened 40 x 20, orientation 6; loaded 40 x 20, orientation 6; exif_transpose 20 x 40
WEBP: opened 40 x 20, orientation 6; loaded 40 x 20, orientation 6; exif_transpose 20 x 40
TIFF: opened 20 x 40, orientation 6; loaded 20 x 40, orientation None; exif_transpose 20 x 40
EXPECTED
