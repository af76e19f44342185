"""The two networks that read, ready to run: by onnxruntime, or by OpenVINO in 8 bits where the settings ask for it.

It is chosen once, when a process starts. Both runtimes give the same kinds of arrays, so that the reader knows neither.
OpenVINO is never chosen by itself: it keeps about 25 MB for every width of strips, and 35 MB for every size of pictures
that it has seen, 1.6 GB in all, which is more than a process that looks is promised to take.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from scopix_server.perception.processor import Processor, this_processor
from scopix_server.perception.text_models import TextModels

__all__ = ["Choice", "Floats", "Network", "ReadingNetworks", "Runtime", "choose", "open_networks"]

Floats: TypeAlias = npt.NDArray[np.float32]
Network: TypeAlias = Callable[[Floats], Floats]
Runtime: TypeAlias = Literal["openvino", "onnxruntime"]

OPENVINO_MIN_STRIP: Final = 64
ONNXRUNTIME_MIN_STRIP: Final = 96
"""Pixels; narrower inputs are padded. The networks were trained at 320, to which their own package pads: on 79 pictures
narrower ones read the same (word F1 .9585 and .9584), and a page of short words takes a fifth less time."""
OPENVINO_STRIP_STEP: Final = 32
"""Pixels. OpenVINO keeps memory for every shape it has seen: 1.3 GB for the 55 widths up to 1,800 in such steps."""
OPENVINO_DETECTOR_STEP: Final = 128
"""Pixels to which the detector's inputs are padded, for the same reason: 100 shapes at most, not 1,600."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which runtime reads, in which numbers, and why."""

    runtime: Runtime
    reason: str


@dataclass(frozen=True, slots=True)
class ReadingNetworks:
    """The detector and the recogniser.

    `detect` takes 1 x 3 x height x width, from -1 to 1 in BGR, sides multiples of `detector_step`; it gives
    1 x 1 x height x width, how likely there is text. `recognise` takes lines x 3 x 48 x width, the same way; it gives
    lines x width / 8 x symbols, probabilities. Both may be called from several threads. Widths of strips are at least
    `min_strip` and multiples of `strip_step`.
    """

    choice: Choice
    detect: Network
    recognise: Network
    symbols: Sequence[str]
    min_strip: int
    strip_step: int
    detector_step: int


def choose(models: TextModels, requested: str = "auto", processor: Processor | None = None) -> Choice:
    """Tell which runtime is to read with `models`; `wanted` is "auto" or the name of one.

    Raises:
        ValueError: OpenVINO is wanted and cannot be had; the message tells why.
    """
    missing = _why_not_openvino(models)
    if requested == "onnxruntime":
        return Choice("onnxruntime", "the settings ask for it")
    if requested == "openvino":
        if missing:
            raise ValueError(f"OpenVINO cannot read here: {missing}")
        return Choice("openvino", "the settings ask for it")
    if missing:
        return Choice("onnxruntime", missing)
    if not (processor or this_processor()).int8:
        return Choice("onnxruntime", "the processor has neither AVX512-VNNI nor AMX, without which int8 gains nothing")
    return Choice("onnxruntime", "OpenVINO would be faster here and take 1.6 GB (SCOPIX_OCR_RUNTIME=openvino)")


def open_networks(models: TextModels, requested: str = "auto") -> ReadingNetworks:
    """Load both networks. Raises as `choose` does, and `FileNotFoundError` or `ValueError` for bad model files."""
    choice = choose(models, requested)
    if choice.runtime == "openvino":
        from scopix_server.perception.openvino_networks import open_int8

        detect, recognise, symbols = open_int8()
        steps = OPENVINO_MIN_STRIP, OPENVINO_STRIP_STEP, OPENVINO_DETECTOR_STEP
    else:
        from scopix_server.perception.onnxruntime_networks import open_float32

        detect, recognise, symbols = open_float32(models)
        steps = ONNXRUNTIME_MIN_STRIP, 1, 32  # the detector halves its input five times
    return ReadingNetworks(choice, detect, recognise, symbols, *steps)


def _why_not_openvino(models: TextModels) -> str:
    """Why OpenVINO cannot read, or nothing."""
    if models.name:
        return "model files of one's own are read as they are"
    if find_spec("openvino") is None:
        return "OpenVINO is not installed (the extra scopix-server[openvino])"
    return ""
