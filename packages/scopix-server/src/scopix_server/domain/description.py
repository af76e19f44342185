"""What is perceived on an image and what is said about it.

A `Perception` is measured once per file, by the built-in engines, whatever describes the file later. A `Description`
is one answer of one describing engine; every statement in it rests on something in the perception.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = [
    "Box",
    "Capture",
    "Colour",
    "Composition",
    "Description",
    "DescriptiveMetadata",
    "Face",
    "ImageKind",
    "LabelGroup",
    "Perception",
    "Provenance",
    "Scene",
    "SeenObject",
    "TextRegion",
]


class ImageKind(str, Enum):
    """What sort of picture it looks like, judged from pixels and text. PHOTO is the fallback."""

    PHOTO = "photo"
    PRODUCT_PHOTO = "product_photo"
    SCREENSHOT = "screenshot"
    FORM = "form"
    DOCUMENT = "document"
    FLOOR_PLAN = "floor_plan"
    DRAWING = "drawing"
    MAP = "map"
    CHART = "chart"
    DIAGRAM = "diagram"
    ICON = "icon"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in fractions of the image: `x`, `y` is its top left corner; all four in 0..1."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class TextRegion:
    """One line of text and its place.

    `quad` holds the four corners (x, y) in 0..1, clockwise from the text's own top left, so that skewed and rotated
    text keeps its direction; `box` is the upright rectangle around it; `confidence` is the recogniser's score, 0..1.
    """

    text: str
    box: Box
    confidence: float
    quad: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LabelGroup:
    """A group of related classes (such as "cat") and the probability, 0..1, summed over its classes.

    `best` names the single likeliest class of the group and `best_probability` its share.
    """

    name: str
    probability: float
    best: str
    best_probability: float


@dataclass(frozen=True, slots=True)
class Colour:
    """A named colour, the share of the image's pixels it covers (0..1), and its mean as `#rrggbb`."""

    name: str
    share: float
    hex: str


@dataclass(frozen=True, slots=True)
class Face:
    """A frontal face: its place and the detector's weight (higher is surer; unbounded)."""

    box: Box
    weight: float


@dataclass(frozen=True, slots=True)
class SeenObject:
    """A thing or a person on a photograph: its label (see `object_names.py`), its place, and a score in 0..1.

    The score is the mean of two detectors'; it orders, and is no probability.
    """

    label: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A room, or another surrounding ("kitchen", "outdoors"), and its probability, 0..1, summed over its classes."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Composition:
    """Where things stand on an image (see `perception/composition.py`); empty where nothing stands out.

    `subject` encloses the one area that stands out from the image's border. `divide` is the height of a level line
    across the image, 0 (top) to 1. `colour_places` names, for a colour, the half ("upper half", "left half", ...) or
    "middle" that holds nearly all of it.
    """

    subject: Box | None = None
    divide: float | None = None
    colour_places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Capture:
    """What the file's metadata say about how it was taken. Anybody can write these: they are claims, and data.

    `taken` is the camera's clock as "YYYY-MM-DD HH:MM". `camera` and `lens` are one line of at most 60 characters, or
    empty. `exposure` is in seconds, `aperture` the f-number, `focal_length` in millimetres. `located` tells that a
    place is noted; the place itself is not read.
    """

    taken: str = ""
    camera: str = ""
    lens: str = ""
    exposure: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    flash: bool | None = None
    located: bool = False


@dataclass(frozen=True, slots=True)
class DescriptiveMetadata:
    """What people wrote into the file about the picture. Claims, and data, kept apart from what was seen.

    Texts are one line of at most 500 characters, or empty; a keyword has at most 60. `place` and `credit` are parts
    joined by commas, `rating` is one to five stars.
    """

    title: str = ""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    place: str = ""
    credit: str = ""
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class Perception:
    """Everything the built-in engines measured on one image.

    `width` and `height` are pixels after the EXIF turn. `text` is in reading order. `statistics` holds the pixel
    figures the kind was judged by (see `perception/statistics.py`, `light.py` and `sharpness.py` for names and ranges)
    and `unread_lines`, the number of lines that look like text and gave none, or hardly any.
    `objects` are there on photographs only, largest first; of the labels in `uncounted` there may be more than are
    listed. `scenes` are surroundings, likeliest first.
    `embedding` is the label network's pooled 1280-vector, for similar-image search, or empty. `capture` is None when
    the file says nothing about how it was taken. `is_transparent` tells that much of the image is clear, so that the
    ground it was looked at on is not its own; it was looked at in `frame` of `frames`, counted from 1. `descriptive`
    is None when nobody wrote anything into the file. `damage` is a sentence about what of a damaged picture is missing.
    `is_hdr` tells that the file holds more light than was looked at: that is its rendition for common screens.
    """

    width: int
    height: int
    text: tuple[TextRegion, ...] = ()
    labels: tuple[LabelGroup, ...] = ()
    colours: tuple[Colour, ...] = ()
    faces: tuple[Face, ...] = ()
    statistics: dict[str, float] = field(default_factory=dict)
    embedding: tuple[float, ...] = ()
    composition: Composition = field(default_factory=Composition)
    capture: Capture | None = None
    objects: tuple[SeenObject, ...] = ()
    uncounted: tuple[str, ...] = ()
    scenes: tuple[Scene, ...] = ()
    is_transparent: bool = False
    frame: int = 1
    frames: int = 1
    descriptive: DescriptiveMetadata | None = None
    damage: str = ""
    is_hdr: bool = False


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an answer came about.

    `prompt_hash` is the SHA-256 of what was asked, the image and its text apart; None for the built-in describer.
    `language` is a BCP 47 tag. `seconds` is the engine's own time; `input_tokens`, `output_tokens` are as the engine
    counted them; `cost` follows from them and the configured prices, in their currency.
    """

    prompt_hash: str | None = None
    language: str = "en"
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """One answer about one image.

    `visible_text` is None when no text was read. `category_data` holds the fields typed for the category, or is
    empty. `evidence` says, statement by statement, what each rests on (for audits; never sent to other tenants).
    """

    text: str
    tags: tuple[str, ...]
    visible_text: str | None
    kind: ImageKind
    engine: str
    model: str
    category_data: dict[str, Any] = field(default_factory=dict)
    evidence: tuple[dict[str, Any], ...] = ()
    provenance: Provenance = Provenance()
