"""The two networks that text is read with: those in the rapidocr wheel, or files of the user's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnx
import rapidocr

__all__ = ["TextModels", "rapidocr_settings"]

_IN_THE_WHEEL: Final = Path(rapidocr.__file__).parent / "models"
_SPECIAL: Final = 2
"""The blank and the space, which no list of symbols has."""


@dataclass(frozen=True, slots=True)
class TextModels:
    """ONNX files of PaddleOCR's families from 3 on (converted for rapidocr); None takes that of the rapidocr wheel.

    `detector` finds lines of any script; `recogniser` reads those of the scripts it was trained on. `symbols` is a
    text file of what the recogniser tells apart, a line each in the order of its training; needed where the
    recogniser's file does not hold that list (as `character` in its metadata).
    """

    detector: Path | None = None
    recogniser: Path | None = None
    symbols: Path | None = None

    @property
    def name(self) -> str:
        """What versions of descriptions call them."""
        own = [path.name for path in (self.detector, self.recogniser) if path is not None]
        return f" with {', '.join(own)}" if own else ""


def rapidocr_settings(models: TextModels) -> dict[str, Any]:
    """Return rapidocr's parameters for the models. With explicit paths and symbols it downloads nothing.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: the recogniser is no ONNX model, has no list of symbols, or one of another length.
    """
    detector = models.detector or _IN_THE_WHEEL / "PP-OCRv6_det_small.onnx"
    recogniser = models.recogniser or _IN_THE_WHEEL / "PP-OCRv6_rec_small.onnx"
    for path in (detector, recogniser, models.symbols):
        if path is not None and not path.is_file():
            raise FileNotFoundError(f"the text model's file {path} is missing")
    settings: dict[str, Any] = {"Det.model_path": str(detector), "Rec.model_path": str(recogniser)}
    if models.recogniser is not None:
        _check_symbols(models.recogniser, models.symbols)
    if models.symbols is not None:
        settings["Rec.rec_keys_path"] = str(models.symbols)
    return settings


def _check_symbols(recogniser: Path, symbols: Path | None) -> None:
    try:
        network = onnx.load(str(recogniser), load_external_data=False)
        told_apart = network.graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    except Exception as error:  # the parser raises what it likes on a file of another kind
        raise ValueError(f"the text model {recogniser} is not an ONNX recogniser") from error
    listed = next((entry.value for entry in network.metadata_props if entry.key == "character"), None)
    if listed is None:
        if symbols is None:
            raise ValueError(f"the text model {recogniser} does not list its symbols; name a file that does")
        listed = symbols.read_text("utf-8")
    number = len(listed.splitlines()) + _SPECIAL
    if told_apart and told_apart != number:
        raise ValueError(
            f"the text model {recogniser} tells {told_apart - _SPECIAL} symbols apart, and {number - _SPECIAL} are "
            "listed"
        )
