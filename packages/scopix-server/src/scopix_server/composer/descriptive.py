"""What people wrote into the file about the picture: told as what they wrote, apart from what was seen."""

from collections.abc import Iterator

from scopix_server.domain.description import DescriptiveMetadata
from scopix_server.domain.phrases import Statement, listing, quote, quoted_listing

__all__ = ["describe_descriptive"]

_MAX_CHARACTERS = 200
"""Characters of a caption or a credit; the whole of it is kept."""


def describe_descriptive(metadata: DescriptiveMetadata | None) -> Iterator[Statement]:
    """Yield one sentence with everything that was written."""
    if metadata is None:
        return
    parts = [
        f"the {name} {quote(text, _MAX_CHARACTERS)}"
        for name, text in (("title", metadata.title), ("caption", metadata.caption))
        if text
    ]
    if metadata.keywords:
        word = "keyword" if len(metadata.keywords) == 1 else "keywords"
        parts.append(f"the {word} {quoted_listing(metadata.keywords)}")
    parts += [
        f"the {name} {quote(text, _MAX_CHARACTERS)}"
        for name, text in (("place", metadata.place), ("credit", metadata.credit))
        if text
    ]
    if metadata.rating is not None:
        parts.append(f"a rating of {metadata.rating} of 5")
    yield Statement(f"Its metadata give {listing(parts)}.", {"metadata": True})
