#!/usr/bin/env bash
# RapidOCR finds no text in a 16-bit grey picture, and says so as of an empty page; the same in 8 bits is read.
#
# rapidocr 3.10.0, onnxruntime 1.32.0, Pillow 13.0.0, Linux.
#
# Scanners and medical and microscope cameras write 16-bit grey PNG and TIFF. Handed over as bytes, such a picture is
# opened with Pillow and made 8-bit by clipping, so everything brighter than 255 of 65,535 is white; handed over as an
# array of uint16, it is taken for values of 0 to 255. Nothing raises: the detector sees a white page. Divide by 257 first.
#
# Output seen:
#   8-bit PNG: INVOICE 4711
#   16-bit PNG: nothing
#   16-bit array: nothing
#   16-bit array divided by 257: INVOICE 4711
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    rapidocr==3.10.0 onnxruntime==1.32.0 pillow==13.0.0 opencv-python-headless==4.14.0.94 2>/dev/null
# rapidocr wants OpenCV with windows, which a server has no libraries for.
"$folder/venv/bin/pip" uninstall --quiet --yes opencv-python 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps \
    opencv-python-headless==4.14.0.94 2>/dev/null
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON' | grep -v INFO | tee "$folder/output"
import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidocr import RapidOCR

page = Image.new("L", (500, 120), 255)
ImageDraw.Draw(page).text((30, 35), "INVOICE 4711", font=ImageFont.load_default(40), fill=0)
deep = np.asarray(page).astype(np.uint16) * 257
read = RapidOCR()


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def told(name, given):
    lines = read(given).txts
    print(f"{name}: {' '.join(lines) if lines else 'nothing'}", flush=True)


told("8-bit PNG", png(page))
told("16-bit PNG", png(Image.fromarray(deep)))
told("16-bit array", deep)
told("16-bit array divided by 257", (deep // 257).astype(np.uint8))
PYTHON
diff "$folder/output" - <<'EXPECTED'
8-bit PNG: INVOICE 4711
16-bit PNG: nothing
16-bit array: nothing
16-bit array divided by 257: INVOICE 4711
EXPECTED
