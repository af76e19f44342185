"""The networks that read, in int8: quantised by NNCF after training, for OpenVINO.

Calibration sees what the networks would see in the reader itself: its detector inputs and strips of drawn pictures.
Weights and activations become 8 bit; what is sensitive (the recogniser's softmax and layer norms) stays as NNCF's
model for transformers has it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import nncf
import numpy as np
import numpy.typing as npt
import onnx
import openvino

from scopix_server.perception.ocr import TextReader
from scopix_server.perception.text_models import TextModels
from scripts.conversion.calibration import pictures

__all__ = ["DETECTOR", "RECOGNISER", "write_int8"]

Floats = npt.NDArray[np.float32]

DETECTOR: Final = "text_detector_int8.xml"
RECOGNISER: Final = "text_recogniser_int8.xml"
SYMBOLS: Final = "text_symbols.txt"
PICTURES: Final = 48
MAX_DETECTOR_INPUTS: Final = 60
MAX_STRIPS: Final = 240
"""Batches; with more, on every picture as many as with fewer, figures stay the same and the hour goes."""


def write_int8(folder: Path) -> list[Path]:
    """Write both networks as OpenVINO files into `folder`; return them."""
    views, strips = _inputs()
    detector, recogniser = TextModels().files()
    return [
        *_quantised(detector, views, folder / DETECTOR, model_type=None),
        *_quantised(recogniser, strips, folder / RECOGNISER, model_type=nncf.ModelType.TRANSFORMER),
        _write_symbols(recogniser, folder / SYMBOLS),
    ]


def _write_symbols(recogniser: Path, target: Path) -> Path:
    """What the recogniser tells apart, a line each: OpenVINO's file has no place for it."""
    listed = next(entry.value for entry in onnx.load(recogniser).metadata_props if entry.key == "character")
    target.write_text("\n".join(listed.splitlines()), "utf-8")
    return target


def _inputs() -> tuple[list[Floats], list[Floats]]:
    """What the reader gives the detector and the recogniser on the calibration pictures, evenly over all."""
    reader = TextReader(runtime="onnxruntime")
    networks = reader._networks
    views: list[list[Floats]] = []
    strips: list[list[Floats]] = []

    def detect(values: Floats) -> Floats:
        views[-1].append(values.copy())
        return networks.detect(values)

    def recognise(values: Floats) -> Floats:
        strips[-1].append(values.copy())
        return networks.recognise(values)

    reader._networks = replace(networks, detect=detect, recognise=recognise)
    for picture in pictures(PICTURES):
        views.append([])
        strips.append([])
        reader.read(picture)
    return _evenly(views, MAX_DETECTOR_INPUTS), _evenly(strips, MAX_STRIPS)


def _evenly(by_picture: list[list[Floats]], most: int) -> list[Floats]:
    share = -(-most // len(by_picture))
    taken = [inputs[:: max(1, -(-len(inputs) // share))] for inputs in by_picture if inputs]
    return [values for inputs in taken for values in inputs]


def _quantised(source: Path, inputs: list[Floats], target: Path, *, model_type: Any) -> list[Path]:
    model = openvino.Core().read_model(str(source))
    small = nncf.quantize(
        model,
        nncf.Dataset(inputs),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=model_type,
        fast_bias_correction=True,
        subset_size=len(inputs),
    )
    openvino.save_model(small, str(target), compress_to_fp16=True)
    return [target, target.with_suffix(".bin")]
