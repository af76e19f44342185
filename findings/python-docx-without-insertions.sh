#!/usr/bin/env bash
# python-docx leaves out what was inserted with changes tracked, and what stands in form fields, without a word.
#
# python-docx 1.2.0, Linux.
#
# `Paragraph.text` and `Document.paragraphs` look at the direct children only: runs within a tracked insertion
# (`w:ins`), a content control (`w:sdt`, which Word's forms and cover pages are made of) or a field (`w:fldSimple`) are
# not among them, and a paragraph that stands in a content control as a whole is no paragraph of the document. Word shows
# all of these. A contract that somebody edited with tracking on, or a form that somebody filled in, so loses just what
# was entered; nothing raises, and the text around it reads well.
#
# Output seen:
#   in the file: Total: 1,250 EUR | Name: Ada | Page 7 | As agreed
#   python-docx: Total:  | Name:  | Page
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-docx==1.2.0 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/output"
import io

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

NAMESPACE = nsdecls("w")


def element(outer, text, attributes=""):
    run = f"<w:r><w:t>{text}</w:t></w:r>"
    inner = f"<w:sdtContent>{run}</w:sdtContent>" if outer == "sdt" else run
    return parse_xml(f"<w:{outer} {NAMESPACE} {attributes}>{inner}</w:{outer}>")


document = Document()
tracked = 'w:id="1" w:author="A" w:date="2026-01-01T00:00:00Z"'
document.add_paragraph("Total: ")._p.append(element("ins", "1,250 EUR", tracked))
document.add_paragraph("Name: ")._p.append(element("sdt", "Ada"))
document.add_paragraph("Page ")._p.append(element("fldSimple", "7", 'w:instr="PAGE"'))
whole = "<w:p><w:r><w:t>As agreed</w:t></w:r></w:p>"
control = parse_xml(f"<w:sdt {NAMESPACE}><w:sdtContent>{whole}</w:sdtContent></w:sdt>")
document.element.body.insert(3, control)
file = io.BytesIO()
document.save(file)

read = Document(io.BytesIO(file.getvalue()))
stored = ["".join(t.text for t in p.iter(qn("w:t"))) for p in read.element.body.iter(qn("w:p"))]
print("in the file:", " | ".join(stored))
print("python-docx:", " | ".join(paragraph.text for paragraph in read.paragraphs).rstrip())
PYTHON
diff "$folder/output" - <<'EXPECTED'
in the file: Total: 1,250 EUR | Name: Ada | Page 7 | As agreed
python-docx: Total:  | Name:  | Page
EXPECTED
