"""Words by which the parts of a receipt or an invoice are recognised. Every pattern is bounded."""

import re

from scopix_server.domain.patterns import late

__all__ = [
    "ADDRESSED",
    "AMOUNT",
    "CALLED",
    "CLOCK",
    "CURRENCY",
    "DATE_WORD",
    "HEADED",
    "IDENTITY",
    "LEGAL",
    "NO_ADDRESS",
    "NO_NAME",
    "PAID",
    "PARTIAL",
    "PAYABLE",
    "PIECE",
    "PLAIN_TOTAL",
    "REGISTERED",
    "RETURNED",
    "ROUNDING",
    "STREET",
    "SUFFIX",
    "TRADE",
]


def _words(*parts: str) -> re.Pattern[str]:
    return late("".join(parts), re.IGNORECASE)


# The sender's name -------------------------------------------------------------------------------

LEGAL = _words(
    r"\b(?:sdn|s/b|bhd|ltd|llc|llp|inc|corp|plc|gmbh|kg|ag|s\.?a\.?r\.?l|s\.?r\.?l|b\.?v|oy|ab)\b",
)
TRADE = _words(
    r"\b(?:enterprise|trading|mart|(?:super|hyper|mini)?market|stores?|shop|restaurante?|restoran|caf[eé]|coffee|",
    r"bakery|hardware|pharmacy|farmasi|stationery|stationers|perniagaan|kedai|syarikat|pasar|hotel|station|motors?|",
    r"electrical|gallery|bistro|kitchen|grill|food|apotheke|markt|b[aä]ckerei|boutique|pharmacie|farmacia|company)\b",
)
# The number under which a company is registered, behind or before its name.
REGISTERED = late(
    r"\s*(?:\((?:\w{0,3}\s?)?[\dA-Z -]{0,3}\d[\w\s-]{2,14}\)|\b\d{4,7}-[A-Z]\b(?:\s?\(\w{1,6}\))?)$|^#\d{3,8}\s+"
)
# The second line of a name.
SUFFIX = _words(
    r"(?:\w{2,6}\. \(m\) sdn bhd|\w{4,14} sdn\.? bhd\.?|sdn\.?\s?bhd\.?|bhd\.?|ltd\.?|inc\.?|gmbh|",
    r"(?:\(.{1,12}\)\s)?sdn\.?\s?bhd\.?|electrical|trading|enterprise|resources)(?:\s?\(.{1,20}\))?",
)
NO_NAME = _words(
    r"(?:tax|simplified|cash|official|sales|guest)?\s?(?:invoice|receipt|bill|check)\b.{0,12}|-+.{0,20}-+|",
    r"(?:welcome|\W{0,20}thank you|posted|paid|duplicate|copy|reprint|tel|fax|phone|date|time|gst|roc|table|cashier|",
    r"no|page)\b.{0,60}|",
    r"\(?(?:co|company|business|br|gst|roc|reg|s?st|vat|tin)\b[.\s]?(?:.{0,40}\d.{0,20}|.{0,12}no\W{0,4})",
)
HEADED = _words(r"\b(?:invoice|receipt|cash bill|customer|bill to|sold to|quittung|rechnung|facture)\b")

# The address under it ----------------------------------------------------------------------------

IDENTITY = _words(
    r"\W{0,3}(?:(?:co|company|business|br|roc|reg|gst|sst|vat|tax|tin|ssm|lot id)\b.{0,40})?\W{0,3}",
    r"[\w-]{0,3}\d[\w\s/-]{3,20}\W{0,3}|",
    r"\W{0,2}(?:co|company|business|roc|reg|gst|sst|vat|tin|ssm|br)\b.{0,50}|\W{0,2}\(?formerly.{0,60}|",
    r"\(?[a-z]{0,3}\d{4,9}-?[a-z]?\)?|\(.{1,24}\)",
)
NO_ADDRESS = _words(
    r"(?:tel|fax|phone|ph|hp|h/p|e-?mail|mail|www|http|gst|sst|vat|tax|simplified|cash|invoice|receipt|bill|date|",
    r"time|table|cashier|doc|order|counter|station|website|line|contact|hotline|mobile|welcome|customer|served|",
    r"member|whatsapp|carry out|pay by|inv|posted|site|t:|co\.? ?reg|company|roc|ssm|reg|user|slip|trans|ref|page|",
    r"no\.? ?(?:of|item)|to\b|bill to|owned)\b.{0,80}|",
    r"\W{0,2}(?:tel|fax|phone|gst)\b.{0,60}|\+?[\d\s/()-]{7,40}|.{0,60}\b(?:tel|fax)\s?:.{0,60}|",
    r"\W+.{0,30}invoice.{0,10}|.{0,30}@.{0,40}",
)
STREET = _words(
    r"\b(?:lot|no|jalan|jln|street|st|road|rd|avenue|ave|lane|plaza|mall|level|floor|unit|block|blok|bandar|taman|",
    r"tmn|kampung|kg|lorong|persiaran|lebuh|wisma|menara|jaya|seksyen|section|batu|pusat|kuala|selangor|johor|penang|",
    r"platz|weg|allee|\w{0,20}stra(?:ße|sse)|rue|via|calle|plein|boulevard|drive|suite|box)\b|\b\d{4,6}\b|",
    r"\b\d{1,4}[a-z]?,",
)
ADDRESSED = _words(
    r"\W{0,2}(?:lot|no\.?\s?\d|jalan|jln|unit \w|\d{1,2}(?:st|nd|rd|th) (?:fl|lev))\b",
)
CALLED = late(r"\d{2,3}[- ]?\d{3,4}[ -]?\d{3,4}\b(?!\s*,)|\+\d{2}")

# The sum ------------------------------------------------------------------------------------------

CURRENCY = _words(
    r"(?<![a-z])(?:RM|MYR|S\$|US\$|A\$|C\$|USD|SGD|EUR|GBP|CHF|AUD|CAD|INR|IDR|PHP|THB|ZAR|SEK|NOK|DKK|PLN|CZK|",
    r"Rp|Rs)(?![a-z])|[$€£¥₹]",
)
AMOUNT = _words(
    r"(?<![\w.,/])(?:[a-z]{1,3}\$?|[$€£¥₹])?\s?",
    r"(-?\d{1,3}(?:[,. ]\d{3}){0,3}[.,]\s?\d{2}|-?\d{1,6}[.,]\d{2})(?![\d%])",
)
PAYABLE = _words(
    r"\b(?:(?:grand|nett?|final|bill) total|total (?:nett?|due|payable|rounded|round|after|amount|amt|bill|invoice|",
    r"(?:sales )?\(?\s?(?:inc|with))|rounde?d? ?(?:d )?total|total (?:rounding|rm rounded)|",
    r"(?:amount|amt|balance) (?:due|payable)|amount to pay|to pay|zu zahlen|gesamt\w{0,12}|endbetrag|",
    r"rechnungsbetrag|montant (?:total|d[uû])|net [aà] payer|importe total)",
)
PIECE = _words(r"(?:sdn|bhd|pte|ltd|llc|inc|gmbh|co|corp|sa|srl|pty|plc)\.?,?")
PLAIN_TOTAL = _words(r"\b(?:total|totai|jumlah|summe|totale|totaal|amount|nett?|ttl|tl)\b")
PARTIAL = _words(
    r"sub.{0,2}tota|excl|before|without|w/?o |\bqty|quantity|items?\b|discount|saving|change|disc\b|point|tender|",
    r"paid|total (?:gst|tax|vat|sst|no|pcs)|(?:gst|tax|vat|mwst) (?:total|amount|amt)|service|rounding adj|",
    r"tax(?:able)? amount|cash",
)
PAID = _words(r"\b(?:cash|tender\w{0,4}|paid|visa|master|payment)\b")
RETURNED = _words(r"\bchange\b|\bbalance\b|r[uü]ckgeld")
ROUNDING = _words(r"\brounding(?: adj\w{0,10})?\b")

# The day ------------------------------------------------------------------------------------------

DATE_WORD = _words(r"\b(?:date|dt|datum|tarikh|fecha|data)\b")
CLOCK = late(r"\d{1,2}:\d{2}")
