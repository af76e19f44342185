"""Scanned documents and forms."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import records, schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a scanned or photographed document or form. Say what kind of document it is, from whom to whom, about what,
and what it demands or states; mention stamps, signatures, crossings-out and parts that cannot be read.
- kind: the kind in lower case, such as "invoice", "receipt", "form", "letter", "statement", "certificate", "contract".
- title: the title as written.
- fields: labels with the values written beside or beneath them, in reading order; value null where nothing is filled
  in. Lines of tables are no fields.
- dates: every date, as written, once each.
- amounts: every amount of money with its currency as written, once each. Never add amounts up.
"""

CATEGORY = Category(
    name="document",
    title="Document",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "kind": text('The kind of document, such as "invoice".', longest=60),
            "title": text("The title as written."),
            "fields": records(
                "Labels and their values.",
                {"label": text("The label."), "value": text("The value, as written.", longest=400)},
                most=60,
            ),
            "dates": texts("Dates, as written.", longest=60),
            "amounts": texts("Amounts of money, as written.", longest=60),
        }
    ),
)
