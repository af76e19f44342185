#!/usr/bin/env bash
# PDFium gives one character that is no text for a hyphen at a line's end together with the line break: U+FFFE or U+0002.
#
# pypdfium2 5.15.2 (PDFium 159.0.8149.0), Linux.
#
# Where a line ends with a hyphen and the next begins with a letter, the text has neither the hyphen nor the line break:
# `get_text_range` has U+FFFE there, `get_text_bounded` U+0002 for the same place. Shown, both are nothing or a box;
# searched, neither "example" nor "exam-ple" is found; XML 1.0 allows neither character. Words that
# have a hyphen of their own ("well-known") lose it in the same way. Within a line a hyphen is a hyphen.
# `FPDFText_IsHyphen` of the character tells these apart from a sign that is broken.
#
# Output seen:
#   get_text_range: 'an exam\ufffeple\r\nis well\ufffeknown\r\nor well-known'
#   get_text_bounded: 'an exam\x02ple\r\nis well\x02known\r\nor well-known'
#   IsHyphen at: 7, 20
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 reportlab==4.4.4 2>/dev/null
"$folder/venv/bin/python" - "$folder/page.pdf" <<'PYTHON' | tee "$folder/output"
import sys

import pypdfium2
import pypdfium2.raw
from reportlab.pdfgen.canvas import Canvas

canvas = Canvas(sys.argv[1], pagesize=(300, 200))
for number, line in enumerate(["an exam-", "ple", "is well-", "known", "or well-known"]):
    canvas.drawString(20, 150 - 15 * number, line)
canvas.save()

document = pypdfium2.PdfDocument(sys.argv[1])
text = document[0].get_textpage()
print("get_text_range:", ascii(text.get_text_range()))
print("get_text_bounded:", ascii(text.get_text_bounded()))
hyphens = [n for n in range(text.count_chars()) if pypdfium2.raw.FPDFText_IsHyphen(text.raw, n) == 1]
print("IsHyphen at:", ", ".join(map(str, hyphens)))
PYTHON
diff "$folder/output" - <<'EXPECTED'
get_text_range: 'an exam\ufffeple\r\nis well\ufffeknown\r\nor well-known'
get_text_bounded: 'an exam\x02ple\r\nis well\x02known\r\nor well-known'
IsHyphen at: 7, 20
EXPECTED
