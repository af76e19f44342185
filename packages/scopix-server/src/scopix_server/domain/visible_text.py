"""The text on an image as one string, whoever describes it."""

from scopix_server.domain.description import Perception
from scopix_server.domain.phrases import clean

__all__ = ["visible_text"]

_MAX_TEXT = 20_000


def visible_text(perception: Perception) -> str | None:
    """Return the text that was read, a line a region in reading order; None when there is none."""
    text = "\n".join(line for region in perception.text if (line := clean(region.text)))
    return text[:_MAX_TEXT] or None
