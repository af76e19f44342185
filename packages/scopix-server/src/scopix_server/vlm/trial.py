"""Trying an engine out: is it there, does it see, can it answer in JSON, how fast is it? And what to try it on."""

import time
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from scopix_server.domain.description import Description, Perception
from scopix_server.domain.engines import EngineReport, EngineUnavailable, Question, VisionEngine
from scopix_server.domain.errors import DescribeError
from scopix_server.vlm.openai_compatible import is_listed

__all__ = ["known_question", "try_engine", "written_picture"]

_SIDE: Final = 448
_SMALL: Final = 224  # no model that sees takes less, and it costs little
_PICTURES: Final = (("red", (0, 0, 220)), ("blue", (220, 60, 0)))  # OpenCV's order: blue, green, red
_PROMPT: Final = "The image shows one large shape on white. Name its colour."


def try_engine(engine: VisionEngine) -> EngineReport:
    """Ask an engine about two drawn pictures and report what came of it. Takes as long as two answers."""
    spec = engine.spec
    report = EngineReport(name=spec.name, kind=spec.kind, model=spec.model, reachable=False)
    try:
        engine.probe()
        models = engine.models()
    except EngineUnavailable as error:
        return replace(report, problem=error.message)
    report = replace(report, reachable=True, models=models or (), model_listed=_listed(spec.model, models))
    seen: list[bool] = []
    for colour, shade in _PICTURES:
        started = time.monotonic()
        try:
            description = engine.answer(_question(shade))
        except (EngineUnavailable, DescribeError) as error:
            return replace(report, problem=error.message, json_mode=engine.json_mode)
        seconds = time.monotonic() - started
        seen.append(_names(description, colour))
        tokens = description.provenance.output_tokens
        # The second answer counts: the first may have loaded the model.
        report = replace(
            report,
            json_mode=engine.json_mode,
            seconds=round(seconds, 2),
            input_tokens=description.provenance.input_tokens,
            output_tokens=tokens,
            tokens_per_second=round(tokens / seconds, 1) if tokens and seconds > 0 else None,
        )
    problem = None if all(seen) else "It did not name the colours of two drawn shapes: it may not see images."
    return replace(report, vision=all(seen), problem=problem)


def known_question() -> Question:
    """Return the question that tells whether an engine or a picture is to blame: about a small picture of our own."""
    return _question(_PICTURES[0][1], _SMALL)


def written_picture(words: str) -> bytes:
    """Return a PNG on which some words are written large, black on white."""
    canvas = np.full((240, 640, 3), 255, np.uint8)
    cv2.putText(canvas, words, (40, 140), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), thickness=4, lineType=cv2.LINE_AA)
    _, data = cv2.imencode(".png", canvas)
    return data.tobytes()


def _question(shade: tuple[int, int, int], side: int = _SIDE) -> Question:
    canvas = np.full((side, side, 3), 255, np.uint8)
    cv2.circle(canvas, (side // 2, side // 2), side // 3, shade, thickness=-1)
    _, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return Question(data.tobytes(), Perception(side, side), "general", _PROMPT)


def _names(description: Description, colour: str) -> bool:
    words = f"{description.text} {' '.join(description.tags)}".lower()
    others = [other for other, _ in _PICTURES if other != colour]
    return colour in words and not any(other in words for other in others)


def _listed(model: str, models: tuple[str, ...] | None) -> bool | None:
    return None if models is None or not model else is_listed(model, models)
