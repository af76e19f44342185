#!/usr/bin/env bash
# OpenCV's `imread` gives nothing for a TIFF that is to be turned by a quarter; `imdecode` of the same bytes works.
#
# opencv-python-headless 4.12.0.88 and 4.14.0.94, Linux (4.10.0.84 reads all of them).
#
# Scanners and phones' scanning programs write TIFF with an orientation of 5 to 8 for pages that lay on their side.
# libtiff turns such a page as it is read, so it comes out with width and height exchanged, which `imread` takes for an
# error: it logs "'original_ptr == real_mat.data' must be 'true'" and returns None, as for a file that is missing. No
# flag helps, not even IMREAD_IGNORE_ORIENTATION. `imreadmulti` reads the page, and so does `imdecode`. (Both turn it
# whatever the flags say; a JPEG's turn they leave when told to.)
#
# Output seen:
#   orientation 1: imread 40 x 20, imdecode 40 x 20, imreadmulti 40 x 20
#   orientation 3: imread 40 x 20, imdecode 40 x 20, imreadmulti 40 x 20
#   orientation 6: imread nothing, imdecode 20 x 40, imreadmulti 20 x 40
#   orientation 8: imread nothing, imdecode 20 x 40, imreadmulti 20 x 40
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    opencv-python-headless==4.14.0.94 pillow==13.0.0 2>/dev/null
"$folder/venv/bin/python" - "$folder/page.tif" 2>/dev/null <<'PYTHON' | tee "$folder/output"
import sys

import cv2
import numpy as np
from PIL import Image

path = sys.argv[1]


def size(pixels):
    return "nothing" if pixels is None else f"{pixels.shape[1]} x {pixels.shape[0]}"


for orientation in (1, 3, 6, 8):
    Image.new("RGB", (40, 20), "white").save(path, tiffinfo={274: orientation})
    data = np.fromfile(path, np.uint8)
    _, pages = cv2.imreadmulti(path, flags=cv2.IMREAD_COLOR)
    print(
        f"orientation {orientation}: imread {size(cv2.imread(path))}, imdecode {size(cv2.imdecode(data, 1))}, "
        f"imreadmulti {size(pages[0])}"
    )
PYTHON
diff "$folder/output" - <<'EXPECTED'
orientation 1: imread 40 x 20, imdecode 40 x 20, imreadmulti 40 x 20
orientation 3: imread 40 x 20, imdecode 40 x 20, imreadmulti 40 x 20
orientation 6: imread nothing, imdecode 20 x 40, imreadmulti 20 x 40
orientation 8: imread nothing, imdecode 20 x 40, imreadmulti 20 x 40
EXPECTED
