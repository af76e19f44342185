#!/usr/bin/env bash
# Pillow opens a TIFF of 16-bit RGB whose colours lie in separate planes without an error, and gives wrong pixels.
#
# Pillow 13.0.0, tifffile 2026.3.3, numpy 2.4.6, Linux.
#
# A picture of one colour is written twice, its samples interleaved and in planes (PlanarConfiguration 1 and 2), which
# are both baseline choices of TIFF 6.0. Interleaved, all pixels have the colour. In planes, `load` raises nothing and
# the mode is RGB, but some pixels come out black. Eight bits in planes are right. Scanners and scientific
# software write such files; whoever takes them in has to decode them with another library.
#
# Output seen:
#   16 bits, interleaved: mode RGB, pixels of the right colour: 24 of 24
#   16 bits, planes: mode RGB, pixels of the right colour: wrong
#   8 bits, planes: mode RGB, pixels of the right colour: 24 of 24
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io

import numpy as np
import tifffile
from PIL import Image

for bits, planar, name in [(16, "contig", "interleaved"), (16, "separate", "planes"), (8, "separate", "planes")]:
    colour = np.array([0xC0, 0x80, 0x20], np.uint16) << (bits - 8)
    pixels = np.broadcast_to(colour.astype(f"uint{bits}"), (4, 6, 3))
    file = io.BytesIO()
    planes = pixels if planar == "contig" else np.moveaxis(pixels, 2, 0)
    tifffile.imwrite(file, np.ascontiguousarray(planes), photometric="rgb", planarconfig=planar)
    with Image.open(file) as image:
        right = int((np.asarray(image) == (0xC0, 0x80, 0x20)).all(-1).sum())
        told = f"{right} of {pixels.shape[0] * pixels.shape[1]}" if right == 24 else "wrong"
        print(f"{bits} bits, {name}: mode {image.mode}, pixels of the right colour: {told}")
PYTHON
diff "$folder/output" - <<'EXPECTED'
16 bits, interleaved: mode RGB, pixels of the right colour: 24 of 24
16 bits, planes: mode RGB, pixels of the right colour: wrong
8 bits, planes: mode RGB, pixels of the right colour: 24 of 24
EXPECTED
