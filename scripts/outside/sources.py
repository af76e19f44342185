"""The public sources of the outside set: which of their files are pictures, and what their own files say is on them."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["SOURCES", "Source", "half_of", "pictures_of"]

Facts = dict[str, Any]
PHOTO: Final = ["photo", "product_photo"]
PAPER: Final = {"kinds": ["document"], "category": "document"}
SHEET: Final = {"kinds": ["diagram", "floor_plan"], "category": "blueprint"}
SLIP: Final = {"kinds": ["document"], "tier": "photographed"}
_ROOMS: Final = {
    "bathroom": ["bathroom", "toilet", "sink", "shower"],
    "bedroom": ["bedroom", "bed"],
    "kitchen": ["kitchen", "oven", "refrigerator", "sink"],
    "frontal": ["house", "building", "outside", "exterior", "front of a house", "street"],
}


@dataclass(frozen=True, slots=True)
class Source:
    """One group of pictures.

    Attributes:
        folder: the name of the repository, as its folder is called.
        pattern: which files, as `Path.glob` understands it.
        group: the row of the table.
        facts: what is true of each of them.
        own: reads what the source itself says of one file.
        limit: so many of each half at most, evenly spread.
    """

    folder: str
    pattern: str
    group: str
    facts: Facts
    own: Callable[[Path], Facts] = lambda path: {}
    limit: int = 24


def _receipt(path: Path) -> Facts:
    """Text and entities of a receipt: boxes as eight coordinates and a text a row; the entities as an object."""
    rows = (path.parents[1] / "box" / f"{path.stem}.csv").read_text("utf-8", "replace").splitlines()
    key = json.loads((path.parents[1] / "key" / f"{path.stem}.json").read_text("utf-8"))
    return {
        "lines": [row.split(",", 8)[8] for row in rows if row.count(",") >= 8],
        "entities": {name: [value] for name, value in key.items() if value},
    }


def _plain_text(path: Path) -> Facts:
    """The text that lies beside a scan."""
    for name in (f"{path.stem.partition('-')[0]}.gold.txt", f"{path.stem}.txt"):
        if (path.parent / name).is_file():
            lines = (path.parent / name).read_text("utf-8", "replace").splitlines()
            return {"lines": [line for line in lines if line.strip()]}
    # Cut out numerals of a few pixels: nobody can tell what sort of picture they are of.
    return {"kinds": ["document", "icon", "drawing"]} if path.stem.isdigit() else {}


def _room(path: Path) -> Facts:
    return {"subjects": _ROOMS[path.stem.partition("_")[2]]}


def _imagenet(path: Path) -> Facts:
    """Class and group by the file's place: the thousand names begin with WordNet's numbers, in the classes' order."""
    name, group = _classes()[sorted(other.name for other in path.parent.glob("*.JPEG")).index(path.name)]
    words = path.stem.partition("_")[2].replace("_", " ").lower()
    return {"subjects": [words, name.lower(), *group.replace("other animal", "animal").split(" or ")]}


@cache
def _classes() -> list[tuple[str, str]]:
    """Name and group of each class."""
    data = Path(__file__).resolve().parents[2] / "packages/scopix-server/src/scopix_server/perception/data"
    rows = (line for line in (data / "imagenet_groups.tsv").read_text("utf-8").splitlines() if line[:1] != "#")
    return [(row["name"], row["group"]) for row in csv.DictReader(rows, delimiter="\t")]


def _grocery(path: Path) -> Facts:
    """What is for sale: the folder's name and the group above it ("Apple", "Granny-Smith"; "Juice", "Bravo-Apple")."""
    names = [part.replace("-", " ").lower() for part in path.parts[path.parts.index("dataset") + 2 : -1]]
    group = names[0].rstrip("s")
    more = {"fruit": ["fruit", "food"], "vegetable": ["vegetable", "food"]}.get(group, ["packaged goods", "shop"])
    return {"subjects": [*names[1:], *names[1].split(), *more]}


SOURCES: Final = (
    Source("ICDAR-2019-SROIE", "data/img/*.jpg", "receipt", PAPER, _receipt),
    Source("test", "testing/*.tif", "scan", PAPER, _plain_text),
    Source("test", "testing/phototest-*.png", "turned scan", PAPER, _plain_text),
    Source("docling", "tests/data/**/*.pdf", "page", {"kinds": ["document", "form"], "category": "document"}, limit=40),
    Source("30DayMapChallenge", "20*/maps/*.*g", "map", {"kinds": ["map"], "category": "map"}, limit=30),
    Source(
        "eDOCr", "tests/test_samples/*.jpg", "drawing", {"kinds": ["diagram", "floor_plan"], "category": "blueprint"}
    ),
    Source(
        "Safety-Helmet-Wearing-Dataset",
        "image/*.jpg",
        "construction",
        {"kinds": PHOTO, "category": "construction", "tier": "photographed", "subjects": ["person", "people"]},
    ),
    Source(
        "GroceryStoreDataset",
        "dataset/test/*/**/*.jpg",
        "grocery",
        {"kinds": PHOTO, "category": "product_photo", "tier": "photographed"},
        _grocery,
        40,
    ),
    Source("mmocr", "tests/data/det_toy_dataset/imgs/test/*.jpg", "sign", {"kinds": PHOTO, "tier": "photographed"}),
    Source("rknn_model_zoo", "datasets/PPOCR/imgs/*.jpg", "sign", {"tier": "photographed"}),
    Source(
        "mmocr",
        "tests/data/kie_toy_dataset/wildreceipt/*.jpeg",
        "slip",
        {"kinds": ["document"], "tier": "photographed"},
    ),
    Source("dbos-docs", "**/*.png", "screen or diagram", {"kinds": ["screenshot", "diagram"]}, limit=50),
    Source("darknet", "data/*.jpg", "photograph", {"kinds": PHOTO, "tier": "photographed"}),
    Source("scikit-image", "src/_skimage2/data/*.*g", "photograph", {"tier": "photographed"}),
    Source("imagenet-sample-images", "*.JPEG", "photograph", {"kinds": PHOTO, "tier": "photographed"}, _imagenet, 60),
    Source(
        "Houses-dataset",
        "Houses Dataset/*.jpg",
        "house",
        {"kinds": PHOTO, "category": "real_estate", "tier": "photographed"},
        _room,
        40,
    ),
)
"""Where they come from, and under which licence, stands in docs/reference/evaluation.md."""


def half_of(path: Path, position: int) -> str:
    """Return "even" or "odd": by the number in the name; where there is none, by the place in the sorted list."""
    numbers = re.findall(r"\d+", path.stem)
    return "odd" if (int(numbers[0]) if numbers else position) % 2 else "even"


def pictures_of(source: Source, folder: Path, half: str) -> Iterator[tuple[str, Path]]:
    """Yield half and file of what a source has, evenly spread if a half has more than the source's limit."""
    files = sorted(path for path in (folder / source.folder).glob(source.pattern) if "_result" not in path.name)
    for name in ("even", "odd") if half == "all" else (half,):
        inside = [path for at, path in enumerate(files) if half_of(path, at) == name]
        step = max(1.0, len(inside) / source.limit)
        yield from ((name, inside[int(at * step)]) for at in range(min(len(inside), source.limit)))
