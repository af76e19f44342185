"""What was read and seen on an image, and what a search found of it, as the wire has it."""

from collections.abc import Sequence

from scopix.types import files as wire
from scopix.types.places import WordHit
from scopix_server.domain.description import Box, DescriptiveMetadata, Perception, TextRegion
from scopix_server.domain.hits import Hit

__all__ = ["bounding_box", "file_perception", "text_region", "word_hits"]


def text_region(region: TextRegion) -> wire.TextRegion:
    """Return a region of text as the wire has it."""
    polygon = list(region.quad) or None
    bbox = bounding_box(region.box)
    return wire.TextRegion(text=region.text, bbox=bbox, polygon=polygon, confidence=region.confidence)


def file_perception(perception: Perception) -> wire.FilePerception:
    """Return what was seen as the wire has it."""
    return wire.FilePerception(
        frames=perception.frames,
        frame=perception.frame,
        damage=perception.damage or None,
        is_hdr=perception.is_hdr,
        metadata=_written(perception.descriptive),
        objects=[
            wire.SeenObject(label=each.label, bbox=bounding_box(each.box), score=round(each.score, 4))
            for each in perception.objects
        ],
        faces=[bounding_box(face.box) for face in perception.faces],
        uncounted=list(perception.uncounted),
        scenes=[
            wire.SeenScene(name=scene.name, probability=round(scene.probability, 4)) for scene in perception.scenes
        ],
    )


def _written(metadata: DescriptiveMetadata | None) -> wire.WrittenMetadata | None:
    if metadata is None:
        return None
    return wire.WrittenMetadata(
        title=metadata.title or None,
        caption=metadata.caption or None,
        keywords=list(metadata.keywords),
        place=metadata.place or None,
        credit=metadata.credit or None,
        rating=metadata.rating,
    )


def bounding_box(box: Box) -> wire.BoundingBox:
    """Return a place as the wire has it."""
    return wire.BoundingBox(x=box.x, y=box.y, width=box.width, height=box.height)


def word_hits(hits: Sequence[Hit]) -> list[WordHit]:
    """Answer with where words were found in a file."""
    return [
        WordHit(
            field=hit.field.value,
            text=hit.text,
            places=list(hit.places),
            bbox=None if hit.box is None else bounding_box(hit.box),
        )
        for hit in hits
    ]
