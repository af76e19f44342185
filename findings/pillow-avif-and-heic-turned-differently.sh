#!/usr/bin/env bash
# The same turn, stored in the same way, comes back as turned pixels from a HEIC file and as an EXIF tag from an AVIF.
#
# Pillow 13.0.0 (libavif 1.4.2), pi-heif 1.4.0 (libheif 1.23.0), pillow-heif 1.8.1 to write the HEIC, Linux.
#
# Both formats are HEIF containers, and both tell a turn by the property `irot`, which players follow whatever EXIF says.
# Opened by Pillow, the HEIC (by the plugin pi-heif) has its sides exchanged and an orientation of 1. The AVIF (by Pillow
# itself) has the size as stored, and its `getexif()` tells the property as an orientation that is still to be applied.
# Code that has learnt from HEIC that the decoder turns the formats of this family shows AVIFs lying down.
#
# Output seen:
#   HEIC: irot in the file: True, size (20, 40), orientation told by EXIF: 1
#   AVIF: irot in the file: True, size (40, 20), orientation told by EXIF: 6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pi-heif==1.4.0 pillow-heif==1.8.1 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io

import pi_heif
import pillow_heif
from PIL import Image

pi_heif.register_heif_opener()
picture = Image.new("RGB", (40, 20), "red")


turn = Image.Exif()
turn[0x0112] = 6
heic, avif = io.BytesIO(), io.BytesIO()
pillow_heif.from_pillow(picture).save(heic, exif=turn.tobytes())
picture.save(avif, "AVIF", exif=turn)

for name, data in (("HEIC", heic.getvalue()), ("AVIF", avif.getvalue())):
    with Image.open(io.BytesIO(data)) as image:
        told = image.getexif().get(0x0112)
        print(f"{name}: irot in the file: {b'irot' in data}, size {image.size}, orientation told by EXIF: {told}")
PYTHON
diff "$folder/output" - <<'EXPECTED'
HEIC: irot in the file: True, size (20, 40), orientation told by EXIF: 1
AVIF: irot in the file: True, size (40, 20), orientation told by EXIF: 6
EXPECTED
