"""Product photography."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

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

CATEGORY = Category(
    name="product_photo",
    title="Product photo",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "brand": text("The brand as written.", longest=100),
            "product": text("The product's name as written.", longest=120),
            "model": text("The model or article number as written.", longest=80),
            "contents": text("The amount as written.", longest=80),
            "packaging_text": texts("Texts on the product and its packaging."),
            "colours": texts("Colours of the product.", most=8, longest=40),
        }
    ),
)
