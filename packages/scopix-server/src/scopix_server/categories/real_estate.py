"""Pictures of property, and adverts of it."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import count, schema_of, text, texts

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a photograph or an advert of a property. Describe what a buyer or tenant wants to know: what kind of
property or room it is, its size as it appears, light, floor, fittings, condition, surroundings and what can be seen
from it. Praise nothing that cannot be seen.
- property_type: the kind of property, such as "terraced house", if it is written or plain to see.
- address, price and area: only as written. Never estimate an area or a price.
- bedrooms and bathrooms: the numbers stated in text; do not count rooms that are merely seen.
- rooms: the kinds of rooms that are seen or named.
- features: what is seen or written, such as "balcony", "fireplace", "fitted kitchen", "garage".
"""

CATEGORY = Category(
    name="real_estate",
    title="Real estate",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "property_type": text('The kind of property, such as "terraced house".', longest=80),
            "address": text("The address as written."),
            "price": text("The price or rent as written.", longest=80),
            "area": text("The area as written, with its unit.", longest=60),
            "bedrooms": count("The number of bedrooms as stated.", most=100),
            "bathrooms": count("The number of bathrooms as stated.", most=100),
            "rooms": texts("Kinds of rooms that are seen or named.", longest=80),
            "features": texts("Features that are seen or written.", longest=80),
        }
    ),
)
