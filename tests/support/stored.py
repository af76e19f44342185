"""Perceptions that the built-in engines gave, kept as JSON (see tests/data/perceptions/README.md)."""

import json
from pathlib import Path
from typing import Any

from scopix_server.domain.description import Box, Colour, LabelGroup, Perception, TextRegion

STORED = Path(__file__).parents[1] / "data" / "perceptions"


def load(name: str) -> tuple[Perception, dict[str, Any]]:
    """The perception kept under `name`, and the truth beside it (empty where there is none)."""
    stored = json.loads((STORED / f"{name}.json").read_text())
    perception = Perception(
        stored["width"],
        stored["height"],
        text=tuple(_region(*line) for line in stored["text"]),
        labels=tuple(LabelGroup(*label) for label in stored.get("labels", ())),
        colours=tuple(Colour(*colour) for colour in stored["colours"]),
        statistics=stored["statistics"],
    )
    return perception, stored.get("truth", {})


def _region(text: str, confidence: float, quad: list[tuple[float, float]]) -> TextRegion:
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    box = Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
    return TextRegion(text, box, confidence, tuple((x, y) for x, y in quad))
