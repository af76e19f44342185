"""Art, paintings, illustrations."""

import re

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import Layout, Line, read_layout
from scopix_server.reading.lines import letters
from scopix_server.reading.terms import phrases, terms_in

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a work of art, a painting, a print or an illustration. Describe it as a museum's label does: what is
depicted, composition, colours, light, line and technique as far as they can be seen.
- title, artist and year: only as written on the work, its frame or a label in the image. Never attribute a work by its
  style, and never name a famous work from memory.
- signature: the signature as it can be read.
- medium: the medium or technique as it appears, such as "oil on canvas", "watercolour", "digital illustration".
- style: the style in a few words, as it appears; null if none stands out.
- subjects: what is depicted.
"""

_SCHEMA = schema_of(
    {
        "title": text("The title as written."),
        "artist": text("The artist as written.", max_length=120),
        "signature": text("The signature as it can be read.", max_length=120),
        "year": text("The year as written.", max_length=40),
        "medium": text("The medium or technique.", max_length=100),
        "style": text("The style.", max_length=80),
        "subjects": texts("What is depicted.", max_items=20, max_length=100),
    }
)

_MEDIA = phrases(
    *("oil on canvas", "oil on panel", "oil on board", "oil on copper", "oil on linen", "acrylic on canvas"),
    *("acrylic on panel", "acrylic on board", "tempera on panel", "watercolour on paper", "watercolor on paper"),
    *("watercolour", "watercolor", "gouache on paper", "gouache", "pastel on paper", "pastel", "charcoal on paper"),
    *("charcoal", "pencil on paper", "graphite on paper", "ink on paper", "ink and wash", "etching", "engraving"),
    *("lithograph", "linocut", "woodcut", "screenprint", "screen print", "mezzotint", "aquatint", "monotype"),
    *("mixed media", "collage", "fresco", "digital illustration", "digital print", "gelatin silver print"),
    *(
        "bronze",
        "marble",
        "terracotta",
        "stoneware",
        "öl auf leinwand",
        "aquarell",
        "huile sur toile",
        "óleo sobre lienzo",
    ),
)
_STYLES = phrases(
    *("impressionism", "impressionist", "post-impressionism", "expressionism", "cubism", "surrealism", "baroque"),
    *("rococo", "renaissance", "romanticism", "realism", "fauvism", "pointillism", "art nouveau", "art deco"),
    *("abstract expressionism", "minimalism", "pop art", "bauhaus", "ukiyo-e", "dada", "futurism", "constructivism"),
)
_LABELLED = {
    "title": re.compile(r"(?:title|titel|titre|título|titolo)\s?:\s*(\S.{1,150})", re.IGNORECASE),
    "artist": re.compile(
        r"(?:artist|painter|by|künstler(?:in)?|artiste|artista|autor)\s?:\s*(\S.{1,100})", re.IGNORECASE
    ),
    "year": re.compile(
        r"(?:year|date|dated|jahr|année|año|anno)\s?:\s*((?:c\.|ca\.|circa)?\s?\d{4}(?:[-–]\d{2,4})?)", re.IGNORECASE
    ),
    "medium": re.compile(r"(?:medium|technique|technik|técnica|tecnica)\s?:\s*(\S.{1,80})", re.IGNORECASE),
}
_SIGNED = re.compile(r"(?:signed|signiert|signé|firmado)\s?:?\s*(?P<name>[^\W\d].{1,60})", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:1[3-9]|20)\d\d(?!\d)")
_FEW = 3  # lines of text on a picture of which one in a lower corner is a signature
_LOW, _ASIDE = 0.78, 0.42  # parts of height and width
_CERTAIN = 0.8


def extract(perception: Perception) -> Extraction:
    """Find what a label states, and a signature: a short line in a lower corner of a picture with hardly any text."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for line in layout.lines:
        for name, pattern in _LABELLED.items():
            match = pattern.fullmatch(line.text)
            if match is not None:
                found.put(name, match[1].strip(), regions=[line.index])
        signed = _SIGNED.match(line.text)
        if signed is not None:
            found.put("signature", signed["name"], regions=[line.index])
    for term, line in terms_in(layout, _MEDIA):
        found.put("medium", term, regions=[line.index])
    for term, line in terms_in(layout, _STYLES):
        found.put("style", term, regions=[line.index])
    signature = _signature(perception, layout)
    if signature is not None:
        found.put("signature", signature.text, regions=[signature.index])
        year = _YEAR.search(signature.text)
        found.put("year", year[0] if year else None, regions=[signature.index])
    found.say("title", "The title given is {}.")
    found.say("artist", "The artist given is {}.")
    found.say("signature", "It seems to be signed {}.")
    found.say("year", "The year given is {}.", shown=str)
    found.say("medium", "The medium given is {}.")
    found.say("style", "The style named is {}.")
    found.tag("artist", "medium", "style")
    return found.extraction()


def _signature(perception: Perception, layout: Layout) -> Line | None:
    if len(layout.lines) > _FEW:
        return None
    for line in layout.lines:
        aside = line.right < _ASIDE * layout.width or line.left > (1 - _ASIDE) * layout.width
        sure = perception.text[line.index].confidence >= _CERTAIN
        if line.middle > _LOW and aside and sure and letters(line.text) >= 3 and len(line.text.split()) <= 4:
            return line
    return None


CATEGORY = Category(
    name="artwork",
    title="Artwork",
    prompt=instructions(_PROMPT),
    schema=_SCHEMA,
    extract=extract,
    looked_at=frozenset({"subjects"}),
)
