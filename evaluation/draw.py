"""Write the evaluation set into a folder: python -m evaluation.draw FOLDER [GROUP ...]

Every picture stands beside its truth, as `scopix-server eval FOLDER` wants it. The same seeds give the same bytes;
`manifest.json` holds the SHA-256 of each, with the versions that gave them.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evaluation import drawings, figures, papers, screens, signs
from evaluation.canvas import Brush, Picture
from evaluation.photographs import made_photographs, photographs

EDITION = "3/"
MANIFEST = Path(__file__).parent / "manifest.json"

# Group: how it is drawn, and how many of each split.
GROUPS: dict[str, tuple[Callable[[Brush], Picture], int]] = {
    "article": (papers.article, 2),
    "chart": (figures.chart, 4),
    "civil_plan": (drawings.civil_plan, 3),
    "dark_ui": (screens.dark_ui, 2),
    "diagram": (drawings.diagram, 2),
    "floor_plan": (drawings.floor_plan, 4),
    "form": (papers.form, 4),
    "invoice": (papers.invoice, 3),
    "large_sheet": (drawings.large_sheet, 1),
    "letter": (papers.letter, 2),
    "long_page": (screens.long_page, 1),
    "map": (figures.town_map, 4),
    "receipt": (papers.receipt, 3),
    "screenshot": (screens.screenshot, 4),
    "sign": (signs.sign, 4),
    "site_sign": (signs.site_sign, 3),
    "slide": (screens.slide, 2),
    "table": (papers.table, 3),
}
SPLITS = ("tuning", "held_out")


def draw(group: str, split: str, number: int) -> Picture:
    """The picture of that group and split with that number; its truth is whole."""
    # The edition changes when held-out pictures were looked at, so that those reported on were not.
    drawer, _ = GROUPS[group]
    picture = drawer(Brush(split, f"{group} {split} {EDITION if split == 'held_out' else ''}{number}", number))
    picture.truth = {"group": group, "split": split, **picture.truth}
    return picture


def all_pictures(groups: list[str] | None = None) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Path in the set, bytes, and truth of every picture, drawn and photographed."""
    for group, (_, count) in GROUPS.items():
        for split in SPLITS if not groups or group in groups else ():
            for number in range(count):
                picture = draw(group, split, number)
                yield f"{group}/{split}-{number}{picture.suffix}", picture.data, picture.truth
    if not groups or "photograph" in groups:
        for name, (data, suffix, truth) in {**photographs(), **made_photographs()}.items():
            yield f"photograph/{name}{suffix}", data, {"group": "photograph", **truth}


def write(folder: Path, groups: list[str] | None = None) -> dict[str, str]:
    """Write the pictures and their truth; return the SHA-256 of each picture."""
    digests = {}
    for name, data, truth in all_pictures(groups):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_suffix(".json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", "utf-8")
        digests[name] = hashlib.sha256(data).hexdigest()
    return digests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, "photograph", []])
    parser.add_argument("--manifest", action="store_true", help="note the checksums as those that are right")
    given = parser.parse_args()
    digests = write(given.folder, given.groups or None)
    if given.manifest:
        MANIFEST.write_text(json.dumps(digests, indent=1) + "\n")
    print(f"{len(digests)} pictures in {given.folder}")


if __name__ == "__main__":
    main()
