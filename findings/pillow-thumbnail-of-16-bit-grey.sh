#!/usr/bin/env bash
# Pillow's `thumbnail` of a 16-bit grey picture works until the picture is three times as large, and raises then.
#
# Pillow 13.0.0, Linux.
#
# `Image.thumbnail` shrinks in whole steps first (`reducing_gap=2.0` is its default), and `reduce` does not know the
# mode "I;16", which every 16-bit grey PNG and TIFF has. So a program that was tried with pictures somewhat larger than
# its thumbnails fails on those of scanners and of X-ray and depth cameras. `resize` does not shrink in steps unless
# asked, and `thumbnail(..., reducing_gap=None)` works.
#
# Output seen:
#   100 px to 64: mode I;16, 64 px
#   1000 px to 64: ValueError: image has wrong mode
#   1000 px to 64, reducing_gap=None: mode I;16, 64 px
#   1000 px to 64, by resize: mode I;16, 64 px
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io

from PIL import Image


def shrink(name, side, how):
    file = io.BytesIO()
    Image.new("I;16", (side, side), 40_000).save(file, "PNG")
    with Image.open(file) as image:
        try:
            small = how(image) or image
            print(f"{name}: mode {small.mode}, {small.width} px")
        except ValueError as error:
            print(f"{name}: ValueError: {error}")


shrink("100 px to 64", 100, lambda image: image.thumbnail((64, 64)))
shrink("1000 px to 64", 1000, lambda image: image.thumbnail((64, 64)))
shrink("1000 px to 64, reducing_gap=None", 1000, lambda image: image.thumbnail((64, 64), reducing_gap=None))
shrink("1000 px to 64, by resize", 1000, lambda image: image.resize((64, 64)))
PYTHON
diff "$folder/output" - <<'EXPECTED'
100 px to 64: mode I;16, 64 px
1000 px to 64: ValueError: image has wrong mode
1000 px to 64, reducing_gap=None: mode I;16, 64 px
1000 px to 64, by resize: mode I;16, 64 px
EXPECTED
