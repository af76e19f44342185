#!/usr/bin/env bash
# Pillow loses the transparent colour of a PNG with 16 bits a channel, unless both bytes of each sample are the same.
#
# Pillow 13.0.0; beside it libvips 8.18.7 (pyvips 3.2.0, pyvips-binary 8.18.7), which keeps it.
#
# A PNG of colour type 2 may name one colour that stands for "transparent" (tRNS). With 16 bits a channel Pillow keeps
# the upper byte of each sample, and `info["transparency"]` with all 16 bits; `convert("RGBA")` then compares the two by
# the lower byte. The picture is opaque, without a warning, except for keys such as 0xC8C8, with which one would test.
#
# Output seen:
#   0xC8C8: Pillow alpha 0, libvips alpha 0
#   0xC812: Pillow alpha 255, libvips alpha 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pyvips==3.2.0 pyvips-binary==8.18.7 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io
import struct
import zlib

import pyvips
from PIL import Image


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


for sample in (0xC8C8, 0xC812):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    key, pixel = struct.pack(">HHH", sample, sample, sample), b"\0" + struct.pack(">HHH", sample, sample, sample)
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"tRNS", key) + chunk(b"IDAT", zlib.compress(pixel)) + chunk(b"IEND", b"")
    by_pillow = Image.open(io.BytesIO(png)).convert("RGBA").getpixel((0, 0))[3]
    by_libvips = pyvips.Image.new_from_buffer(png, "").getpoint(0, 0)[3]
    print(f"0x{sample:04X}: Pillow alpha {by_pillow}, libvips alpha {by_libvips:.0f}")
PYTHON
diff "$folder/output" - <<'EXPECTED'
0xC8C8: Pillow alpha 0, libvips alpha 0
0xC812: Pillow alpha 255, libvips alpha 0
EXPECTED
