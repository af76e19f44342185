#!/usr/bin/env bash
# PDFium hands out text that no page shows: words outside the crop box are extracted with the rest.
#
# pypdfium2 5.15.2 (its PDFium), Linux.
#
# A page is shown and printed as its crop box cuts it; size and rendering follow that box. The text page does not: it
# holds the words that were cut away, such as printers' marks, the other half of a spread that was cut in two, or what
# somebody meant to remove by cropping. Asked for the text within bounds, and given none, the library takes the box.
#
# Output seen:
#   size of the page: (595.0, 442.0)
#   rows with ink: only where the first line stands
#   get_text_range(): ['Visible words', 'Words outside']
#   get_text_bounded(): ['Visible words']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import pypdfium2

CONTENT = b"BT /F1 24 Tf 60 700 Td (Visible words) Tj 0 -600 Td (Words outside) Tj ET"
OBJECTS = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/CropBox[0 400 595 842]/Contents 4 0 R"
    b"/Resources<</Font<</F1 5 0 R>>>>>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(CONTENT), CONTENT),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
]
data, offsets = b"%PDF-1.4\n", []
for number, body in enumerate(OBJECTS, 1):
    offsets.append(len(data))
    data += b"%d 0 obj%s endobj\n" % (number, body)
start = len(data)
data += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
data += b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start

page = pypdfium2.PdfDocument(data)[0]
words = page.get_textpage()
print("size of the page:", page.get_size())
rows = (page.render(scale=1).to_numpy() < 128).any((1, 2)).nonzero()[0]
print("rows with ink:", "only where the first line stands" if 110 < rows.min() <= rows.max() < 150 else rows)
print("get_text_range():", words.get_text_range().split("\r\n"))
print("get_text_bounded():", words.get_text_bounded().split("\r\n"))
PYTHON
diff "$folder/output" - <<'EXPECTED'
size of the page: (595.0, 442.0)
rows with ink: only where the first line stands
get_text_range(): ['Visible words', 'Words outside']
get_text_bounded(): ['Visible words']
EXPECTED
