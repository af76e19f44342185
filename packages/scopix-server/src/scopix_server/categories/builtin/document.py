"""Scanned documents and forms."""

import math
import re
from collections.abc import Sequence

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import record, records, schema_of, text, texts
from scopix_server.domain.description import Perception, TextRegion
from scopix_server.domain.phrases import Statement, quote
from scopix_server.reading.entities import MONEY, find_entities
from scopix_server.reading.facts import labelled_facts
from scopix_server.reading.layout import Layout, read_layout
from scopix_server.reading.pages import ISSUED, document_kind, document_noun, empty_labels, page_title
from scopix_server.reading.receipts import Receipt, read_receipt

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a scanned or photographed document or form. Say what kind of document it is, from whom to whom, about what,
and what it demands or states; mention stamps, signatures, crossings-out and parts that cannot be read.
- kind: the kind in lower case, such as "invoice", "receipt", "form", "letter", "statement", "certificate", "contract".
- title: the title as written.
- fields: labels with the values written beside or beneath them, in reading order; value null where nothing is filled
  in. Lines of tables are no fields.
- sender, address: who issued a receipt or an invoice, and that sender's address, as written.
- total: the sum to pay as written, without its currency, and the currency's sign or code as written.
- date: the day on which it was issued, as written.
- dates: every date, as written, once each.
- amounts: every amount of money with its currency as written, once each. Never add amounts up.
"""

_SCHEMA = schema_of(
    {
        "kind": text('The kind of document, such as "invoice".', max_length=60),
        "title": text("The title as written."),
        "fields": records(
            "Labels and their values.",
            {"label": text("The label."), "value": text("The value, as written.", max_length=400)},
            max_items=60,
        ),
        "sender": text("Who issued a receipt or an invoice."),
        "address": text("The sender's address, as written.", max_length=300),
        "total": record(
            "The sum to pay.",
            {
                "amount": text("The amount, as written.", max_length=40),
                "currency": text("The currency's sign or code, as written.", max_length=10),
            },
        ),
        "date": text("The day it was issued, as written.", max_length=60),
        "dates": texts("Dates, as written.", max_length=60),
        "amounts": texts("Amounts of money, as written.", max_length=60),
    }
)

_PRICED = frozenset({"invoice", "receipt", "quotation", "purchase order", "statement", "payslip", "page with prices"})
"""Kinds on which a number with two decimals is an amount of money, also without a currency."""
_CURRENCY = re.compile(
    r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|CAD|AUD|NZD|JPY|INR|SEK|NOK|DKK|PLN|CZK))\s?-?\d{1,3}(?:[,.' ]?\d{3}){0,3}"
    r"(?:[.,]\d{2}|[.,]-)?(?!\d)"
    r"|(?<![\w.,])-?\d{1,3}(?:[,.' ]?\d{3}){0,3}(?:[.,]\d{2}|[.,]-)?"
    r"\s?(?:€|£|(?:USD|EUR|GBP|CHF|CAD|AUD|SEK|NOK|DKK|PLN|CZK)\b)",
    re.IGNORECASE,
)


def extract(perception: Perception) -> Extraction:
    """Find the kind by the page's own words, labels with their values, dates and amounts by their form."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    kind = document_kind(layout)
    if kind is not None:
        found.put("kind", kind[0], regions=kind[1])
    title = page_title(layout)
    if title is not None:
        found.put("title", title.text, regions=title.indices)
    _find_fields(found, layout, form=kind is not None and kind[0] == "form")
    for date, index in find_entities((line.index, line.text) for line in layout.lines).get("date", []):
        found.add("dates", date, regions=[index])
    noun = document_noun(layout)
    receipt = read_receipt(layout) if noun in ISSUED else None
    if receipt is not None:
        _find_issued(found, receipt, perception.text)
    priced = noun in _PRICED
    # "55,57 & 59" are houses.
    addressed = receipt.address.indices if receipt is not None and receipt.address is not None else ()
    for line in layout.lines:
        if line.index in addressed:
            continue
        money = [match[0] for match in _CURRENCY.finditer(line.text)]
        if not money and priced:
            money = [match[0] for match in MONEY.finditer(line.text)]
        for amount in money:
            found.add("amounts", amount.strip(), regions=[line.index])
    found.say("dates", "Dates on it: {}.", shown=str)
    found.say("amounts", "Amounts on it: {}.", shown=str)
    found.tag("kind")
    return found.extraction()


def _find_issued(found: Findings, receipt: Receipt, lines: Sequence[TextRegion]) -> None:
    """Fill what a receipt or an invoice states, and say it in one sentence.

    A value is as sure as its rule, if the reader is as sure of each of its lines as it says.
    """
    parts: list[str] = []
    regions: list[int] = []
    sender, address, total, date = receipt.sender, receipt.address, receipt.total, receipt.date
    for name, one, phrase in (("sender", sender, "from {}"), ("address", address, "of {}"), ("date", date, "dated {}")):
        if one is not None:
            confidence = one.confidence * math.prod(lines[index].confidence for index in one.indices)
            found.put(name, one.text, confidence=round(confidence, 3), regions=one.indices)
            parts.append(phrase.format(quote(one.text, 120)))
            regions += one.indices
    if total is not None:
        confidence = round(total.confidence * math.prod(lines[index].confidence for index in total.indices), 3)
        found.put("total/amount", total.amount, confidence=confidence, regions=total.indices)
        found.put("total/currency", total.currency or None, confidence=confidence, regions=total.indices)
        parts.append(f"over {quote(' '.join(filter(None, (total.currency, total.amount))))}")
        regions += total.indices
    if parts:
        found.state(Statement(f"It is {', '.join(parts)}.", {"regions": sorted(set(regions))}))


def _find_fields(found: Findings, layout: Layout, *, form: bool) -> None:
    pairs = layout.fields()
    used = {index for pair in pairs for index in pair.indices}
    pairs += [pair for pair in labelled_facts(layout) if not used & set(pair.indices)]
    for pair in sorted(pairs, key=lambda pair: pair.indices):
        found.add("fields", {"label": pair.label.rstrip(" :"), "value": pair.value}, regions=pair.indices)
    used = {index for pair in pairs for index in pair.indices}
    for line in empty_labels(layout) if form else ():
        if line.index not in used:
            found.add("fields", {"label": line.text.rstrip(" :"), "value": None}, regions=[line.index])


CATEGORY = Category(name="document", title="Document", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract)
