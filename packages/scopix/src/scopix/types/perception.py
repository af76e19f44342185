"""What was seen on an image, and what people wrote into its file."""

from pydantic import Field

from scopix.types._wire import WireModel
from scopix.types.places import BoundingBox

__all__ = ["FilePerception", "SeenObject", "SeenScene", "WrittenMetadata"]


class SeenObject(WireModel):
    """A thing or a person on a photograph: its label ("dog", "person"), its place, and a score in 0..1.

    The score orders what was found; it is no probability.
    """

    label: str
    bbox: BoundingBox
    score: float | None = None


class SeenScene(WireModel):
    """Likely surroundings ("kitchen", "shore") with their probability in 0..1."""

    name: str
    probability: float | None = None


class WrittenMetadata(WireModel):
    """What people wrote into an image file about it, in EXIF, IPTC or XMP: claims, which nobody checked.

    Texts are one line of at most 500 characters, keywords of 60; `place` and `credit` are parts joined by commas.
    `rating` is one to five stars.
    """

    title: str | None = None
    caption: str | None = None
    keywords: list[str] = Field(default_factory=list)
    place: str | None = None
    credit: str | None = None
    rating: int | None = None


class FilePerception(WireModel):
    """What was seen on an image, whoever describes it.

    `objects` are there on photographs only, largest first; of the labels in `uncounted` there may be more than are
    listed. `faces` are places of frontal faces, largest first. `scenes` are surroundings, likeliest first. It was
    looked at in `frame` of `frames`, counted from 1: the first frame of an animation that is not blank, the first page
    of a TIFF. `damage` is a sentence about what is missing of a picture that could only be decoded in part, else null.
    `metadata` is null when nobody wrote any into the file.

    `is_hdr` tells that the file holds more light (a gain map, PQ or HLG) than its rendition for common screens, which
    is what was looked at and what the variants show.
    """

    frames: int = 1
    frame: int = 1
    damage: str | None = None
    is_hdr: bool = False
    metadata: WrittenMetadata | None = None
    objects: list[SeenObject] = Field(default_factory=list)
    faces: list[BoundingBox] = Field(default_factory=list)
    uncounted: list[str] = Field(default_factory=list)
    scenes: list[SeenScene] = Field(default_factory=list)
