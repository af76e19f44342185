"""Write what the built-in analyzer reads on the pictures, each beside its truth, into a folder.

python -m tests.data.category_pictures.perceive tests/data/perceptions/categories [SEED]
"""

import json
import sys
from pathlib import Path

import numpy as np

from scopix_server.domain.description import Perception
from scopix_server.perception.pixel_analyzer import PixelAnalyzer
from tests.data.category_pictures.draw import DRAWERS, draw


def stored(perception: Perception) -> dict[str, object]:
    return {
        "width": perception.width,
        "height": perception.height,
        "statistics": {name: round(value, 4) for name, value in perception.statistics.items()},
        "colours": [[colour.name, round(colour.share, 3), colour.hex] for colour in perception.colours],
        "labels": [
            [group.name, round(group.probability, 3), group.best, round(group.best_probability, 3)]
            for group in perception.labels
        ],
        "text": [
            [region.text, round(region.confidence, 3), [[round(x, 4), round(y, 4)] for x, y in region.quad]]
            for region in perception.text
        ],
    }


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    folder.mkdir(parents=True, exist_ok=True)
    analyzer = PixelAnalyzer(text_runtime="onnxruntime")
    for category in DRAWERS:
        drawn = draw(category, seed)
        seen = {"truth": drawn.truth, **stored(analyzer.analyze(np.array(drawn.image)))}
        (folder / f"{category}.json").write_text(json.dumps(seen, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
