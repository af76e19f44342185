"""The networks that the Scopix server looks at images with, as files. NOTICE names their authors and licences."""

import hashlib
from importlib import resources
from pathlib import Path

__all__ = ["DamagedModel", "damaged_models", "model_path"]

_DATA = Path(str(resources.files(__name__))) / "data"
_SUMS = "SHA256SUMS"


class DamagedModel(Exception):
    """A file of this package is missing or is not what was shipped; the message names it and the remedy."""


def model_path(name: str) -> Path:
    """Return where the file `name` ("efficientnet_lite2.onnx") lies.

    Raises:
        DamagedModel: no such file is there. Its content is not checked (see `damaged_models`).
    """
    path = _DATA / name
    if not path.is_file():
        raise DamagedModel(f"{path} is missing: reinstall scopix-models (pip install --force-reinstall scopix-models).")
    return path


def damaged_models() -> tuple[Path, ...]:
    """Return the files that are missing or differ from their checksum; reads all of them (about 45 MB)."""
    expected = (line.split() for line in (_DATA / _SUMS).read_text("ascii").splitlines())
    return tuple(_DATA / name for digest, name in expected if not _is(_DATA / name, digest))


def _is(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False
