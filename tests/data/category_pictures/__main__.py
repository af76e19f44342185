"""Write the pictures and their truths into a folder."""

import json
import sys
from pathlib import Path

from tests.data.category_pictures.draw import DRAWERS, draw


def main() -> None:
    folder, seeds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    folder.mkdir(parents=True, exist_ok=True)
    for category in DRAWERS:
        for seed in range(seeds):
            drawn = draw(category, seed)
            name = f"{category}-{seed}"
            drawn.image.save(folder / f"{name}.png")
            (folder / f"{name}.json").write_text(json.dumps(drawn.truth, indent=2, ensure_ascii=False) + "\n")
            print(name, drawn.image.size)


main()
