"""What can be said of the file rather than of its picture: that it moves, and that it can be seen through."""

from collections.abc import Iterator

from scopix_server.domain.description import Perception
from scopix_server.domain.phrases import Statement

__all__ = ["describe_file_form"]


def describe_file_form(perception: Perception) -> Iterator[Statement]:
    """Yield what is missing of it, that it is an animation, and of which frame, and that its ground is transparent."""
    if perception.damage:
        yield Statement(perception.damage, {"figure": "damage"})
    if perception.frames > 1:
        sentence = f"It is an animation of {perception.frames} frames; this is its first."
        if perception.frame > 1:
            sentence = (
                f"It is an animation of {perception.frames} frames; this is number {perception.frame}, the first that "
                "is not blank."
            )
        yield Statement(sentence, {"figure": "frames", "value": perception.frames})
    if perception.is_transparent:
        yield Statement("Its ground is transparent.", {"figure": "transparent"})
