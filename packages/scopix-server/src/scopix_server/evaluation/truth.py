"""What is known of a picture: a JSON file beside it (docs/reference/evaluation.md)."""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scopix_server.domain.description import ImageKind

__all__ = ["BadTruth", "Case", "Split", "Tier", "Truth", "find_cases"]

Tier = Literal["clean", "damaged", "photographed"]
Split = Literal["tuning", "held_out", "all"]
_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


class BadTruth(Exception):
    """A file of expectations that cannot be used; the message names it and says what is wrong."""


class Truth(BaseModel):
    """What an image shows. What is None is not known, and hence not scored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    group: str = Field("", description="the sort of picture, for the rows of the table; by default its folder")
    split: Literal["tuning", "held_out"] = "held_out"
    category: str = "general"
    kinds: tuple[ImageKind, ...] | None = None
    lines: tuple[str, ...] | None = None
    tolerated: tuple[str, ...] = ()
    fields: dict[str, tuple[str | tuple[str, str], ...]] | None = None
    labels: tuple[str, ...] | None = None
    faces: int | None = Field(None, ge=0)
    look: tuple[str, ...] | None = None
    metadata: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    source: str = ""
    tier: Tier = "clean"
    entities: dict[str, tuple[str, ...]] | None = None
    title: str | tuple[str, ...] | None = Field(None, description="accepted titles; an empty text: there is none")
    subjects: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None

    @property
    def is_outside(self) -> bool:
        """Whether it says what only sets from outside say."""
        return not self.model_fields_set.isdisjoint({"tier", "entities", "title", "subjects", "objects"})


@dataclass(frozen=True, slots=True)
class Case:
    """A picture and its truth; `name` is its path within the folder that was searched."""

    name: str
    path: Path
    truth: Truth


def find_cases(folder: Path, split: Split = "all") -> list[Case]:
    """Return the pictures in `folder`, at any depth, that have a JSON file of the same name beside them, by name.

    Raises:
        BadTruth: such a file cannot be read, or has no picture, or there is none at all.
    """
    cases = []
    for expectations in sorted(folder.rglob("*.json")):
        pictures = [path for suffix in _IMAGES if (path := expectations.with_suffix(suffix)).is_file()]
        if not pictures:
            continue
        if len(pictures) > 1:
            raise BadTruth(f"{expectations}: there are {len(pictures)} pictures of this name")
        truth = read_truth(expectations)
        if not truth.group:
            inside = expectations.parent.relative_to(folder)
            truth = truth.model_copy(update={"group": inside.parts[-1] if inside.parts else "all"})
        if split in ("all", truth.split):
            cases.append(Case(str(pictures[0].relative_to(folder)), pictures[0], truth))
    if not cases:
        raise BadTruth(f"{folder} has no picture with a JSON file of the same name beside it (split: {split})")
    return cases


def read_truth(path: Path) -> Truth:
    """Read one file of expectations; a key that is not known is warned of. Raises BadTruth."""
    try:
        document = json.loads(path.read_text("utf-8"))
        truth = Truth.model_validate(document)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadTruth(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadTruth(f"{path}: {place}: {first['msg']}") from error
    if unknown := sorted(set(document) - set(Truth.model_fields)):
        warnings.warn(f"{path}: not scored, as these keys are not known: {', '.join(unknown)}", stacklevel=2)
    return truth
