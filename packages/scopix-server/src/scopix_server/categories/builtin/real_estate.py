"""Pictures of property, and adverts of it."""

import re

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import count, schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.reading.entities import AREA
from scopix_server.reading.layout import Layout, read_layout
from scopix_server.reading.terms import phrases, terms_in
from scopix_server.reading.words import ROOM

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

_SCHEMA = schema_of(
    {
        "property_type": text('The kind of property, such as "terraced house".', max_length=80),
        "address": text("The address as written."),
        "price": text("The price or rent as written.", max_length=80),
        "area": text("The area as written, with its unit.", max_length=60),
        "bedrooms": count("The number of bedrooms as stated.", maximum=100),
        "bathrooms": count("The number of bathrooms as stated.", maximum=100),
        "rooms": texts("Kinds of rooms that are seen or named.", max_length=80),
        "features": texts("Features that are seen or written.", max_length=80),
    }
)

_TYPES = phrases(
    *("terraced house", "terrace house", "detached house", "semi-detached house", "end-of-terrace house", "town house"),
    *("townhouse", "family house", "single-family home", "country house", "farmhouse", "cottage", "bungalow", "villa"),
    *("apartment", "flat", "studio apartment", "studio flat", "penthouse", "maisonette", "duplex", "loft", "condo"),
    *("condominium", "building plot", "barn conversion", "office space", "warehouse", "shop unit"),
    *("einfamilienhaus", "reihenhaus", "doppelhaushälfte", "eigentumswohnung", "mietwohnung", "wohnung", "maison"),
    *("appartement", "casa", "piso", "chalet"),
)
_FEATURES = phrases(
    *("balcony", "balconies", "terrace", "roof terrace", "garden", "patio", "garage", "double garage", "carport"),
    *("off-street parking", "parking space", "parking", "fireplace", "open fire", "wood burner", "lift", "elevator"),
    *("swimming pool", "fitted kitchen", "open-plan kitchen", "double glazing", "central heating", "air conditioning"),
    *("underfloor heating", "solar panel", "sea view", "river view", "mountain view", "lake view", "en-suite"),
    *("walk-in wardrobe", "conservatory", "cellar", "basement", "loft conversion", "furnished", "wheelchair access"),
    *("balkon", "terrasse", "garten", "einbauküche", "fußbodenheizung", "jardin", "piscine", "terraza", "jardín"),
)
_STREET = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|way|place|pl|square|sq|terrace|boulevard|blvd|"
    r"crescent|gardens|hill|grove|row|mews|park|walk|quay|parade|highway|circle)"
)
_ADDRESS = re.compile(
    rf"\d{{1,5}}[a-z]?(?:[-–/]\d{{1,4}})?,?\s[A-Z][\w'’-]*(?:\s[A-Z][\w'’-]*){{0,3}}\s(?i:{_STREET})\b\.?(?:,?\s.{{1,60}})?"
    r"|[A-ZÄÖÜ][\wäöüß.-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer)\s\d{1,4}[a-z]?(?:,?\s.{1,60})?"
    r"|\d{1,4}(?:\s?bis)?,?\s(?:rue|avenue|boulevard|place|chemin|impasse|quai|allée)\s.{2,60}"
    r"|(?:Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso)\s[A-Z].{1,50}\d{1,4}(?:,?\s.{1,40})?"
)
_PRICE = re.compile(
    r"(?:(?:[$€£]|\b(?:USD|EUR|GBP|CHF|AUD|CAD)\b)\s?\d{1,3}(?:[,.' ]?\d{3}){0,3}(?:[.,]\d{2})?|"
    r"\d{1,3}(?:[,.' ]\d{3}){1,3}(?:[.,]\d{2})?\s?(?:€|EUR|CHF|£))"
    r"(?:\s?(?:per (?:calendar )?(?:month|week)|p\.?c\.?m\.?|p\.?w\.?|/\s?(?:month|mo|week)|monthly|pro Monat|"
    r"par mois))?",
    re.IGNORECASE,
)
_ROOMS_SEEN = frozenset(
    {"bathroom", "bedroom", "kitchen", "living room", "dining room", "garage", "house from outside"}
)
_SEEN_FROM, _CLEARLY = 0.25, 2.0
"""Of 20 photographs of houses six lay between this and the .40 that any photograph needs, and all six were right."""
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_COUNTED = rf"(?<![\w.])(\d{{1,2}}|{'|'.join(_NUMBERS)})[\s-]?(?:double |spacious |large )?"
_BEDROOMS = re.compile(rf"{_COUNTED}(?:bed(?:room)?s?|br|schlafzimmer|chambres?|dormitorios)\b", re.IGNORECASE)
_BATHROOMS = re.compile(rf"{_COUNTED}(?:bath(?:room)?s?|ba|badezimmer|bäder|salles? de bains?|baños)\b", re.IGNORECASE)


def extract(perception: Perception) -> Extraction:
    """Find what an advert states: address, price and area by their form, numbers of rooms, features by their words."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for line in layout.lines:
        for name, pattern in (("address", _ADDRESS), ("price", _PRICE), ("area", AREA)):
            match = pattern.search(line.text)
            if match is not None:
                found.put(name, match[0].strip(), regions=[line.index])
        for name, pattern in (("bedrooms", _BEDROOMS), ("bathrooms", _BATHROOMS)):
            counted = pattern.search(line.text)
            if counted is not None:
                found.put(name, _number(counted[1]), regions=[line.index])
        if ROOM.fullmatch(line.text):
            found.add("rooms", line.text, regions=[line.index])
    for kind, line in terms_in(layout, _TYPES):
        found.put("property_type", kind.lower(), regions=[line.index])
    _find_features(found, layout)
    _see_room(found, perception)
    found.say("property_type", "It names the property a {}.", shown=str)
    found.say("address", "The address is given as {}.")
    found.say("price", "The price is given as {}.", shown=str)
    found.say("area", "The area is given as {}.", shown=str)
    found.say("bedrooms", "Bedrooms stated: {}.", shown=str)
    found.say("bathrooms", "Bathrooms stated: {}.", shown=str)
    found.say("rooms", "Rooms named: {}.")
    found.say("features", "Features named: {}.")
    found.tag("property_type", "features", "rooms")
    return found.extraction()


def _find_features(found: Findings, layout: Layout) -> None:
    for term, line in terms_in(layout, _FEATURES, _ADDRESS, _TYPES):
        found.add("features", term, regions=[line.index])


def _see_room(found: Findings, perception: Perception) -> None:
    """Add the room that the surroundings are most likely: on a picture of property less is needed than elsewhere."""
    ranked = sorted(perception.scenes, key=lambda scene: -scene.probability)
    first = next((scene for scene in ranked if scene.name in _ROOMS_SEEN), None)
    if first is None or first is not ranked[0] or first.probability < _SEEN_FROM:
        return
    if len(ranked) == 1 or first.probability >= _CLEARLY * ranked[1].probability:
        found.add("rooms", first.name, labels=[first.name])


def _number(text: str) -> int:
    return _NUMBERS[text.lower()] if text.lower() in _NUMBERS else int(text)


CATEGORY = Category(
    name="real_estate", title="Real estate", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract
)
