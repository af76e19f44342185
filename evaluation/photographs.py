"""The photographs: from scikit-image where it ships them, else from `photographs/`; truth written by hand."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "photographs"


def photographs() -> dict[str, tuple[bytes, str, dict[str, Any]]]:
    """By name: the bytes of the file, its suffix, its truth."""
    found = {}
    for name, entry in json.loads((HERE / "truth.json").read_text("utf-8")).items():
        truth = dict(entry)
        path = _skimage() / truth.pop("file") if truth.pop("from", "here") == "skimage" else HERE / truth.pop("file")
        found[name] = (path.read_bytes(), path.suffix, {"kinds": ["photo"], **truth})
    return found


def _skimage() -> Path:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SystemExit("The photographs need scikit-image: scripts/setup test")
    return Path(spec.origin).parent / "data"
