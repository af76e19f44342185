"""The two networks that text is read with: those in the rapidocr wheel, or files of the user's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import rapidocr

__all__ = ["TextModels"]

_IN_THE_WHEEL: Final = Path(rapidocr.__file__).parent / "models"


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

    def files(self) -> tuple[Path, Path]:
        """Return the detector's and the recogniser's file. Raises `FileNotFoundError` if one is missing."""
        detector = self.detector or _IN_THE_WHEEL / "PP-OCRv6_det_small.onnx"
        recogniser = self.recogniser or _IN_THE_WHEEL / "PP-OCRv6_rec_small.onnx"
        for path in (detector, recogniser, self.symbols):
            if path is not None and not path.is_file():
                raise FileNotFoundError(f"the text model's file {path} is missing")
        return detector, recogniser
