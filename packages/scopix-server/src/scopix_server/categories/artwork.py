"""Art, paintings, illustrations."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import schema_of, text, texts

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

CATEGORY = Category(
    name="artwork",
    title="Artwork",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "title": text("The title as written."),
            "artist": text("The artist as written.", longest=120),
            "signature": text("The signature as it can be read.", longest=120),
            "year": text("The year as written.", longest=40),
            "medium": text("The medium or technique.", longest=100),
            "style": text("The style.", longest=80),
            "subjects": texts("What is depicted.", most=20, longest=100),
        }
    ),
)
