"""Product photography."""

import re

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import Line, read_layout

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a photograph of a product. Describe the product as a buyer needs it: what it is, its shape, colours,
surface and parts, its packaging, and how it is shown.
- brand and product: only as written on the product or its packaging; a shape or a colour never names a brand.
- model: the model or article number as written.
- contents: the amount as written, such as "250 ml" or "12 pieces".
- packaging_text: the other texts on the product and its packaging, line by line.
- colours: the colours of the product, not of the background.
"""

_SCHEMA = schema_of(
    {
        "brand": text("The brand as written.", max_length=100),
        "product": text("The product's name as written.", max_length=120),
        "model": text("The model or article number as written.", max_length=80),
        "contents": text("The amount as written.", max_length=80),
        "packaging_text": texts("Texts on the product and its packaging."),
        "colours": texts("Colours of the product.", max_items=8, max_length=40),
    }
)

_BRAND = re.compile(
    r"(?P<name>[^\W\d][\w&'’ .-]{1,40}?)\s?[®™]|(?:brand|marke|marque|marca)\s?:\s*(?P<named>\S.{1,60})", re.IGNORECASE
)
_PRODUCT = re.compile(r"(?:product|produkt|produit|producto)(?: name)?\s?:\s*(\S.{1,100})", re.IGNORECASE)
_MODEL = re.compile(
    r"(?:model(?: no\.?| number)?|modell|modèle|modelo|art(?:icle|ikel)?[ .-]*(?:no|nr)\.?|item no\.?|part no\.?|p/n|"
    r"sku|ref(?:erence)?\.?|type|typ)\s?[:.#]?\s*"
    r"(?P<code>(?=\S{0,30}\d)[A-Z0-9][\w./-]{1,30}(?: [A-Z0-9-]{1,12}){0,2})",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"(?<![\w.])\d{1,4}(?:[.,]\d{1,3})?\s?(?:x\s?\d{1,4}(?:[.,]\d)?\s?)?(?:ml|cl|l|g|kg|mg|oz|fl\.?\s?oz\.?|lbs?|pcs|pieces|"
    r"tablets|capsules|sheets|sachets|bags|rolls|pack|stück|pièces|piezas)(?![\w])\.?\s?℮?",
    re.IGNORECASE,
)
_CERTAIN = 0.9  # the reader's confidence from which on a line of a photograph counts


def extract(perception: Perception) -> Extraction:
    """Find the brand by its mark, model and contents by their form; the other lines are the packaging's text."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for line in layout.lines:
        if perception.text[line.index].confidence >= _CERTAIN and not _named(found, line):
            found.add("packaging_text", line.text, regions=[line.index])
    found.say("brand", "The brand on it is {}.")
    found.say("product", "The product is named {}.")
    found.say("model", "The model is {}.")
    found.say("contents", "The contents are given as {}.", shown=str)
    found.say("packaging_text", "Other text on it: {}.")
    found.tag("brand", "product", "model")
    return found.extraction()


def _named(found: Findings, line: Line) -> bool:
    """Fill what the line names, and tell whether it names anything."""
    brand = _BRAND.match(line.text)
    if brand is not None:
        found.put("brand", (brand["name"] or brand["named"]).strip(), regions=[line.index])
    product = _PRODUCT.fullmatch(line.text)
    if product is not None:
        found.put("product", product[1], regions=[line.index])
    model = _MODEL.match(line.text)
    if model is not None:
        found.put("model", model["code"], regions=[line.index])
    contents = _CONTENTS.fullmatch(line.text)
    if contents is not None:
        found.put("contents", line.text, regions=[line.index])
    return any((brand, product, model, contents))


CATEGORY = Category(
    name="product_photo",
    title="Product photo",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
    looked_at=frozenset({"colours"}),
)
